import * as z from "zod";
import {
  Connection,
  connectionLifeSeconds,
  type Subscriber,
  streamsPerConnectionMax,
} from "../../../domain/log/subscriber.ts";
import { refuse } from "../../../domain/refusal.ts";
import { getItem, type Item, parseItem, updateIf, writeItems } from "../../table/items.ts";
import { type Key, key, prefix } from "../../table/keys.ts";
import { queryWhole } from "../../table/query.ts";
import { batchCalls } from "../../table/table.ts";
import { findSubscriber, recordVisit, removeSubscriber, subscriberItem } from "./subscribers.ts";

/** One of a user's sockets, an item of the user's list. */
const Socket = z.object({
  connectionId: z.string(),
  connectedAt: z.number(),
  expiresAt: z.number(),
  /** When the token that opened it was issued, in seconds since 1970. */
  issuedAt: z.number().optional(),
  /** Missing in a user's own list of an earlier version. */
  userId: z.string().optional(),
  tokenHash: z.string().optional(),
  countedAs: z.string().optional(),
});
export type Socket = z.infer<typeof Socket>;

/**
 * Where a socket is listed: for its user, by the hash of its token's `jti`, if it has one, and by
 * the name under which it is counted, if that is another one.
 */
export type Listing = Pick<Connection, "userId" | "connectionId" | "tokenHash" | "countedAs">;

const listedAt = ({ userId, connectionId, tokenHash, countedAs }: Listing): Key[] => [
  key.socket(userId, connectionId),
  ...(tokenHash === undefined ? [] : [key.tokenSocket(tokenHash, connectionId)]),
  ...(countedAs === undefined ? [] : [key.socket(countedAs, connectionId)]),
];

/** The time at which a connection's items expire, in seconds since 1970. */
export const connectionExpiry = (connectedAt: number) =>
  Math.floor(connectedAt / 1000) + connectionLifeSeconds;

/**
 * Stores a user's socket until it expires, in each of its lists. Callers store it before counting
 * sockets, so concurrent connections cannot exceed the limit.
 */
export async function putSocket(userId: string, socket: Socket): Promise<void> {
  const listed = { ...socket, userId };
  await putSockets(listedAt(listed).map((at) => ({ ...at, ...listed })));
}

/** A relay opens many sockets in one turn of the event loop: it stores them together. */
const putSockets = batchCalls((all: readonly (readonly Item[])[]) => writeItems(all.flat()));

/** Removes sockets from their lists, as far as they exist: one request for 25 items. */
export const removeSockets = (sockets: readonly Listing[]): Promise<void> =>
  writeItems([], sockets.flatMap(listedAt));

/**
 * The sockets that a token has opened, by the hash of its `jti`. Read consistently; may include
 * closed ones.
 */
export async function listTokenSockets(tokenHash: string, now: Date): Promise<Socket[]> {
  const Key = key.tokenSocket(tokenHash, "");
  const items = await queryWhole(Key, { prefix: prefix.sockets });
  const sockets = items.map((item) => parseItem(Socket, item));
  return sockets.filter(({ expiresAt }) => expiresAt > now.getTime() / 1000);
}

/** A user's sockets, read consistently. The list may be slightly longer than the limit per user. */
export async function listSockets(userId: string, now: Date): Promise<Socket[]> {
  const items = await queryWhole(key.profile(userId), { prefix: prefix.sockets });
  const sockets = items.map((item) => parseItem(Socket, item));
  return sockets.filter(({ expiresAt }) => expiresAt > now.getTime() / 1000);
}

/**
 * Adds a stream to a connection; undefined if the connection was removed. Refuses more streams than
 * one connection may have.
 */
export async function addStream(
  connectionId: string,
  streamId: string,
): Promise<Connection | undefined> {
  const noted = await updateIf({
    Key: key.connection(connectionId),
    UpdateExpression: "ADD streams :stream REMOVE #first",
    ConditionExpression:
      "attribute_exists(PK) AND " +
      "(attribute_not_exists(streams) OR size(streams) < :max OR contains(streams, :name))",
    ExpressionAttributeNames: { "#first": "first" },
    ExpressionAttributeValues: {
      ":stream": new Set([streamId]),
      ":name": streamId,
      ":max": streamsPerConnectionMax,
    },
  });
  if (noted !== undefined) return parseItem(Connection, noted);
  if ((await findConnection(connectionId)) === undefined) return undefined;
  return refuse("too_many_streams", { max: streamsPerConnectionMax });
}

/**
 * Stores the stream that a channel's overlay may subscribe to or was last sent. Does not recreate a
 * removed connection.
 */
export async function setChannel(
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

/** Removes a stream from a connection's item. Does not recreate a removed connection. */
export async function forgetStream(connectionId: string, streamId: string): Promise<void> {
  await updateIf({
    Key: key.connection(connectionId),
    UpdateExpression: "DELETE streams :stream REMOVE #first",
    ConditionExpression: "attribute_exists(PK)",
    ExpressionAttributeNames: { "#first": "first" },
    ExpressionAttributeValues: { ":stream": new Set([streamId]) },
  });
}

const firstOf = ({ streamId, revision, isLate }: Subscriber) => ({ streamId, revision, isLate });

/** Stores a connection and its first subscription, replacing an earlier item. */
export async function putConnection(connection: Connection, asked?: Subscriber): Promise<void> {
  const { connectionId, streams } = connection;
  const first = asked && streams && firstOf(asked);
  const own = { ...key.connection(connectionId), ...connection, first };
  await writeItems(asked === undefined ? [own] : [own, subscriberItem(asked)]);
}

/** A connection and its subscriptions, read consistently. */
export async function findConnection(connectionId: string): Promise<Connection | undefined> {
  const Key = key.connection(connectionId);
  return getItem(Connection, Key, { consistent: true });
}

/**
 * Removes all items of a closed connection, so that an interrupted removal can be repeated: first
 * what its client subscribed to by messages, then the rest in one request. Most connections have
 * only the subscription of their URL, whose visit is counted before that request. If the function
 * dies between two tries of the request, the next post to a subscription, or the next check of the
 * user's sockets, removes what is left. Returns the streams that it was subscribed to, or undefined
 * if the connection was removed already.
 */
export async function dropConnection(
  connectionId: string,
): Promise<ReadonlySet<string> | undefined> {
  const connection = await findConnection(connectionId);
  if (connection === undefined) return undefined;
  const { userId, first, streams = new Set() } = connection;
  const isFirst = first !== undefined && streams.has(first.streamId);
  const others = [...streams].filter((streamId) => !isFirst || streamId !== first.streamId);
  await Promise.all([
    isFirst && recordVisit({ ...first, userId }, new Date()),
    ...others.map((streamId) => removeSubscriber(streamId, connectionId)),
  ]);
  await writeItems(
    [],
    [
      ...(isFirst ? [key.subscriber(first.streamId, connectionId)] : []),
      ...listedAt(connection),
      key.connection(connectionId),
    ],
  );
  return streams;
}

/**
 * Removes the connection of a subscription, and this subscription if the connection does not name
 * it. Writes nothing if both are removed already; reads of one turn of the event loop are one call.
 */
export async function dropSubscribed({
  streamId,
  connectionId,
  revision,
}: Pick<Subscriber, "streamId" | "connectionId" | "revision">): Promise<void> {
  const [streams, found] = await Promise.all([
    dropConnection(connectionId),
    findSubscriber(streamId, connectionId),
  ]);
  if (found?.revision === revision && !streams?.has(streamId))
    await removeSubscriber(streamId, connectionId, revision);
}
