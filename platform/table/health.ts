import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { logFault } from "../log.ts";
import { key } from "./keys.ts";
import { table, tableName } from "./table.ts";

/** Whether the table answers a consistent read. Which item there is does not matter. */
export async function isTableThere(): Promise<boolean> {
  const Key = key.giftType("health");
  const read = new GetCommand({ TableName: tableName(), Key, ConsistentRead: true });
  try {
    await table().send(read);
    return true;
  } catch (error) {
    logFault("The table does not answer", error);
    return false;
  }
}
