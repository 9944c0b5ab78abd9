import { marshall } from "@aws-sdk/util-dynamodb";
import { beforeAll, beforeEach, expect, test } from "@jest/globals";
import { emptyBucket } from "../../bin/aws/deployed-bucket.ts";
import { getDeployedBatches } from "../../bin/operate/failed-batches.ts";
import { labelOf } from "../../platform/table/ownership.ts";
import { runProgram, useAccount } from "../aws/account.ts";

const { account, settings } = useAccount();
beforeAll(() => void Object.assign(process.env, settings));

/**
 * CloudFormation's description of the stacks:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
 */
const stacks = `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>
<StackName>ovation-prod-data</StackName><Outputs><member><OutputKey>failuresbucket</OutputKey>
<OutputValue>ovation-prod-failures-1</OutputValue></member></Outputs></member></Stacks>
</DescribeStacksResult></DescribeStacksResponse>`;

beforeEach(() => {
  account.reset();
  account.createTable("ovation-prod", [marshall(labelOf({ stage: "prod", release: "0.0.0" }))]);
  account.before = ({ service }) => {
    if (service === "cloudformation") return { status: 200, body: stacks };
    if (service === "s3") return { status: 200, body: "<ListBucketResult></ListBucketResult>" };
    return undefined;
  };
});

const bucketsAsked = () =>
  account.asked.filter(({ service }) => service === "s3").map(({ path }) => path.split("?")[0]);

test("a stage's failed batches are read from the bucket in its stack's outputs", async () => {
  const { status, stdout, stderr } = await runProgram(
    "operate/redrive.ts",
    ["--stage", "prod"],
    settings,
  );
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("0 batches of the stream retried, 0 left.");
  expect(bucketsAsked()).toEqual(["/ovation-prod-failures-1"]);
  // Not the whole table, which takes hours if it is large.
  expect(account.asked.map(({ action }) => action)).not.toContain("Scan");
});

test("batches that fail again are left and named, with exit code 1; the others are removed", async () => {
  const functionArn = "arn:aws:lambda:eu-central-1:111122223333:function:ovation-prod-settle";
  const record = { dynamodb: { Keys: { PK: { S: "a" }, SK: { S: "b" } } } };
  const batch = JSON.stringify({
    requestContext: { functionArn },
    payload: { Records: [record] },
  });
  const names = ["fails", "reports", "works"].map((name) => `aws/lambda/${name}`);
  /** A listing of two pages; the stage's stack is on the second page of all stacks. */
  const listing = (keys: string[], more = "") =>
    `<ListBucketResult>${keys.map((key) => `<Key>${key}</Key>`)}${more}</ListBucketResult>`;
  const next = "<NextContinuationToken>more</NextContinuationToken>";
  const others = `<DescribeStacksResponse><DescribeStacksResult><Stacks></Stacks>
<NextToken>more</NextToken></DescribeStacksResult></DescribeStacksResponse>`;
  const outcomes = [
    { errorType: "Error", errorMessage: "no wallet" },
    { batchItemFailures: [{ itemIdentifier: "1" }] },
    { batchItemFailures: [] },
  ];
  const removed: string[] = [];
  account.before = ({ service, method, path, text }) => {
    if (service === "cloudformation")
      return { status: 200, body: text.includes("NextToken") ? stacks : others };
    if (service === "lambda") return { status: 200, body: outcomes.shift() ?? {} };
    if (service !== "s3") return undefined;
    if (method === "DELETE") removed.push(path);
    if (!path.includes("list-type")) return { status: 200, body: method === "GET" ? batch : "" };
    const isNext = path.includes("continuation-token");
    const body = isNext ? listing(names.slice(2)) : listing(names.slice(0, 2), next);
    return { status: 200, body };
  };
  const ran = await runProgram("operate/redrive.ts", ["--stage", "prod"], settings);
  expect([ran.status, ran.stderr]).toEqual([1, ""]);
  expect(ran.stdout).toContain("1 batches of the stream retried, 2 left.");
  expect(ran.stdout).toContain(
    "ovation-prod-failures-1/aws/lambda/fails: Error: ovation-prod-settle: no wallet",
  );
  expect(ran.stdout).toContain("did not process all records");
  expect(removed).toEqual(["/ovation-prod-failures-1/aws/lambda/works"]);
});

test("batches of the table before a restore are left", async () => {
  const functionArn = "arn:aws:lambda:eu-central-1:111122223333:function:ovation-prod-settle";
  const arnOf = (table: string) =>
    `arn:aws:dynamodb:eu-central-1:111122223333:table/${table}/stream/2026-11-21T03:55:00.000`;
  const batchOf = (table: string) =>
    JSON.stringify({
      requestContext: { functionArn },
      payload: {
        Records: [
          { eventSourceARN: arnOf(table), dynamodb: { Keys: { PK: { S: "a" }, SK: { S: "b" } } } },
        ],
      },
    });
  const invoked: string[] = [];
  account.before = ({ service, method, path, text }) => {
    if (service === "cloudformation") return { status: 200, body: stacks };
    if (service === "lambda") {
      invoked.push(text);
      return { status: 200, body: {} };
    }
    if (service !== "s3") return undefined;
    const keys = "<Key>aws/lambda/old</Key><Key>aws/lambda/own</Key>";
    if (path.includes("list-type"))
      return { status: 200, body: `<ListBucketResult>${keys}</ListBucketResult>` };
    const table = path.endsWith("own") ? "ovation-prod" : "ovation-prod-1";
    return { status: 200, body: method === "GET" ? batchOf(table) : "" };
  };
  const ran = await runProgram("operate/redrive.ts", ["--stage", "prod"], settings);
  expect([ran.status, ran.stderr]).toEqual([1, ""]);
  expect(ran.stdout).toContain(
    "old: Error: its records are those of another table, ovation-prod-1",
  );
  expect(invoked).toEqual([expect.stringContaining("table/ovation-prod/")]);
});

test("a stage's buckets are read in its own region", async () => {
  await emptyBucket("pages", { region: "ap-south-1" });
  await (await getDeployedBatches("failures", "eu-west-1")).list();
  await emptyBucket("pages");
  const regions = account.asked.map(({ service, region }) => [service, region]);
  expect(regions).toEqual([
    ["s3", "ap-south-1"],
    ["s3", "eu-west-1"],
    ["s3", "eu-central-1"],
  ]);
});

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
    if (service === "cloudformation") return { status: 200, body: stacks };
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
  const left = ["ovation-prod-users", "ovation-prod2-users"].map(
    (name) => `<member><StackName>${name}</StackName></member>`,
  );
  account.before = ({ service, region }) => {
    if (service !== "cloudformation") return undefined;
    const all = `<Stacks>${region === "eu-central-1" ? left.join("") : ""}</Stacks>`;
    const result = `<DescribeStacksResult>${all}</DescribeStacksResult>`;
    return { status: 200, body: `<DescribeStacksResponse>${result}</DescribeStacksResponse>` };
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
  const data = `<StackName>ovation-dev-data</StackName><Outputs>${outputs.join("")}</Outputs>`;
  let looks = 0;
  const deleted: string[] = [];
  account.before = ({ service, method, path }) => {
    if (service === "cloudformation") {
      const all = looks++ === 0 ? `<Stacks><member>${data}</member></Stacks>` : "";
      const result = `<DescribeStacksResult>${all}</DescribeStacksResult>`;
      return { status: 200, body: `<DescribeStacksResponse>${result}</DescribeStacksResponse>` };
    }
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
