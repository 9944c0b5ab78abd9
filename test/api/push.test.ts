import {
  admin,
  call,
  freshId,
  giftType,
  liveStream,
  person,
  topUp,
  untilStarted,
} from "./people.ts";
import { type Message, ofType, open, refusedHandshake, viewer, watch, wsUrl } from "./viewer.ts";

const holds = (type: string) => (message: Message) =>
  message.type === "events" && message.events.some((event: Message) => event.type === type);

test("only viewers of a stream get its events, once and in order", async () => {
  const [{ id }, other, as, giftTypeId] = await Promise.all([
    liveStream(),
    liveStream(),
    person(),
    giftType(5),
  ]);
  await topUp(as, 100);
  await Promise.all([id, other.id].map((started) => untilStarted(started, as)));
  const viewers = await Promise.all([1, 2, 3].map(async () => watch(await person(), id)));
  const stranger = await watch(await person(), other.id);

  for (let n = 1; n <= 5; n++)
    await call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body: { content: `${n}` } });
  await call("POST /api/v1/gifts/create", { as, body: { giftTypeId, liveStreamId: id } });
  await call(`POST /api/v1/live-stream/${id}/chat/superlike`, { as });

  for (const watching of viewers) {
    await watching.next(holds("superlike.sent"));
    const events = watching.events();
    expect(events.map(({ type }) => type)).toEqual([
      ...Array(5).fill("chat.message"),
      "gift.sent",
      "superlike.sent",
    ]);
    expect(events.slice(0, 5).map(({ data }) => data.content)).toEqual(["1", "2", "3", "4", "5"]);
    expect(new Set(events.map((event) => event.id)).size).toBe(7);
    expect(events[5].data).toMatchObject({
      streamId: id,
      giftType: { id: giftTypeId, creditAmount: 5 },
      count: 1,
      combo: 1,
      sender: { _id: as.id },
      totals: { count: 1, credits: 5 },
    });
    const frames = watching.messages.filter(ofType("events"));
    const { head, epoch } = watching.messages.find(ofType("subscribed"));
    expect(frames.map(({ frame }) => frame)).toEqual(frames.map((_, at) => head + 1 + at));
    for (const frame of frames) expect(frame).toMatchObject({ epoch, streamId: id, skipped: 0 });
    watching.close();
  }
  expect(stranger.messages.filter(ofType("events"))).toEqual([]);
  stranger.close();
});

test("a viewer who resumes from a position gets each missed frame once, byte for byte", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const say = (content: string) =>
    call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body: { content } });
  const witness = await watch(await person(), id);
  const leaver = await person();
  const first = await watch(leaver, id);
  await say("one");
  const seen = await first.next(ofType("events"));
  first.close();
  await say("two");
  await witness.next(
    (m) => m.type === "events" && m.events.some((e: Message) => e.data.content === "two"),
  );

  const query = { streamId: id, since: `${seen.epoch}:${seen.frame}` };
  const second = await viewer(leaver, { query });
  const subscribed = await second.next(ofType("subscribed"));
  expect(subscribed.recovered).toBe(true);
  await say("three");
  const three = (m: Message) =>
    m.type === "events" && m.events.some((e: Message) => e.data.content === "three");
  await Promise.all([second.next(three), witness.next(three)]);

  const frames = second.messages.filter(ofType("events"));
  const whole = witness.messages.filter(ofType("events"));
  expect(frames).toEqual(whole.filter(({ frame }) => frame > seen.frame));
  expect(second.messages[0]).toEqual(subscribed);
  for (const since of [`${seen.epoch}:${seen.frame + 1000}`, "nothing:1"]) {
    const lost = await viewer(leaver, { query: { streamId: id, since } });
    expect((await lost.next(ofType("subscribed"))).recovered).toBe(false);
    lost.close();
  }
  second.close();
  witness.close();
});

