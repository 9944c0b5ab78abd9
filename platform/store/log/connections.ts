import {
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import {
  Connection,
  connectionLifeSeconds,
  streamsPerConnectionMax,
} from "../../../domain/log/subscriber.ts";
import { refuse } from "../../../domain/refusal.ts";
import { key, prefix } from "../../table/keys.ts";
import { read, table, tableName } from "../../table/table.ts";
import { removeSubscriber } from "./subscribers.ts";

/** One of a user's sockets, as the user's own items list it. */
const Socket = z.object({
  connectionId: z.string(),
  connectedAt: z.number(),
  expiresAt: z.number(),
});
export type Socket = z.infer<typeof Socket>;

/** Seconds since 1970 until which the items of a connection count. */
export const connectionExpiry = (connectedAt: number) =>
  Math.floor(connectedAt / 1000) + connectionLifeSeconds;

/**
 * Writes a user's socket. It is written before the sockets are counted, so a cap is never passed.
 */
export async function putSocket(userId: string, socket: Socket): Promise<void> {
  const Item = { ...key.socket(userId, socket.connectionId), ...socket };
  await table().send(new PutCommand({ TableName: tableName(), Item }));
}

/** Removes a user's socket; one that is gone already is no fault. */
export async function removeSocket(userId: string, connectionId: string): Promise<void> {
  const Key = key.socket(userId, connectionId);
  await table().send(new DeleteCommand({ TableName: tableName(), Key }));
}

/** A user's sockets, read consistently; at most as many as a user may have, and a few. */
export async function listSockets(userId: string, now: Date): Promise<Socket[]> {
  const sockets: Socket[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await table().send(
      new QueryCommand({
        TableName: tableName(),
        ConsistentRead: true,
        KeyConditionExpression: "PK = :user AND begins_with(SK, :kind)",
        ExpressionAttributeValues: { ":user": key.profile(userId).PK, ":kind": prefix.sockets },
        ExclusiveStartKey: start,
      }),
    );
    for (const item of Items) sockets.push(read(Socket, item));
    start = LastEvaluatedKey;
  } while (start !== undefined);
  return sockets.filter(({ expiresAt }) => expiresAt > now.getTime() / 1000);
}

/**
 * Notes a stream with a connection, making the connection's item where there is none: a connection
 * that was taken for dead by mistake is whole again after its next subscribe. Refuses beyond the
 * number of streams that one connection may have.
 */
export async function noteStream(
  connection: Omit<Connection, "streams" | "expiresAt">,
  streamId: string,
): Promise<Connection> {
  const { connectionId, userId, tokenExpiresAt, connectedAt } = connection;
  const update = table().send(
    new UpdateCommand({
      TableName: tableName(),
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
      ReturnValues: "ALL_NEW",
    }),
  );
  const { Attributes } = await update.catch((error: Error) => {
    if (error.name !== "ConditionalCheckFailedException") throw error;
    return refuse("too_many_streams", { max: streamsPerConnectionMax });
  });
  return read(Connection, Attributes ?? {});
}

/** Takes a stream out of a connection's item; a connection that is gone stays gone. */
export async function forgetStream(connectionId: string, streamId: string): Promise<void> {
  await table()
    .send(
      new UpdateCommand({
        TableName: tableName(),
        Key: key.connection(connectionId),
        UpdateExpression: "DELETE streams :stream",
        ConditionExpression: "attribute_exists(PK)",
        ExpressionAttributeValues: { ":stream": new Set([streamId]) },
      }),
    )
    .catch((error: Error) => {
      if (error.name !== "ConditionalCheckFailedException") throw error;
    });
}

/** Writes what is known of a connection, in place of what was there. */
export async function putConnection(connection: Connection): Promise<void> {
  const Item = { ...key.connection(connection.connectionId), ...connection };
  await table().send(new PutCommand({ TableName: tableName(), Item }));
}

/** A connection and its subscriptions, read consistently. */
export async function findConnection(connectionId: string): Promise<Connection | undefined> {
  const Key = key.connection(connectionId);
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key, ConsistentRead: true }),
  );
  return Item && read(Connection, Item);
}

/**
 * Removes everything of a connection that is over: its subscriptions, its place among the user's
 * sockets, then itself, so that a removal that breaks off can be done again. False: there was
 * nothing.
 */
export async function dropConnection(connectionId: string): Promise<boolean> {
  const connection = await findConnection(connectionId);
  if (connection === undefined) return false;
  const streams = [...(connection.streams ?? [])];
  await Promise.all(streams.map((streamId) => removeSubscriber(streamId, connectionId)));
  await removeSocket(connection.userId, connectionId);
  const Key = key.connection(connectionId);
  await table().send(new DeleteCommand({ TableName: tableName(), Key }));
  return true;
}
