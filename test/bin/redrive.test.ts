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
