import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { newId } from "../../platform/runtime/id.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";

/** Puts a message into the table as it is kept there, sent at this time. */
export async function putMessage(streamId: string, n: number, userId: string, at: Date) {
  const [id, createdAt] = [newId(at), at.toISOString()];
  const times = { createdAt, updatedAt: createdAt };
  const sender = { userId, username: "z", name: "Zoe", surname: "", picture: "", ...times };
  const message = { id, streamId, n, content: `text ${n}`, sender, ...times, revision: 1 };
  const Item = { ...key.message(streamId, n), ...message };
  await table().send(new PutCommand({ TableName: tableName(), Item }));
}
