import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { overlayHolder } from "../../domain/id.ts";
import { isOpening } from "../../domain/log/subscriber.ts";
import { type Revocation, revokedBy } from "../../domain/revocation.ts";
import { hashOfSecret } from "../auth/secret.ts";
import { sendAt } from "../aws/queues.ts";
import type { Poster } from "../push/gateway.ts";
import { setting } from "../runtime/env.ts";
import { logFault } from "../runtime/log.ts";
import {
  dropConnection,
  type Listing,
  listSockets,
  listTokenSockets,
  removeSockets,
  type Socket,
} from "../store/log/connections.ts";
import { unmarshallItem } from "../table/items.ts";
import { readKey } from "../table/keys.ts";
import { type CloseReason, closeReasons } from "./close-codes.ts";
import { closeConnection } from "./closing.ts";

/** The sockets to close: those of an overlay key, of a user or of one token. */
export const SocketRevocation = z.union([
  z.object({ withdrawn: z.literal("overlay_key"), holder: z.string() }),
  /** The user's tokens issued up to this second (`iat`). */
  z.object({ withdrawn: z.literal("session"), holder: z.string(), issuedBefore: z.number() }),
  z.object({ withdrawn: z.literal("session"), tokenHash: z.string() }),
]);
export type SocketRevocation = z.infer<typeof SocketRevocation>;

const reasons = {
  overlay_key: closeReasons.overlayKeyRevoked,
  session: closeReasons.sessionEnded,
};

/** The sockets that a revocation closes. */
export function socketRevocationOf(revocation: Revocation): SocketRevocation {
  const revoked = revokedBy(revocation);
  return "token" in revoked
    ? { withdrawn: "session", tokenHash: hashOfSecret(revoked.token) }
    : { withdrawn: "session", holder: revoked.user, issuedBefore: revoked.second };
}

/** The closing of these sockets, queued after a delay. */
function queueRevocation(revocation: SocketRevocation, now: Date, delayMilliseconds = 0) {
  const at = new Date(now.getTime() + delayMilliseconds);
  return sendAt(setting("MOMENTS_QUEUE_URL"), revocation, { at, now });
}

/**
 * How long messages from the table's stream wait: by then the call's own message has closed the
 * sockets, so that no client gets `closing` twice. If the call could not queue its message, the
 * sockets are closed within 10 s.
 */
const afterCallMilliseconds = 3_000;

/**
 * Queues the closing of these sockets at once, for the call that revokes. If queueing fails, the
 * call still succeeds, because the table's stream queues the closing too.
 */
export async function queueSocketRevocation(
  revocation: SocketRevocation,
  now: Date,
): Promise<void> {
  try {
    await queueRevocation(revocation, now);
  } catch (error) {
    logFault("The closing of sockets could not be queued", error);
  }
}

/**
 * Queues the closing of all sockets that the records revoke, in case the revoking call could not;
 * queueing it twice is harmless.
 */
export async function queueSocketRevocations(
  records: readonly DynamoDBRecord[],
  now: Date,
): Promise<void> {
  for (const record of records) {
    const revocation = revocationIn(record);
    if (revocation !== undefined) await queueRevocation(revocation, now, afterCallMilliseconds);
  }
}

/** What a record revokes; undefined if nothing, or if the record only expired. */
function revocationIn({ eventName, dynamodb }: DynamoDBRecord): SocketRevocation | undefined {
  const image = unmarshallItem(eventName === "REMOVE" ? dynamodb?.OldImage : dynamodb?.NewImage);
  if (image === undefined) return undefined;
  const { kind, owner, rest } = readKey(image);
  if (kind === "overlay_key")
    return eventName === "REMOVE"
      ? { withdrawn: "overlay_key", holder: overlayHolder(rest) }
      : undefined;
  if (kind !== "revocation" || eventName === "REMOVE") return undefined;
  const [of, name] = [owner.slice(0, owner.indexOf("#")), owner.slice(owner.indexOf("#") + 1)];
  return of === "user"
    ? { withdrawn: "session", holder: name, issuedBefore: Number(image.second) }
    : { withdrawn: "session", tokenHash: name };
}

/**
 * Notifies and closes these sockets in parallel. Throws if one of them could not be closed, so that
 * the message is retried; the others are closed nevertheless.
 */
export async function closeRevokedSockets(
  poster: Poster,
  revocation: SocketRevocation,
  now: Date,
): Promise<void> {
  const reason = reasons[revocation.withdrawn];
  const find = () => findRevoked(revocation, now);
  const ends = (await find()).map((socket) => end(poster, socket, { reason, find, now }));
  const failed = (await Promise.allSettled(ends)).find(({ status }) => status === "rejected");
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
}

/** The sockets to close, each with its lists; those of the user's later tokens are left out. */
async function findRevoked(revocation: SocketRevocation, now: Date): Promise<RevokedSocket[]> {
  if ("tokenHash" in revocation)
    return (await listTokenSockets(revocation.tokenHash, now)).map((socket) => ({
      ...socket,
      // Items of earlier versions lack this field.
      tokenHash: revocation.tokenHash,
      userId: socket.userId!,
    }));
  const { holder } = revocation;
  const latest = "issuedBefore" in revocation ? revocation.issuedBefore : Number.POSITIVE_INFINITY;
  const sockets = await listSockets(holder, now);
  return sockets
    .filter(({ issuedAt = 0 }) => Math.floor(issuedAt) <= latest)
    .map((socket) => ({ ...socket, userId: holder }));
}

type RevokedSocket = Socket & Listing;

async function end(
  poster: Poster,
  socket: RevokedSocket,
  { reason, find, now }: { reason: CloseReason; find: () => Promise<RevokedSocket[]>; now: Date },
): Promise<void> {
  const { connectionId } = socket;
  await closeConnection(poster, connectionId, reason, async () => {
    if (!isOpening(socket, now)) return false;
    // A refused handshake, or a client that has left, has removed its socket.
    const sockets = await find();
    return sockets.some((other) => other.connectionId === connectionId);
  });
  await dropConnection(connectionId);
  await removeSockets([socket]);
}
