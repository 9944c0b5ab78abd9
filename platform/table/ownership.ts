import { PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { type Key, key } from "./keys.ts";
import {
  findLabel,
  forms,
  IssuerMismatch,
  type Label,
  problemOf,
  type TableHandle,
  TableMismatch,
} from "./layout.ts";

/** The intended owner of a table. */
export type Claim = {
  stage: string;
  /** The version of the package. */
  release: string;
  /** The issuer whose subjects are the users; null for a user pool that does not exist yet. */
  issuer?: string | null | undefined;
  /** Whether an operator confirms that every user keeps their `sub` at another issuer. */
  keepsSubjects?: boolean;
};

/** The item that records a table's stage and the form of its data. */
export const labelOf = ({ stage, release }: Claim) => ({
  ...key.layout(),
  version: forms.writes,
  oldest: forms.writes,
  readable: forms.reads.to,
  release,
  stage,
});

/** Whether the table is empty, except for items about the table itself. */
export async function isEmpty({ client, tableName }: TableHandle): Promise<boolean> {
  const { PK } = key.layout();
  const scan = new ScanCommand({ TableName: tableName, Limit: 3, ConsistentRead: true });
  const { Items = [] } = await client.send(scan);
  return (Items as Key[]).every((item) => item.PK === PK);
}

function assertStage({ tableName }: TableHandle, found: Label | undefined, stage?: string): void {
  if (stage === undefined || found?.stage === undefined || found.stage === stage) return;
  throw new TableMismatch(
    `The table ${tableName} is that of the stage ${found.stage}, not of ${stage}: nothing was ` +
      "changed. Give each stage a table of its own (lib/stages/stages.ts).",
  );
}

/**
 * Ensures that this version reads the table's data, and that the table belongs to the given stage,
 * if any. An empty table passes; data without a label is older than labels. Returns the label.
 *
 * @throws TableMismatch otherwise.
 */
export async function assertReadable(
  place: TableHandle,
  stage?: string,
): Promise<Label | undefined> {
  const found = await findLabel(place);
  assertStage(place, found, stage);
  const label = found ?? { version: 1, oldest: 1 };
  const problem = problemOf(`The table ${place.tableName}`, label);
  if (problem !== undefined && !(await isEmpty(place))) throw new TableMismatch(problem);
  return found;
}

/** Refuses an issuer other than the one whose subjects own the table's wallets. */
async function assertIssuer(place: TableHandle, found: Label | undefined, claim: Claim) {
  const { issuer, keepsSubjects = false } = claim;
  const noted = found?.issuer;
  if (issuer === undefined || noted === undefined || noted === issuer || keepsSubjects) return;
  if (await isEmpty(place)) return;
  throw new IssuerMismatch(
    `The table ${place.tableName} has data of people whom ${noted} names, and this deployment ` +
      `asks ${issuer ?? "a new user pool"}: a user with the same \`sub\` there would have their wallet.`,
  );
}

/** Writes the label, unless another stage has written its own meanwhile. */
async function putLabel(place: TableHandle, claim: Claim, label: Label): Promise<void> {
  const { writing, ...rest } = label;
  const more = { ...(writing < label.version && { writing }), stage: claim.stage };
  const put = new PutCommand({
    TableName: place.tableName,
    Item: { ...key.layout(), ...rest, ...more },
    ConditionExpression: "attribute_not_exists(stage) OR stage = :stage",
    ExpressionAttributeValues: { ":stage": claim.stage },
  });
  try {
    await place.client.send(put);
  } catch (error) {
    if ((error as Error).name !== "ConditionalCheckFailedException") throw error;
    assertStage(place, await findLabel(place), claim.stage);
    throw error;
  }
}

/** The label once this version writes too: alone, or along with deployed versions. */
function written(found: Label | undefined, { release }: Claim, isAlone: boolean): Label {
  const { writes, reads } = forms;
  if (found === undefined)
    return { version: writes, oldest: writes, readable: reads.to, writing: writes, release };
  const { migration, ...label } = found.version >= writes ? found : { ...found, release };
  return {
    ...label,
    version: Math.max(found.version, writes),
    // After a rollback there is data of an older form again, even after a migration.
    oldest: Math.min(found.oldest, writes),
    ...(migration && migration.to <= writes && { migration }),
    writing: isAlone ? writes : Math.min(found.writing, writes),
  };
}

/**
 * Call before functions of this version are deployed over others: ensures that they read the
 * existing data, and that the versions running meanwhile read what they will write.
 *
 * @throws TableMismatch if either would lose something, or the table is another stage's.
 * @throws IssuerMismatch if there is data of another issuer's subjects.
 */
export async function beginDeployment(place: TableHandle, claim: Claim): Promise<void> {
  const found = await assertReadable(place, claim.stage);
  await assertIssuer(place, found, claim);
  if (found !== undefined && found.readable < forms.writes)
    throw new TableMismatch(
      `${claim.stage} runs a version that reads data up to form ${found.readable}, and this one ` +
        `(${claim.release}) writes form ${forms.writes}, which that would lose while both run. ` +
        `Deploy a release first that reads form ${forms.writes} and writes ${found.readable}: ` +
        "docs/deploying.md#data-and-its-forms.",
    );
  const label = written(found, claim, false);
  // Older versions read the data until all functions are deployed, and again after a rollback.
  const readable = Math.min(label.readable, forms.reads.to);
  await putLabel(place, claim, { ...label, readable });
}

/**
 * Prepares the table when this version runs alone: after a deployment, and on one machine.
 * Functions only serve a table with their stage's label. Records the issuer of its users: a `sub`
 * identifies a person only within one issuer, and another issuer may let people choose it.
 *
 * @throws TableMismatch and IssuerMismatch as `beginDeployment` does.
 */
export async function endDeployment(place: TableHandle, claim: Claim): Promise<void> {
  const found = await assertReadable(place, claim.stage);
  await assertIssuer(place, found, claim);
  const label = { ...written(found, claim, true), readable: forms.reads.to };
  const { issuer = found?.issuer } = claim;
  await putLabel(place, claim, issuer ? { ...label, issuer } : label);
}
