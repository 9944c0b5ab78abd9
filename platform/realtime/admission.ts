import { isOpening, relayOf } from "../../domain/log/subscriber.ts";
import { hashOfSecret } from "../auth/secret.ts";
import type { Poster } from "../push/gateway.ts";
import {
  connectionExpiry,
  dropConnection,
  listSockets,
  putSocket,
  removeSocket,
  type Socket,
} from "../store/log/connections.ts";
import { tryUse } from "../table/rates.ts";

/**
 * Whether a socket may open; if not, the user has too many, or its token, ticket or key is no
 * longer valid.
 */
type Verdict = "admitted" | "too_many" | "withdrawn";

/** The socket's user and connection, and when it connected (milliseconds since 1970). */
type NewSocket = {
  userId: string;
  connectionId: string;
  connectedAt: number;
  /** When its token was issued. */
  issuedAt?: number;
  tokenId?: string;
};

/** The limit of sockets per user, and the check that the socket's credentials are still valid. */
type SocketLimits = { socketsMax: number; isStillValid: () => Promise<boolean> };

/**
 * Lists a new socket, before `admitSocket`. So concurrent opens cannot exceed the limit, and a
 * revocation, which looks for sockets after it was written, finds this one.
 */
export function listSocket({ userId, tokenId = "", ...opened }: NewSocket): Promise<void> {
  const socket = { ...opened, expiresAt: connectionExpiry(opened.connectedAt) };
  return putSocket(userId, socket, tokenId === "" ? undefined : hashOfSecret(tokenId));
}

/** Admits a listed socket within its user's limit, or removes it. */
export async function admitSocket(
  posterOf: () => Pick<Poster, "probe">,
  { userId, connectionId }: NewSocket,
  { socketsMax, isStillValid }: SocketLimits,
  now: Date,
): Promise<Verdict> {
  const [sockets, isGood] = await Promise.all([listSockets(userId, now), isStillValid()]);
  const others = sockets.filter((other) => other.connectionId !== connectionId);
  const hasRoom = async () =>
    others.length < socketsMax || (await countLiving(posterOf, userId, others, now)) < socketsMax;
  if (isGood && (await hasRoom())) return "admitted";
  await removeSocket(userId, connectionId);
  return isGood ? "too_many" : "withdrawn";
}

/**
 * The number of a user's live sockets. Removes those that ended without a `$disconnect`, as often
 * as the rate of such searches permits. Only users with too many sockets are searched, so the
 * poster is created only then.
 */
async function countLiving(
  posterOf: () => Pick<Poster, "probe">,
  userId: string,
  sockets: readonly Socket[],
  now: Date,
): Promise<number> {
  // Only the gateway's sockets cost a call each.
  const isFree = sockets.every(({ connectionId }) => relayOf(connectionId) !== undefined);
  if (!isFree && !(await tryUse("probes", userId, now))) return sockets.length;
  const alive = await Promise.all(
    sockets.map(async ({ connectionId, connectedAt }) => {
      if (isOpening({ connectedAt }, now)) return true;
      if ((await posterOf().probe(connectionId)) !== "gone") return true;
      await dropConnection(connectionId);
      await removeSocket(userId, connectionId);
      return false;
    }),
  );
  return alive.filter(Boolean).length;
}
