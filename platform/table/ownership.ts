import { PutCommand, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { type Key, key } from "./keys.ts";
import {
  findLabel,
  forms,
  IssuerMismatch,
  type Label,
  problemOf,
  TableMismatch,
  type TablePlace,
} from "./layout.ts";

/** Whose table it is to be. */
export type Claim = {
  stage: string;
  /** The version of the package. */
  release: string;
  /** Whose subjects are users; null where that will be a pool that is yet to be made. */
  issuer?: string | null | undefined;
  /** Whether a person vouches that everybody has the same `sub` with another issuer. */
  keepsSubjects?: boolean;
};

/** The item by which a table says whose it is, and in which form its data is. */
export const labelOf = ({ stage, release }: Claim) => ({
  ...key.layout(),
  ...{ version: forms.writes, oldest: forms.writes, readable: forms.reads.to },
  ...{ release, stage },
});

/** Whether the table is empty, except for the items that are about the table itself. */
export async function isEmpty({ client, tableName }: TablePlace): Promise<boolean> {
  const { PK } = key.layout();
  const scan = new ScanCommand({ TableName: tableName, Limit: 3, ConsistentRead: true });
  const { Items = [] } = await client.send(scan);
  return (Items as Key[]).every((item) => item.PK === PK);
}

function assertStage({ tableName }: TablePlace, found: Label | undefined, stage?: string): void {
  if (stage === undefined || found?.stage === undefined || found.stage === stage) return;
  throw new TableMismatch(
    `The table ${tableName} is that of the stage ${found.stage}, not of ${stage}: nothing was ` +
      "changed. Give each stage a table of its own (lib/stages/stages.ts).",
  );
}

/**
 * Makes sure that this version reads the table's data, and that it is the stage's where one is
 * named. An empty table does; data that says nothing of itself is older than labels are. Answers
 * what the table says.
 *
 * @throws TableMismatch where it does not.
 */
export async function assertReadable(
  place: TablePlace,
  stage?: string,
): Promise<Label | undefined> {
  const found = await findLabel(place);
  assertStage(place, found, stage);
  const label = found ?? { version: 1, oldest: 1 };
  const problem = problemOf(`The table ${place.tableName}`, label);
  if (problem !== undefined && !(await isEmpty(place))) throw new TableMismatch(problem);
  return found;
}

/** Refuses people of another issuer than those whom the table's wallets are named by. */
async function assertIssuer(place: TablePlace, found: Label | undefined, claim: Claim) {
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
async function putLabel(place: TablePlace, claim: Claim, label: Label): Promise<void> {
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

/** The label once this version writes, too: alone, or with those that are deployed. */
function written(found: Label | undefined, { release }: Claim, isAlone: boolean): Label {
  const { writes, reads } = forms;
  if (found === undefined)
    return { version: writes, oldest: writes, readable: reads.to, writing: writes, release };
  const { migration, ...label } = found.version >= writes ? found : { ...found, release };
  return {
    ...label,
    version: Math.max(found.version, writes),
    // Data of an older form comes to be again, also where a migration has been.
    oldest: Math.min(found.oldest, writes),
    ...(migration && migration.to <= writes && { migration }),
    writing: isAlone ? writes : Math.min(found.writing, writes),
  };
}

/**
 * Before functions of this version are deployed over others: makes sure that they read what is
 * there, and that those which run meanwhile read what they will write.
 *
 * @throws TableMismatch where either would lose something, or the table is another stage's.
 * @throws IssuerMismatch where there is data of another issuer's subjects.
 */
export async function beginDeployment(place: TablePlace, claim: Claim): Promise<void> {
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
  // Until all of them are deployed, and again if they are not.
  const readable = Math.min(label.readable, forms.reads.to);
  await putLabel(place, claim, { ...label, readable });
}

/**
 * Makes the table ready where this version runs alone: after a deployment, and on one machine.
 * Functions serve no table that does not say that it is theirs. Notes whose subjects its users are:
 * a `sub` is one person's with one issuer alone, and another one may let people choose it.
 *
 * @throws TableMismatch and IssuerMismatch as above.
 */
export async function endDeployment(place: TablePlace, claim: Claim): Promise<void> {
  const found = await assertReadable(place, claim.stage);
  await assertIssuer(place, found, claim);
  const label = { ...written(found, claim, true), readable: forms.reads.to };
  const { issuer = found?.issuer } = claim;
  await putLabel(place, claim, issuer ? { ...label, issuer } : label);
}
