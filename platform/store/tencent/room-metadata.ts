import { GetCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { refuse } from "../../../domain/refusal.ts";
import { Metadata, mergeMetadata } from "../../../domain/tencent/room-metadata.ts";
import { key } from "../../table/keys.ts";
import { record } from "../../table/record.ts";
import { read, table, tableName } from "../../table/table.ts";
import { pause, triesMax } from "../../table/transact.ts";

const Stored = z.object({ metadata: Metadata, revision: z.number().int() });
type Stored = z.infer<typeof Stored>;

/** A room's metadata, read consistently; none is an empty list. */
export async function findMetadata(streamId: string): Promise<Stored> {
  const { Item } = await table().send(
    new GetCommand({
      TableName: tableName(),
      Key: key.roomMetadata(streamId),
      ConsistentRead: true,
    }),
  );
  return Item === undefined ? { metadata: [], revision: 0 } : read(Stored, Item);
}

/** Adds and replaces entries of a room's metadata, decided again when somebody else was faster. */
export async function recordMetadata(streamId: string, change: Metadata): Promise<void> {
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const was = await findMetadata(streamId);
    const metadata = mergeMetadata(was.metadata, change);
    const failed = await record([
      {
        Put: {
          Item: { ...key.roomMetadata(streamId), metadata, revision: was.revision + 1 },
          ConditionExpression: "attribute_not_exists(PK) OR revision = :was",
          ExpressionAttributeValues: { ":was": was.revision },
        },
      },
    ]);
    if (failed === undefined) return;
    await pause(attempt);
  }
  refuse("unavailable");
}
