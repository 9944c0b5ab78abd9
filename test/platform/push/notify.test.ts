/** Notifications to a user's sockets, and what is tried again when some of them do not get one. */
import { makeNotification, NewNotification } from "../../../domain/people/notification.ts";
import type { PostResult } from "../../../platform/push/gateway.ts";
import { createMemory } from "../../../platform/push/memory.ts";
import { MissedNotification, sendMissed, sendNotification } from "../../../platform/push/notify.ts";
import { listSockets, putSocket } from "../../../platform/store/log/connections.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";
import { freeGovernor, posterWith } from "./ways.ts";

useOwnTable();

const queue = useQueue("NOTIFICATIONS_QUEUE_URL");

const now = new Date();
let count = 0;

/** A user with sockets, which answer posts with these results, and a new notification. */
async function notify(results: Record<string, PostResult>) {
  const userId = `user-${++count}`;
  for (const connectionId of Object.keys(results))
    await putSocket(userId, { connectionId, connectedAt: 0, expiresAt: 2e9 });
  const posted: string[] = [];
  const poster = posterWith({
    async post(connectionId) {
      posted.push(connectionId);
      return results[connectionId]!;
    },
  });
  const outlet = { governor: freeGovernor, poster };
  const push = { now, memory: createMemory(), outlet };
  const address = { userId, type: "system", category: "announcement" } as const;
  const asked = { ...address, title: "News", message: "for you", metadata: {} };
  const id = String(count).padStart(24, "0");
  const stored = makeNotification(NewNotification.parse(asked), id, now);
  return {
    ...{ userId, posted },
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

test("a notification that comes again in a repeated batch is sent once", async () => {
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

test("a notification to a socket that is gone removes the socket, and is not sent again", async () => {
  const { send, userId } = await notify({ gone: "gone", phone: "sent" });
  await send();
  expect(queued()).toEqual([]);
  const left = await listSockets(userId, now);
  expect(left.map(({ connectionId }) => connectionId)).toEqual(["phone"]);
});
