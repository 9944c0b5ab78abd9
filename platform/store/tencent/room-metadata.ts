import * as z from "zod";
import { Metadata, mergeMetadata } from "../../../domain/tencent/room-metadata.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { commitTransaction } from "../../table/transact.ts";

const Stored = z.object({ metadata: Metadata, revision: z.number().int() });
type Stored = z.infer<typeof Stored>;

/** A room's metadata, read consistently; an empty list if there is none. */
export async function findMetadata(streamId: string): Promise<Stored> {
  return (
    (await getItem(Stored, key.roomMetadata(streamId), { consistent: true })) ?? {
      metadata: [],
      revision: 0,
    }
  );
}

/** Adds and replaces entries of a room's metadata; repeated if another call was faster. */
export async function recordMetadata(streamId: string, change: Metadata): Promise<void> {
  await retryOnConflict(async () => {
    const was = await findMetadata(streamId);
    const metadata = mergeMetadata(was.metadata, change);
    const failed = await commitTransaction([
      {
        Put: {
          Item: { ...key.roomMetadata(streamId), metadata, revision: was.revision + 1 },
          ConditionExpression: "attribute_not_exists(PK) OR revision = :was",
          ExpressionAttributeValues: { ":was": was.revision },
        },
      },
    ]);
    return failed === undefined ? undefined : conflicted;
  });
}
