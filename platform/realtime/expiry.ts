import * as z from "zod";
import { connectionLifeSeconds, isOpening } from "../../domain/log/subscriber.ts";
import { startTimer } from "../aws/queues.ts";
import type { Poster } from "../push/gateway.ts";
import { setting } from "../runtime/env.ts";
import { dropConnection, findConnection } from "../store/log/connections.ts";
import { closeConnection } from "./closing.ts";

/** The moment at which a connection's token ends, in seconds since 1970. */
export const ExpiryTimer = z.object({ connectionId: z.string(), expiresAt: z.number() });
export type ExpiryTimer = z.infer<typeof ExpiryTimer>;

/** Asks for a connection's end when its token ends; one that outlives the connection needs none. */
export async function startExpiryTimer(moment: ExpiryTimer, now: Date): Promise<void> {
  if (moment.expiresAt > now.getTime() / 1000 + connectionLifeSeconds) return;
  const at = new Date(moment.expiresAt * 1000);
  await startTimer(setting("MOMENTS_QUEUE_URL"), moment, { at, now });
}

/** The reason with which a connection is closed whose token has ended. */
export const expired = { code: 4401, reason: "The token has expired" };

/**
 * Ends a connection whose token has ended. Before that moment it only looks whether the connection
 * is still there, and goes on waiting. Throws when the gateway did not say that it is closed or
 * gone: nothing is removed then, so that the message can come again.
 */
export async function endExpired(poster: Poster, moment: ExpiryTimer, now: Date): Promise<void> {
  const { connectionId, expiresAt } = moment;
  if (expiresAt * 1000 > now.getTime()) {
    if ((await poster.probe(connectionId)) === "gone") await dropConnection(connectionId);
    else await startExpiryTimer(moment, now);
    return;
  }
  await closeConnection(poster, connectionId, expired, async () => {
    const connection = await findConnection(connectionId);
    return connection !== undefined && isOpening(connection, now);
  });
  await dropConnection(connectionId);
}
