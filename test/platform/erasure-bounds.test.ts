import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { jest } from "@jest/globals";
import { makeMoment } from "../../domain/audience/moment.ts";
import { makeNotification } from "../../domain/people/notification.ts";
import { personOf } from "../../domain/people/person.ts";
import { profileOf } from "../../domain/people/user.ts";
import { makeReminder } from "../../domain/streams/reminder.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import {
  notifyNextPart,
  sendReminder,
} from "../../platform/live-notifications/live-notifications.ts";
import { eraseFrames } from "../../platform/own-data/erase-frames.ts";
import { eraseFromStreams } from "../../platform/own-data/erase-streams.ts";
import { continueErasure } from "../../platform/own-data/erasure.ts";
import { usePageSizes } from "../../platform/own-data/page-sizes.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { newId } from "../../platform/runtime/id.ts";
import { listFrames, putFrame } from "../../platform/store/log/frames.ts";
import { recordFollow } from "../../platform/store/people/follows.ts";
import { listNotifications } from "../../platform/store/people/notification-lists.ts";
import { recordNotification } from "../../platform/store/people/notifications.ts";
import { appoint } from "../../platform/store/streams/moderators.ts";
import { saveReminder } from "../../platform/store/streams/reminders.ts";
import { noteErasedStream, noteTrace } from "../../platform/store/streams/traces.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { queryWhole } from "../../platform/table/query.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { meterTable } from "./call-meter.ts";
import { setClock } from "./clock.ts";
import { useQueue } from "./queue-double.ts";
import { putMessage } from "./stored-messages.ts";
import { useOwnTable } from "./table.ts";
import { giftTypeOf, makeStream, makeUser, sendOne, someone } from "./wallet-people.ts";

/*
 * One page of an erasure makes a bounded number of calls, whatever is kept, and the pages together
 * reach everything.
 */

useOwnTable();
useQueue("ERASURES_QUEUE_URL", "NOTICES_QUEUE_URL");
afterEach(() => {
  usePageSizes(undefined);
  jest.useRealTimers();
});

const now = new Date();
const put = (Item: Record<string, unknown>) =>
  table().send(new PutCommand({ TableName: tableName(), Item }));

/** Removes a user now, walks twice, to the frames; answers the most calls of a page, by step. */
async function eraseMetered(userId: string): Promise<number[]> {
  await removeUser({ userId, isForfeit: true, now: new Date() });
  const meter = meterTable();
  const calls: number[] = [];
  for (let page = 0; page < 200; page++) {
    const erasure = await getRawItem(key.erasure(userId), { consistent: true });
    const step = Number(erasure?.step ?? 7);
    if (step === 7) return calls;
    if (erasure?.again) setClock(Date.parse(String(erasure.at)) + 11_000);
    const spent = await meter(() => continueErasure(userId, 1));
    calls[step] = Math.max(calls[step] ?? 0, spent.calls);
  }
  throw new Error("The erasure did not come to its last step");
}

/** A stream that began, of which these users were reminded: the odd ones before its start. */
async function streamWithReminders(hostId: string, viewers: readonly string[]) {
  const start = new Date(now.getTime() + 600_000).toISOString();
  const planned = { status: "scheduled", plannedStartDate: start, startedAt: null } as const;
  const stream = await makeStream(hostId, planned);
  const reminders = viewers.map((viewer, at) => makeReminder(stream, viewer, at % 2, now));
  for (const reminder of reminders) await saveReminder(reminder, now);
  for (const reminder of reminders) if (reminder.minute === 1) await sendReminder(reminder, now);
  const live = { ...stream, status: "active", startedAt: now.toISOString() } as const;
  await put({ ...key.stream(stream.id), ...live });
  await put({ ...key.notice(stream.id), ...listed(live) });
  for (let step = 0; step < 3; step++) await notifyNextPart({ streamId: stream.id, step }, now);
  await put({ ...key.stream(stream.id), ...live, status: "ended" });
  await put({ ...key.hosted(hostId, stream.id), ...listed(live), status: "ended" });
  return stream;
}

const listed = ({ id: streamId, hostId, startedAt, endedAt, plannedStartDate }: Stream) => ({
  streamId,
  hostId,
  startedAt,
  endedAt,
  plannedStartDate,
});

const titlesOf = async (userId: string) =>
  (await listNotifications(userId, {}, 100)).map(({ title }) => title);

