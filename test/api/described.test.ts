import { inflateRawSync } from "node:zlib";
import * as z from "zod";
import { type CompactFrame, expand, readMessage } from "../../client/compact.ts";
import {
  admin,
  call,
  eventually,
  freshId,
  giftType,
  type Person,
  person,
  topUp,
} from "./people.ts";
import { createWebhooks, startReceiver } from "./receiver.ts";
import { tencent, tencentRested } from "./tencent-caller.ts";
import { type Message, viewer } from "./viewer.ts";

// biome-ignore lint/suspicious/noExplicitAny: A document is looked into, whatever its shape.
type Json = any;

/** The schema of every server message in /asyncapi.json; unknown fields are errors. */
async function describedMessages(): Promise<Map<string, z.ZodType>> {
  const { body } = await call("GET /asyncapi.json");
  const closed = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(closed);
    if (value === null || typeof value !== "object") return value;
    const made: Json = {};
    for (const [name, inner] of Object.entries<Json>(value)) made[name] = closed(inner);
    if (typeof made.$ref === "string")
      made.$ref = made.$ref.replace("#/components/schemas/", "#/$defs/");
    if (made.type === "object" && made.properties !== undefined)
      made.additionalProperties ??= false;
    return made;
  };
  const $defs = closed(body.components.schemas);
  const messages = Object.entries<Json>(body.components.messages);
  return new Map(
    messages.map(([name, { payload }]) => [name, z.fromJSONSchema({ ...closed(payload), $defs })]),
  );
}

/** Causes every event of a stream except for its start and end: add new events here. */
async function liveThrough({ host, id }: { host: Person; id: string }, fan: Person, rose: string) {
  const stream = `/api/v1/live-stream/${id}`;
  const other = await person();
  await call("GET /api/v1/users/me", { as: other });
  const say = async (content: string, rest = {}) =>
    (await call(`POST ${stream}/chat/messages`, { as: fan, body: { content, ...rest } })).body;
  const gift = { as: fan, body: { giftTypeId: rose, liveStreamId: id } };
  const moment = (body: object) => call(`POST ${stream}/moments`, { as: host, body });
  const settings = { startCredits: 1, startSenders: 2, windowSeconds: 60, levelSeconds: 60 };
  const train = { ...settings, enabled: true, levels: [2] };
  await call(`PUT ${stream}/train`, { as: host, body: train });
  await moment({ kind: "goal", title: "A new microphone", of: "gifts", target: 2 });
  const options = ["red", "blue"];
  const poll = await moment({ kind: "poll", title: "Which one?", options, seconds: 60 });
  const { id: pollId } = poll.body.data;
  await call(`PUT ${stream}/moments/${pollId}/vote`, { as: fan, body: { options: [0] } });
  await call(`PUT ${stream}/likes`, { as: fan, body: { session: "session-1", total: 3 } });
  await call(`POST ${stream}/moments/${pollId}/cancel`, { as: host });
  const [first, second] = [await say("hello\n🎁"), await say('a\u2028"b\\')];
  await say("an answer", { replyTo: first._id });
  const given = await call("POST /api/v1/gifts/create", gift);
  await call("POST /api/v1/gifts/create", gift);
  await topUp(other, 100);
  await call("POST /api/v1/gifts/create", { ...gift, as: other });
  await call(`POST ${stream}/chat/superlike`, { as: fan });
  await call(`PUT ${stream}/chat/pin`, { as: host, body: { messageId: second._id } });
  await call(`DELETE ${stream}/chat/pin`, { as: host });
  await call(`DELETE ${stream}/chat/messages/${first._id}`, { as: host });
  await call(`PATCH ${stream}/chat-settings`, { as: host, body: { moderators: [other.id] } });
  const ban = { targetUserId: other.id, liveStreamId: id, actionType: "CHAT_ONLY" };
  const banned = await call("POST /api/v1/live-stream-ban", { as: host, body: ban });
  await call(`DELETE /api/v1/live-stream-ban/${banned.body.data._id}`, { as: host });
  await Promise.all(Array.from({ length: 30 }, (_, n) => say(`${n} ${"🎁".repeat(490)}`)));
  const { body } = await call(`POST /api/v1/gifts/${given.body.data.id}/refund`, { as: host });
  expect(body.isSuccess).toBe(true);
  const GiftId = freshId().slice(0, 20);
  const shown = { DefaultName: "Rose", IconUrl: "https://cdn.example.com/gifts/rose.png" };
  await tencentRested("add_gift", { GiftId, Coins: 10, ...shown });
  const sent = await tencent("send_gift", {
    RoomId: id,
    From_Account: fan.id,
    ReceiverList_Account: [host.id, other.id],
    GiftId,
    Count: 2,
  });
  expect(sent.body).toMatchObject({ ErrorInfo: "", ErrorCode: 0 });
}

/** Causes every event about a user except for wallets. */
async function leaveAfter(other: Person) {
  const as = await person();
  await call("PUT /api/v1/users/me", { as, body: { name: "Ann" } });
  await call(`POST /api/v1/follow/${as.id}`, { as: other });
  const note = { type: "system", category: "payments", title: "Paid", message: "Thank you" };
  await call("POST /api/v1/notifications", { as, body: { ...note, userId: as.id } });
  await call("DELETE /api/v1/users/me", { as });
}

