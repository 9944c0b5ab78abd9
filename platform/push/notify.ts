import { notificationOf, type StoredNotification } from "../../domain/notification.ts";
import { openingMilliseconds } from "../../domain/subscriber.ts";
import { dropConnection, listSockets } from "../store/connections.ts";
import { governor } from "./governor.ts";
import { payloadOf, poster } from "./post.ts";

/**
 * Ids of notifications that this environment has sent, so that a batch that comes again is quiet.
 */
const sent = new Set<string>();
const sentMax = 10_000;

/**
 * Sends a new notification to all sockets of its user. Those that are not connected read the list.
 */
export async function sendNotification(stored: StoredNotification, now: Date): Promise<void> {
  if (sent.has(stored.id)) return;
  const sockets = await listSockets(stored.userId, now);
  if (sockets.length > 0) {
    const said = { type: "notification", data: notificationOf(stored) };
    const payload = payloadOf(JSON.stringify(said));
    await Promise.all(
      sockets.map(async ({ connectionId, connectedAt }) => {
        await governor().take();
        const result = await poster().post(connectionId, payload);
        if (result === "gone" && now.getTime() - connectedAt > openingMilliseconds)
          await dropConnection(connectionId);
      }),
    );
  }
  if (sent.size >= sentMax) sent.clear();
  sent.add(stored.id);
}
