import { isOpening } from "../../domain/log/subscriber.ts";
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

/** Whether a socket may open; if not, its user has too many, or what it came with has ended. */
type Verdict = "admitted" | "too_many" | "withdrawn";

/** Whose socket it is, and since when, in milliseconds since 1970. */
type NewSocket = {
  userId: string;
  connectionId: string;
  connectedAt: number;
  /** Of the token that opens it. */
  issuedAt?: number;
  tokenId?: string;
};

/** How many sockets a user may have, and whether what this one came with still counts. */
type SocketLimits = { socketsMax: number; isStillValid: () => Promise<boolean> };

/**
 * Counts a new socket among its user's. It is written before the sockets are counted and before
 * `isStillValid` is asked, so that concurrent opens cannot exceed the limit, and that a revocation,
 * which looks for sockets afterwards, finds it.
 */
export async function admitSocket(
  posterOf: () => Pick<Poster, "probe">,
  { userId, tokenId = "", ...opened }: NewSocket,
  { socketsMax, isStillValid }: SocketLimits,
  now: Date,
): Promise<Verdict> {
  const { connectionId } = opened;
  const socket = { ...opened, expiresAt: connectionExpiry(opened.connectedAt) };
  await putSocket(userId, socket, tokenId);
  const [sockets, isGood] = await Promise.all([listSockets(userId, now), isStillValid()]);
  const others = sockets.filter((other) => other.connectionId !== connectionId);
  const hasRoom = async () =>
    others.length < socketsMax || (await countLiving(posterOf, userId, others, now)) < socketsMax;
  if (isGood && (await hasRoom())) return "admitted";
  await removeSocket(userId, connectionId);
  return isGood ? "too_many" : "withdrawn";
}

/**
 * How many of a user's sockets are there, without those that ended without a word, which are
 * removed, as often as the rate of such searches lets it. Only a user who has too many is searched,
 * so the way to the sockets is made only then.
 */
async function countLiving(
  posterOf: () => Pick<Poster, "probe">,
  userId: string,
  sockets: readonly Socket[],
  now: Date,
): Promise<number> {
  if (!(await tryUse("probes", userId, now))) return sockets.length;
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
