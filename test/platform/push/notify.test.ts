/** Notifications to a user's sockets, and what is tried again when some of them do not get one. */
import { makeNotification, NewNotification } from "../../../domain/people/notification.ts";
import type { PostResult } from "../../../platform/push/gateway.ts";
import { MissedNotification, sendMissed, sendNotification } from "../../../platform/push/notify.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { setFirstLive } from "../../../platform/store/log/catch-up.ts";
import { listSockets, putConnection, putSocket } from "../../../platform/store/log/connections.ts";
import { intercept } from "../intercept.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";
import { freeGovernor, posterWith } from "./posters.ts";

useOwnTable();

const queue = useQueue("NOTIFICATIONS_QUEUE_URL");

const now = new Date();
let count = 0;

/** A user with sockets, which answer posts with these results, and a new notification. */
async function notify(results: Record<string, PostResult>, connectedAt = 0) {
  const userId = `user-${++count}`;
  for (const connectionId of Object.keys(results))
    await putSocket(userId, { connectionId, connectedAt, expiresAt: 2e9 });
  const posted: string[] = [];
  const poster = posterWith({
    async post(connectionId) {
      posted.push(connectionId);
      return results[connectionId]!;
    },
  });
  const outlet = { governor: freeGovernor, poster };
  const push = { now, cache: createPushCache(), outlet };
  const address = { userId, type: "system", category: "announcement" } as const;
  const asked = { ...address, title: "News", message: "for you", metadata: {} };
  const id = String(count).padStart(24, "0");
  const stored = makeNotification(NewNotification.parse(asked), id, now);
  return {
    userId,
    posted,
    send: () => sendNotification(push, stored),
    retry: (missed: MissedNotification) => sendMissed(outlet, stored, missed, now),
  };
}

/** The queue's messages, with their delays in seconds. */
const queued = () =>
  queue.take().map(({ body, delaySeconds }) => ({
    ...MissedNotification.parse(JSON.parse(body)),
    delaySeconds,
  }));

test("a notification in a repeated batch is sent once", async () => {
  const { send, posted } = await notify({ phone: "sent" });
  await send();
  await send();
  expect(posted).toEqual(["phone"]);
  expect(queued()).toEqual([]);
});

test("only the sockets that missed a notification get it later, one that refused it does not", async () => {
  const { send, retry, posted } = await notify({ phone: "sent", tv: "lost", old: "refused" });
  await send();
  expect(posted.sort()).toEqual(["old", "phone", "tv"]);
  const [missed] = queued();
  expect(missed).toMatchObject({ connectionIds: ["tv"], tries: 1 });
  await retry(missed!);
  expect(posted).toEqual(["old", "phone", "tv", "tv"]);
  queued();
});

test("a missed notification is sent again after 1, 2, 4, 8 and 16 seconds, and then no more", async () => {
  const { send, retry, posted } = await notify({ tv: "lost" });
  await send();
  const delays: number[] = [];
  for (let [missed] = queued(); missed !== undefined; [missed] = queued()) {
    delays.push(missed.delaySeconds);
    await retry(missed);
  }
  expect(delays).toEqual([1, 2, 4, 8, 16]);
  expect(posted).toHaveLength(6);
});

test("a notification to a closed socket removes the socket, and is not sent again", async () => {
  const { send, userId } = await notify({ gone: "gone", phone: "sent" });
  await send();
  expect(queued()).toEqual([]);
  const left = await listSockets(userId, now);
  expect(left.map(({ connectionId }) => connectionId)).toEqual(["phone"]);
});

/** Records a connection as `$connect` does; with a stream, as one of a URL with `streamId`. */
async function connect(connectionId: string, connectedAt: number, streamId?: string) {
  const own = { connectionId, userId: `user-${count}`, connectedAt, expiresAt: 2e9 };
  const asked = streamId === undefined ? undefined : { ...own, streamId, revision: 7 };
  const streams = asked && new Set([asked.streamId]);
  await putConnection({ ...own, tokenExpiresAt: 2e9, streams }, asked);
  return asked;
}

test("a notification waits until the subscription of the URL has its response", async () => {
  const connectedAt = now.getTime() - 3_000;
  const { send, retry, posted } = await notify({ early: "sent", home: "sent" }, connectedAt);
  await connect("home", connectedAt);
  await send();
  expect(posted).toEqual(["home"]);
  // $connect has not recorded the connection.
  const [unknown] = queued();
  expect(unknown).toMatchObject({ connectionIds: ["early"], delaySeconds: 1 });
  const asked = await connect("early", connectedAt, "a".repeat(24));
  await retry(unknown!);
  const [waiting] = queued();
  expect(waiting).toMatchObject({ connectionIds: ["early"], delaySeconds: 2 });
  expect(posted).toEqual(["home"]);
  await setFirstLive(asked!, 1);
  await retry(waiting!);
  expect(posted).toEqual(["home", "early"]);
});

test("a notification to a watched stream's new socket waits a second for `subscribed`", async () => {
  const connectedAt = now.getTime() - 900;
  const { send, posted } = await notify({ watching: "sent" }, connectedAt);
  const asked = await connect("watching", connectedAt, "b".repeat(24));
  await setFirstLive(asked!, 1);
  await send();
  expect(queued()).toMatchObject([{ connectionIds: ["watching"], delaySeconds: 1 }]);
  expect(posted).toEqual([]);
});

test("a notification to a socket that is still opening leaves it open, and is sent again", async () => {
  const connectedAt = now.getTime() - 500;
  const { send, userId } = await notify({ phone: "gone" }, connectedAt);
  await connect("phone", connectedAt);
  await send();
  expect(queued()).toMatchObject([{ connectionIds: ["phone"], delaySeconds: 1 }]);
  expect(await listSockets(userId, now)).toHaveLength(1);
});

test("a notification reads no connection that is older than ten seconds", async () => {
  const { send } = await notify({ phone: "sent", tv: "sent" });
  const reads: string[] = [];
  const restore = intercept(({ name }, next) => {
    reads.push(name);
    return next();
  });
  await send().finally(restore);
  expect(reads).toEqual(["QueryCommand"]);
});
