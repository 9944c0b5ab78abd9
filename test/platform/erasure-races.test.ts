import { AsyncLocalStorage } from "node:async_hooks";
import type { Gift } from "../../domain/money/gift-item.ts";
import { personOfSummary } from "../../domain/people/person.ts";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { makeBan } from "../../domain/streams/ban.ts";
import { newChannel } from "../../domain/streams/channel.ts";
import { makeReminder } from "../../domain/streams/reminder.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { handler as changeChannel } from "../../functions/streams/channel/change.ts";
import { handler as changeSettings } from "../../functions/streams/chat/change-settings.ts";
import type { Caller } from "../../platform/auth/caller.ts";
import { eraseFrames } from "../../platform/own-data/erase-frames.ts";
import { eraseFromStreams } from "../../platform/own-data/erase-streams.ts";
import { continueErasure } from "../../platform/own-data/erasure.ts";
import { eraseNames } from "../../platform/own-data/names.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { setting } from "../../platform/runtime/env.ts";
import { newId } from "../../platform/runtime/id.ts";
import { findMoment, recordResult, startMoment } from "../../platform/store/audience/moments.ts";
import { removeTexts } from "../../platform/store/log/deleted-texts.ts";
import { listFrames, putFrame } from "../../platform/store/log/frames.ts";
import { findRelation, recordFollow } from "../../platform/store/people/follows.ts";
import { findBan, liftBan, recordBan } from "../../platform/store/streams/bans.ts";
import {
  applyChannel,
  changeChannel as changeChannelOf,
  findChannel,
} from "../../platform/store/streams/channels.ts";
import { findMember, memberActions } from "../../platform/store/streams/members.ts";
import { findOverlayKey, recordOverlayKey } from "../../platform/store/streams/overlay-keys.ts";
import { findReminders, saveReminder } from "../../platform/store/streams/reminders.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { noteErasedStream, noteTrace } from "../../platform/store/streams/traces.ts";
import { claimCall } from "../../platform/table/idempotency.ts";
import { getRawItem, putItem } from "../../platform/table/items.ts";
import { type Key, key } from "../../platform/table/keys.ts";
import { queryItems, queryWhole } from "../../platform/table/query.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { commitTransaction } from "../../platform/table/transact.ts";
import { callEndpoint } from "./api-call.ts";
import { atEachRequest } from "./interleaving.ts";
import { liveStreamOf } from "./live-stream.ts";
import { useQueue } from "./queue-double.ts";
import { putMessage } from "./stored-messages.ts";
import { useOwnTable } from "./table.ts";
import {
  forget,
  giftTypeOf,
  makeStream,
  makeUser,
  readGift,
  sendOne,
  someone,
} from "./wallet-people.ts";

/*
 * Concurrent erasures, also of a user who has signed up again with the same id.
 */

useOwnTable();
useQueue("ERASURES_QUEUE_URL");

/** The orders in which the calls of A and B can follow each other, `count` of each. */
function ordersOf(a: number, b: number): string[] {
  if (a === 0 || b === 0) return ["A".repeat(a) + "B".repeat(b)];
  return [
    ...ordersOf(a - 1, b).map((rest) => `A${rest}`),
    ...ordersOf(a, b - 1).map((rest) => `B${rest}`),
  ];
}

/**
 * Runs A and B with their calls about one item in this order. Calls beyond it do not wait, nor do
 * those of A or B after the other has ended.
 */
async function inOrder(order: string, SK: string, acts: Record<"A" | "B", () => Promise<unknown>>) {
  const client = table();
  const runner = new AsyncLocalStorage<string>();
  const done: string[] = [];
  const ended = new Set<string>();
  const isTurnOf = (who: string) => {
    const next = order[done.length];
    return next === undefined || next === who || ended.has(next);
  };
  async function send(command: { input: { Key?: { SK?: string } } }) {
    if (command.input.Key?.SK !== SK) return client.send(command as never);
    const who = runner.getStore()!;
    while (!isTurnOf(who)) await new Promise((tick) => setImmediate(tick));
    try {
      return await client.send(command as never);
    } finally {
      done.push(who);
    }
  }
  useTable({ send } as unknown as typeof client);
  const run = (who: "A" | "B") => runner.run(who, acts[who]).finally(() => ended.add(who));
  // Not at once: A and B stand for two processes, and one shares the reads of one moment.
  const runLater = () => new Promise((tick) => setImmediate(tick)).then(() => run("B"));
  try {
    await Promise.all([run("A"), runLater()]);
  } finally {
    useTable(client);
  }
  return done.join("");
}

