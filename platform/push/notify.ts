import * as z from "zod";
import { NotificationId, UserId } from "../../domain/id.ts";
import { isOpening, relayOf } from "../../domain/log/subscriber.ts";
import { notificationOf, type StoredNotification } from "../../domain/people/notification.ts";
import { sendAt } from "../aws/queues.ts";
import { answerWithin, stragglersMilliseconds } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import {
  dropConnection,
  findConnection,
  listSockets,
  removeSockets,
  type Socket,
} from "../store/log/connections.ts";
import { findSubscriber } from "../store/log/subscribers.ts";
import type { Push, SliceOutlet } from "./audience.ts";
import { payloadOf } from "./gateway.ts";

/** A notification that did not reach some of its user's connections. */
export const MissedNotification = z.object({
  userId: UserId,
  notificationId: NotificationId,
  connectionIds: z.array(z.string()),
  /** Attempts so far. */
  tries: z.number().int().min(1),
});
export type MissedNotification = z.infer<typeof MissedNotification>;

/**
 * Attempts in total, with pauses of 1, 2, 4, 8 and 16 s. After that it is only in the user's list.
 */
const triesMax = 6;

/**
 * Sends a new notification to all sockets of its user; offline users read the list. Failed posts
 * are retried through the queue, so that a hanging connection does not delay other users.
 */
export async function sendNotification(
  { now, cache, outlet }: Push<SliceOutlet>,
  stored: StoredNotification,
): Promise<void> {
  if (cache.notifications.has(stored.id)) return;
  await sendTo(outlet, await listSockets(stored.userId, now), stored, { tries: 1, now });
  cache.notifications.set(stored.id, true);
}

/** Resends a notification to those of the connections that still exist. */
export async function sendMissed(
  outlet: SliceOutlet,
  stored: StoredNotification,
  { userId, connectionIds, tries }: MissedNotification,
  now: Date,
): Promise<void> {
  const sockets = await listSockets(userId, now);
  const targets = sockets.filter(({ connectionId }) => connectionIds.includes(connectionId));
  await sendTo(outlet, targets, stored, { tries: tries + 1, now });
}

async function sendTo(
  { governor, poster }: SliceOutlet,
  sockets: readonly Socket[],
  stored: StoredNotification,
  { tries, now }: { tries: number; now: Date },
): Promise<void> {
  if (sockets.length === 0) return;
  const payload = payloadOf(JSON.stringify({ type: "notification", data: notificationOf(stored) }));
  const missed: string[] = [];
  await Promise.all(
    sockets.map(async (socket) => {
      const { connectionId, connectedAt } = socket;
      if (await mayAwaitSubscribed(socket, now)) return void missed.push(connectionId);
      await governor.take();
      const posting = poster.post(connectionId, payload);
      // The first attempt waits only briefly, since it delays its batch; later ones run elsewhere.
      const result =
        tries > 1 ? await posting : await answerWithin(stragglersMilliseconds, posting, "lost");
      if (result === "sent" || result === "refused") return;
      if (result !== "gone" || isOpening({ connectedAt }, now)) missed.push(connectionId);
      // Without the connection's item, as on a relay, only the socket's lists are left to clean.
      else if ((await dropConnection(connectionId)) === undefined)
        await removeSockets([{ ...socket, userId: stored.userId }]);
    }),
  );
  if (missed.length === 0 || tries >= triesMax) return;
  const { userId, id: notificationId } = stored;
  const message: MissedNotification = { userId, notificationId, connectionIds: missed, tries };
  const at = new Date(now.getTime() + 2 ** (tries - 1) * 1000);
  await sendAt(setting("NOTIFICATIONS_QUEUE_URL"), message, { at, now });
}

/**
 * The time in which a new connection usually gets `subscribed`; it may be stored some time before
 * its subscription.
 */
const subscribedMilliseconds = 1_000;

/**
 * Whether a connection may still wait for the `subscribed` of its URL, which must be its first
 * message. Connections that are no longer opening are not looked up. Relays hold messages back
 * themselves.
 */
async function mayAwaitSubscribed(
  { connectionId, connectedAt }: Socket,
  now: Date,
): Promise<boolean> {
  if (relayOf(connectionId) !== undefined || !isOpening({ connectedAt }, now)) return false;
  const connection = await findConnection(connectionId);
  if (connection === undefined) return true;
  if (connection.first === undefined) return false;
  if (now.getTime() - connectedAt < subscribedMilliseconds) return true;
  const subscriber = await findSubscriber(connection.first.streamId, connectionId);
  return subscriber !== undefined && subscriber.from === undefined;
}