test("a stream's start and end, a ban, and a notification are pushed", async () => {
  const host = await person();
  const made = await call("POST /api/v1/live-stream/create", { as: host, body: { title: "Soon" } });
  const id = made.body.data.id;
  const fan = await person();
  const watching = await watch(fan, id);
  await call("POST /api/v1/live-stream/join-as-creator", { as: host, body: { liveStreamId: id } });
  await watching.next(holds("stream.started"));
  await call("POST /api/v1/notifications", {
    as: await admin(),
    body: {
      userId: fan.id,
      type: "system",
      category: "announcement",
      title: "Hello",
      message: "You",
      metadata: { a: 1 },
    },
  });
  expect(await watching.next(ofType("notification"))).toMatchObject({
    data: { userId: fan.id, title: "Hello", read: false, metadata: { a: 1 } },
  });
  const witness = await watch(await person(), id);
  await call("POST /api/v1/live-stream-ban", {
    as: host,
    body: { targetUserId: fan.id, liveStreamId: id },
  });
  expect(await watching.next(ofType("unsubscribed"))).toMatchObject({
    streamId: id,
    reason: "blocked",
  });
  await witness.next(holds("member.banned"));
  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  await witness.next(holds("stream.ended"));
  expect(watching.events().some(({ type }) => type === "stream.ended")).toBe(false);
  watching.send({ action: "subscribe", streamId: id, requestId: "r1" });
  expect(await watching.next(ofType("error"))).toMatchObject({ statusCode: 403, requestId: "r1" });
  expect(watching.socket.readyState).toBe(1);
  watching.close();
  witness.close();
});

test("invalid messages get an error and never close a socket; ping lists the subscribed streams", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const watching = await watch(as, id);
  const bad: [unknown, number][] = [
    ["not json", 400],
    ["[]", 400],
    ["null", 400],
    [{}, 400],
    [{ action: "fly" }, 400],
    [{ action: "subscribe" }, 400],
    [{ action: "subscribe", streamId: 5 }, 400],
    [{ action: "subscribe", streamId: "x" }, 400],
    [{ action: "subscribe", streamId: freshId() }, 404],
    [{ action: "subscribe", streamId: id, since: 5 }, 400],
    [{ action: "subscribe", streamId: id, since: { epoch: "e", frame: -1 } }, 400],
    [{ action: "$connect" }, 400],
    [{ action: "$disconnect" }, 400],
    [{ action: "__proto__" }, 400],
  ];
  for (const [message, statusCode] of bad) {
    const from = watching.messages.length;
    watching.send(message);
    const error = await watching.next(ofType("error"), from);
    expect({ message, error }).toMatchObject({ error: { statusCode, errors: expect.any(Array) } });
  }
  watching.send({ action: "ping", requestId: "p" });
  const pong = await watching.next(ofType("pong"));
  expect(Object.keys(pong.heads)).toEqual([id]);
  watching.send({ action: "unsubscribe", streamId: id });
  await watching.next(ofType("unsubscribed"));
  const from = watching.messages.length;
  watching.send({ action: "ping" });
  expect((await watching.next(ofType("pong"), from)).heads).toEqual({});
  watching.close();
});

test("a handshake needs a good token, in the query or as the second subprotocol", async () => {
  const as = await person();
  expect(await refusedHandshake(wsUrl())).toBe(401);
  expect(await refusedHandshake(`${wsUrl()}?token=a.b.c`)).toBe(401);
  const late = await person({ expiresIn: -10 });
  expect(await refusedHandshake(`${wsUrl()}?token=${late.token}`)).toBe(401);
  expect(await refusedHandshake(wsUrl(), ["bearer", "a.b.c"])).toBe(401);
  const watching = await open(wsUrl(), ["bearer", as.token]);
  expect(watching.socket.protocol).toBe("bearer");
  watching.close();
});

test("a viewer who was sent `subscribed` is counted, even right after a frame without viewers", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const body = { content: "Is anybody there?" };
  await call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body });
  const first = await watch(as, id);
  const second = await watch(await person(), id);
  const again = await watch(as, id);
  const greeted = [first, second, again].map(({ messages }) => messages.find(ofType("subscribed")));
  expect(greeted.map(({ viewers }) => viewers)).toEqual([1, 2, 2]);
  for (const watching of [first, second, again]) watching.close();
});
