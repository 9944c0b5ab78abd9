import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { tableName } from "../../lib/stages/names.ts";
import { type Stage, stageOf } from "../../lib/stages/stages.ts";
import { FormatMismatch, openEngine, openSnapshot } from "../../local/aws/index.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { TableMismatch, type TablePlace, unlessReadOnly } from "../../platform/table/layout.ts";
import {
  assertReadable,
  beginDeployment,
  type Claim,
  endDeployment,
} from "../../platform/table/ownership.ts";
import { useTable } from "../../platform/table/table.ts";

/** A page of a scan is a megabyte, over whatever line a person has. */
const slow = { tryMilliseconds: 20_000 };

/** Whether an error says that the data is another stage's, or another version's. */
export const isOtherData = (error: unknown) =>
  error instanceof TableMismatch || error instanceof FormatMismatch;

/** What a deployment looks at with the credentials that its options choose. */
export type Deployed = Pick<Stage, "name" | "region" | "restored"> & {
  /** A name among the credentials of this machine. */
  profile?: string | undefined;
};

/**
 * Makes a stage's deployed table say whose it is and in which form its data is, if there is one
 * yet: before functions change, and `after` that. Rejects with `TableMismatch` where it is another
 * stage's, or a version would lose some of its data.
 */
export async function claimDeployedTable(
  stage: Deployed,
  claim: Claim,
  moment: "before" | "after",
): Promise<void> {
  const { region, profile } = stage;
  const where = { ...(profile && { profile }), ...(region && { region }) };
  const opened = openClient(DynamoDBClient, { ...slow, ...where });
  try {
    const client = DynamoDBDocumentClient.from(opened);
    const place = { client, tableName: tableName(stage) };
    await (moment === "before" ? beginDeployment : endDeployment)(place, claim);
  } catch (error) {
    // A first deployment makes it.
    const isMissing = (error as Error).name === "ResourceNotFoundException";
    if (!isMissing || moment === "after" || stage.restored !== undefined) throw error;
  } finally {
    opened.destroy();
  }
}

/** Where a program reads a table: by its name, of a stage that is deployed, or of DATA_DIR. */
export type TableChoice = { table?: string | undefined; stage?: string | undefined };

/** The options of programs that read a table, and what their usage says of them. */
export const tableOptions = { table: { type: "string" }, stage: { type: "string" } } as const;

/** A table that is open, and what closes it. */
type OpenPlace = { place: TablePlace; close: () => Promise<void> };

/**
 * Opens a table with the AWS credentials of the environment, or with none that of DATA_DIR, whether
 * the system runs or not; with `frozen` as of this moment, whatever is written meanwhile. Rejects
 * with `TableMismatch` when the data is another stage's or another version's, and with
 * `FormatMismatch` when another engine wrote it.
 */
export async function openPlace(choice: TableChoice = {}, frozen = false): Promise<OpenPlace> {
  const name = choice.table ?? (choice.stage && tableName(stageNamed(choice.stage)));
  const marshallOptions = { removeUndefinedValues: true };
  if (name !== undefined) {
    const region = choice.stage && stageNamed(choice.stage).region;
    const opened = openClient(DynamoDBClient, { ...slow, ...(region && { region }) });
    const client = DynamoDBDocumentClient.from(opened, { marshallOptions });
    const place = { client, tableName: name };
    await assertReadable(place, choice.stage);
    return { place, close: async () => {} };
  }
  const open = frozen ? openSnapshot : openEngine;
  const engine = await open(process.env.DATA_DIR || ".data");
  const stage = process.env.STAGE || "dev";
  const opened = openClient(DynamoDBClient, {
    ...slow,
    endpoint: engine.endpoint,
    region: "us-east-1",
    credentials: engine.credentials,
  });
  const client = DynamoDBDocumentClient.from(opened, { marshallOptions });
  const place = { client, tableName: `ovation-${stage}` };
  try {
    await assertReadable(place, stage);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return { place, close: () => engine.stop() };
}

/**
 * Makes platform/store use what `openPlace` opens, and answers what closes it. What is read-only is
 * so for this, too.
 */
export async function openTable(
  choice: TableChoice = {},
  frozen = false,
): Promise<() => Promise<void>> {
  const { place, close } = await openPlace(choice, frozen);
  process.env.TABLE_NAME = place.tableName;
  useTable(unlessReadOnly(place.client, () => place.tableName));
  return close;
}

const stageNamed = (name: string) => stageOf((key) => (key === "stage" ? name : undefined));
