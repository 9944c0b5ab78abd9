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
 * Makes a call that may be repeated, such as for the status of work that takes up to hours, again
 * if the network or AWS fails, since the work itself continues.
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
 * Makes the change that a table is `missing`, if any, once DynamoDB accepts it: it allows one
 * change at a time. A call whose response was lost may have made it, and DynamoDB would refuse it
 * then.
 */
const change = (
  client: DynamoDBClient,
  TableName: string,
  everyMilliseconds: number,
  missing: (table: TableDescription) => Omit<UpdateTableCommandInput, "TableName"> | undefined,
): Promise<void> =>
  pollStatus(everyMilliseconds, async () => {
    const { Table = {} } = await client.send(new DescribeTableCommand({ TableName }));
    const wanted = missing(Table);
    if (wanted !== undefined) await client.send(new UpdateTableCommand({ TableName, ...wanted }));
  });

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
  const StreamSpecification = {
    StreamEnabled: true,
    StreamViewType: "NEW_AND_OLD_IMAGES",
  } as const;
  await change(client, TableName, everyMilliseconds, (table) =>
    table.StreamSpecification?.StreamEnabled ? undefined : { StreamSpecification },
  );
  await change(client, TableName, everyMilliseconds, ({ DeletionProtectionEnabled }) =>
    DeletionProtectionEnabled ? undefined : { DeletionProtectionEnabled: true },
  );
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
  await change(client, TableName, everyMilliseconds, ({ WarmThroughput }) => {
    const { ReadUnitsPerSecond = 0, WriteUnitsPerSecond = 0 } = WarmThroughput ?? {};
    if (ReadUnitsPerSecond >= reads && WriteUnitsPerSecond >= writes) return undefined;
    // DynamoDB refuses to lower a warm throughput.
    const wanted = {
      ReadUnitsPerSecond: Math.max(reads, ReadUnitsPerSecond),
      WriteUnitsPerSecond: Math.max(writes, WriteUnitsPerSecond),
    };
    return { WarmThroughput: wanted };
  });
}

/** Deletes a table that was restored for a drill. */
export async function deleteTable(
  client: DynamoDBClient,
  TableName: string,
  everyMilliseconds: number,
): Promise<void> {
  const isBusy = (error: unknown) => (error as Error).name === "ResourceInUseException";
  const remove = () => client.send(new DeleteTableCommand({ TableName }));
  await whenReady(everyMilliseconds, remove, isBusy).catch((error: Error) => {
    // An earlier call, whose response was lost, has deleted it.
    if (error.name !== "ResourceNotFoundException") throw error;
  });
}
