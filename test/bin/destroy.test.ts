/** `npm run destroy`, and commands that must not work in another account than the stage's. */
import { marshall } from "@aws-sdk/util-dynamodb";
import { beforeEach, expect, test } from "@jest/globals";
import { labelOf } from "../../platform/table/ownership.ts";
import { runProgram, useAccount } from "../aws/account.ts";

const { account, settings } = useAccount();
beforeEach(() => {
  account.reset();
  account.createTable("ovation-prod", [marshall(labelOf({ stage: "prod", release: "0.0.0" }))]);
});

/**
 * CloudFormation's description of stacks:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
 */
const describing = (...stacks: string[]) => {
  const members = stacks.map((stack) => `<member>${stack}</member>`).join("");
  const result = `<DescribeStacksResult><Stacks>${members}</Stacks></DescribeStacksResult>`;
  return { status: 200, body: `<DescribeStacksResponse>${result}</DescribeStacksResponse>` };
};
const named = (name: string) => `<StackName>${name}</StackName>`;

/** Loads the stages with an account of their own, which is not that of the credentials. */
const pinned = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  registerHooks({
    load(url, context, next) {
      const made = next(url, context);
      if (!url.endsWith("/lib/stages/stages.ts")) return made;
      const place = 'place: { account: "999988887777" }';
      return { ...made, source: String(made.source).replace(/policy: (dev|prod) }/g, "policy: $1, " + place + " }") };
    },
  });
`)}`;

test.each([
  ["deploy/destroy.ts", ["dev", "--yes"], 1],
  ["operate/redrive.ts", ["--stage", "prod"], 2],
  ["operate/read-only.ts", ["prod"], 2],
  ["operate/migrate.ts", ["prod"], 2],
  ["operate/reset-logs.ts", ["--stage", "prod", "--yes"], 2],
  ["operate/restore.ts", ["prod", "--at", "2026-11-21T03:55:00Z", "--every", "1"], 2],
  ["ovation.ts", ["audit", "--stage", "prod"], 2],
])("%s changes nothing in an account that is not the stage's", async (program, options, code) => {
  account.before = ({ service, text }) => {
    if (service === "sts") return { status: 200, body: text && identity };
    if (service === "cloudformation") return describing(named("ovation-prod-data"));
    return service === "s3" ? { status: 200, body: "<ListBucketResult/>" } : undefined;
  };
  const own = { ...settings, NODE_OPTIONS: `--import=${pinned}` };
  const { status, stderr } = await runProgram(program, options, own);
  expect([status, stderr]).toEqual([
    code,
    expect.stringContaining("The credentials belong to account 111122223333, "),
  ]);
  expect([...new Set(account.asked.map(({ service }) => service))]).toEqual(["sts"]);
});

const identity =
  "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account>" +
  "</GetCallerIdentityResult></GetCallerIdentityResponse>";

test("destroy names stacks that the stage's settings no longer have, since they stay", async () => {
  const left = ["ovation-prod-users", "ovation-prod2-users"].map(named);
  account.before = ({ service, region }) => {
    if (service !== "cloudformation") return undefined;
    return describing(...(region === "eu-central-1" ? left : []));
  };
  // `cdk` is run with an option that ends it at once.
  const options = ["prod", "--really", "--yes", "--version"];
  const { status, stderr } = await runProgram("deploy/destroy.ts", options, settings);
  expect([status, stderr.trim().split("\n")]).toEqual([
    1,
    [
      "Still deployed, since the settings of prod no longer have it: ovation-prod-users",
      "  aws cloudformation delete-stack --stack-name ovation-prod-users",
    ],
  ]);
  left.length = 0;
  const none = await runProgram("deploy/destroy.ts", options, settings);
  expect([none.status, none.stderr]).toEqual([0, ""]);
});

test("destroy can be repeated after it has deleted one of a stack's buckets", async () => {
  const outputs = ["failures", "pictures"].map(
    (name) =>
      `<member><OutputKey>${name}bucket</OutputKey><OutputValue>${name}-1</OutputValue></member>`,
  );
  const data = `${named("ovation-dev-data")}<Outputs>${outputs.join("")}</Outputs>`;
  let looks = 0;
  const deleted: string[] = [];
  account.before = ({ service, method, path }) => {
    if (service === "cloudformation") return describing(...(looks++ === 0 ? [data] : []));
    if (path.startsWith("/failures-1"))
      return { status: 404, body: "<Error><Code>NoSuchBucket</Code></Error>" };
    if (method === "DELETE") deleted.push(path);
    const keys = "<Key>written-since</Key>";
    return { status: 200, body: `<ListBucketResult>${keys}</ListBucketResult>` };
  };
  const options = ["dev", "--yes", "--version"];
  const { status, stderr } = await runProgram("deploy/destroy.ts", options, settings);
  expect([status, stderr]).toEqual([
    0,
    "failures-1: 0 objects deleted\npictures-1: 1 objects deleted\n",
  ]);
  expect(deleted).toEqual(["/pictures-1/written-since"]);
});
