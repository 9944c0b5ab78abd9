import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { makeBan } from "../../domain/streams/ban.ts";
import { makeReminder } from "../../domain/streams/reminder.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { handler as remindViewers } from "../../functions/streams/notices/remind-viewers.ts";
import { handler as tellLive } from "../../functions/streams/notices/tell-live.ts";
import { handler as remind } from "../../functions/streams/remind.ts";
import {
  notifyNextPart,
  queueLiveNotifications,
  sendReminder,
} from "../../platform/live-notifications/live-notifications.ts";
import { newId } from "../../platform/runtime/id.ts";
import { recordFollow } from "../../platform/store/people/follows.ts";
import { findNotice, listNotices } from "../../platform/store/people/notices.ts";
import { listNotifications } from "../../platform/store/people/notification-lists.ts";
import { deleteNotifications } from "../../platform/store/people/notifications.ts";
import { recordBan } from "../../platform/store/streams/bans.ts";
import {
  findReminders,
  listDueReminders,
  saveReminder,
  sentAction,
} from "../../platform/store/streams/reminders.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { getRawItem, putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { commitTransaction } from "../../platform/table/transact.ts";
import { callEndpoint } from "./api-call.ts";
import { intercept } from "./intercept.ts";
import { atEachRequest } from "./interleaving.ts";
import { liveStreamOf } from "./live-stream.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { someone } from "./wallet-people.ts";

/*
 * Notifications of followers and reminders, under crashes and duplicates.
 */

useOwnTable();
const queue = useQueue("NOTICES_QUEUE_URL");
beforeEach(() => void queue.take());

const now = new Date();
const later = (seconds: number, from = now) => new Date(from.getTime() + seconds * 1000);
const picture = "https://cdn.example.com/person.png";

async function follow(followerId: string, hostId: string) {
  const relationId = newId(later(-3600));
  await recordFollow({
    relationId,
    followerId,
    followedId: hostId,
    at: later(-3600).toISOString(),
  });
}

async function goLive(hostId: string, at = now, changes: Partial<Stream> = {}) {
  const host = summaryOf(profileOf(hostId, {}, at), picture);
  const stream = liveStreamOf(host, changes, at);
  await recordStream(stream);
  return stream;
}

async function followersOf(hostId: string, count: number) {
  const followers = Array.from({ length: count }, () => someone("fan"));
  for (const follower of followers) await follow(follower, hostId);
  return followers;
}

const toldTo = (userId: string) => listNotifications(userId, {}, 100);
const told = async (users: readonly string[]) =>
  (await Promise.all(users.map(async (user) => (await toldTo(user)).length))) as number[];

/** Lets the queue be read until nothing is asked for. */
async function tellAll() {
  for (let records = queue.take(); records.length > 0; records = queue.take())
    expect(await tellLive({ Records: records })).toEqual({ batchItemFailures: [] });
}

