import * as z from "zod";
import { setting } from "../env.ts";
import type { Poster } from "../push/gateway.ts";
import {
  dropConnection,
  listSockets,
  removeSocket,
  type Socket,
} from "../store/log/connections.ts";
import { startTimer } from "../timers.ts";
import { closeConnection, isYoung } from "./closing.ts";

/** Whose sockets have lost what opened them: their holder's key is no longer good. */
export const Withdrawal = z.object({ holder: z.string(), withdrawn: z.enum(["overlay_key"]) });
export type Withdrawal = z.infer<typeof Withdrawal>;

/** What the sockets are told: stay away. */
const farewells = {
  overlay_key: { code: 4504, reason: "The overlay key was revoked" },
};

/** Asks for the end of a holder's sockets, at once. */
export const queueWithdrawal = (withdrawal: Withdrawal, now: Date): Promise<void> =>
  startTimer(setting("MOMENTS_QUEUE_URL"), withdrawal, { at: now, now });

/**
 * Tells and closes all sockets that the table has of a holder, side by side. Throws when one of
 * them could not be closed, so that the message comes again; the others are closed all the same.
 */
export async function endWithdrawn(
  poster: Poster,
  { holder, withdrawn }: Withdrawal,
  now: Date,
): Promise<void> {
  const sockets = await listSockets(holder, now);
  const ends = sockets.map((socket) => end(poster, holder, socket, farewells[withdrawn], now));
  const failed = (await Promise.allSettled(ends)).find(({ status }) => status === "rejected");
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}

async function end(
  poster: Poster,
  holder: string,
  { connectionId, connectedAt }: Socket,
  farewell: (typeof farewells)["overlay_key"],
  now: Date,
): Promise<void> {
  await closeConnection(poster, connectionId, farewell, async () => {
    if (!isYoung(connectedAt, now)) return false;
    // A handshake that was refused, or a client that has left, has taken its socket back.
    const sockets = await listSockets(holder, now);
    return sockets.some((other) => other.connectionId === connectionId);
  });
  await dropConnection(connectionId);
  await removeSocket(holder, connectionId);
}
