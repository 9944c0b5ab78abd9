/**
 * What two services have to agree on, where a message or a schedule finds the second half
 * (docs/decisions/failures.md): each call of the second service fails in every way that it
 * can, as often as its client tries, and the second half follows on a clock that is moved. Places
 * that a record of the table's stream leads on are in test/local/queued-follow-ups.test.ts.
 */
import { isDeepStrictEqual } from "node:util";
import { decideGift } from "../../domain/money/gift.ts";
import { makeNotification, NewNotification } from "../../domain/people/notification.ts";
import { personOfSummary } from "../../domain/people/person.ts";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { makeWebhook } from "../../domain/webhooks/webhook.ts";
import * as endCombos from "../../functions/money/end-combos.ts";
import * as sweep from "../../functions/money/sweep.ts";
import * as erase from "../../functions/people/users/erase.ts";
import * as remindViewers from "../../functions/streams/notices/remind-viewers.ts";
import * as tellLive from "../../functions/streams/notices/tell-live.ts";
import * as sweepPictures from "../../functions/streams/pictures/sweep.ts";
import * as reverse from "../../functions/tencent/callbacks/reverse.ts";
import * as deliver from "../../functions/webhooks/deliver.ts";
import * as retry from "../../functions/webhooks/retry.ts";
import { handleEach, type QueueRecord } from "../../platform/lambda/consumer.ts";
import { queueLiveNotifications } from "../../platform/live-notifications/live-notifications.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { pushStream } from "../../platform/push/batch.ts";
import { ownJobs } from "../../platform/push/jobs.ts";
import { postRooms } from "../../platform/push/large-room.ts";
import { MissedNotification, sendMissed, sendNotification } from "../../platform/push/notify.ts";
import { setting } from "../../platform/runtime/env.ts";
import { newId } from "../../platform/runtime/id.ts";
import { useLimits } from "../../platform/runtime/limits.ts";
import { putSocket } from "../../platform/store/log/connections.ts";
import { listBacklog, putBacklog } from "../../platform/store/log/logs.ts";
import { holdAction, markOf } from "../../platform/store/money/call-marks.ts";
import { getGiver, giftContext, recordGift } from "../../platform/store/money/gifts.ts";
import { resolveHeldGifts } from "../../platform/store/money/held-gifts.ts";
import { settleAll } from "../../platform/store/money/settle.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { recordFollow } from "../../platform/store/people/follows.ts";
import {
  findNotification,
  listNotifications,
} from "../../platform/store/people/notification-lists.ts";
import { recordNotification } from "../../platform/store/people/notifications.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { listDeliveries } from "../../platform/store/webhooks/deliveries.ts";
import { recordWebhook } from "../../platform/store/webhooks/webhooks.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { type Key, key } from "../../platform/table/keys.ts";
import { newSecret } from "../../platform/webhooks/signature.ts";
import { type Reply, startReceiver } from "../api/receiver.ts";
import { chatRecord } from "../domain/frame-samples.ts";
import { setClock } from "./clock.ts";
import { bucketName, useFaultyAws } from "./faulty-aws.ts";
import { liveStreamOf } from "./live-stream.ts";
import { seconds, setScene } from "./push/scene.ts";
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

useOwnTable({
  LARGE_ROOM_VIEWERS: "1",
  PART_VIEWERS: "100",
  POST_RATE: "1000",
  LOCAL: "on",
  PICTURES_BUCKET: bucketName,
});

/** A function that reads a queue, called as its mapping calls it. */
const reader =
  (handler: unknown) =>
  async (Records: readonly object[]): Promise<string[]> => {
    const call = handler as (event: object) => ReturnType<typeof endCombos.handler>;
    const { batchItemFailures } = await call({ Records });
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };

type Room = Awaited<ReturnType<typeof setScene>>;
/** The rooms of the rows, and where a row's notifications go. */
const rooms = new Map<string, Room>();
let inbox: Room;
const push = ({ audience, outlet }: Room) => ({
  ...audience(),
  outlet: { ...outlet, jobs: ownJobs() },
});

