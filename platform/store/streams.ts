import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { Member } from "../../domain/member.ts";
import { refuse } from "../../domain/refusal.ts";
import { Stream } from "../../domain/stream.ts";
import { key } from "./keys.ts";
import { read, table, tableName } from "./table.ts";

/** How a read may be answered: `consistent` costs twice and sees every write before it. */
type Reading = { consistent?: boolean };

/** The stream, or undefined if there is none or it was deleted. */
export async function findStream(
  streamId: string,
  { consistent = false }: Reading = {},
): Promise<Stream | undefined> {
  const { Item } = await table().send(
    new GetCommand({
      TableName: tableName(),
      Key: key.stream(streamId),
      ConsistentRead: consistent,
    }),
  );
  const stream = Item && read(Stream, Item);
  return stream?.deletedAt === null ? stream : undefined;
}

/** The stream; refuses with `stream_not_found`. */
export async function getStream(streamId: string, reading: Reading = {}): Promise<Stream> {
  return (await findStream(streamId, reading)) ?? refuse("stream_not_found", { streamId });
}

/** What the stream knows of a user: undefined for most. */
export async function findMember(
  streamId: string,
  userId: string,
  { consistent = false }: Reading = {},
): Promise<Member | undefined> {
  const { Item } = await table().send(
    new GetCommand({
      TableName: tableName(),
      Key: key.member(streamId, userId),
      ConsistentRead: consistent,
    }),
  );
  return Item && read(Member, Item);
}