describe("the notice that a host is live", () => {
  test("reaches all followers and users with a reminder once", async () => {
    const host = someone("host");
    const followers = await followersOf(host, 205);
    const stream = await goLive(host);
    await queueLiveNotifications(stream.id, now);
    await tellAll();
    expect(new Set(await told(followers))).toEqual(new Set([1]));
    expect(await findNotice(stream.id)).toBeUndefined();
  });

  test("notifies nobody twice, even if its message is repeated, late or concurrent", async () => {
    const host = someone("host");
    const followers = await followersOf(host, 120);
    const stream = await goLive(host);
    await queueLiveNotifications(stream.id, now);
    const first = queue.take();
    await Promise.all([1, 2, 3].map(() => tellLive({ Records: first })));
    const next = queue.take();
    expect(next).toHaveLength(1);
    // A user who deleted the notification does not get it again.
    const some = (await toldTo(followers.at(-1)!)).map(({ id }) => id);
    expect(some).toHaveLength(1);
    await deleteNotifications(followers.at(-1)!, some);
    await tellLive({ Records: [...first, ...next, ...first] });
    await tellAll();
    expect(await told(followers)).toEqual([...followers.slice(1).map(() => 1), 0]);
  });

  test("is left alone while it progresses, and resumes where it stopped", async () => {
    const host = someone("host");
    const followers = await followersOf(host, 120);
    const started = later(-600);
    const stream = await goLive(host, started);
    await queueLiveNotifications(stream.id, started);
    await notifyNextPart({ streamId: stream.id, step: 0 }, new Date());
    const isOurs = ({ body }: { body: string }) => body.includes(stream.id);
    queue.take();
    await remindViewers({});
    expect(queue.take().filter(isOurs)).toEqual([]);
    const [notice] = (await listNotices(100)).filter(({ streamId }) => streamId === stream.id);
    expect(notice).toMatchObject({ step: 1, to: "followers" });
    // The newest followers were notified; one of them has deleted it since.
    const [one] = await toldTo(followers.at(-1)!);
    await deleteNotifications(followers.at(-1)!, [one!.id]);
    const other = await goLive(someone("host"), later(-121));
    await remindViewers({});
    expect(queue.take().map(({ body }) => JSON.parse(body))).toEqual([
      { streamId: other.id, step: 0 },
    ]);
    await notifyNextPart({ streamId: stream.id, step: 1 }, now);
    await tellAll();
    expect(await told(followers)).toEqual([...followers.slice(1).map(() => 1), 0]);
  });

  test("reaches followers at most once an hour, users with a reminder each time", async () => {
    const host = someone("host");
    const [fan, waiting] = [someone("fan"), someone("waiting")];
    for (const follower of [fan, waiting]) await follow(follower, host);
    for (const [minutes, counts] of [
      [0, [1, 1]],
      [30, [1, 2]],
      [59, [1, 3]],
      [60, [2, 4]],
    ] as const) {
      const at = later(minutes * 60);
      const stream = await goLive(host, at);
      const plannedStartDate = at.toISOString();
      const planned = { ...stream, status: "scheduled", plannedStartDate } as const;
      await putItem({ ...key.stream(stream.id), ...planned });
      await saveReminder(makeReminder(planned, waiting, null, at), new Date());
      await putItem({ ...key.stream(stream.id), ...stream });
      for (let step = 0; step < 3; step++) await notifyNextPart({ streamId: stream.id, step }, at);
      expect([minutes, await told([fan, waiting])]).toEqual([minutes, counts]);
    }
  });

  test("reads no bans of followers who are not notified again within the hour", async () => {
    const [host, fan] = [someone("host"), someone("fan")];
    await follow(fan, host);
    const readsAt = async (minutes: number) => {
      const { id: streamId } = await goLive(host, later(minutes * 60));
      let reads = 0;
      const undo = intercept(({ name, input }, next) => {
        if (name === "BatchGetCommand" && JSON.stringify(input).includes(fan)) reads++;
        return next();
      });
      await notifyNextPart({ streamId, step: 0 }, later(minutes * 60));
      undo();
      return [reads, await told([fan])];
    };
    expect(await readsAt(0)).toEqual([1, [1]]);
    expect(await readsAt(30)).toEqual([0, [1]]);
  });

  test("reaches no user who is blocked, not even with a reminder", async () => {
    const host = someone("host");
    const ofChannel = await followersOf(host, 50);
    const [ofStream, muted, pardoned, waiting] = ["a", "b", "c", "d"].map(someone) as string[];
    for (const user of [ofStream!, muted!, pardoned!]) await follow(user, host);
    const stream = await goLive(host);
    const planned = {
      ...stream,
      status: "scheduled",
      plannedStartDate: now.toISOString(),
    } as const;
    await putItem({ ...key.stream(stream.id), ...planned });
    await saveReminder(makeReminder(planned, waiting!, null, now), now);
    await putItem({ ...key.stream(stream.id), ...stream });
    const ban = (user: string, request: Parameters<typeof makeBan>[0], endsAt?: string) => {
      const target = profileOf(user, {}, now);
      const given = { id: newId(now), stream, target, by: host, now, ...(endsAt && { endsAt }) };
      return recordBan(stream, makeBan(request, given), now);
    };
    const block = { actionType: "BLOCK" } as const;
    for (const user of [...ofChannel, waiting!]) await ban(user, { ...block, scope: "channel" });
    await ban(ofStream!, block);
    await ban(muted!, { actionType: "CHAT_ONLY" });
    await ban(pardoned!, block, later(-1).toISOString());
    await queueLiveNotifications(stream.id, now);
    await tellAll();
    expect(await told([...ofChannel, ofStream!, waiting!])).toEqual(Array(52).fill(0));
    expect(await told([muted!, pardoned!])).toEqual([1, 1]);
    expect(await findReminders(waiting!, [stream.id])).toEqual([]);
  });

  test("reaches the first followers, however soon after a stream that had none", async () => {
    const [host, fan] = [someone("host"), someone("fan")];
    for (const [minutes, count] of [
      [0, 0],
      [10, 1],
      [20, 1],
    ] as const) {
      const at = later(minutes * 60);
      if (minutes === 10) await follow(fan, host);
      const { id: streamId } = await goLive(host, at);
      for (let step = 0; step < 2; step++) await notifyNextPart({ streamId, step }, at);
      expect([minutes, await told([fan])]).toEqual([minutes, [count]]);
    }
  });
});