test("a host with many reminders is erased in small pages, and no notification keeps the name", async () => {
  usePageSizes({ changes: 3, notices: 2 });
  const host = await makeUser(someone("host"));
  const viewers = Array.from({ length: 10 }, () => someone("viewer"));
  const { id } = await streamWithReminders(host, viewers);
  // One user has more notices about the stream than one page changes.
  for (let n = 0; n < 5; n++) await recordNotification(noticeOf(viewers[4]!, id, host));
  expect(await Promise.all(viewers.slice(1, 5).map(titlesOf))).toEqual([
    [`${host} goes live soon`],
    [`${host} is live`],
    [`${host} goes live soon`],
    Array.from({ length: 6 }, () => `${host} is live`),
  ]);
  const calls = await eraseMetered(host);
  // The erasure and its place, channel, its keys and streams, one with 3 calls, reminders, notices.
  expect(calls[5]).toBe(2 + 3 + 3 + 1 + 3 + 2);
  expect(await Promise.all(viewers.slice(1, 5).map(titlesOf))).toEqual([
    ["A streamer goes live soon"],
    ["A streamer is live"],
    ["A streamer goes live soon"],
    Array.from({ length: 6 }, () => "A streamer is live"),
  ]);
  for (const viewer of viewers) expect((await titlesOf(viewer)).join()).not.toContain(host);
});

const noticeOf = (userId: string, streamId: string, host: string) =>
  makeNotification(
    {
      userId,
      type: "system",
      category: "live_stream",
      message: "",
      title: `${host} is live`,
      metadata: { streamId },
    },
    newId(now),
    now,
  );

/** A poll of a stream that this user has started, and has voted in. */
async function putOwnPoll(streamId: string, userId: string): Promise<string> {
  const id = newId(now);
  const by = personOf(profileOf(userId, { preferred_username: userId }, now));
  const options = ["a", "b"];
  const body = { kind: "poll" as const, title: "Red?", options, seconds: 60, choices: 1 };
  await put({
    ...key.moment(streamId, id),
    ...makeMoment(body, { id, streamId, by, viewers: 1 }, now),
  });
  const vote = { streamId, momentId: id, userId, options: [1], at: now.toISOString(), change: "c" };
  await put({ ...key.vote(id, userId), ...vote });
  return id;
}

/** What is left of a user's name and vote in polls, and how often each poll has changed. */
const leftInPolls = (streamId: string, userId: string, ids: readonly string[]) =>
  Promise.all(
    ids.map(async (id) => {
      const poll = await getRawItem(key.moment(streamId, id), { consistent: true });
      return {
        name: Reflect.get(Object(poll?.by), "username"),
        vote: await getRawItem(key.vote(id, userId), { consistent: true }),
        anonymous: (await getRawItem(key.crowdRest(id), { consistent: true }))?.count,
        revision: poll?.revision,
      };
    }),
  );

test("no step's pages grow with the data, and no data is left", async () => {
  usePageSizes({ items: 3, messages: 3, changes: 2, notices: 2 });
  const count = 9;
  const user = await makeUser(someone("user"), 1_000);
  const stream = await makeStream(await makeUser(someone("other")));
  const at = now.toISOString();
  const polls: string[] = [];
  for (let n = 1; n <= count; n++) {
    polls.push(await putOwnPoll(stream.id, user));
    const friend = someone("friend");
    const [one, other] = [newId(now), newId(now)];
    await recordFollow({ relationId: one, followerId: user, followedId: friend, at });
    await recordFollow({ relationId: other, followerId: friend, followedId: user, at });
    await putMessage(stream.id, n, user, now);
    await put({ ...key.device(user, `d${n}`), updatedAt: at });
    await put({ ...key.marker(user, `m${n}`), answeredAt: at });
    await sendOne(stream, user, giftTypeOf(1));
    const own = await makeStream(user, { status: "ended" });
    await put({ ...key.hosted(user, own.id), ...listed(own), status: "ended" });
  }
  await noteTrace({ userId: user, createdAt: at }, stream.id, now);
  const calls = await eraseMetered(user);
  // Each with the erasure and its place (2) and the list: then what one page may change.
  // The last: a stream and its messages, the reminder, likes (2), polls and votes in them.
  const most = [6, 6, 3 + 2 * 2, 4 + 2 + 2 + 2 * 2, 3 + 2 * 3, 5 + 2 * 4, 5 + 1 + 5 + 2 * 4];
  expect(calls.map((made, step) => [step, made, made <= most[step]!])).toEqual(
    calls.map((made, step) => [step, made, true]),
  );
  expect(calls).toHaveLength(most.length);
  for (const prefix of ["DEVICE#", "FOLLOWING#", "FOLLOWER#"])
    expect(await queryWhole(key.profile(user), { prefix })).toEqual([]);
  expect(await queryWhole(key.marker(user, ""), { prefix: "" })).toEqual([]);
  const messages = await queryWhole(key.message(stream.id, 0), { prefix: "MSG#" });
  expect(
    messages.map(({ content, sender }) => [content, Reflect.get(Object(sender), "name")]),
  ).toEqual(Array.from({ length: count }, () => [undefined, ""]));
  const gone = { name: "", vote: undefined, anonymous: 1, revision: 2 };
  expect(await leftInPolls(stream.id, user, polls)).toEqual(polls.map(() => gone));
  // A page that is repeated changes nothing again.
  for (let after: string | undefined; ; ) {
    const place = { userId: user, at: new Date().toISOString(), seq: 0, step: 6 };
    await noteTrace({ userId: user, createdAt: "again" }, stream.id, now);
    after = await eraseFromStreams({ ...place, ...(after && { after }) });
    if (after === undefined) break;
  }
  expect(await leftInPolls(stream.id, user, polls)).toEqual(polls.map(() => gone));
});

