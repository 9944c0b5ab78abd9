import { GetCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { key } from "./keys.ts";
import { read, table, tableName } from "./table.ts";

const Counts = z.object({
  followersCount: z.number().int().default(0),
  followingCount: z.number().int().default(0),
});

/** How many follow a user, and how many they follow. */
export async function findFollowCounts(userId: string): Promise<z.infer<typeof Counts>> {
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key: key.followCounts(userId) }),
  );
  return read(Counts, Item ?? {});
}
