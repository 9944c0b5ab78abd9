import { GetCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { refuse } from "../../domain/refusal.ts";
import { Stream } from "../../domain/stream.ts";
import { key } from "./keys.ts";
import { record } from "./record.ts";
import { findStream } from "./streams.ts";
import { read, table, tableName } from "./table.ts";
import { pause, triesMax } from "./transact.ts";

/** What a RoomId stands for. */
const RoomAlias = z.object({ streamId: StreamId });

/** The stream that a RoomId names, read consistently: an alias, else a stream's own id. */
export async function findRoom(roomId: string): Promise<Stream | undefined> {
  const mayBeId = /^[0-9a-f]{24}$/.test(roomId);
  const [aliased, own] = await Promise.all([
    findAlias(roomId),
    mayBeId ? findStream(roomId, { consistent: true }) : undefined,
  ]);
  return aliased === undefined ? own : findStream(aliased, { consistent: true });
}

/** The stream that a RoomId names; refuses with `room_not_found`. */
export async function getRoom(roomId: string): Promise<Stream> {
  return (await findRoom(roomId)) ?? refuse("room_not_found", { roomId });
}

async function findAlias(roomId: string): Promise<string | undefined> {
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key: key.room(roomId), ConsistentRead: true }),
  );
  return Item && read(RoomAlias, Item).streamId;
}

/**
 * Changes a stream's item under its revision. `decide` says what is to change, again on what is there
 * when somebody else was faster; undefined or nothing: there is nothing to do.
 */
export async function changeRoom(
  stream: Stream,
  decide: (stream: Stream) => Partial<Stream> | undefined,
  now: Date,
): Promise<Stream> {
  let current = stream;
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const changes = decide(current);
    if (changes === undefined || Object.keys(changes).length === 0) return current;
    const revision = current.revision + 1;
    const changed = { ...current, ...changes, updatedAt: now.toISOString(), revision };
    const failed = await record([{ label: "stream", ...updateOf(current, changed) }]);
    if (failed === undefined) return changed;
    const there = failed.get("stream");
    if (there === undefined) refuse("room_not_found", { roomId: stream.roomId ?? stream.id });
    current = read(Stream, there);
    if (current.deletedAt !== null)
      refuse("room_not_found", { roomId: stream.roomId ?? stream.id });
    await pause(attempt);
  }
  return refuse("unavailable");
}

/** An update of what differs between the two, if the item is still as it was read. */
function updateOf(was: Stream, changed: Stream) {
  const fields = Object.entries(changed).filter(
    ([name, value]) => value !== undefined && value !== was[name as keyof Stream],
  );
  const names = Object.fromEntries(fields.map(([name]) => [`#${name}`, name]));
  const values = Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value]));
  return {
    Update: {
      Key: key.stream(was.id),
      UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(", ")}`,
      ConditionExpression: "#revision = :was",
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ...values, ":was": was.revision },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
    },
  };
}
