import { setTimeout as pause } from "node:timers/promises";
import {
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  RestoreTableToPointInTimeCommand,
  type TableDescription,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";

/** Starts to restore a table's state at a time as a new table, without waiting for it. */
export async function restoreMoment(
  client: DynamoDBClient,
  SourceTableName: string,
  TargetTableName: string,
  RestoreDateTime: Date,
): Promise<void> {
  const given = { SourceTableName, TargetTableName, RestoreDateTime };
  await client.send(new RestoreTableToPointInTimeCommand(given));
}

/** Waits until a table is active, and returns its description. */
export async function waitUntilActive(
  client: DynamoDBClient,
  TableName: string,
  everyMilliseconds: number,
): Promise<TableDescription> {
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === "ACTIVE") return Table;
    await pause(everyMilliseconds);
  }
}

/**
 * Adds what a restore leaves out (stream, expiry, recovery, protection) to a restored table, and
 * returns the ARN of its stream. Existing settings are kept, so it can be repeated.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
 */
export async function complete(
  client: DynamoDBClient,
  TableName: string,
  everyMilliseconds: number,
): Promise<string> {
  const { StreamSpecification } = await waitUntilActive(client, TableName, everyMilliseconds);
  if (StreamSpecification?.StreamEnabled !== true)
    await client.send(
      new UpdateTableCommand({
        TableName,
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
      }),
    );
  // DynamoDB allows one change of a table at a time.
  await waitUntilActive(client, TableName, everyMilliseconds);
  await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
  await waitUntilActive(client, TableName, everyMilliseconds);
  const TimeToLiveSpecification = { Enabled: true, AttributeName: "expiresAt" };
  await client
    .send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }))
    .catch((error: Error) => {
      if (!/already enabled/i.test(error.message)) throw error;
    });
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  await client.send(
    new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }),
  );
  return (await waitUntilActive(client, TableName, everyMilliseconds)).LatestStreamArn ?? "";
}

/** Deletes a table that was restored for a drill. */
export async function deleteTable(client: DynamoDBClient, TableName: string): Promise<void> {
  await client.send(new DeleteTableCommand({ TableName }));
}
