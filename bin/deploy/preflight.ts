import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { edgeRegion, problemsOf } from "../../lib/stages/domain.ts";
import { backupCopyOf, vaultName } from "../../lib/stages/names.ts";
import { placeholdersOf } from "../../lib/stages/placeholders.ts";
import { relayProblemsOf } from "../../lib/stages/relay.ts";
import { assertConcurrency, assertRate } from "../../lib/stages/stage-limits.ts";
import type { Stage } from "../../lib/stages/stages.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { accountProblemOf, findCaller } from "../aws/account.ts";
import { findStack } from "../aws/outputs.ts";
import { type Finding, runCheck } from "./finding.ts";
import { checkDomain } from "./preflight-domain.ts";
import { checkMailSender } from "./preflight-mail.ts";
import {
  type ClientOptions,
  checkConcurrency,
  checkRelayCpus,
  checkRequestRate,
} from "./preflight-quotas.ts";
import { checkRestoredTable } from "./preflight-restored.ts";
import { checkVaults } from "./preflight-vaults.ts";

/** A short timeout, because a person waits for the result. */
const timeouts = { tryMilliseconds: 10_000 };

/** The minimum version of the bootstrap stack that CDK requires. */
const bootstrapVersionMin = 6;

const inStages = "Give it a value of your own in lib/stages/stages.ts";

/** Problems visible in the stage's settings, without a call. */
export function checkStage(stage: Stage): Finding[] {
  // For a stage without data to keep, bin/app.ts only warns of placeholders.
  const placeholders = stage.keepData ? placeholdersOf(stage) : [];
  const findings = placeholders.map((says) => ({ says, fix: inStages }));
  findings.push(...(stage.domain ? problemsOf(stage.domain) : []));
  if (stage.keepData && stage.origins.includes("*"))
    findings.push({
      says: `${stage.name}: browsers may call it from any origin`,
      fix: "Name your web pages in `origins`, lib/stages/stages.ts",
    });
  findings.push(...relayProblemsOf(stage));
  const copy = backupCopyOf(stage);
  if (copy === "unreadable")
    findings.push({
      says: `${stage.name}: backupCopy is not a vault's ARN: ${stage.backupCopy}`,
      fix: "arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME in lib/stages/stages.ts",
    });
  else if (
    copy?.name === vaultName(stage) &&
    copy.account === stage.account &&
    copy.region === stage.region
  )
    findings.push({
      says: `${stage.name}: backupCopy is the stage's own vault`,
      fix: "Name a vault of another region or account in lib/stages/stages.ts",
    });
  for (const [assert, fix] of [
    [
      assertConcurrency,
      "Reserve less in `reservedConcurrency`, or raise `accountConcurrency` with the quota",
    ],
    [assertRate, "Lower `postRate` and `throttle`, or raise `accountRate` with the quota"],
  ] as const)
    try {
      assert(stage);
    } catch (error) {
      findings.push({ says: (error as Error).message, fix });
    }
  return findings;
}

/**
 * Problems of the account of the caller's credentials. Without credentials there is one finding,
 * because no other check can run; checks that AWS does not answer are unknown.
 */
export async function checkStageAccount(stage: Stage, profile?: string): Promise<Finding[]> {
  const given = { ...timeouts, profile };
  let caller: Awaited<ReturnType<typeof findCaller>>;
  try {
    caller = await findCaller({ profile, region: stage.region ?? "us-east-1" });
  } catch (error) {
    return [
      {
        says: `No valid AWS credentials: ${(error as Error).message.split("\n")[0]}`,
        fix: "Sign in (`aws sso login`, or AWS_PROFILE, or --profile NAME)",
      },
    ];
  }
  const { account } = caller;
  const says = accountProblemOf(stage, account);
  const findings: Finding[] =
    says === undefined ? [] : [{ says, fix: `Sign in to ${stage.account}` }];
  const region = await regionOf(stage, profile);
  if (region === undefined)
    return [
      ...findings,
      { says: "No region is set", fix: "Set AWS_REGION, or `region` in lib/stages/stages.ts" },
    ];
  const there = { ...given, region };
  const aws = { region, ...caller };
  const isFirst = async () => !(await findStack(there, `ovation-${stage.name}-data`));
  const found = await Promise.all([
    findBootstrap(there, account),
    // The stacks of a domain's firewall and certificate are in another region.
    stage.domain && region !== edgeRegion
      ? findBootstrap({ ...there, region: edgeRegion }, account)
      : [],
    checkDomain(aws, stage),
    checkMailSender(aws, stage),
    checkVaults(aws, stage, isFirst),
    runCheck("Lambda's executions", "lambda:GetAccountSettings and GetFunctionConcurrency", () =>
      checkConcurrency(there, stage),
    ),
    runCheck(
      "API Gateway's rate",
      "servicequotas:GetServiceQuota and GetAWSDefaultServiceQuota",
      () => checkRequestRate(there, stage),
    ),
    runCheck("Fargate's CPUs", "servicequotas:GetServiceQuota and GetAWSDefaultServiceQuota", () =>
      checkRelayCpus(there, stage),
    ),
    runCheck(
      "the restored table",
      "dynamodb:DescribeTable, DescribeTimeToLive and DescribeContinuousBackups",
      () => checkRestoredTable(there, stage),
    ),
  ]);
  return [...findings, ...found.flat()];
}

async function regionOf(stage: Stage, profile?: string): Promise<string | undefined> {
  if (stage.region !== undefined) return stage.region;
  const client = openClient(CloudFormationClient, { profile });
  return client.config.region().catch(() => undefined);
}

const findBootstrap = (there: ClientOptions, account: string): Promise<Finding[]> =>
  runCheck(`the bootstrap of ${there.region}`, "cloudformation:DescribeStacks", async () => {
    const fix = `npx cdk bootstrap aws://${account}/${there.region}`;
    const stack = await findStack(there, "CDKToolkit");
    if (stack === undefined)
      return [{ says: `${account} is not bootstrapped in ${there.region}`, fix }];
    const { OutputValue = "none" } =
      stack.Outputs?.find(({ OutputKey }) => OutputKey === "BootstrapVersion") ?? {};
    if (Number(OutputValue) >= bootstrapVersionMin) return [];
    return [
      {
        says: `The CDK bootstrap of ${there.region} has version ${OutputValue}; ${bootstrapVersionMin} or later is required`,
        fix,
      },
    ];
  });
