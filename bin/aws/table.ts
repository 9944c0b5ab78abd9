import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { tableName } from "../../lib/stages/names.ts";
import type { Stage } from "../../lib/stages/stages.ts";
import { FormatMismatch, openEngine, openSnapshot } from "../../local/aws/index.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import {
  assertLayout,
  claimIssuer,
  LayoutMismatch,
  prepareLayout,
} from "../../platform/table/layout.ts";
import { useTable } from "../../platform/table/table.ts";

/** A page of a scan is a megabyte, over whatever line a person has. */
const slow = { tryMilliseconds: 20_000 };

/** Whether an error says that only another version of Ovation can read the data. */
export const isOtherData = (error: unknown) =>
  error instanceof LayoutMismatch || error instanceof FormatMismatch;

/** The subjects of a stage whose issuer is the pool that it makes. */
const ownPool = "the stage's own pool";

/**
 * Makes a stage's deployed table say its layout and its issuer, if there is one yet, with the
 * credentials that the options of `cdk deploy` choose. Rejects with `LayoutMismatch` when its data
 * is of another layout, and with `IssuerMismatch` when it is of another issuer's people.
 */
export async function prepareDeployedTable(
  stage: Pick<Stage, "name" | "region" | "issuer" | "restored">,
  options: readonly string[],
  keepsSubjects: boolean,
): Promise<void> {
  const { region, issuer } = stage;
  const at = options.indexOf("--profile");
  const profile = at < 0 ? undefined : options[at + 1];
  const where = { ...(profile && { profile }), ...(region && { region }) };
  const opened = openClient(DynamoDBClient, { ...slow, ...where });
  try {
    const client = DynamoDBDocumentClient.from(opened);
    const place = { client, tableName: tableName(stage) };
    await prepareLayout(place);
    await claimIssuer(place, issuer?.issuer ?? ownPool, keepsSubjects);
  } catch (error) {
    if ((error as Error).name !== "ResourceNotFoundException") throw error;
  } finally {
    opened.destroy();
  }
}

/**
 * Makes platform/store read the table `name` with the AWS credentials of the environment, or
 * without a name that of DATA_DIR, whether the system runs or not; with `frozen` as of this moment,
 * whatever is written meanwhile. Answers what closes it. Rejects with `LayoutMismatch` when its
 * data is of another layout, and with `FormatMismatch` when another engine wrote it.
 */
export async function openTable(name?: string, frozen = false): Promise<() => Promise<void>> {
  const marshallOptions = { removeUndefinedValues: true };
  if (name !== undefined) {
    process.env.TABLE_NAME = name;
    const client = DynamoDBDocumentClient.from(openClient(DynamoDBClient, slow), {
      marshallOptions,
    });
    await assertLayout({ client, tableName: name });
    useTable(client);
    return async () => {};
  }
  const open = frozen ? openSnapshot : openEngine;
  const engine = await open(process.env.DATA_DIR || ".data");
  const tableName = `ovation-${process.env.STAGE || "dev"}`;
  process.env.TABLE_NAME = tableName;
  const opened = openClient(DynamoDBClient, {
    ...slow,
    endpoint: engine.endpoint,
    region: "us-east-1",
    credentials: engine.credentials,
  });
  const client = DynamoDBDocumentClient.from(opened, { marshallOptions });
  try {
    await assertLayout({ client, tableName });
  } catch (error) {
    await engine.stop();
    throw error;
  }
  useTable(client);
  return () => engine.stop();
}
