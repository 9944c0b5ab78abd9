/** The table of a program beside the functions: a deployed one, or that of the data directory. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { openEngine, openSnapshot } from "../local/aws/index.ts";
import { openClient } from "../platform/aws-client.ts";
import { useTable } from "../platform/store/table.ts";

/** A page of a scan is a megabyte, over whatever line a person has. */
const slow = { tryMilliseconds: 20_000 };

/**
 * Makes platform/store read the table `name` with the AWS credentials of the environment, or
 * without a name that of DATA_DIR, whether the system runs or not; with `frozen` as of this moment,
 * whatever is written meanwhile. Answers what closes it.
 */
export async function openTable(name?: string, frozen = false): Promise<() => Promise<void>> {
  const marshallOptions = { removeUndefinedValues: true };
  if (name !== undefined) {
    process.env.TABLE_NAME = name;
    useTable(DynamoDBDocumentClient.from(openClient(DynamoDBClient, slow), { marshallOptions }));
    return async () => {};
  }
  const open = frozen ? openSnapshot : openEngine;
  const engine = await open(process.env.DATA_DIR || ".data");
  process.env.TABLE_NAME = `ovation-${process.env.STAGE || "dev"}`;
  const client = openClient(DynamoDBClient, {
    ...slow,
    endpoint: engine.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "ovation", secretAccessKey: "ovation" },
  });
  useTable(DynamoDBDocumentClient.from(client, { marshallOptions }));
  return () => engine.stop();
}
