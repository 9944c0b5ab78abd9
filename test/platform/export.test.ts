import { profileOf } from "../../domain/people/user.ts";
import { makeBan } from "../../domain/streams/ban.ts";
import { collectOwnData } from "../../platform/own-data/export.ts";
import { newId } from "../../platform/runtime/id.ts";
import { chain } from "../../platform/store/money/ledger.ts";
import { recordBan } from "../../platform/store/streams/bans.ts";
import { putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { meterTable } from "./call-meter.ts";
import { writeAll } from "./costs/fullest.ts";
import { useOwnTable } from "./table.ts";
import { makeStream, makeUser, someone } from "./wallet-people.ts";

/*
 * What an export has of users who have more than it can hold, and which lists it says are cut.
 */

useOwnTable();

const now = new Date();
const at = now.toISOString();
const idsOf = (count: number) => Array.from({ length: count }, () => newId(now));

/** A user who is banned from one stream. */
async function bannedUser() {
  const [user, host] = [await makeUser(someone("user")), await makeUser(someone("host"))];
  const stream = await makeStream(host);
  const target = profileOf(user, { preferred_username: user }, now);
  const context = { id: newId(now), stream, target, by: host, now };
  await recordBan(stream, makeBan({ actionType: "CHAT_ONLY" }, context), now);
  return { user, stream };
}

const traceStreams = (user: string, streamIds: readonly string[]) =>
  writeAll(streamIds.map((streamId) => ({ ...key.tracedStream(user, streamId), streamId, at })));

test("an export has everything of a thousand streams, and says what is cut beyond that", async () => {
  const { user, stream } = await bannedUser();
  const ids = idsOf(1_000);
  await traceStreams(user, ids);
  const like = { userId: user, likes: 3, at, change: "c", sessions: [], allowance: 0, filledAt: 0 };
  for (const streamId of [ids[0], ids[999]])
    await putItem({ ...key.like(String(streamId), user), ...like, streamId });
  const whole = await collectOwnData(user, now);
  expect(whole.bans).toMatchObject([{ liveStreamId: stream.id }]);
  expect(whole.likes.map(({ streamId }) => streamId)).toEqual([ids[999], ids[0]]);
  expect(whole.truncated).toEqual([]);
  await traceStreams(user, idsOf(1));
  const cut = await collectOwnData(user, now);
  expect(cut.bans).toMatchObject([{ liveStreamId: stream.id }]);
  expect(cut.likes.map(({ streamId }) => streamId)).toEqual([ids[999]]);
  expect(cut.truncated.sort()).toEqual(["likes", "messages", "reminders", "votes"]);
});

test("an export has the bans and the newest free gifts of a user with many free gifts and appointments", async () => {
  const { user, stream } = await bannedUser();
  const ids = idsOf(1_001);
  await writeAll(
    ids.flatMap((id) => [
      { ...key.tracedGift(user, stream.id, id), streamId: stream.id, giftId: id, at },
      { ...key.tracedHost(user, id), hostId: id, at },
    ]),
  );
  const { bans, gifts, truncated } = await collectOwnData(user, now);
  expect(bans).toMatchObject([{ liveStreamId: stream.id, actionType: "CHAT_ONLY" }]);
  expect([gifts.length, gifts[0]]).toEqual([1_000, { streamId: stream.id, giftId: ids.at(-1) }]);
  expect(truncated).toEqual(["gifts"]);
});

test("an export of more than a thousand transactions says that passes may be missing", async () => {
  const exportWith = async (count: number) => {
    const user = someone("user");
    const { chained, head } = chain(
      "",
      Array.from({ length: count }, (_, n) => ({
        userId: user,
        seq: n + 1,
        type: "top_up" as const,
        amount: 1,
        balanceAfter: n + 1,
        counterpart: null,
        streamId: null,
        giftId: null,
        occurredAt: at,
        reference: null,
      })),
    );
    const wallet = { userId: user, balance: count, seq: count, head, revision: 1, owed: 0 };
    await writeAll([
      ...chained.map((entry) => ({ ...key.entry(user, entry.seq), ...entry })),
      { ...key.wallet(user), ...wallet },
    ]);
    const { transactions, truncated } = await collectOwnData(user, now);
    return [transactions.length, truncated.sort()];
  };
  expect(await exportWith(1_000)).toEqual([1_000, []]);
  expect(await exportWith(1_001)).toEqual([1_000, ["contributions", "passes", "transactions"]]);
});

test("an export of more than a thousand bans says that some may be missing", async () => {
  const { user } = await bannedUser();
  const trace = (banIds: readonly string[]) =>
    writeAll(banIds.map((banId) => ({ ...key.tracedBan(user, banId), banId })));
  await trace(idsOf(999));
  expect((await collectOwnData(user, now)).truncated).toEqual([]);
  await trace(idsOf(1));
  const { bans, truncated } = await collectOwnData(user, now);
  // The oldest one, the only one that is stored.
  expect([bans, truncated]).toEqual([[], ["bans"]]);
});

test("an export of a thousand streams, bans and passes needs few calls in a row", async () => {
  const user = await makeUser(someone("user"));
  const ids = idsOf(1_000);
  await traceStreams(user, ids);
  const entries = ids.map((streamId, n) => ({
    userId: user,
    seq: n + 1,
    type: "stream_charge" as const,
    amount: -1,
    balanceAfter: 0,
    counterpart: null,
    streamId,
    giftId: streamId,
    occurredAt: at,
    reference: null,
  }));
  const { chained, head } = chain("", entries);
  const wallet = { userId: user, balance: 0, seq: ids.length, head, revision: 1, owed: 0 };
  await writeAll([
    ...chained.map((entry) => ({ ...key.entry(user, entry.seq), ...entry })),
    { ...key.wallet(user), ...wallet },
    ...ids.map((banId) => ({ ...key.tracedBan(user, banId), banId, at })),
  ]);
  const { steps } = await meterTable()(() => collectOwnData(user, now));
  expect(steps).toBeLessThan(120);
});

test("an export of thousands of polls has the newest votes, and says so", async () => {
  const exportOf = async (count: number, voted = count) => {
    const user = await makeUser(someone("user"));
    const [streamId, ...ids] = idsOf(count + 1);
    await traceStreams(user, [String(streamId)]);
    const vote = { streamId, userId: user, options: [1], at, change: "c" };
    await writeAll(
      ids.flatMap((id, n) => [
        { ...key.moment(String(streamId), id), id },
        ...(n < count - voted ? [] : [{ ...key.vote(id, user), ...vote, momentId: id }]),
      ]),
    );
    const { votes, truncated } = await collectOwnData(user, now);
    return [votes.length, votes[0]?.momentId === ids.at(-1), truncated];
  };
  expect(await exportOf(500)).toEqual([500, true, []]);
  expect(await exportOf(1_100)).toEqual([1_000, true, ["votes"]]);
  expect(await exportOf(1_100, 3)).toEqual([3, true, ["votes"]]);
});

test("a user with messages in many streams exports all of the newest streams", async () => {
  const user = await makeUser(someone("user"));
  const streams = idsOf(15).sort();
  await traceStreams(user, streams);
  const sender = { userId: user, username: user, name: user, surname: "", pictureId: null };
  const said = { sender, createdAt: at, content: "Hello" };
  await writeAll(
    streams.flatMap((streamId) =>
      Array.from({ length: 250 }, (_, n) => ({
        ...key.message(streamId, n + 1),
        ...said,
        streamId,
        n: n + 1,
        id: newId(now),
      })),
    ),
  );
  const { messages, truncated } = await collectOwnData(user, now);
  const newest = streams.slice(-4).reverse();
  expect(newest.map((id) => messages.filter(({ streamId }) => streamId === id).length)).toEqual(
    newest.map(() => 250),
  );
  expect(truncated).toEqual(["messages"]);
});

test("an export that cannot look through all messages of a stream says so", async () => {
  const user = await makeUser(someone("user"));
  const [streamId = ""] = idsOf(1);
  await traceStreams(user, [streamId]);
  const by = (userId: string) => ({ userId, username: "", name: "", surname: "", pictureId: null });
  const said = { streamId, createdAt: at, content: "x".repeat(2_000) };
  await writeAll(
    Array.from({ length: 2_300 }, (_, n) => ({
      ...key.message(streamId, n + 1),
      ...said,
      sender: by(n === 0 || n === 2_299 ? user : "other"),
      n: n + 1,
      id: newId(now),
    })),
  );
  const { messages, truncated } = await collectOwnData(user, now);
  expect([messages.length, truncated]).toEqual([1, ["messages"]]);
});
