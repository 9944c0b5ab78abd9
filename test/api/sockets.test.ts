import type WebSocket from "ws";
import { testHere } from "./elsewhere.ts";
import {
  admin,
  beforeExpiry,
  call,
  eventually,
  freshId,
  liveStream,
  person,
  untilStarted,
} from "./people.ts";
import {
  closeOf,
  type Message,
  ofType,
  open,
  refusedHandshake,
  viewer,
  watch,
  wsUrl,
} from "./viewer.ts";

const answers = (requestId: string | number) => (message: Message) =>
  message.requestId === requestId;

test("every response has its request's requestId, even errors", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const watching = await viewer(as);
  const ask = async (requestId: string | number, message: object) => {
    watching.send({ ...message, requestId });
    return watching.next(answers(requestId));
  };
  const long = "x".repeat(128);
  expect(await ask(long, { action: "ping" })).toEqual({ type: "pong", heads: {}, requestId: long });
  expect(await ask(7, { action: "ping" })).toEqual({ type: "pong", heads: {}, requestId: 7 });
  const subscribed = await ask("a b \u0000 ğ", { action: "subscribe", streamId: id });
  expect(Object.keys(subscribed)).toEqual([
    ...["type", "streamId", "epoch", "head", "viewers", "sums", "moments", "requestId"],
  ]);
  expect(subscribed).toMatchObject({ viewers: expect.any(Number), streamId: id });
  expect(await ask(8, { action: "subscribe", streamId: id })).toMatchObject({ streamId: id });
  const unsubscribed = await ask("u", { action: "unsubscribe", streamId: id });
  expect(unsubscribed).toEqual({ type: "unsubscribed", streamId: id, requestId: "u" });
  const refusals: [string, object, number, string][] = [
    ["e1", { action: "fly" }, 400, "Validation failed"],
    ["e2", { action: "subscribe", streamId: 5 }, 400, "Validation failed"],
    ["e3", { action: "subscribe", streamId: freshId() }, 404, "Resource not found"],
    ["e4", { action: "__proto__" }, 400, "Validation failed"],
    ["e5", { streamId: id }, 400, "Validation failed"],
    ["e6", { action: ["ping"] }, 400, "Validation failed"],
    ["e7", { action: "unsubscribe", streamId: "../x" }, 400, "Validation failed"],
  ];
  for (const [requestId, message, statusCode, sentence] of refusals) {
    const error = await ask(requestId, message);
    expect(error).toMatchObject({ type: "error", statusCode, requestId });
    expect(error.errors[0]).toBe(sentence);
    expect(error.errors.length).toBeGreaterThan(1);
  }
  watching.close();
});

test("hostile messages get an error each, change nothing and close nothing", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const watching = await watch(as, id);
  const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  const hostile = [
    "",
    " ",
    "\u0000",
    '"ping"',
    "[".repeat(15_000),
    deep(4_000),
    `{"action":"subscribe","streamId":${deep(3_000)}}`,
    `{"action":"ping","requestId":${deep(3_000)}}`,
    `{"action":"ping","requestId":""}`,
    `{"action":"ping","requestId":"${"x".repeat(129)}"}`,
    `{"action":"${"x".repeat(31_000)}"}`,
    `{"action":"subscribe","streamId":"${"0".repeat(31_000)}"}`,
    '{"action":"constructor"}',
    '{"action":"toString"}',
    '{"action":"$default"}',
    '{"__proto__":{"action":"ping"}}',
    `{"action":"subscribe","streamId":"${id}","since":{"epoch":"","frame":0}}`,
    `{"action":"subscribe","streamId":"${id}","since":{"epoch":"e","frame":1e400}}`,
    `{"action":"subscribe","streamId":"${id}","since":{"epoch":"e","frame":9007199254740993}}`,
    `{"action":"subscribe","streamId":"${id}","since":{"epoch":"e","frame":"1"}}`,
    `{"action":"subscribe","streamId":"${id}","since":{"epoch":"e","frame":1.5}}`,
    `{"action":"subscribe","streamId":"${id}","since":{"__proto__":{"epoch":"e","frame":1}}}`,
    `{"action":"subscribe","streamId":"${id}","since":"e:1"}`,
    `{"action":"subscribe","streamId":"${id}\\u0000"}`,
    `{"action":"subscribe","streamId":["${id}"]}`,
  ];
  for (const message of hostile) {
    const from = watching.messages.length;
    watching.send(message);
    const error = await watching.next(ofType("error"), from);
    expect({ message: message.slice(0, 80), error }).toMatchObject({ error: { statusCode: 400 } });
    expect(JSON.stringify(error).length).toBeLessThan(1_000);
  }
  // Unknown fields are ignored, however deep they are.
  const from = watching.messages.length;
  watching.send(`{"action":"ping","x":${deep(3_000)},"__proto__":{"a":1},"requestId":"p"}`);
  expect(await watching.next(ofType("pong"), from)).toMatchObject({
    heads: { [id]: expect.any(Number) },
    requestId: "p",
  });
  watching.close();
});