test("a moderator is removed from all of a host's streams in small pages", async () => {
  usePageSizes({ changes: 2 });
  const [user, host] = [await makeUser(someone("user")), await makeUser(someone("host"))];
  await appoint(host, [], [user], now);
  const streams = [];
  for (const status of ["ended", "active", "ended", "ended", "scheduled"] as const) {
    const stream = await makeStream(host, { status, moderators: [host, user] });
    await put({ ...key.hosted(host, stream.id), ...listed(stream), status });
    streams.push(stream);
  }
  const calls = await eraseMetered(user);
  // The erasure and its place, the trace and channel (3), a page of streams, and their changes.
  expect(calls[6]).toBeLessThanOrEqual(2 + 1 + 3 + 2 + 2);
  for (const { id } of streams)
    expect(await getRawItem(key.stream(id))).toMatchObject({ moderators: [host] });
});

test("a stream's kept frames are erased in small pages, each once, and nobody else's name", async () => {
  usePageSizes({ items: 3, changes: 2 });
  const [user, other] = [someone("user"), someone("other")];
  const { id: streamId } = await makeStream(await makeUser(someone("host")));
  const count = 10;
  for (let n = 1; n <= count; n++) {
    const sender = (userId: string) => ({ userId, username: "u", name: `Name of ${userId}` });
    const events = [{ data: { sender: sender(other) } }];
    // Names in seven frames: more in a row than one page changes, and one at the end.
    if (n <= 6 || n === count) events.push({ data: { sender: sender(user) } });
    const [epoch, body, covers] = ["e", JSON.stringify({ events }), ""];
    const totals = { count: 0, credits: 0 };
    const expiresAt = Math.floor(now.getTime() / 1000) + 3_600;
    await putFrame(streamId, { n, epoch, body, covers, newest: 0, totals, revision: 0, expiresAt });
  }
  await noteErasedStream(user, streamId, now.toISOString());
  const meter = meterTable();
  const pages: number[] = [];
  let after: string | undefined;
  do {
    const erasure = { userId: user, at: now.toISOString(), step: 0, ...(after && { after }) };
    const { calls } = await meter(async () => {
      after = await eraseFrames(erasure as Parameters<typeof eraseFrames>[0]);
    });
    pages.push(calls);
  } while (after !== undefined && pages.length < 30);
  // Frames 1 2, 3 4, 5 6, 7 to 9 and 10, and a page that finds no further stream.
  expect(pages).toHaveLength(6);
  // A page finds its place, reads a page of frames, and reads and writes each frame with the name.
  for (const calls of pages) expect(calls).toBeLessThanOrEqual(1 + 1 + 2 * 2 + 1);
  const frames = await listFrames(streamId, 1, count);
  expect(frames.map(({ body }) => body.includes(`Name of ${user}`))).not.toContain(true);
  expect(frames.map(({ body }) => body.includes(`Name of ${other}`))).not.toContain(false);
  expect(frames.map(({ revision }) => revision)).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 1]);
});
