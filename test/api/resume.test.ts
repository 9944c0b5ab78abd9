import { call, eventually, liveStream, type Person, person, say, untilStarted } from "./people.ts";
import { type Message, ofType, type Viewer, viewer, watch } from "./viewer.ts";

const holds = (content: string) => (message: Message) =>
  message.type === "events" && message.events.some(({ data }: Message) => data.content === content);
const framesOf = ({ messages }: Viewer) => messages.filter(ofType("events"));

/** Every text message of a socket, unparsed: bytes count here. */
function textsOf({ socket }: Viewer): string[] {
  const texts: string[] = [];
  socket.on("message", (data) => texts.push(data.toString()));
  return texts;
}
const isFrame = (text: string) => text.startsWith('{"type":"events"');

/** A stream with a log of some frames, and a viewer who has received all of their bytes. */
async function told(lines: readonly string[]) {
  const [{ id, host }, as] = await Promise.all([liveStream(), person()]);
  const witness = await viewer(as);
  // Before the subscription: the frame of the stream's start may follow at once.
  const texts = textsOf(witness);
  witness.send({ action: "subscribe", streamId: id });
  const { epoch, head } = await witness.next(ofType("subscribed"));
  for (const line of lines) {
    await say(id, host, line);
    await witness.next(holds(line));
  }
  const frames = () => texts.filter(isFrame);
  return { id, host, as, witness, epoch: epoch as string, head: head as number, frames };
}

/** Subscribes since a position; returns the response and the frames up to the end of the log. */
async function resume(as: Person, streamId: string, since: { epoch: string; frame: number }) {
  const watching = await viewer(as);
  const texts = textsOf(watching);
  watching.send({ action: "subscribe", streamId, since });
  const said = await watching.next(
    (message) => message.type === "subscribed" || message.type === "error",
  );
  return { watching, said, frames: () => texts.filter(isFrame) };
}

test("a position is recovered completely or not at all: newest, behind, beginning, future, other epoch", async () => {
  const { id, host, as, witness, epoch, head, frames } = await told(["a", "b", "c", "d"]);
  const last = JSON.parse(frames().at(-1)!).frame as number;
  const at = (frame: number) => ({ epoch, frame });
  const cases: [string, { epoch: string; frame: number }, boolean, number | undefined][] = [
    ["top", at(last), true, last],
    ["behind by one", at(last - 1), true, last - 1],
    ["behind by more", at(head), true, head],
    ["the beginning", at(0), true, 0],
    ["the future by one", at(last + 1), false, undefined],
    ["the far future", at(Number.MAX_SAFE_INTEGER), false, undefined],
    ["another epoch", { epoch: `${epoch}x`, frame: last }, false, undefined],
    ["another epoch's beginning", { epoch: "other", frame: 0 }, false, undefined],
  ];
  const tries = await Promise.all(
    cases.map(async ([name, since, recovered, from]) => {
      const one = await resume(as, id, since);
      expect({ name, said: one.said }).toMatchObject({ said: { recovered, epoch, head: last } });
      return { name, from: from ?? last, ...one };
    }),
  );
  await say(id, host, "live");
  await witness.next(holds("live"));
  for (const { name, from, watching, frames: seen } of tries) {
    await watching.next(holds("live"));
    const numbers = framesOf(watching).map(({ frame }) => frame);
    expect({ name, numbers }).toEqual({ name, numbers: numbers.map((_, n) => from + 1 + n) });
    expect(watching.messages[0].type).toBe("subscribed");
    const whole = new Map(frames().map((text) => [JSON.parse(text).frame, text]));
    for (const text of seen()) {
      const { frame } = JSON.parse(text);
      if (whole.has(frame)) expect(text).toBe(whole.get(frame));
    }
    watching.close();
  }
  witness.close();
});

