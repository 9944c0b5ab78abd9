import { DeleteCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { table, tableName } from "../../table/table.ts";
import { findNewestFrame } from "./frames.ts";
import { getLog, type Log, newLog } from "./logs.ts";

/**
 * Begins a log anew, under another epoch, as after the restore of a backup: positions in it mean
 * nothing any more, and its subscriptions are gone, so that every client asks again. Numbers go on,
 * so that no frame is ever put over another. What waited for a frame is in the history alone. To be
 * done while no consumer runs.
 */
export async function resetLog(streamId: string): Promise<void> {
  const TableName = tableName();
  const [old, newest] = await Promise.all([getLog(streamId), findNewestFrame(streamId)]);
  const end =
    newest !== undefined && newest.n > old.posted
      ? { posted: newest.n, newest: newest.newest, totals: newest.totals }
      : {};
  const log: Log = { ...old, ...end, epoch: newLog().epoch };
  await table().send(new PutCommand({ TableName, Item: { ...key.log(streamId), ...log } }));
  const walk = { limit: Number.MAX_SAFE_INTEGER, consistent: true };
  const subscribers = await queryItems(key.log(streamId), prefix.subscribers, walk);
  const gathered = await queryItems(key.log(streamId), prefix.gathered, walk);
  for (const { PK, SK } of [...subscribers, ...gathered])
    await table().send(new DeleteCommand({ TableName, Key: { PK, SK } }));
}