/** A gift from one user to a host and a guest. */
async function giftOfThree() {
  const [sender, host] = [await makeUser(someone("sender"), 20), await makeUser(someone("host"))];
  const guest = await makeUser(someone("guest"));
  const stream = await makeStream(host);
  const at = new Date().toISOString();
  const names = { username: guest, name: "", surname: "", picture: "" };
  const receivers = [
    personOfSummary(stream.host, setting("DEFAULT_PICTURE")),
    { userId: guest, ...names, createdAt: at, updatedAt: at },
  ];
  const id = await sendOne(stream, sender, giftTypeOf(10), { receivers });
  return { gift: key.gift(stream.id, id), people: [sender, host, guest] };
}

describe.each([
  ["sender and host", [0, 1]],
  ["two receivers", [1, 2]],
] as const)("%s of a gift who leave at once both stay erased", (_, [first, second]) => {
  test.each(ordersOf(2, 2))("%s", async (order) => {
    const { gift, people } = await giftOfThree();
    const shown = async () => {
      const item = await getRawItem(gift, { consistent: true });
      const { sender, receivers } = item as unknown as Pick<Gift, "sender" | "receivers">;
      return [sender, ...receivers].map(({ username }) => username);
    };
    expect(await shown()).toEqual(people);
    const erase = (at: number) => () => eraseNames(gift, ["sender", "receivers"], people[at]!);
    const done = await inOrder(order, gift.SK, { A: erase(first), B: erase(second) });
    expect(done.startsWith(order)).toBe(true);
    const left = people.map((name, at) => (at === first || at === second ? "" : name));
    expect(await shown()).toEqual(left);
  });
});

test("a ban that is lifted while its target is erased does not restore their names", async () => {
  const [user, host] = [await makeUser(someone("user")), await makeUser(someone("host"))];
  const stream = await makeStream(host);
  const ban = await banOf(stream, user);
  const read = await findMember(stream.id, user, { consistent: true });
  expect(read).toMatchObject({ ban: { names: { name: "Zoe" } } });
  await removeUser({ userId: user, isForfeit: false, now: new Date() });
  await continueErasure(user, 20);
  // A call that has already read the member or the ban decides again.
  const change = memberActions({ streamId: stream.id }, user, read, read!.ban, new Date());
  expect((await commitTransaction(change))?.has("member")).toBe(true);
  for (const place of [key.member(stream.id, user), key.sender(stream.id, user)])
    expect(await getRawItem(place, { consistent: true })).toMatchObject({
      ban: { id: ban.id, names: { name: "", surname: "" } },
    });
  await liftBan(ban, host, new Date());
  expect(await findBan(ban.id, new Date())).toMatchObject({
    target: { username: "" },
    deletedBy: host,
  });
  const listed = await getRawItem(key.hostedBan(host, ban.id), { consistent: true });
  expect(listed).toBeUndefined();
});

async function banOf(stream: Stream, userId: string, now = new Date()) {
  const target = profileOf(userId, { preferred_username: userId, given_name: "Zoe" }, now);
  const context = { id: newId(now), stream, target, by: stream.hostId, now };
  const ban = makeBan({ actionType: "CHAT_ONLY" }, context);
  await recordBan(stream, ban, now);
  return ban;
}

/** Saves a user's reminder of a stream, as before its start. */
async function remind(stream: Stream, userId: string, at: Date) {
  const plannedStartDate = new Date(at.getTime() + 3_600_000).toISOString();
  const planned = { ...stream, status: "scheduled", plannedStartDate } as const;
  await putItem({ ...key.stream(stream.id), ...planned });
  await saveReminder(makeReminder(planned, userId, null, at), at);
  await putItem({ ...key.stream(stream.id), ...stream });
}

/** Everything of one kind each that an erasure looks at, made at this time. */
async function leaveTracks(userId: string, at: Date) {
  const [host, fan] = [await makeUser(someone("host")), await makeUser(someone("fan"))];
  const [stream, own] = [await makeStream(host), await makeStream(userId, { id: newId(at) })];
  const { id: streamId, hostId } = own;
  const times = { startedAt: null, endedAt: null, plannedStartDate: null };
  await putItem({ ...key.hosted(userId, streamId), streamId, hostId, status: "ended", ...times });
  for (const [followerId, followedId] of [
    [userId, host],
    [fan, userId],
  ] as const)
    await recordFollow({ relationId: newId(at), followerId, followedId, at: at.toISOString() });
  await putMessage(stream.id, 1, userId, at);
  await noteTrace({ userId, createdAt: at.toISOString() }, stream.id, at);
  await remind(stream, userId, at);
  const giftId = await sendOne(stream, userId, giftTypeOf(10), { now: at, charged: false });
  const ban = await banOf(stream, userId, at);
  await putItem({ ...key.device(userId, newId(at)), updatedAt: at.toISOString() });
  await putItem({ ...key.marker(userId, newId(at)), answeredAt: at.toISOString() });
  const overlay = { id: newId(at), channelOf: userId, description: null, createdBy: userId };
  const made = { ...overlay, hash: "h", createdAt: at.toISOString() };
  await recordOverlayKey({ channelOf: userId }, made, forget(undefined));
  return { stream, own, host, fan, giftId, ban, overlay };
}