test("/asyncapi.json describes the events posted to webhooks, one message per event", async () => {
  const [host, fan] = await Promise.all([person(), person()]);
  const made = await call("POST /api/v1/live-stream/create", { as: host, body: { title: "All" } });
  const id: string = made.body.data.id;
  await topUp(fan, 10_000);
  const [receiver, hooks, rose] = [await startReceiver(), createWebhooks(), await giftType(5)];
  const described = await describedMessages();
  const types = [...described.keys()].filter((name) => name.startsWith("webhook."));
  try {
    const { path, as } = await hooks.make(receiver.url);
    await call(`POST ${path}/test`, { as });
    const body = { liveStreamId: id };
    await call("POST /api/v1/live-stream/join-as-creator", { as: host, body });
    await liveThrough({ host, id }, fan, rose);
    await leaveAfter(fan);
    await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
    const own = () =>
      receiver.received.filter(({ body: { data } }) => !data.streamId || data.streamId === id);
    const nameOf = ({ body: { type } }: { body: Json }) =>
      type === "webhook.test" ? type : `webhook.${type}`;
    // Combos end some seconds after their last gift.
    await eventually(
      async () => [...new Set(own().map(nameOf))].sort(),
      (seen) => JSON.stringify(seen) === JSON.stringify([...types].sort()),
    );
    for (const posted of own()) {
      const { error } = described.get(nameOf(posted))!.safeParse(posted.body);
      expect({ body: posted.body, error }).toEqual({ body: posted.body, error: undefined });
    }
  } finally {
    await hooks.removeAll();
    await receiver.stop();
  }
});

test("/asyncapi.json describes every message, and compact frames equal plain ones", async () => {
  const host = await person();
  const fan = await person({ claims: { given_name: "Fän", picture: "https://e.example/p.png" } });
  const made = await call("POST /api/v1/live-stream/create", { as: host, body: { title: "All" } });
  const id: string = made.body.data.id;
  const rose = await giftType(5);
  await topUp(fan, 10_000);
  const plain = await viewer(fan, { query: { streamId: id } });
  const compact = await viewer(fan, { query: { streamId: id, frame: "compact" } });
  for (const one of [plain, compact]) await one.next(({ type }) => type === "subscribed");
  const start = { liveStreamId: id };
  await call("POST /api/v1/live-stream/join-as-creator", { as: host, body: start });
  await liveThrough({ host, id }, fan, rose);
  const has = (type: string) => (message: Message) =>
    message.type === "events" && message.events.some((event: Message) => event.type === type);
  await plain.next(has("combo.ended"));
  plain.send({ action: "ping", requestId: "p" });
  plain.send({ action: "fly", requestId: "e" });
  const notice = { userId: fan.id, type: "system", category: "c", title: "t", message: "m" };
  await call("POST /api/v1/notifications", { as: await admin(), body: { ...notice } });
  await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
  await plain.next(has("stream.ended"));
  const body = { targetUserId: fan.id, liveStreamId: id };
  await call("POST /api/v1/live-stream-ban", { as: host, body });
  for (const one of [plain, compact]) await one.next(({ type }) => type === "unsubscribed");
  for (const answer of ["pong", "error", "notification"])
    await plain.next(({ type }) => type === answer);

  const types = Object.keys((await call("GET /asyncapi.json")).body.components.schemas)
    .filter((name) => name.startsWith("event."))
    .map((name) => name.slice("event.".length));
  expect(types).toContain("gift.sent");
  const shown = new Set(plain.events().map(({ type }) => type));
  expect([...shown].sort()).toEqual([...types].sort());
  const described = await describedMessages();
  const odd = { type: "pong", heads: {}, more: 1 };
  expect(described.get("pong")!.safeParse(odd).success).toBe(false);
  const seen = new Set<string>();
  for (const message of [...plain.messages, ...compact.messages]) {
    seen.add(message.type);
    const fits = described.get(message.type)!.safeParse(message);
    expect({ message, error: fits.error }).toEqual({ message, error: undefined });
    if (message.type === "deflate") {
      const inner = JSON.parse(inflateRawSync(Buffer.from(message.data, "base64")).toString());
      expect(described.get("compact")!.safeParse(inner).error).toBeUndefined();
      expect(expand(inner as CompactFrame).type).toBe("events");
    }
  }
  expect([...seen].sort()).toEqual([
    ...["compact", "deflate", "error", "events", "notification", "pong"],
    ...["subscribed", "unsubscribed"],
  ]);
  const frames = plain.messages.filter(({ type }) => type === "events");
  const dense = compact.messages.filter(({ type }) => ["compact", "deflate"].includes(type));
  const read = await Promise.all(dense.map((message) => readMessage(JSON.stringify(message))));
  expect(read.map((frame) => JSON.stringify(frame))).toEqual(
    frames.map((frame) => JSON.stringify(frame)),
  );
  for (const one of [plain, compact]) one.close();
});
