import type { PreparedSystem, System } from "../../local/index.ts";
import packageJson from "../../package.json" with { type: "json" };
import type { DemoUser } from "./start-block.ts";

/** Ids in the curl examples of the reference pages; the demo data has the same. */
export const demoIds = {
  viewer: "64d15f9e2e6c8f4d5a123456",
  host: "64d15f9e2e6c8f4d5a123457",
  streamId: "64d15f9e2e6c8f4d5a123000",
  giftTypeId: "65a1234bcde5678f90123456",
} as const;

/** Lifetime of tokens, the API's maximum: 24 hours. */
const tokenSeconds = 24 * 3600;

/** The viewer, the host and the admin of the demo, as `POST /local/token` takes them. */
export const demoPeople = [
  {
    name: "johndoe",
    sub: demoIds.viewer,
    says: "viewer, 1,000,000 credits",
    groups: [],
    claims: { preferred_username: "johndoe", given_name: "John", family_name: "Doe" },
  },
  {
    name: "host",
    sub: demoIds.host,
    says: "host of the demo stream",
    groups: [],
    claims: { preferred_username: "host", given_name: "Demo", family_name: "Host" },
  },
  {
    name: "admin",
    sub: "admin",
    says: "admin of everything",
    groups: ["admin"],
    claims: { preferred_username: "admin", given_name: "Ada", family_name: "Admin" },
  },
];

/** Loads what `prepareTable` needs, with the SDK, which is the largest part of a start. */
const loadStore = () =>
  Promise.all([import("./demo-data.ts"), import("../../platform/table/ownership.ts")]);

/** Loads the store's modules in advance; `prepareTable` reports a failure. */
export function preloadStore(): void {
  loadStore().catch(() => undefined);
}

/**
 * Claims the table for the stage, and adds the demo data if requested and the table is empty.
 * Returns whether the table has the demo data, of now or of an earlier start. It runs before any
 * function is called, so that stream consumers have processed it before the first request. Rejects
 * with `TableMismatch` if the data belongs to another stage, or is in a form that this version does
 * not read.
 */
export async function prepareTable(
  { url, aws, stage }: PreparedSystem,
  { demo }: { demo: boolean },
): Promise<boolean> {
  const [[store, owner], table] = await Promise.all([
    loadStore(),
    openRunnersTable({ aws, stage }),
  ]);
  const claim = { stage: settingOf(stage, "STAGE"), release: packageJson.version };
  const target = {
    ...table,
    claim,
    picturesUrl: `${url}/pictures`,
    defaultPicture: settingOf(stage, "DEFAULT_PICTURE"),
    defaultThumbnail: settingOf(stage, "DEFAULT_THUMBNAIL"),
  };
  try {
    await owner.assertReadable(target, claim.stage);
    if (demo && (await store.writeDemo(target, new Date()))) return true;
    await owner.endDeployment(target, claim);
    if (demo) await store.moveDemoPictures(target);
    return await store.hasDemo(target);
  } finally {
    table.client.destroy();
  }
}

/** The stage's table, as the runner itself accesses it. */
export async function openRunnersTable({ aws, stage }: Pick<PreparedSystem, "aws" | "stage">) {
  const table = stage.tables[0];
  if (table === undefined) throw new Error("The stage has no table");
  const [{ DynamoDBClient }, { DynamoDBDocumentClient }, { openClient }] = await Promise.all([
    import("@aws-sdk/client-dynamodb"),
    import("@aws-sdk/lib-dynamodb"),
    import("../../platform/aws/aws-client.ts"),
  ]);
  const client = openClient(DynamoDBClient, {
    endpoint: aws.endpointUrl,
    region: stage.region,
    credentials: aws.credentialsFor("ovation-runner"),
  });
  const marshallOptions = { removeUndefinedValues: true };
  const tableName = table.name;
  return { client: DynamoDBDocumentClient.from(client, { marshallOptions }), tableName };
}

/** The value of a setting that the stage's template gives its functions. */
function settingOf(stage: System["stage"], name: string): string {
  const environments = Object.values(stage.functions).map(({ environment }) => environment);
  const value = environments.find((environment) => environment[name])?.[name];
  if (value === undefined) throw new Error(`No function of the stage is given ${name}`);
  return value;
}

/** The demo users with fresh tokens, and the ids for the printed lines. */
export async function demoUsersOf({ issuer, stage }: System, hasDemo: boolean) {
  const users = demoPeople.map(async ({ name, sub, says, groups, claims }) => {
    const { token } = await issuer.sign({ sub, groups, claims, expiresIn: tokenSeconds });
    const isNew = !hasDemo && name !== "admin";
    return { name, sub, says: isNew ? "a new user" : says, token } satisfies DemoUser;
  });
  const { streamId, giftTypeId } = demoIds;
  const demo = hasDemo ? { streamId, giftTypeId } : undefined;
  const sdkAppId = settingOf(stage, "TENCENT_SDK_APP_ID");
  return { users: await Promise.all(users), demo, sdkAppId };
}