/** What is left of each kind: a name, or whether it exists. */
async function leftOf(userId: string, tracks: Awaited<ReturnType<typeof leaveTracks>>) {
  const { stream, own, host, fan, giftId, ban, overlay } = tracks;
  const raw = (place: Key) => getRawItem(place, { consistent: true });
  const [message, hosted, gift] = [
    await raw(key.message(stream.id, 1)),
    await raw(key.stream(own.id)),
    await readGift(stream.id, giftId),
  ];
  return {
    text: message?.content,
    host: Reflect.get(Object(hosted?.host), "username"),
    gift: gift.sender.username,
    ban: (await findBan(ban.id, new Date()))?.target.username,
    following: (await findRelation(userId, host)) !== undefined,
    follower: (await findRelation(fan, userId)) !== undefined,
    reminder: (await findReminders(userId, [stream.id])).length,
    overlay: (await findOverlayKey({ channelOf: userId }, overlay.id)) !== undefined,
  };
}

test("erasure removes the old account's data and keeps that of a new one with the same id", async () => {
  const user = await makeUser(someone("user"));
  const left = new Date();
  const before = await leaveTracks(user, new Date(left.getTime() - 60_000));
  const at = left.toISOString();
  await removeUser({ userId: user, isForfeit: false, now: left });
  // A call with a key that is under way: its claim is of the new user, or expires.
  const releaseClaim = await claimCall({ owner: user, hash: "h", fingerprint: "f" }, left);
  await makeUser(user);
  const after = await leaveTracks(user, new Date(left.getTime() + 60_000));
  const later = new Date(left.getTime() + 60_000);
  const old = await makeStream(await makeUser(someone("host")));
  await changeChannelOf(user, { slowModeSeconds: 30 }, later);
  await remind(old, user, later);
  // What the new one says in streams of the old one: those traces are needed when they leave.
  await noteTrace({ userId: user, createdAt: "before" }, old.id, new Date(left.getTime() - 1));
  for (const { id } of [before.stream, before.own])
    await noteTrace({ userId: user, createdAt: at }, id, new Date(left.getTime() + 1));
  await continueErasure(user, 60);
  const place = { userId: user, at, seq: 0, step: 7 };
  for (let next = await eraseFrames(place); next !== undefined; )
    next = await eraseFrames({ ...place, after: next });
  const traces = await queryWhole(key.tracedStream(user, ""), { prefix: "STREAM#" });
  expect(traces.map(({ streamId }) => streamId).sort()).toEqual(
    [before.stream.id, before.own.id, after.stream.id].sort(),
  );
  const gone = { text: undefined, host: "", gift: "", ban: "", following: false, follower: false };
  expect(await leftOf(user, before)).toEqual({ ...gone, reminder: 0, overlay: false });
  expect(await leftOf(user, after)).toEqual({
    text: "text 1",
    host: user,
    gift: user,
    ban: user,
    following: true,
    follower: true,
    reminder: 1,
    overlay: true,
  });
  expect(await findChannel(user)).toMatchObject({ slowModeSeconds: 30 });
  expect(await findReminders(user, [old.id])).toHaveLength(1);
  const devices = await queryWhole(key.profile(user), { prefix: "DEVICE#" });
  expect(devices.map(({ updatedAt }) => String(updatedAt) > at)).toEqual([true]);
  const kept = await queryItems(key.marker(user, ""), "", { limit: 10, consistent: true });
  expect(kept.filter(({ claim }) => claim === undefined)).toMatchObject([
    { answeredAt: new Date(left.getTime() + 60_000).toISOString() },
  ]);
  expect(kept).toHaveLength(2);
  await releaseClaim();
});

test("a frame whose text is deleted while names in it are erased keeps neither", async () => {
  await atEachRequest(async () => {
    const [user, now] = [someone("user"), new Date()];
    const { id: streamId } = await makeStream(await makeUser(someone("host")));
    const sender = { userId: user, username: "u", name: "Name of the user" };
    const data = { _id: newId(now), content: "the text", sender };
    const body = JSON.stringify({ events: [{ type: "chat.message", data }] });
    const [writtenAt, totals] = [Math.floor(now.getTime() / 1000), { count: 0, credits: 0 }];
    const frame = { n: 1, epoch: "e", body, covers: "", newest: writtenAt, totals, revision: 0 };
    await putFrame(streamId, { ...frame, expiresAt: writtenAt + 3_600 });
    await noteErasedStream(user, streamId, now.toISOString());
    const deleted = { messageId: data._id, recordId: "r", writtenAt };
    return {
      act: () => eraseFrames({ userId: user, at: now.toISOString(), seq: 0, step: 7 }),
      meanwhile: () => removeTexts(streamId, [deleted], new Map([["r", 1]])),
      async check() {
        const [left] = await listFrames(streamId, 1, 1);
        expect(left?.body).not.toMatch(/Name of the user|the text/);
      },
    };
  });
});