/** Returns the code with which the server closes a socket after an action. */
async function closeCode(act: (socket: WebSocket) => void): Promise<number> {
  const { socket } = await viewer(await person());
  const closed = new Promise<number>((done) => socket.once("close", done));
  socket.on("error", () => {});
  act(socket);
  return closed;
}

test("a frame over 32 KB and a message over 128 KB close with 1009, binary data with 1003", async () => {
  expect(await closeCode((socket) => socket.send("x".repeat(32 * 1024 + 1)))).toBe(1009);
  const inFrames = (count: number) => (socket: WebSocket) => {
    for (let n = 1; n <= count; n++)
      socket.send(n === 1 ? `"${"x".repeat(31_999)}` : "x".repeat(32_000), { fin: n === count });
  };
  expect(await closeCode(inFrames(5))).toBe(1009);
  expect(await closeCode((socket) => socket.send(Buffer.from('{"action":"ping"}')))).toBe(1003);
  const watching = await viewer(await person());
  inFrames(4)(watching.socket);
  expect(await watching.next(ofType("error"))).toMatchObject({ statusCode: 400 });
  watching.close();
});

test("the stream in a URL is answered first; a failure is an error and does not close the socket", async () => {
  const [{ id, host }, as, blocked] = await Promise.all([liveStream(), person(), person()]);
  await call("GET /api/v1/users/me", { as: blocked });
  const ban = { targetUserId: blocked.id, liveStreamId: id };
  expect((await call("POST /api/v1/live-stream-ban", { as: host, body: ban })).status).toBe(200);
  const good = await open(`${wsUrl()}?streamId=${id.toUpperCase()}`, ["bearer", as.token]);
  await good.next(() => true);
  expect(good.messages[0]).toMatchObject({ type: "subscribed", streamId: id });
  expect(good.messages[0]).not.toHaveProperty("recovered");
  good.close();
  const codes = { 400: "request_invalid", 403: "member_blocked", 404: "stream_not_found" };
  const bad: [typeof as, Record<string, string>, keyof typeof codes][] = [
    [as, { streamId: "x" }, 400],
    [as, { streamId: id, since: "5" }, 400],
    [as, { streamId: id, since: ":5" }, 400],
    [as, { streamId: id, since: "e:-1" }, 400],
    [as, { streamId: id, since: "e:1:2" }, 400],
    [as, { streamId: id, since: "" }, 400],
    [as, { streamId: id, frame: "huge" }, 400],
    [as, { streamId: freshId() }, 404],
    [blocked, { streamId: id }, 403],
  ];
  for (const [who, query, statusCode] of bad) {
    const watching = await viewer(who, { query });
    await watching.next(() => true);
    expect({ query, said: watching.messages[0] }).toMatchObject({
      said: { type: "error", statusCode, code: codes[statusCode] },
    });
    watching.send({ action: "ping" });
    expect((await watching.next(ofType("pong"))).heads).toEqual({});
    watching.close();
  }
});

test("one socket gets the events of twenty streams; pongs list exactly the subscribed ones", async () => {
  const host = await person();
  const streams = await Promise.all(Array.from({ length: 20 }, () => liveStream()));
  const ids = streams.map(({ id }) => id).sort();
  const watching = await viewer(await person());
  for (const streamId of ids) watching.send({ action: "subscribe", streamId, requestId: streamId });
  await Promise.all(ids.map((id) => watching.next(answers(id))));
  const say = (id: string) =>
    call(`POST /api/v1/live-stream/${id}/chat/messages`, { as: host, body: { content: id } });
  await Promise.all(ids.map(say));
  const hears = (id: string) => (message: Message) =>
    message.type === "events" &&
    message.events.some(({ data }: Message) => data.content === id && data.streamId === id);
  await Promise.all(ids.map((id) => watching.next(hears(id))));
  const ping = async () => {
    const from = watching.messages.length;
    watching.send({ action: "ping" });
    return (await watching.next(ofType("pong"), from)).heads;
  };
  const newest = (id: string) =>
    watching.messages.findLast((message) => message.type === "events" && message.streamId === id)
      .frame;
  const heads = await eventually(ping, (all) => ids.every((id) => all[id] === newest(id)));
  expect(Object.keys(heads).sort()).toEqual(ids);
  for (const streamId of ids.slice(0, 7)) {
    watching.send({ action: "unsubscribe", streamId, requestId: `off ${streamId}` });
    await watching.next(answers(`off ${streamId}`));
  }
  expect(Object.keys(await ping()).sort()).toEqual(ids.slice(7));
  const from = watching.messages.length;
  await say(ids[0]!);
  await say(ids[7]!);
  await watching.next(hears(ids[7]!), from);
  expect(watching.messages.slice(from).some(hears(ids[0]!))).toBe(false);
  watching.close();
});

