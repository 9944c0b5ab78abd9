import { marshall } from "@aws-sdk/util-dynamodb";
import { jest } from "@jest/globals";
import type { DynamoDBRecord } from "aws-lambda";
import { profileOf } from "../../domain/people/user.ts";
import { makeBan } from "../../domain/streams/ban.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { handler as listOwn } from "../../functions/streams/bans/list.ts";
import { endBan, queueBanEnds } from "../../platform/realtime/ban-ends.ts";
import { newId } from "../../platform/runtime/id.ts";
import { getBan, liftBan, listBans, recordBan } from "../../platform/store/streams/bans.ts";
import { findMember } from "../../platform/store/streams/members.ts";
import { getRawItem, putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { tableName } from "../../platform/table/table.ts";
import { callEndpoint } from "./api-call.ts";
import { setClock } from "./clock.ts";
import { intercept } from "./intercept.ts";
import { between } from "./interleaving.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { byAdmin, makeStream, makeUser, someone } from "./wallet-people.ts";

useOwnTable();

/** Nobody here has a socket. */
const posted = async () => "sent" as const;
const poster = { post: posted, close: posted, probe: posted };
const queue = useQueue("MOMENTS_QUEUE_URL");

const now = new Date("2026-11-21T12:00:00.000Z");
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const sent = () => queue.take().map(({ body }) => JSON.parse(body));

/** A stream whose member is banned until `seconds` from now, and the end of that ban. */
async function banned(seconds: number) {
  return banFrom(await makeStream(await makeUser(someone("host"))), seconds);
}

async function banFrom(stream: Stream, seconds: number, at = now) {
  const userId = await makeUser(someone("target"));
  const target = profileOf(userId, {}, now);
  const endsAt = later(seconds).toISOString();
  const given = { id: newId(at), stream, target, by: stream.hostId, now: at, endsAt };
  await recordBan(stream, makeBan({ actionType: "BLOCK" }, given), at);
  const end = { banId: given.id, streamId: stream.id, userId, endsAt, isShown: true };
  return { end, find: () => findMember(stream.id, userId, { consistent: true }) };
}

/** The record of the table's stream about a member's change from one ban to another. */
const recordOf = (
  { streamId, hostId, userId }: Record<string, string>,
  ban: object,
  old?: object,
) => {
  const place = hostId ? key.channelMember(hostId, userId!) : key.member(streamId!, userId!);
  const image = (held: object) => marshall({ ...place, userId, revision: 1, ban: held });
  const dynamodb = { NewImage: image(ban), ...(old && { OldImage: image(old) }) };
  return { eventName: "MODIFY", dynamodb } as unknown as DynamoDBRecord;
};

test("the record of a timed ban starts its timer, once for each ban", async () => {
  const place = { streamId: newId(now), userId: "target" };
  const timed = (id: string, seconds: number) => ({
    id,
    actionType: "BLOCK",
    endsAt: later(seconds).toISOString(),
  });
  const ban = timed("b1", 60);
  const end = { ...place, banId: "b1", endsAt: ban.endsAt, isShown: true };
  await queueBanEnds([recordOf(place, ban)], now);
  expect(sent()).toEqual([end]);
  await queueBanEnds([recordOf(place, ban, timed("b0", 60))], now);
  expect(sent()).toEqual([end]);
  const years = timed("b2", 136 * 365 * 24 * 3600);
  await queueBanEnds(
    [recordOf(place, ban, ban), recordOf(place, { ...ban, endsAt: null }), recordOf(place, years)],
    now,
  );
  expect(sent()).toEqual([]);
});

test("a mute under a block has a timer of its own, started once", async () => {
  const place = { streamId: newId(now), userId: "target" };
  const timed = (id: string, actionType: string, seconds: number) => ({
    id,
    actionType,
    endsAt: later(seconds).toISOString(),
  });
  const [block, mute] = [timed("b1", "BLOCK", 90), timed("m1", "CHAT_ONLY", 60)];
  const both = { ...block, mute };
  const [blocked, muted] = [block, mute].map(({ id, endsAt }) => ({
    ...place,
    banId: id,
    endsAt,
    isShown: true,
  }));
  await queueBanEnds([recordOf(place, both, block)], now);
  expect(sent()).toEqual([muted]);
  await queueBanEnds([recordOf(place, both, mute)], now);
  expect(sent()).toEqual([blocked]);
  await queueBanEnds([recordOf(place, both, both)], now);
  expect(sent()).toEqual([]);
  // The mute's timer went on under the block.
  await queueBanEnds([recordOf(place, mute!, both)], now);
  expect(sent()).toEqual([]);
  const inChannel = { hostId: "host", userId: "target" };
  await queueBanEnds([recordOf(inChannel, mute!, both)], now);
  expect(sent()).toEqual([{ ...inChannel, banId: null, endsAt: null }]);
});

test("a timer that arrives early is sent on, and at the end frees the member of that ban only", async () => {
  const { end, find } = await banned(3600);
  await endBan(poster, end, later(900));
  expect(sent()).toEqual([end]);
  expect((await find())?.ban?.id).toBe(end.banId);
  await endBan(poster, { ...end, banId: "another" }, later(3600));
  expect((await find())?.ban?.id).toBe(end.banId);
  for (let times = 0; times < 2; times++) await endBan(poster, end, later(3600));
  expect((await find())?.ban).toBeUndefined();
  expect(sent()).toEqual([]);
});

// Planted fault that turns this red: a timer that is sent on without a look at the ban.
test("the timer of a ban that was lifted or replaced is not sent on", async () => {
  const { end } = await banned(14 * 24 * 3600);
  await endBan(poster, { ...end, banId: "another" }, later(900));
  expect(sent()).toEqual([]);
  await liftBan(await getBan(end.banId, now), byAdmin.userId, later(901));
  await endBan(poster, end, later(900));
  expect(sent()).toEqual([]);
});

test("a ban of a channel is copied to its streams when it begins and ends, not in between", async () => {
  const place = { hostId: await makeUser(someone("host")), userId: await makeUser(someone("fan")) };
  const ban = { id: "b1", actionType: "BLOCK", endsAt: later(3600).toISOString() };
  await putItem({ ...key.channelMember(place.hostId, place.userId), ...place, revision: 1, ban });
  const moment = { ...place, banId: ban.id, endsAt: ban.endsAt };
  const requestsAt = async (given: typeof moment & { isShown?: true }, at: Date) =>
    (
      await between(
        [],
        async () => {},
        () => endBan(poster, given, at),
      )
    ).requests;
  const first = await requestsAt(moment, now);
  const [timer] = sent();
  expect(timer).toEqual({ ...moment, isShown: true });
  expect(await requestsAt(timer, later(900))).toBe(1);
  expect(sent()).toEqual([timer]);
  expect(await requestsAt(timer, later(3600))).toBeGreaterThanOrEqual(first);
});

test("a host's bans are listed with the newest first", async () => {
  const stream = await makeStream(await makeUser(someone("host")));
  const first = await banFrom(stream, 3600, later(-60));
  const second = await banFrom(stream, 3600);
  const listed = await listBans(stream.hostId, {}, now);
  expect(listed.map(({ banId }) => banId)).toEqual([second.end.banId, first.end.banId]);
});

test("an expired ban leaves its host's list, which has room for those in force", async () => {
  const stream = await makeStream(await makeUser(someone("host")));
  const [lifted, timed] = [await banFrom(stream, 60), await banFrom(stream, 3600)];
  const entryOf = ({ end: { banId } }: typeof timed) =>
    getRawItem(key.hostedBan(stream.hostId, banId), { consistent: true });
  await liftBan(await getBan(lifted.end.banId, now), stream.hostId, later(1));
  expect(await entryOf(lifted)).toBeUndefined();
  const listed = await listBans(stream.hostId, {}, later(2));
  expect(listed.map(({ banId }) => banId)).toEqual([timed.end.banId]);
  expect(await listBans(stream.hostId, {}, later(3600))).toEqual([]);
  // The table removes it then, not while it may be in force by another clock.
  const { expiresAt } = (await entryOf(timed))!;
  const late = Number(expiresAt) * 1000 - later(3600).getTime();
  expect(late).toBeGreaterThan(60_000);
  expect(late).toBeLessThan(24 * 3_600_000);
});

test("a ban that was just made is in its host's list, also if the table's other copies lack it", async () => {
  const stream = await makeStream(await makeUser(someone("host")));
  await banFrom(stream, 60, new Date());
  const { end } = await banFrom(stream, 60, new Date());
  const undo = intercept(async ({ name, input }, next) => {
    const answer = await next();
    const requests = (input.RequestItems ?? {}) as Record<string, { ConsistentRead?: boolean }>;
    const isEventual = Object.values(requests).some((one) => one.ConsistentRead !== true);
    if (name !== "BatchGetCommand" || !isEventual) return answer;
    const [items = []] = Object.values(answer.Responses as Record<string, { id?: string }[]>);
    return { Responses: { [tableName()]: items.filter(({ id }) => id !== end.banId) } };
  });
  try {
    setClock(now.getTime());
    const { body } = await callEndpoint(listOwn, { as: stream.hostId });
    const { list, pagination } = body.data as { list: { _id: string }[]; pagination: object };
    expect(pagination).toMatchObject({ totalItems: 2 });
    expect(list.map(({ _id }) => _id)).toEqual([end.banId, expect.any(String)]);
  } finally {
    undo();
    jest.useRealTimers();
  }
});
