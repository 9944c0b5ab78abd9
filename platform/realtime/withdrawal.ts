import * as z from "zod";
import { type Revocation, secondOf } from "../../domain/revocation.ts";
import { setting } from "../env.ts";
import type { Poster } from "../push/gateway.ts";
import {
  dropConnection,
  listSockets,
  listTokenSockets,
  removeSocket,
  type Socket,
} from "../store/log/connections.ts";
import { startTimer } from "../timers.ts";
import { closeConnection, type Farewell, isYoung } from "./closing.ts";

/** Whose sockets have lost what opened them: those of an overlay key, a user or one token. */
export const Withdrawal = z.union([
  z.object({ withdrawn: z.literal("overlay_key"), holder: z.string() }),
  /** The user's tokens up to this second (`iat`). */
  z.object({ withdrawn: z.literal("session"), holder: z.string(), issuedBefore: z.number() }),
  z.object({ withdrawn: z.literal("session"), tokenId: z.string() }),
]);
export type Withdrawal = z.infer<typeof Withdrawal>;

/** What the sockets are told: stay away. */
const farewells = {
  overlay_key: { code: 4504, reason: "The overlay key was revoked" },
  session: { code: 4503, reason: "The session was ended" },
};

/** The sockets of a revocation. */
export const sessionsOf = ({ sub, jti, issuedBefore }: Revocation): Withdrawal =>
  jti === undefined
    ? { withdrawn: "session", holder: sub!, issuedBefore: secondOf(issuedBefore!) }
    : { withdrawn: "session", tokenId: jti };

/** Asks for the end of a holder's sockets, at once. */
export const queueWithdrawal = (withdrawal: Withdrawal, now: Date): Promise<void> =>
  startTimer(setting("MOMENTS_QUEUE_URL"), withdrawal, { at: now, now });

/**
 * Tells and closes all sockets that the table has of them, side by side. Throws when one of them
 * could not be closed, so that the message comes again; the others are closed all the same.
 */
export async function endWithdrawn(
  poster: Poster,
  withdrawal: Withdrawal,
  now: Date,
): Promise<void> {
  const farewell = farewells[withdrawal.withdrawn];
  const find = () => findWithdrawn(withdrawal, now);
  const ends = (await find()).map((socket) => end(poster, socket, { farewell, find, now }));
  const failed = (await Promise.allSettled(ends)).find(({ status }) => status === "rejected");
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}

/** The sockets, each with whose it is. A later token of the same user is none of them. */
async function findWithdrawn(withdrawal: Withdrawal, now: Date): Promise<Held[]> {
  if ("tokenId" in withdrawal)
    return (await listTokenSockets(withdrawal.tokenId, now)).map((socket) => ({
      ...socket,
      holder: socket.userId!,
    }));
  const { holder } = withdrawal;
  const latest = "issuedBefore" in withdrawal ? withdrawal.issuedBefore : Number.POSITIVE_INFINITY;
  const sockets = await listSockets(holder, now);
  return sockets
    .filter(({ issuedAt = 0 }) => Math.floor(issuedAt) <= latest)
    .map((socket) => ({ ...socket, holder }));
}

type Held = Socket & { holder: string };

async function end(
  poster: Poster,
  { connectionId, connectedAt, holder }: Held,
  { farewell, find, now }: { farewell: Farewell; find: () => Promise<Held[]>; now: Date },
): Promise<void> {
  await closeConnection(poster, connectionId, farewell, async () => {
    if (!isYoung(connectedAt, now)) return false;
    // A handshake that was refused, or a client that has left, has taken its socket back.
    const sockets = await find();
    return sockets.some((other) => other.connectionId === connectionId);
  });
  await dropConnection(connectionId);
  await removeSocket(holder, connectionId);
}
