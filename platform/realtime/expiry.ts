import * as z from "zod";
import { connectionLifeSeconds, isOpening } from "../../domain/log/subscriber.ts";
import { sendAt } from "../aws/queues.ts";
import type { Poster } from "../push/gateway.ts";
import { setting } from "../runtime/env.ts";
import { dropConnection, findConnection } from "../store/log/connections.ts";
import { closeReasons } from "./close-codes.ts";
import { closeConnection } from "./closing.ts";

/** When a connection's token expires, in seconds since 1970. */
export const ExpiryTimer = z.object({ connectionId: z.string(), expiresAt: z.number() });
export type ExpiryTimer = z.infer<typeof ExpiryTimer>;

/** Queues the end of a connection at its token's expiry, unless the connection ends before that. */
export async function startExpiryTimer(timer: ExpiryTimer, now: Date): Promise<void> {
  if (timer.expiresAt > now.getTime() / 1000 + connectionLifeSeconds) return;
  const at = new Date(timer.expiresAt * 1000);
  await sendAt(setting("MOMENTS_QUEUE_URL"), timer, { at, now });
}

/**
 * Closes a connection whose token has expired. Before the expiry it only checks that the connection
 * still exists, and restarts the timer. Throws, without removing anything, if the gateway did not
 * confirm the end, so that the message is retried.
 */
export async function endExpired(poster: Poster, timer: ExpiryTimer, now: Date): Promise<void> {
  const { connectionId, expiresAt } = timer;
  if (expiresAt * 1000 > now.getTime()) {
    if ((await poster.probe(connectionId)) === "gone") await dropConnection(connectionId);
    else await startExpiryTimer(timer, now);
    return;
  }
  await closeConnection(poster, connectionId, closeReasons.tokenExpired, async () => {
    const connection = await findConnection(connectionId);
    return connection !== undefined && isOpening(connection, now);
  });
  await dropConnection(connectionId);
}