const aws = useFaultyAws({
  combos: reader(endCombos.handler),
  deliveries: reader(deliver.handler),
  erasures: reader(erase.handler),
  notices: reader(tellLive.handler),
  notifications: (records) =>
    handleEach(records, MissedNotification, async (missed) => {
      const stored = await findNotification(missed.userId, missed.notificationId);
      await sendMissed(inbox.outlet, stored!, missed, new Date());
    }),
  posts: (records) => postRooms(push(roomOf(records)), records),
  retries: reader(retry.handler),
  reversals: reader(reverse.handler),
});
const roomOf = ([record]: readonly QueueRecord[]) =>
  rooms.get(JSON.parse(record!.body).streamId) as Room;
type Queue = Parameters<typeof aws.run>[0];

const pass = (seconds: number) => setClock(Date.now() + seconds * 1000);

/** Runs what the clock and the queues call, for as long as it takes a failed message to return. */
async function follow(): Promise<void> {
  for (let minutes = 0; minutes < 16; minutes += 2) {
    pass(120);
    for (const handler of [sweep.handler, remindViewers.handler]) await handler({});
    for (const queue of queues) await aws.run(queue);
  }
}
const queues = [
  ...(["combos", "erasures", "notices", "notifications"] as const),
  ...(["posts", "retries", "deliveries", "reversals"] as const),
];

/** One case: the interrupted operation, and the expected state after its second half. */
type Row = {
  name: string;
  /** The queue, or the operation of another service, whose calls fail. */
  queue: Queue | { service: string; operation: string };
  /** Does the first half; answers the step that fails, and what has to be there afterwards. */
  begin(): Promise<{
    step: () => Promise<unknown>;
    /** Set if the step is part of a batch of the table's stream, which is redelivered. */
    again?: () => Promise<unknown>;
    check: () => Promise<void>;
  }>;
};

const rejected = async (step: () => Promise<unknown>) =>
  void (await expect(step()).rejects.toThrow());

/** A host who goes live before this many followers. */
async function goLive(count: number) {
  const [host, at] = [someone("host"), new Date()];
  const followers = Array.from({ length: count }, () => someone("fan"));
  for (const followerId of followers) {
    const relation = { relationId: newId(at), followerId, followedId: host };
    await recordFollow({ ...relation, at: new Date(at.getTime() - 60_000).toISOString() });
  }
  const stream = liveStreamOf(summaryOf(profileOf(host, {}, at), "https://x/p.png"), {}, at);
  await recordStream(stream);
  const check = async () => {
    const all = await Promise.all(followers.map((user) => listNotifications(user, {}, 100)));
    expect(all.map(({ length }) => length)).toEqual(followers.map(() => 1));
  };
  return { stream, check };
}

/** A webhook whose receiver answers its first attempt with 500. */
async function failingReceiver() {
  const replies: Reply[] = [500];
  const inbox = await startReceiver(() => replies.shift() ?? 200);
  receivers.push(inbox);
  const receiverId = newId(new Date());
  const webhook = makeWebhook(receiverId, { url: inbox.url, events: ["*"] }, new Date());
  await recordWebhook(webhook, newSecret(), forget(undefined));
  const data = { _id: newId(new Date()), streamId: newId(new Date()), content: "words" };
  const event = { id: `message:${data._id}`, type: "chat.message", at: new Date(), data };
  aws.put("deliveries", { ...data, kind: "events", receiverId, events: [event] });
  const check = async () => {
    expect(await listDeliveries(receiverId, 10)).toMatchObject([
      { status: "delivered", attempts: 2 },
    ]);
    expect(inbox.received).toHaveLength(2);
  };
  return { receiverId, check };
}
const receivers: Awaited<ReturnType<typeof startReceiver>>[] = [];
afterEach(async () => {
  for (const one of receivers.splice(0)) await one.stop();
  useLimits(undefined);
  aws.faults.clear();
});