test("a stream without frames: its beginning is its head, and another epoch is unknown", async () => {
  const host = await person();
  const made = await call("POST /api/v1/live-stream/create", { as: host, body: { title: "New" } });
  const first = await watch(host, made.body.data.id);
  const { epoch, head } = first.messages[0];
  expect(head).toBe(0);
  for (const [since, recovered] of [
    [{ epoch, frame: 0 }, true],
    [{ epoch, frame: 1 }, false],
    [{ epoch: "never", frame: 0 }, false],
  ] as const) {
    const { watching, said } = await resume(host, made.body.data.id, since);
    expect({ since, said }).toMatchObject({ said: { recovered, epoch, head: 0 } });
    watching.close();
  }
  first.close();
});

test("two tabs of one user count as one viewer, and each resumes from its own position", async () => {
  const { id, as, witness, epoch, head, frames } = await told(["a", "b"]);
  const [behind, top] = await Promise.all([
    resume(as, id, { epoch, frame: head }),
    resume(as, id, { epoch, frame: JSON.parse(frames().at(-1)!).frame }),
  ]);
  await eventually(
    async () => behind.frames().length,
    (count) => count === frames().length,
  );
  expect(behind.frames()).toEqual(frames());
  expect(top.frames()).toEqual([]);
  // All three sockets belong to one user; the count may be 5 s old.
  const counted = async () => {
    await say(id, as, "how many?");
    await witness.next(holds("how many?"));
    return framesOf(witness).at(-1).viewers;
  };
  expect(await eventually(counted, (count) => count > 0)).toBe(1);
  const other = await watch(await person(), id);
  await eventually(counted, (count) => count === 2);
  other.close();
  await eventually(counted, (count) => count === 1);
  for (const { watching } of [behind, top]) watching.close();
  witness.close();
});

test("an ended stream is resumed like any other, up to its last frame", async () => {
  const { id, host, as, witness, epoch, head, frames } = await told(["a", "b"]);
  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  await witness.next((m) => m.type === "events" && m.events.at(-1).type === "stream.ended");
  const { watching, said, frames: seen } = await resume(as, id, { epoch, frame: head });
  expect(said.recovered).toBe(true);
  await eventually(
    async () => seen().length,
    (count) => count === frames().length,
  );
  expect(seen()).toEqual(frames());
  watching.close();
  witness.close();
});

test("a block unsubscribes all of a user's sockets from the stream, and from no other", async () => {
  const { id, host, witness, epoch } = await told(["a"]);
  const [other, target] = await Promise.all([liveStream(), person()]);
  const both = await watch(target, id);
  both.send({ action: "subscribe", streamId: other.id, requestId: "other" });
  await both.next((message) => message.requestId === "other");
  const sockets = [both, await watch(target, id)];
  const compact = await viewer(target, { query: { frame: "compact", streamId: id } });
  await compact.next(ofType("subscribed"));
  const body = { targetUserId: target.id, liveStreamId: id };
  const ban = await call("POST /api/v1/live-stream-ban", { as: host, body });
  for (const watching of [...sockets, compact])
    expect(await watching.next(ofType("unsubscribed"))).toEqual({
      type: "unsubscribed",
      streamId: id,
      reason: "blocked",
    });
  await say(id, host, "without you");
  await witness.next(holds("without you"));
  await say(other.id, other.host, "still here");
  await both.next(holds("still here"));
  for (const watching of [...sockets, compact]) {
    const end = watching.messages.findIndex(ofType("unsubscribed"));
    const after = watching.messages.slice(end + 1).filter(({ streamId }) => streamId === id);
    expect(after).toEqual([]);
    expect(watching.events().some(({ type }) => type === "member.banned")).toBe(false);
    expect(watching.socket.readyState).toBe(1);
    watching.send({ action: "ping" });
    const { heads } = await watching.next(ofType("pong"));
    expect(Object.keys(heads)).toEqual(watching === both ? [other.id] : []);
  }
  const refused = await resume(target, id, { epoch, frame: 0 });
  expect(refused.said).toMatchObject({ type: "error", statusCode: 403 });
  expect(refused.frames()).toEqual([]);
  refused.watching.close();
  // Once it is lifted, they get the whole log again: the ban in it no longer applies.
  await call(`DELETE /api/v1/live-stream-ban/${ban.body.data._id}`, { as: host });
  await witness.next((m) => m.type === "events" && m.events.at(-1).type === "member.unbanned");
  const again = await resume(target, id, { epoch, frame: 0 });
  expect(again.said.recovered).toBe(true);
  await again.watching.next(
    (m) => m.type === "events" && m.events.at(-1).type === "member.unbanned",
  );
  expect(again.watching.messages.some(ofType("unsubscribed"))).toBe(false);
  for (const watching of [...sockets, compact, again.watching, witness]) watching.close();
});

