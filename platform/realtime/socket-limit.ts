import { isOpening, relayOf } from "../../domain/log/subscriber.ts";
import { fullKeysMax } from "../../domain/streams/overlay-key.ts";
import { type Caller, countedName } from "../auth/caller.ts";
import { hashOfSecret } from "../auth/secret.ts";
import type { Poster } from "../push/gateway.ts";
import {
  connectionExpiry,
  dropConnection,
  type Listing,
  listSockets,
  putSocket,
  removeSockets,
  type Socket,
} from "../store/log/connections.ts";
import { tryUse } from "../table/rates.ts";

/**
 * Whether a socket may open; if not, the user has too many, or its token, ticket or key is no
 * longer valid.
 */
type Verdict = "admitted" | "too_many" | "revoked";

/** Where the socket of a caller is listed. */
export const listingOf = (
  { userId, tokenId, countedAs }: Caller,
  connectionId: string,
): Listing => ({
  userId,
  connectionId,
  ...(tokenId !== "" && { tokenHash: hashOfSecret(tokenId) }),
  ...(countedAs !== undefined && { countedAs }),
});

/** A socket with the times at which it connected and (in seconds) its token was issued. */
type NewSocket = Listing & { connectedAt: number; issuedAt?: number };

/** The most sockets of one user or overlay key, and whether its credentials are still valid. */
type SocketLimits = { socketsMax: number; isStillValid: () => Promise<boolean> };

/**
 * Lists a new socket, before `admitSocket`. So concurrent opens cannot exceed the limit, and a
 * revocation, which looks for sockets after it was written, finds this one.
 */
export function listSocket({ userId, ...opened }: NewSocket): Promise<void> {
  return putSocket(userId, { ...opened, expiresAt: connectionExpiry(opened.connectedAt) });
}

/** Admits a listed socket within its user's limit, or removes it. */
export async function admitSocket(
  posterOf: () => Pick<Poster, "probe">,
  opened: Listing,
  { socketsMax, isStillValid }: SocketLimits,
  now: Date,
): Promise<Verdict> {
  const { userId, connectionId } = opened;
  const name = countedName(opened);
  const [sockets, isGood] = await Promise.all([listSockets(name, now), isStillValid()]);
  const others = sockets.filter((other) => other.connectionId !== connectionId);
  const isRoomAmong = (list: readonly Socket[]) =>
    list.length < socketsMax * (opened.countedAs === undefined ? 1 : fullKeysMax) &&
    list.filter((other) => (other.userId ?? userId) === userId).length < socketsMax;
  const hasRoom = async () =>
    isRoomAmong(others) || isRoomAmong(await findLiving(posterOf, opened, others, now));
  if (isGood && (await hasRoom())) return "admitted";
  await removeSockets([opened]);
  return isGood ? "too_many" : "revoked";
}

/**
 * A user's sockets that still exist. Removes the others, which ended without a `$disconnect`; above
 * the rate of such searches, all count as existing. Called only if a user has too many sockets, so
 * the poster is created only then.
 */
async function findLiving(
  posterOf: () => Pick<Poster, "probe">,
  opened: Listing,
  sockets: readonly Socket[],
  now: Date,
): Promise<readonly Socket[]> {
  // Only probes of the gateway's sockets cost a call each, so only they are limited.
  const isFree = sockets.every(({ connectionId }) => relayOf(connectionId) !== undefined);
  if (!isFree && !(await tryUse("probes", countedName(opened), now))) return sockets;
  const alive = await Promise.all(
    sockets.map(async (socket) => {
      const { connectionId, connectedAt } = socket;
      if (isOpening({ connectedAt }, now)) return [socket];
      if ((await posterOf().probe(connectionId)) !== "gone") return [socket];
      await dropConnection(connectionId);
      await removeSockets([{ ...socket, userId: socket.userId ?? opened.userId }]);
      return [];
    }),
  );
  return alive.flat();
}
