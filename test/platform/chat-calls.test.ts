import { jest } from "@jest/globals";
import { profileOf } from "../../domain/people/user.ts";
import { makeBan } from "../../domain/streams/ban.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { handler } from "../../functions/streams/chat/send-message.ts";
import { newId } from "../../platform/runtime/id.ts";
import { recordBan } from "../../platform/store/streams/bans.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { setClock } from "./clock.ts";
import { useOwnTable } from "./table.ts";
import { makeStream, makeUser, someone } from "./wallet-people.ts";

const perSecondMax = 5;
const withoutMessages = { IsMessageDisabled: true } as Stream["room"];
useOwnTable({ REQUESTS_PER_SECOND: `${perSecondMax}` });

type Call = { key?: string; content?: string; replyTo?: string };

async function say(streamId: string, as: string, { key, ...more }: Call = {}) {
  const body = { content: "hello", ...more };
  const call = { as, path: { streamId }, body, ...(key && { key }) };
  return (await callEndpoint(handler, call)).status;
}

/** A stream that this process has seen open to all, so that callers are admitted early. */
async function openStream() {
  const stream = await makeStream(await makeUser(someone("host")));
  const sender = await makeUser(someone("sender"));
  expect(await say(stream.id, sender)).toBe(201);
  return { stream, sender };
}

/** What others have changed in a stream since then. */
const change = ({ id, hostId }: Stream, changes: Partial<Stream>) =>
  makeStream(hostId, { id, ...changes });

async function ban(stream: Stream, userId: string) {
  const now = new Date();
  const target = profileOf(userId, {}, now);
  const given = { stream, target, by: stream.hostId, now, id: newId(now) };
  await recordBan(stream, makeBan({ actionType: "CHAT_ONLY" }, given), now);
}

const findSender = ({ id }: Stream, userId: string) => getRawItem(key.sender(id, userId));
const numbersOf = async ({ id }: Stream) => (await getRawItem(key.chat(id)))?.count;

/** Stops the clock at the start of the next second: rates count messages per second. */
const nextSecond = () => setClock(1_000 * Math.ceil((Date.now() + 1) / 1_000));
afterEach(() => void jest.useRealTimers());

describe("a sender who is admitted while the stream is read", () => {
  test.each<[reason: string, changes: Partial<Stream>, call: Call, status: number]>([
    ["the stream is over", { status: "ended" }, {}, 409],
    ["the stream is gone", { deletedAt: new Date().toISOString() }, {}, 404],
    ["a word is blocked", { blockedWords: ["hello"] }, {}, 403],
    ["only followers may chat", { followersOnly: true }, {}, 403],
    ["messages are switched off", { room: withoutMessages }, {}, 409],
    ["no message is replied to", {}, { replyTo: "f".repeat(24) }, 404],
    ["slow mode has begun", { slowModeSeconds: 30 }, {}, 429],
  ])("is refused and takes no number where %s", async (_, changes, call, status) => {
    const { stream, sender } = await openStream();
    const before = await findSender(stream, sender);
    await change(stream, changes);
    expect(await say(stream.id, sender, { key: "refused", ...call })).toBe(status);
    expect(await numbersOf(stream)).toBe(1);
    if (changes.deletedAt !== undefined) return;
    // A refused message is not the sender's last one: it delays nothing and may not be repeated.
    const after = await findSender(stream, sender);
    expect(after?.lastMessageAt).toBe(before?.lastMessageAt);
    expect(after?.lastCall).toBe(before?.lastCall);
  });

  test("may not repeat a call that slow mode has refused, although it was admitted early", async () => {
    const { stream, sender } = await openStream();
    await change(stream, { slowModeSeconds: 3_600 });
    expect(await say(stream.id, sender, { key: "refused" })).toBe(429);
    expect(await say(stream.id, sender, { key: "refused" })).toBe(429);
    expect(await numbersOf(stream)).toBe(1);
  });

  test.each<[reason: string, changes: Partial<Stream>]>([
    ["the stream is over", { status: "ended" }],
    ["a word is blocked", { blockedWords: ["hello"] }],
    ["only followers may chat", { followersOnly: true }],
    ["messages are switched off", { room: withoutMessages }],
  ])("is refused for a ban, also where %s", async (_, changes) => {
    const { stream, sender } = await openStream();
    await ban(stream, sender);
    await change(stream, changes);
    const call = { as: sender, path: { streamId: stream.id }, body: { content: "hello" } };
    expect((await callEndpoint(handler, call)).body.code).toBe("member_muted");
  });

  test("is refused and takes no number once banned, and is not counted as a message", async () => {
    const { stream, sender } = await openStream();
    const before = await findSender(stream, sender);
    await ban(stream, sender);
    expect(await say(stream.id, sender)).toBe(403);
    expect(await numbersOf(stream)).toBe(1);
    expect((await findSender(stream, sender))?.lastMessageAt).toBe(before?.lastMessageAt);
  });

  test("keeps to the rate: messages beyond it take no number", async () => {
    const { stream } = await openStream();
    const fast = await makeUser(someone("fast"));
    nextSecond();
    const statuses: number[] = [];
    for (let n = 0; n < perSecondMax + 3; n++) statuses.push(await say(stream.id, fast));
    const sent = statuses.filter((status) => status === 201);
    expect(sent.length).toBeLessThan(statuses.length);
    expect(statuses.filter((status) => status === 429)).toHaveLength(statuses.length - sent.length);
    expect(await numbersOf(stream)).toBe(1 + sent.length);
  });

  test("counts against the rate even if the stream refuses the text", async () => {
    const { stream, sender } = await openStream();
    await change(stream, { blockedWords: ["hello"] });
    nextSecond();
    await say(stream.id, sender);
    expect((await findSender(stream, sender))?.sent).toBe(1);
  });

  test("is slowed down from the first call after slow mode began", async () => {
    const { stream, sender } = await openStream();
    const other = await makeUser(someone("other"));
    const third = await makeUser(someone("third"));
    await change(stream, { slowModeSeconds: 30 });
    // This process believes the chat to be open; of this sender it is the first message.
    expect(await say(stream.id, other, { key: "mine" })).toBe(201);
    expect(await say(stream.id, other, { key: "mine" })).toBe(201);
    expect(await say(stream.id, other)).toBe(429);
    expect(await say(stream.id, third)).toBe(201);
    expect(await say(stream.id, sender)).toBe(429);
    expect(await numbersOf(stream)).toBe(3);
  });
});

test("repetitions of a call take no number, however many there are", async () => {
  const { stream, sender } = await openStream();
  nextSecond();
  const statuses: number[] = [];
  for (let n = 0; n < 12; n++) {
    statuses.push(await say(stream.id, sender, { key: "again" }));
    if (n === 3) nextSecond();
  }
  expect(new Set(statuses)).toEqual(new Set([201]));
  expect(await numbersOf(stream)).toBe(2);
});
