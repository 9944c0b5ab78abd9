import { setTimeout as pause } from "node:timers/promises";
import {
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  RestoreTableToPointInTimeCommand,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  type UpdateTableCommandInput,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import type { Throughput } from "../../lib/stages/stage-limits.ts";

/** Starts to restore a table's state at a time as a new table, without waiting for it. */
export async function restoreTime(
  client: DynamoDBClient,
  SourceTableName: string,
  TargetTableName: string,
  RestoreDateTime: Date,
): Promise<void> {
  const given = { SourceTableName, TargetTableName, RestoreDateTime };
  await client.send(new RestoreTableToPointInTimeCommand(given));
}

/**
 * AWS's errors about a new table for some time: its descriptions are eventually consistent, and its
 * backups begin after it is active.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateContinuousBackups.html
 */
const notYet = [
  "ContinuousBackupsUnavailableException",
  "ResourceInUseException",
  "ResourceNotFoundException",
];
/** How often one call gets such an answer before the command fails: 20 minutes by default. */
const triesMax = 120;

const isEarly = (error: unknown) => notYet.includes((error as Error).name);

/** Makes a call until AWS accepts it; rejects after `most` tries, or with an error that stays. */
export async function whenReady<Answer>(
  everyMilliseconds: number,
  call: () => Promise<Answer>,
  mayPass = isEarly,
  most = triesMax,
): Promise<Answer> {
  for (let tries = 1; ; tries++)
    try {
      return await call();
    } catch (error) {
      if (!mayPass(error) || tries >= most) throw error;
      await pause(everyMilliseconds);
    }
}

type Answered = { httpStatusCode?: number };

/**
 * Asks for the status of work that takes up to hours, again if the network or AWS fails, since the
 * work itself continues.
 */
export const pollStatus = <Answer>(everyMilliseconds: number, call: () => Promise<Answer>) =>
  whenReady(everyMilliseconds, call, (error) => {
    const { status, $metadata } = error as { status?: number; $metadata?: Answered };
    const code = status ?? $metadata?.httpStatusCode ?? 500;
    return isEarly(error) || code === 429 || code >= 500;
  });

/** Waits until a new table is active, and returns its description. */
export async function waitUntilActive(
  client: DynamoDBClient,
  TableName: string,
  everyMilliseconds: number,
): Promise<TableDescription> {
  const describe = () => client.send(new DescribeTableCommand({ TableName }));
  for (;;) {
    const { Table } = await pollStatus(everyMilliseconds, describe);
    if (Table?.TableStatus === "ACTIVE") return Table;
    await pause(everyMilliseconds);
  }
}

/**
 * Adds what a restore leaves out (stream, expiry, recovery, protection) to a restored table, and
 * returns the ARN of its stream. Existing settings are kept, so it can be repeated.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
 */
export async function completeTable(
  client: DynamoDBClient,
  TableName: string,
  everyMilliseconds: number,
): Promise<string> {
  // DynamoDB allows one change of a table at a time.
  const update = async (change: Omit<UpdateTableCommandInput, "TableName">) => {
    const command = new UpdateTableCommand({ TableName, ...change });
    await whenReady(everyMilliseconds, () => client.send(command));
    return waitUntilActive(client, TableName, everyMilliseconds);
  };
  const { StreamSpecification } = await waitUntilActive(client, TableName, everyMilliseconds);
  if (StreamSpecification?.StreamEnabled !== true)
    await update({
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    });
  await update({ DeletionProtectionEnabled: true });
  const TimeToLiveSpecification = { Enabled: true, AttributeName: "expiresAt" };
  const expire = new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification });
  await whenReady(everyMilliseconds, () => client.send(expire)).catch((error: Error) => {
    if (!/already enabled/i.test(error.message)) throw error;
  });
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  const recover = { TableName, PointInTimeRecoverySpecification };
  await whenReady(everyMilliseconds, () =>
    client.send(new UpdateContinuousBackupsCommand(recover)),
  );
  return (await waitUntilActive(client, TableName, everyMilliseconds)).LatestStreamArn ?? "";
}

/**
 * Raises a table's warm throughput to these units a second, those of the stage's own table: a
 * restored table has only that of a new one. The table may be used meanwhile.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
 */
export async function warmUp(
  client: DynamoDBClient,
  TableName: string,
  { reads, writes }: Throughput,
  everyMilliseconds: number,
): Promise<void> {
  const { WarmThroughput } = await waitUntilActive(client, TableName, everyMilliseconds);
  const { ReadUnitsPerSecond = 0, WriteUnitsPerSecond = 0 } = WarmThroughput ?? {};
  if (ReadUnitsPerSecond >= reads && WriteUnitsPerSecond >= writes) return;
  // DynamoDB refuses to lower a warm throughput.
  const wanted = {
    ReadUnitsPerSecond: Math.max(reads, ReadUnitsPerSecond),
    WriteUnitsPerSecond: Math.max(writes, WriteUnitsPerSecond),
  };
  const command = new UpdateTableCommand({ TableName, WarmThroughput: wanted });
  await whenReady(everyMilliseconds, () => client.send(command));
}

/** Deletes a table that was restored for a drill. */
export async function deleteTable(client: DynamoDBClient, TableName: string): Promise<void> {
  await client.send(new DeleteTableCommand({ TableName }));
}
