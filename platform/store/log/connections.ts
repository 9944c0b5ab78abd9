import * as z from "zod";
import {
  Connection,
  connectionLifeSeconds,
  type Subscriber,
  streamsPerConnectionMax,
} from "../../../domain/log/subscriber.ts";
import { refuse } from "../../../domain/refusal.ts";
import { hashOfSecret } from "../../auth/secret.ts";
import { deleteItem, getItem, read, updateIf, writeItems } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryWhole } from "../../table/query.ts";
import { removeSubscriber, subscriberItem } from "./subscribers.ts";

/** One of a user's sockets, in the list of the user's items. */
const Socket = z.object({
  connectionId: z.string(),
  connectedAt: z.number(),
  expiresAt: z.number(),
  /** When the token that opened it was issued, in seconds since 1970. */
  issuedAt: z.number().optional(),
  /** The user, if the key does not contain it. */
  userId: z.string().optional(),
});
export type Socket = z.infer<typeof Socket>;

/** The time until which the items of a connection count, in seconds since 1970. */
export const connectionExpiry = (connectedAt: number) =>
  Math.floor(connectedAt / 1000) + connectionLifeSeconds;

/**
 * Writes a user's socket until it expires, also under the token that opens it (its `jti`), if there
 * is one. It is written before the sockets are counted, so a cap is never exceeded.
 */
export async function putSocket(userId: string, socket: Socket, tokenId = ""): Promise<void> {
  const { connectionId } = socket;
  const own = { ...key.socket(userId, connectionId), ...socket };
  if (tokenId === "") return await writeItems([own]);
  const byToken = { ...key.tokenSocket(hashOfSecret(tokenId), connectionId), ...socket, userId };
  await writeItems([own, byToken]);
}

/** Removes a user's socket; a missing one is no error. */
export async function removeSocket(userId: string, connectionId: string): Promise<void> {
  const Key = key.socket(userId, connectionId);
  await deleteItem(Key);
}

/**
 * The sockets that a token has opened, by the hash of its `jti`, read consistently, including those
 * that have ended.
 */
export async function listTokenSockets(tokenHash: string, now: Date): Promise<Socket[]> {
  const Key = key.tokenSocket(tokenHash, "");
  const items = await queryWhole(Key, { prefix: prefix.sockets });
  const sockets = items.map((item) => read(Socket, item));
  return sockets.filter(({ expiresAt }) => expiresAt > now.getTime() / 1000);
}

/** A user's sockets, read consistently; at most slightly more than a user may have. */
export async function listSockets(userId: string, now: Date): Promise<Socket[]> {
  const items = await queryWhole(key.profile(userId), { prefix: prefix.sockets });
  const sockets = items.map((item) => read(Socket, item));
  return sockets.filter(({ expiresAt }) => expiresAt > now.getTime() / 1000);
}

/**
 * Adds a stream to a connection, creating the connection's item if it is missing: a connection that
 * was taken for dead by mistake is complete again after its next subscribe. Refuses more streams
 * than one connection may have.
 */
export async function noteStream(
  connection: Omit<Connection, "streams" | "expiresAt">,
  streamId: string,
): Promise<Connection> {
  const { connectionId, userId, tokenExpiresAt, connectedAt } = connection;
  const noted = await updateIf({
    Key: key.connection(connectionId),
    UpdateExpression:
      "SET connectionId = :id, userId = :user, tokenExpiresAt = :token, connectedAt = :at, " +
      "expiresAt = :expires ADD streams :stream",
    ConditionExpression:
      "attribute_not_exists(streams) OR size(streams) < :max OR contains(streams, :name)",
    ExpressionAttributeValues: {
      ":id": connectionId,
      ":user": userId,
      ":token": tokenExpiresAt,
      ":at": connectedAt,
      ":expires": connectionExpiry(connectedAt),
      ":stream": new Set([streamId]),
      ":name": streamId,
      ":max": streamsPerConnectionMax,
    },
  });
  if (noted === undefined) refuse("too_many_streams", { max: streamsPerConnectionMax });
  return read(Connection, noted);
}

/**
 * Records the stream that a channel's overlay may subscribe to, or was last sent; a removed
 * connection is not recreated.
 */
export async function noteChannel(
  connectionId: string,
  noted: { streamId: string | null } | { told: string | null },
): Promise<void> {
  const [name, stream] =
    "told" in noted ? (["told", noted.told] as const) : (["streamId", noted.streamId] as const);
  await updateIf({
    Key: key.connection(connectionId),
    UpdateExpression: "SET channel.#name = :stream",
    ConditionExpression: "attribute_exists(channel)",
    ExpressionAttributeNames: { "#name": name },
    ExpressionAttributeValues: { ":stream": stream },
  });
}

/** Removes a stream from a connection's item; a removed connection is not recreated. */
export async function forgetStream(connectionId: string, streamId: string): Promise<void> {
  await updateIf({
    Key: key.connection(connectionId),
    UpdateExpression: "DELETE streams :stream",
    ConditionExpression: "attribute_exists(PK)",
    ExpressionAttributeValues: { ":stream": new Set([streamId]) },
  });
}

/** Writes a connection, replacing its item, and its first subscription. */
export async function putConnection(connection: Connection, first?: Subscriber): Promise<void> {
  const own = { ...key.connection(connection.connectionId), ...connection };
  await writeItems(first === undefined ? [own] : [own, subscriberItem(first)]);
}

/** A connection and its subscriptions, read consistently. */
export async function findConnection(connectionId: string): Promise<Connection | undefined> {
  const Key = key.connection(connectionId);
  return getItem(Connection, Key, { consistent: true });
}

/**
 * Removes all items of a connection that is over: its subscriptions, then its entry among the
 * user's sockets and its own item, so that an interrupted removal can be repeated. If only the
 * user's socket is left, it counts until the next check finds it dead. Returns false if there was
 * nothing.
 */
export async function dropConnection(connectionId: string): Promise<boolean> {
  const connection = await findConnection(connectionId);
  if (connection === undefined) return false;
  const streams = [...(connection.streams ?? [])];
  await Promise.all(streams.map((streamId) => removeSubscriber(streamId, connectionId)));
  await writeItems([], [key.socket(connection.userId, connectionId), key.connection(connectionId)]);
  return true;
}
