import { endOf } from "../../../domain/log/recovery.ts";
import type { LogState } from "../../../domain/log/sums.ts";
import { deleteItem, putItem } from "../../table/items.ts";
import { key, readKey } from "../../table/keys.ts";
import { queryWhole, scanTable } from "../../table/query.ts";
import { findNewestFrame } from "./frames.ts";
import { getLog, type Log, newLog } from "./logs.ts";

/**
 * Starts a new epoch of a log after a restore from backup: earlier positions become invalid and all
 * subscriptions are removed, so every client subscribes again. Numbers continue, so no frame is
 * overwritten. Records that no frame has get none, but they stay in the history and in the sums,
 * which `countState` counts from the stored items. Run it while no consumer runs.
 */
export async function resetLog(
  streamId: string,
  now: Date,
  countState: (streamId: string, was: LogState) => Promise<LogState>,
): Promise<void> {
  const [old, newest] = await Promise.all([getLog(streamId), findNewestFrame(streamId)]);
  const { head: posted, ...end } = endOf(old, newest);
  const resetAt = Math.ceil(now.getTime() / 1000);
  const state = await countState(streamId, end);
  const log: Log = { ...old, ...end, ...state, posted, epoch: newLog().epoch, resetAt };
  await putItem({ ...key.log(streamId), ...log });
  for (const waiting of [key.subscriber(streamId, ""), key.gathered(streamId, "")])
    for (const { PK, SK } of await queryWhole(waiting, { prefix: "" }))
      await deleteItem({ PK, SK });
}

/** The ids of all streams that have a log. Scans the table. */
export async function listLogs(): Promise<string[]> {
  const streamIds: string[] = [];
  const logs = scanTable({
    FilterExpression: "SK = :log",
    ExpressionAttributeValues: { ":log": key.log("").SK },
    ProjectionExpression: "PK, SK",
  });
  for await (const place of logs) streamIds.push(readKey(place).owner);
  return streamIds;
}