/** A room with two viewers, which is a large one here. */
async function largeRoom() {
  const room = await setScene();
  rooms.set(room.streamId, room);
  const names = ["one", "two"].map((name) => `${room.streamId}-${name}`);
  for (const name of names) await room.confirm(room.audience(), await room.ask(name));
  const records = [1, 2, 3, 4, 5].map((n) => chatRecord(n, `${n}`, seconds(room.now)));
  const check = async () => {
    for (const name of names) {
      const texts = room
        .messagesTo(name)
        .flatMap((message) => (message.type === "events" ? message.events : []))
        .map(({ data }) => (data as { content: string }).content);
      expect(texts).toEqual(["1", "2", "3", "4", "5"]);
    }
    expect((await listBacklog(room.streamId, 100, room.now)).ids).toEqual([]);
  };
  return { room, records, check };
}

/** The first ones move the clock, which what the others begin must not notice. */
const rows: Row[] = [
  {
    name: "a picture that nothing shows any more, and its object",
    queue: { service: "s3", operation: "DeleteObjects" },
    async begin() {
      const id = newId(new Date());
      aws.objects.put(bucketName, id, "bytes");
      pass(7200);
      return {
        step: () => sweepPictures.handler({}).catch(() => undefined),
        again: () => sweepPictures.handler({}),
        check: async () => expect(aws.objects.list(bucketName, id)).toEqual([]),
      };
    },
  },
  {
    name: "a retry that is due, and the message that makes the attempt",
    queue: "deliveries",
    async begin() {
      const { check } = await failingReceiver();
      await aws.run("deliveries");
      pass(10);
      return { step: () => aws.run("retries"), check };
    },
  },
  {
    name: "a combo that goes on, and the message that looks at it again",
    queue: "combos",
    async begin() {
      const [sender, host] = [await makeUser(someone("sender"), 100), someone("host")];
      const [stream, type] = [await makeStream(host), giftTypeOf(10)];
      const comboId = await sendOne(stream, sender, type);
      const second = await sendOne(stream, sender, type);
      // The sweep asks for the end of a combo only while its gifts are due.
      const gifts = [await readGift(stream.id, comboId), await readGift(stream.id, second)];
      await settleAll(gifts, new Date());
      aws.put("combos", { comboId, streamId: stream.id, userId: sender });
      return {
        step: () => aws.run("combos"),
        async check() {
          const gift = await getRawItem(key.gift(stream.id, comboId), { consistent: true });
          expect(gift?.comboEnded).toMatchObject({ count: 2, credits: 20 });
        },
      };
    },
  },
  {
    name: "a page of an erasure, and the message for the next one",
    queue: "erasures",
    async begin() {
      const user = await makeUser(someone("user"));
      const stream = await makeStream(await makeUser(someone("host")));
      const now = new Date();
      await putMessage(stream.id, 1, user, new Date(now.getTime() - 1000));
      await removeUser({ userId: user, isForfeit: false, now });
      aws.put("erasures", { userId: user });
      return {
        step: () => aws.run("erasures"),
        async check() {
          expect(await getRawItem(key.erasure(user), { consistent: true })).toBeUndefined();
        },
      };
    },
  },
  {
    name: "a stream that went live, and the message that begins to notify",
    queue: "notices",
    async begin() {
      const { stream, check } = await goLive(3);
      return { step: () => queueLiveNotifications(stream.id, new Date()), check };
    },
  },
  {
    name: "a part that was notified, and the message for the next part",
    queue: "notices",
    async begin() {
      const { stream, check } = await goLive(60);
      aws.put("notices", { streamId: stream.id, step: 0 });
      return { step: () => aws.run("notices"), check };
    },
  },
  {
    name: "a held gift, and the message that decides it if its call does not",
    queue: "reversals",
    async begin() {
      const [sender, host] = [await makeUser(someone("sender"), 10), someone("host")];
      const [stream, now] = [await makeStream(host), new Date()];
      const receivers = [personOfSummary(stream.host, setting("DEFAULT_PICTURE"))];
      const wish = { giftType: giftTypeOf(10), receivers, count: 1, charged: true };
      const mark = markOf(sender, newId(now), now);
      const context = giftContext(stream, await getGiver(stream.id, sender), now);
      await recordGift(decideGift(context, wish), forget, (gift) => [holdAction(mark, gift)]);
      const item = await getRawItem(key.call(sender, mark.hash), { consistent: true });
      expect(item?.held).toBeDefined();
      return {
        step: () => resolveHeldGifts([item as Key], now),
        check: async () => expect((await findWallet(sender)).balance).toBe(10),
      };
    },
  },
  {
    name: "records that gathered, and the message that posts them",
    queue: "posts",
    async begin() {
      const { room, records, check } = await largeRoom();
      const step = () => pushStream(push(room), records);
      return { step: () => rejected(step), again: step, check };
    },
  },
  {
    name: "a part of what gathered, and the message that posts the rest",
    queue: "posts",
    async begin() {
      const { room, records, check } = await largeRoom();
      useLimits({ backlogBytes: 1, backlogRecords: 2 });
      const gathered = await putBacklog(room.streamId, records, room.now);
      aws.put("posts", { streamId: room.streamId, gathered });
      return { step: () => aws.run("posts"), check };
    },
  },
  {
    name: "a notification whose post was lost, and the message that posts it again",
    queue: "notifications",
    async begin() {
      const room = await setScene();
      inbox = room;
      const [userId, at] = [await makeUser(someone("user")), new Date()];
      const connectionId = `${room.streamId}-own`;
      await putSocket(userId, { connectionId, connectedAt: 0, expiresAt: 2e10 });
      const wish = { userId, type: "system", category: "announcement", metadata: {} };
      const news = NewNotification.parse({ ...wish, title: "News", message: "for you" });
      const stored = makeNotification(news, newId(at), at);
      await recordNotification(stored, forget(undefined));
      room.setFate(() => "lost");
      const step = () => sendNotification(push(room), stored);
      return {
        step: () => rejected(step),
        async again() {
          await step();
          room.setFate(() => "sent");
        },
        // Once or more: a message that SQS took without an answer is sent again.
        async check() {
          const all = room.messagesTo(connectionId) as { data?: { id: string } }[];
          expect(new Set(all.map(({ data }) => data?.id))).toEqual(new Set([stored.id]));
        },
      };
    },
  },
  {
    name: "an attempt that failed, and the message for its retry",
    queue: "retries",
    async begin() {
      const { check } = await failingReceiver();
      return { step: () => aws.run("deliveries"), check };
    },
  },
];