describe("reminders before a start", () => {
  async function planned(minutes: number) {
    const start = later(minutes * 60).toISOString();
    const changes = { status: "scheduled", plannedStartDate: start, startedAt: null } as const;
    return goLive(someone("host"), now, changes);
  }

  test("are sent once despite crashes, and not again after a user deleted one", async () => {
    const [stream, viewer] = [await planned(10), someone("viewer")];
    const reminder = makeReminder(stream, viewer, 5, now);
    await saveReminder(reminder, new Date());
    const at = later(300);
    const mine = async (when: Date) =>
      (await listDueReminders(when, 1_000, 100)).filter(({ userId }) => userId === viewer);
    expect(await mine(later(299))).toEqual([]);
    expect(await mine(at)).toEqual([reminder]);
    await Promise.all([sendReminder(reminder, at), sendReminder(reminder, later(310))]);
    const [one, ...more] = await toldTo(viewer);
    expect(more).toEqual([]);
    await deleteNotifications(viewer, [one!.id]);
    await sendReminder(reminder, later(360));
    expect(await toldTo(viewer)).toEqual([]);
    expect(await mine(at)).toEqual([]);
  });

  test("do not reach a user who has been blocked since, and end", async () => {
    const [stream, viewer] = [await planned(10), someone("viewer")];
    const reminder = makeReminder(stream, viewer, 5, now);
    await saveReminder(reminder, now);
    const given = { id: newId(now), stream, target: profileOf(viewer, {}, now), now };
    const request = { actionType: "BLOCK", scope: "channel" } as const;
    await recordBan(stream, makeBan(request, { ...given, by: stream.hostId }), now);
    await sendReminder(reminder, later(300));
    expect(await told([viewer])).toEqual([0]);
    expect(await findReminders(viewer, [stream.id])).toEqual([]);
  });

  test("end once they are sent, and their items expire with the notification", async () => {
    const viewer = someone("viewer");
    const [soon, live] = [await planned(10), await planned(10)];
    const before = makeReminder(soon, viewer, 5, now);
    const onStart = makeReminder(live, viewer, null, now);
    for (const reminder of [before, onStart]) await saveReminder(reminder, now);
    const ids = [soon.id, live.id];
    expect(await findReminders(viewer, ids)).toEqual([before, onStart]);
    await sendReminder(before, later(300));
    expect(await findReminders(viewer, ids)).toEqual([onStart]);
    const { id: streamId, hostId, plannedStartDate } = live;
    const begun = { status: "active", startedAt: now.toISOString(), endedAt: null };
    await putItem({ ...key.stream(live.id), ...live, ...begun });
    await putItem({ ...key.notice(live.id), streamId, hostId, plannedStartDate, ...begun });
    for (let step = 0; step < 2; step++)
      await notifyNextPart({ streamId: live.id, step }, later(300));
    expect(await told([viewer])).toEqual([2]);
    expect(await findReminders(viewer, ids)).toEqual([]);
    const expiries = await Promise.all(
      ids.map(async (id) => (await getRawItem(key.reminder(id, viewer)))?.expiresAt),
    );
    const days90 = Math.floor(later(300).getTime() / 1000) + 90 * 86_400;
    expect(expiries).toEqual([days90, days90]);
  });

  test.each(["at the start", "when they are due"])(
    "reach viewers of a stream that begins before they are due, once: first %s",
    async (first) => {
      const stream = await planned(60);
      const [viewer, fan] = [someone("viewer"), someone("fan")];
      await follow(fan, stream.hostId);
      const reminders = [viewer, fan].map((user) => makeReminder(stream, user, 30, now));
      for (const reminder of reminders) await saveReminder(reminder, now);
      const { id: streamId, hostId } = stream;
      const begun = { status: "active", startedAt: now.toISOString() };
      await putItem({ ...key.stream(streamId), ...stream, ...begun });
      await putItem({ ...key.notice(streamId), streamId, hostId, ...begun });
      const start = async () => {
        for (let step = 0; step < 2; step++) await notifyNextPart({ streamId, step }, now);
      };
      const due = async () => {
        for (const reminder of reminders) await sendReminder(reminder, later(1800));
      };
      const [before, after] = first === "at the start" ? [start, due] : [due, start];
      await before();
      expect(await told([viewer, fan])).toEqual([1, 1]);
      const [one] = await toldTo(viewer);
      await deleteNotifications(viewer, [one!.id]);
      await after();
      expect(await told([viewer, fan])).toEqual([0, 1]);
      expect(await findReminders(viewer, [streamId])).toEqual([]);
      const left = await listDueReminders(later(1800), 1_000, 100);
      expect(left.filter((one) => one.streamId === streamId)).toEqual([]);
    },
  );

  test("are sent or refused, if the stream goes live meanwhile", async () => {
    const refusals: string[] = [];
    await atEachRequest(async () => {
      const [stream, viewer] = [await planned(10), someone("viewer")];
      const { id: streamId, hostId } = stream;
      return {
        act: async () => {
          const path = { streamId };
          const { status, body } = await callEndpoint(remind, { as: viewer, path, body: {} });
          if (status !== 200) refusals.push(String(body.code));
          return status;
        },
        async meanwhile() {
          const begun = { status: "active", startedAt: now.toISOString() };
          await putItem({ ...key.stream(streamId), ...stream, ...begun });
          await putItem({ ...key.notice(streamId), streamId, hostId, ...begun });
          for (let step = 0; step < 2; step++) await notifyNextPart({ streamId, step }, now);
        },
        async check() {
          const isWaiting = (await findReminders(viewer, [streamId])).length > 0;
          expect([isWaiting, await told([viewer])]).toEqual([false, [0]]);
        },
      };
    });
    expect(new Set(refusals)).toEqual(new Set(["stream_not_scheduled"]));
  });

  test("that are set again while they are sent stay, and a sent one can be set again", async () => {
    const [stream, viewer] = [await planned(10), someone("viewer")];
    const first = makeReminder(stream, viewer, 9, now);
    const again = makeReminder(stream, viewer, 5, now);
    for (const reminder of [first, again]) await saveReminder(reminder, now);
    await sendReminder(first, later(60));
    expect((await commitTransaction([sentAction(first, later(60))]))?.size).toBe(1);
    expect(await told([viewer])).toEqual([0]);
    expect(await findReminders(viewer, [stream.id])).toEqual([again]);
    await sendReminder(again, later(300));
    const third = makeReminder(stream, viewer, 2, later(301));
    await saveReminder(third, later(301));
    expect(await findReminders(viewer, [stream.id])).toEqual([third]);
    await sendReminder(third, later(480));
    expect(await told([viewer])).toEqual([2]);
  });

  test("that cannot be sent delay neither the others nor the notices", async () => {
    const late = await goLive(someone("host"), later(-121));
    const [failing, viewer] = [someone("failing"), someone("viewer")];
    for (const user of [failing, viewer])
      await saveReminder(makeReminder(await planned(60), user, 60, later(-1)), new Date());
    const undo = intercept((sent, next) => {
      const isFailing =
        sent.name === "TransactWriteCommand" && JSON.stringify(sent).includes(failing);
      return isFailing ? Promise.reject(new Error("The table is silent")) : next();
    });
    await remindViewers({});
    undo();
    expect(await told([failing, viewer])).toEqual([0, 1]);
    const asked = queue.take().map(({ body }) => JSON.parse(body));
    expect(asked).toContainEqual({ streamId: late.id, step: 0 });
    await remindViewers({});
    expect(await told([failing])).toEqual([1]);
  });

  test("of one user do not delay anybody else's", async () => {
    const [greedy, viewer] = [someone("a-greedy"), someone("viewer")];
    for (let n = 0; n < 250; n++)
      await saveReminder(makeReminder(await planned(60), greedy, 60, later(-1)), new Date());
    await saveReminder(makeReminder(await planned(60), viewer, 60, later(-1)), new Date());
    let reads = 0;
    const undo = intercept((sent, next) => {
      if (sent.name === "QueryCommand") reads++;
      return next();
    });
    const due = await listDueReminders(later(60), 100, 20);
    undo();
    // What the first has beyond their share is not even read.
    expect(reads).toBe(2);
    const of = (user: string) => due.filter(({ userId }) => userId === user).length;
    expect([of(greedy), of(viewer)]).toEqual([20, 1]);
    // And the function, which takes more at once, tells them no more than that either.
    await remindViewers({});
    expect(await told([greedy, viewer])).toEqual([20, 1]);
  });
});
