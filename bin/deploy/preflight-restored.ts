import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type TableDescription,
} from "@aws-sdk/client-dynamodb";
import type { Stage } from "../../lib/stages/stages.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { dueIndex } from "../../platform/table/keys.ts";
import type { Finding } from "./finding.ts";

/**
 * Problems with a restored table that replaces the stage's table: a deployment with a wrong stream,
 * or without one, would succeed and settle nothing. Its layout and its stage are checked in the
 * table itself (bin/aws/table.ts).
 */
export async function checkRestoredTable(
  there: { region: string },
  { name, restored }: Stage,
): Promise<Finding[]> {
  if (restored === undefined) return [];
  const { table: TableName, streamArn } = restored;
  const client = openClient(DynamoDBClient, there);
  let Table: TableDescription | undefined;
  try {
    ({ Table } = await client.send(new DescribeTableCommand({ TableName })));
  } catch (error) {
    if ((error as Error).name !== "ResourceNotFoundException") throw error;
    const fix = `Run npm run restore -- ${name}; it prints the line for lib/stages/stages.ts`;
    return [{ says: `There is no table ${TableName} (\`restored\`)`, fix }];
  }
  if (Table === undefined) throw new Error("no description of the table");
  const { TimeToLiveDescription: expiry } = await client.send(
    new DescribeTimeToLiveCommand({ TableName }),
  );
  const { ContinuousBackupsDescription: backups } = await client.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  const recovery = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
  const fix = "docs/restore.md, step 2: `npm run restore` does all of it";
  return [
    ...findStream(Table, streamArn),
    ...(Table.GlobalSecondaryIndexes?.some(({ IndexName }) => IndexName === dueIndex.name)
      ? []
      : [
          {
            says: `${TableName} has no index ${dueIndex.name}`,
            fix: "Restore it with its indexes",
          },
        ]),
    // AWS may take an hour from `ENABLING` on.
    ...(["ENABLED", "ENABLING"].includes(expiry?.TimeToLiveStatus ?? "") &&
    expiry?.AttributeName === "expiresAt"
      ? []
      : [{ says: `${TableName} does not expire items by expiresAt`, fix }]),
    ...(recovery === "ENABLED"
      ? []
      : [{ says: `${TableName} has no point-in-time recovery`, fix }]),
    ...(Table.DeletionProtectionEnabled === true
      ? []
      : [{ says: `${TableName} is not protected against deletion`, fix }]),
  ];
}

function findStream({ TableName, ...table }: TableDescription, streamArn: string): Finding[] {
  const { StreamSpecification: stream, LatestStreamArn = "" } = table;
  const fix = `restored: { table: "${TableName}", streamArn: "${LatestStreamArn}" } in lib/stages/stages.ts`;
  if (stream?.StreamEnabled !== true || stream.StreamViewType !== "NEW_AND_OLD_IMAGES")
    return [
      {
        says: `${TableName} has no stream of new and old images`,
        fix: "docs/restore.md, step 2: `npm run restore` does all of it",
      },
    ];
  if (LatestStreamArn === streamArn) return [];
  return [{ says: `${streamArn} (\`restored\`) is not the stream of ${TableName}`, fix }];
}
