import { marshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { emptyBucket } from "../../bin/aws/deployed-bucket.ts";
import { getDeployedBatches } from "../../bin/operate/failed-batches.ts";
import { labelOf } from "../../platform/table/ownership.ts";
import { AwsAccount, runProgram } from "../aws/account.ts";

let account: AwsAccount;
let settings: Record<string, string>;
beforeAll(async () => {
  account = new AwsAccount();
  settings = await account.open();
  Object.assign(process.env, settings);
});
afterAll(() => account.close());

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