test("a mute ends no subscription", async () => {
  const [{ id, host }, target] = await Promise.all([liveStream(), person()]);
  await untilStarted(id, host);
  const watching = await watch(target, id);
  const body = { targetUserId: target.id, liveStreamId: id, actionType: "CHAT_ONLY" };
  await call("POST /api/v1/live-stream-ban", { as: host, body });
  await say(id, host, "listen");
  await watching.next(holds("listen"));
  expect(watching.messages.some(ofType("unsubscribed"))).toBe(false);
  expect(watching.events()[0]).toMatchObject({
    type: "member.banned",
    data: { targetUserId: target.id, actionType: "CHAT_ONLY" },
  });
  watching.close();
});

test("a deleted text is removed from kept frames, and all other bytes stay", async () => {
  const secret = 'se"cret\n\\ğ🎁';
  const { id, host, as, witness, epoch, head, frames } = await told(["before", secret, "after"]);
  const { data: message } = witness.events().find(({ data }) => data.content === secret);
  const route = `DELETE /api/v1/live-stream/${id}/chat/messages/${message._id}`;
  expect((await call(route, { as: host })).status).toBe(204);
  await witness.next((m) => m.type === "events" && m.events.at(-1).type === "chat.deleted");
  const text = JSON.stringify(secret);
  // The deletion mark is the last field of the message.
  const wanted = frames().map((frame) =>
    frame.includes(text)
      ? frame
          .replace(`"content":${text}`, '"content":""')
          .replace(/\}\}\]\}$/, ',"deleted":true}}]}')
      : frame,
  );
  expect(wanted).not.toEqual(frames());
  const seen = async () => {
    const { watching, frames: all } = await resume(as, id, { epoch, frame: head });
    await watching.next((m) => m.type === "events" && m.events.at(-1).type === "chat.deleted");
    watching.close();
    return all();
  };
  expect(await eventually(seen, (all) => !all.join().includes(text))).toEqual(wanted);
  const path = `/api/v1/live-stream/${id}/events?after=${head}`;
  const range = await call(`GET ${path}`, { as });
  expect(range.body.data.frames).toEqual(wanted.map((frame) => JSON.parse(frame)));
  witness.close();
});

test("events that need more than one frame become several, none over 32,000 bytes", async () => {
  const [{ id }, as, name] = await Promise.all([liveStream(), person(), "🎁".repeat(50)]);
  const speakers = await Promise.all(
    Array.from({ length: 60 }, () =>
      person({ claims: { given_name: name, picture: `https://e.example/${"p".repeat(400)}` } }),
    ),
  );
  await untilStarted(id, as);
  const witness = await watch(as, id);
  const texts = textsOf(witness);
  // All users are known before they speak, so that all messages arrive together.
  await Promise.all(speakers.map((one) => call("GET /api/v1/users/me", { as: one })));
  const content = (n: number) => `${n} ${"🎁\n".repeat(247)}`.trim();
  const sent = await Promise.all(speakers.map((one, n) => say(id, one, content(n))));
  expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 201));
  await eventually(
    async () => witness.events().length,
    (count) => count >= 60,
  );
  const said = witness.events().map(({ data }) => data.content);
  expect(new Set(said)).toEqual(new Set(speakers.map((_, n) => content(n))));
  expect(said).toHaveLength(60);
  const sizes = texts.filter(isFrame).map((text) => Buffer.byteLength(text));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(32_000);
  expect(framesOf(witness).every(({ skipped }) => skipped === 0)).toBe(true);
  witness.close();
});
