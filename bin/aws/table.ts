import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { tableName } from "../../lib/stages/names.ts";
import { type Stage, stageNamed } from "../../lib/stages/stages.ts";
import { FormatMismatch, openEngine, openSnapshot } from "../../local/aws/index.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { type TableHandle, TableMismatch, unlessReadOnly } from "../../platform/table/layout.ts";
import {
  assertReadable,
  beginDeployment,
  type Claim,
  endDeployment,
} from "../../platform/table/ownership.ts";
import { useTable } from "../../platform/table/table.ts";
import { AccountMismatch, assertAccount } from "./account.ts";

/** A page of a scan is a megabyte, which slow networks need time for. */
const slow = { tryMilliseconds: 20_000 };

/** Whether an error says that the data belongs to another stage, account or version. */
export const isDataMismatch = (error: unknown) =>
  [TableMismatch, FormatMismatch, AccountMismatch].some((kind) => error instanceof kind);

/** The part of a stage that identifies its table. */
export type StageTable = Pick<Stage, "name" | "region" | "restored"> & {
  /** A profile of this machine's AWS credentials. */
  profile?: string | undefined;
};

/**
 * Marks a stage's deployed table with the stage and its data format, if it exists: before functions
 * change, and `after`. Rejects with `TableMismatch` if the table belongs to another stage, or if a
 * version would lose some of its data.
 */
export async function claimDeployedTable(
  stage: StageTable,
  claim: Claim,
  moment: "before" | "after",
): Promise<void> {
  const { region, profile } = stage;
  const opened = openClient(DynamoDBClient, { ...slow, region, profile });
  try {
    const client = DynamoDBDocumentClient.from(opened);
    const handle = { client, tableName: tableName(stage) };
    await (moment === "before" ? beginDeployment : endDeployment)(handle, claim);
  } catch (error) {
    // The first deployment creates it.
    const isMissing = (error as Error).name === "ResourceNotFoundException";
    if (!isMissing || moment === "after" || stage.restored !== undefined) throw error;
  } finally {
    opened.destroy();
  }
}

/** The table that a program reads: by table name, of a deployed stage, or in DATA_DIR. */
export type TableChoice = { table?: string | undefined; stage?: string | undefined };

/** The options of programs that read a table, and their usage text. */
export const tableOptions = { table: { type: "string" }, stage: { type: "string" } } as const;

/** An open table, and a function that closes it. */
type OpenTableHandle = { handle: TableHandle; close: () => Promise<void> };

/** Throws the sentence if a table does not exist, since AWS's own does not name it. */
const explainMissing = (sentence: string) => (error: Error) => {
  throw error.name === "ResourceNotFoundException" ? new Error(sentence, { cause: error }) : error;
};

/**
 * Opens a deployed table with the AWS credentials of the environment, or without any the table in
 * DATA_DIR, whether the system is running or not; with `frozen` a snapshot as of now. Rejects with
 * `TableMismatch` if the data belongs to another stage or version, with `FormatMismatch` if another
 * engine wrote it, and with `AccountMismatch` for credentials of another account than the stage's.
 */
export async function openTableHandle(
  choice: TableChoice = {},
  frozen = false,
): Promise<OpenTableHandle> {
  const stage = choice.stage === undefined ? undefined : stageNamed(choice.stage);
  const name = choice.table ?? (stage && tableName(stage));
  const marshallOptions = { removeUndefinedValues: true };
  if (name !== undefined) {
    if (stage !== undefined) await assertAccount(stage);
    const opened = openClient(DynamoDBClient, { ...slow, region: stage?.region });
    const client = DynamoDBDocumentClient.from(opened, { marshallOptions });
    const handle = { client, tableName: name };
    await assertReadable(handle, choice.stage).catch(
      explainMissing(`There is no table ${name} in the account and region of the credentials.`),
    );
    return { handle, close: async () => {} };
  }
  const open = frozen ? openSnapshot : openEngine;
  const dataDirectory = process.env.DATA_DIR || ".data";
  const engine = await open(dataDirectory);
  const local = process.env.STAGE || "dev";
  const opened = openClient(DynamoDBClient, {
    ...slow,
    endpoint: engine.endpoint,
    region: "us-east-1",
    credentials: engine.credentials,
  });
  const client = DynamoDBDocumentClient.from(opened, { marshallOptions });
  const handle = { client, tableName: `ovation-${local}` };
  try {
    await assertReadable(handle, local).catch(
      explainMissing(`There is no data of the stage ${local} in ${dataDirectory}: set STAGE.`),
    );
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return { handle, close: () => engine.stop() };
}

/**
 * Opens a table with `openTableHandle` for platform/store; returns a function that closes it. A
 * read-only table stays read-only.
 */
export async function openTable(
  choice: TableChoice = {},
  frozen = false,
): Promise<() => Promise<void>> {
  const { handle, close } = await openTableHandle(choice, frozen);
  process.env.TABLE_NAME = handle.tableName;
  useTable(unlessReadOnly(handle.client, () => handle.tableName));
  return close;
}