test("a user's sockets are limited; closing one makes room for another", async () => {
  const as = await person();
  const socketsMax = 100;
  const sockets: WebSocket[] = [];
  for (let n = 0; n < socketsMax; n += 10)
    await Promise.all(
      Array.from({ length: 10 }, async () => sockets.push((await viewer(as)).socket)),
    );
  const url = `${wsUrl()}?token=${as.token}`;
  expect(await refusedHandshake(url)).toBe(429);
  expect(await refusedHandshake(wsUrl(), ["bearer", as.token])).toBe(429);
  const other = await viewer(await person());
  other.close();
  sockets.pop()!.terminate();
  const again = await eventually(
    () => viewer(as).catch(() => undefined),
    (opened) => opened !== undefined,
  );
  expect(await refusedHandshake(url)).toBe(429);
  again!.close();
  for (const socket of sockets) socket.close();
});

test("an expired token closes its sockets with 4401 within 10 s", async () => {
  const [{ id, host }, witness] = await Promise.all([liveStream(), person()]);
  const staying = await watch(witness, id);
  const { expiresAt, done: leaving } = await beforeExpiry(4, async (short) => {
    const opened = await Promise.all([watch(short, id), viewer(short)]);
    return opened.map((watching) => ({ watching, closed: closeOf(watching) }));
  });
  for (const { watching, closed } of leaving) {
    expect(await watching.next(ofType("closing"))).toEqual({
      type: "closing",
      code: 4401,
      reason: expect.any(String),
    });
    expect(Date.now()).toBeGreaterThan(expiresAt - 1_500);
    expect(await closed).toBeLessThan(expiresAt + 10_000);
  }
  // The count in a frame may lag by five seconds.
  const route = `POST /api/v1/live-stream/${id}/chat/messages`;
  await eventually(
    async () => {
      await call(route, { as: host, body: { content: "hi" } });
      await new Promise((done) => setTimeout(done, 500));
      return staying.messages.filter(ofType("events")).at(-1);
    },
    (frame) => frame?.viewers === 1,
  );
  expect(staying.messages.some(ofType("closing"))).toBe(false);
  staying.close();
});

test("a user's notifications go to all of that user's sockets once, and to nobody else", async () => {
  const [{ id }, ann, bob, boss] = await Promise.all([liveStream(), person(), person(), admin()]);
  const own = await Promise.all([watch(ann, id), viewer(ann), viewer(ann)]);
  const others = await Promise.all([watch(bob, id), viewer(boss)]);
  const notify = async (userId: string, title: string) => {
    const body = { userId, type: "system", category: "announcement", title, message: "m" };
    const answer = await call("POST /api/v1/notifications", { as: boss, body });
    expect(answer.status).toBe(201);
    return answer.body.data;
  };
  const made = await notify(ann.id, "for Ann");
  await notify(bob.id, "for Bob");
  await others[0]!.next(ofType("notification"));
  for (const watching of own) {
    const said = await watching.next(ofType("notification"));
    expect(said).toEqual({ type: "notification", data: said.data });
    expect(said.data).toMatchObject({ userId: ann.id, title: "for Ann" });
    expect(JSON.stringify(made)).toContain(said.data.id);
  }
  // Sent once per socket: a later notification follows it on each.
  await notify(ann.id, "again");
  for (const watching of own) {
    await watching.next((message) => message.data?.title === "again");
    expect(watching.messages.filter(ofType("notification"))).toHaveLength(2);
    watching.close();
  }
  expect(others[0]!.messages.filter(ofType("notification"))).toHaveLength(1);
  expect(others[1]!.messages).toEqual([]);
  for (const watching of others) watching.close();
});

test("a notification made while a socket opens comes soon after `subscribed`", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  await untilStarted(id, as);
  const watching = await viewer(as, { query: { streamId: id } });
  const opened = Date.now();
  const body = { userId: as.id, type: "system", category: "messages", title: "t", message: "m" };
  await call("POST /api/v1/notifications", { as, body });
  await watching.next(ofType("notification"));
  // A function that cannot look up the subscription waits until the connection counts as old.
  expect(Date.now() - opened).toBeLessThan(10_000);
  expect(watching.messages.map(({ type }) => type)).toEqual(["subscribed", "notification"]);
  watching.close();
});

// CloudFront in front of a stage accepts exactly `/ws`, so a URL with an appended slash must fail
// here.
testHere("the gateway of one machine")("sockets have a URL without a trailing slash", async () => {
  const { token } = await person();
  const [plain, slashed] = [wsUrl(), `${wsUrl()}/`].map((url) => `${url}?token=${token}`);
  (await open(plain!)).close();
  expect(await refusedHandshake(slashed!)).toBe(404);
});