/** A host with a stream in the list of their streams, and a user who is no moderator yet. */
async function appointing() {
  const [host, user] = [await makeUser(someone("host")), await makeUser(someone("user"))];
  const stream = liveStreamOf(summaryOf(profileOf(host, {}, new Date()), "https://x.example/p"));
  await recordStream(stream);
  const body = { moderators: [user] };
  const named = async () => {
    const { moderators } = await findChannel(host);
    return [...moderators, ...(await getStream(stream.id, { consistent: true })).moderators];
  };
  const appoint = {
    channel: () => callEndpoint(changeChannel, { as: host, body }),
    stream: () => callEndpoint(changeSettings, { as: host, path: { streamId: stream.id }, body }),
  };
  const leave = async () => {
    await removeUser({ userId: user, isForfeit: false, now: new Date() });
    await continueErasure(user, 60);
  };
  return { host, user, stream, named, appoint, leave };
}

describe.each(["channel", "stream"] as const)("a moderator of a %s who leaves", (place) => {
  const check = (named: () => Promise<string[]>) => async () => {
    expect(await named()).toEqual([]);
  };

  test("while they are appointed is not a moderator afterwards", async () => {
    await atEachRequest(async () => {
      const { named, appoint, leave } = await appointing();
      return { act: appoint[place], meanwhile: leave, check: check(named) };
    });
  });

  test("and is appointed during the erasure is not a moderator afterwards", async () => {
    await atEachRequest(async () => {
      const { named, appoint, leave } = await appointing();
      return { act: leave, meanwhile: appoint[place], check: check(named) };
    });
  });
});

test("a late copy of the channel does not restore a moderator who left", async () => {
  await atEachRequest(async () => {
    const { host, user, named, leave } = await appointing();
    await changeChannelOf(host, { moderators: [user] }, new Date());
    return {
      act: () => applyChannel(host, new Date()),
      meanwhile: leave,
      check: async () => expect(await named()).toEqual([]),
    };
  });
});

test("a poll whose result is stored while its starter is erased does not restore their name", async () => {
  await atEachRequest(async () => {
    const user = await makeUser(someone("user"));
    const stream = await makeStream(await makeUser(someone("host")));
    const body = { kind: "goal", title: "Mic", of: "likes", target: 5 } as const;
    const caller = { userId: user, roles: [], claims: {} } as unknown as Caller;
    const was = await startMoment(stream, body, caller, forget);
    expect(was.by).toMatchObject({ username: user });
    const [endedAt, result] = [new Date().toISOString(), { amount: 0, reached: false }];
    const leave = async (after?: string): Promise<unknown> => {
      const place = { userId: user, at: endedAt, seq: 0, step: 6, ...(after && { after }) };
      const next = await eraseFromStreams(place);
      return next && leave(next);
    };
    return {
      act: leave,
      meanwhile: () => recordResult(was, endedAt, result),
      check: async () =>
        expect((await findMoment(stream.id, was.id))?.by).toMatchObject({ username: "" }),
    };
  });
});

test("a moderator of a deleted stream who leaves is erased, and the stream stays as it is", async () => {
  const { user, stream, appoint, leave } = await appointing();
  await appoint.stream();
  const item = await getRawItem(key.stream(stream.id), { consistent: true });
  const deleted = { ...key.stream(stream.id), ...item, deletedAt: new Date().toISOString() };
  await putItem(deleted);
  await leave();
  expect(await getRawItem(key.stream(stream.id), { consistent: true })).toEqual(deleted);
  expect(await getRawItem(key.erasure(user), { consistent: true })).toMatchObject({ again: true });
});

test("a moderator without a trace is found through a stream in which they spoke", async () => {
  const { host, user, stream, named, leave } = await appointing();
  const others = [await makeUser(someone("other"))];
  await putItem({
    ...key.channel(host),
    ...newChannel(host),
    moderators: [user, ...others],
    revision: 1,
    changed: {},
  });
  await noteTrace({ userId: user, createdAt: "then" }, stream.id, new Date());
  await leave();
  expect(await named()).toEqual(others);
  expect(await queryWhole(key.tracedHost(user, ""), { prefix: "TEAM#" })).toEqual([]);
});
