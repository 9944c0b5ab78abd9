import { openingMilliseconds } from "../../domain/log/subscriber.ts";
import type { Poster } from "../push/gateway.ts";
import {
  connectionExpiry,
  dropConnection,
  listSockets,
  putSocket,
  removeSocket,
} from "../store/log/connections.ts";

/**
 * Counts a new socket among its user's: false when they have `socketsMax` others. It is written
 * before the sockets are counted, so that of many that come at once never too many stay. Only a
 * user who has too many is searched for connections that ended without a word, so the way to them
 * is made only then.
 */
export async function admitSocket(
  posterOf: () => Pick<Poster, "probe">,
  {
    userId,
    connectionId,
    connectedAt,
  }: { userId: string; connectionId: string; connectedAt: number },
  socketsMax: number,
  now: Date,
): Promise<boolean> {
  const expiresAt = connectionExpiry(connectedAt);
  await putSocket(userId, { connectionId, connectedAt, expiresAt });
  const sockets = await listSockets(userId, now);
  if (sockets.length <= socketsMax) return true;
  const others = sockets.filter((other) => other.connectionId !== connectionId);
  const alive = await Promise.all(
    others.map(async (other) => {
      if (now.getTime() - other.connectedAt < openingMilliseconds) return true;
      if ((await posterOf().probe(other.connectionId)) !== "gone") return true;
      await dropConnection(other.connectionId);
      await removeSocket(userId, other.connectionId);
      return false;
    }),
  );
  if (alive.filter(Boolean).length < socketsMax) return true;
  await removeSocket(userId, connectionId);
  return false;
}