const outcomes = [
  ...(["error_before", "throttle", "silence"] as const),
  ...(["silence_after_commit", "error_after_commit"] as const),
];

test.each(outcomes)(
  "%s: the queued second half of every call is done, though the call failed",
  async (kind) => {
    const begun: Awaited<ReturnType<Row["begin"]>>[] = [];
    for (const { begin } of rows) begun.push(await begin());
    const faults = rows.map(({ queue }) => {
      const aim = typeof queue === "string" ? { service: "sqs", keyPrefix: queue } : queue;
      return aws.faults.add({ ...aim, kind, count: 1_000_000 });
    });
    await Promise.all(begun.map(({ step }) => step()));
    // Rows of one queue have one fault between them.
    const struck = rows.filter(({ queue }, at) => {
      const first = rows.findIndex((row) => isDeepStrictEqual(row.queue, queue));
      return first === at && faults[at]!.struck === 0;
    });
    expect(struck).toEqual([]);
    aws.faults.clear();
    for (const { again } of begun) await again?.();
    await follow();
    const wrong: string[] = [];
    // One after the other: a read that waits for many others is late on a slow machine.
    for (const [at, { check }] of begun.entries())
      await check().catch((error: unknown) => wrong.push(`${rows[at]!.name}: ${error}`));
    expect(wrong).toEqual([]);
    expect(aws.left()).toEqual([]);
  },
);
