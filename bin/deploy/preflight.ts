import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { GetAccountSettingsCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { edgeRegion, problemsOf } from "../../lib/stages/domain.ts";
import { backupCopyOf, vaultName } from "../../lib/stages/names.ts";
import { placeholdersOf } from "../../lib/stages/placeholders.ts";
import { assertConcurrency, assertRate, rateOf } from "../../lib/stages/stage-limits.ts";
import type { Stage } from "../../lib/stages/stages.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { allowDenied, isDenied } from "../aws/signed-caller.ts";
import type { Finding } from "./finding.ts";
import { findDomain } from "./preflight-domain.ts";
import { findMail } from "./preflight-mail.ts";
import { findVaults } from "./preflight-vaults.ts";

/** What the caller's account answers is not there within seconds: a person waits for it. */
const timeouts = { tryMilliseconds: 10_000 };

/** The version of the bootstrap stack that the CDK asks for. */
const bootstrapVersionMin = 6;

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const gatewayRateQuota = { ServiceCode: "apigateway", QuotaCode: "L-8A5B8E43" };

const inStages = "Give it a value of your own in lib/stages/stages.ts";

/** What can be seen in the stage itself, before anybody is asked. */
export function findInStage(stage: Stage): Finding[] {
  const findings = placeholdersOf(stage).map((says) => ({ says, fix: inStages }));
  findings.push(...(stage.domain ? problemsOf(stage.domain) : []));
  if (stage.keepData && stage.origins.includes("*"))
    findings.push({
      says: `${stage.name}: browsers may call it from any origin`,
      fix: "Name your web pages in `origins`, lib/stages/stages.ts",
    });
  const copy = backupCopyOf(stage);
  if (copy === "unreadable")
    findings.push({
      says: `${stage.name}: backupCopy ${stage.backupCopy} is no vault`,
      fix: "arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME in lib/stages/stages.ts",
    });
  else if (
    copy?.name === vaultName(stage) &&
    copy.account === stage.account &&
    copy.region === stage.region
  )
    findings.push({
      says: `${stage.name}: backupCopy is the stage's own vault, and so no copy`,
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
 * What the account of the caller's credentials lacks. Without credentials there is one finding,
 * since nothing else can be asked; what the credentials may not read is left out.
 */
export async function findInAccount(stage: Stage, profile?: string): Promise<Finding[]> {
  const given = { ...timeouts, ...(profile && { profile }) };
  const sts = openClient(STSClient, { ...given, region: stage.region ?? "us-east-1" });
  let account: string;
  try {
    account = (await sts.send(new GetCallerIdentityCommand({}))).Account!;
  } catch (error) {
    return [
      {
        says: `AWS knows no caller: ${(error as Error).message.split("\n")[0]}`,
        fix: "Sign in (`aws sso login`, or AWS_PROFILE, or --profile NAME)",
      },
    ];
  }
  const findings: Finding[] = [];
  if (stage.account !== undefined && stage.account !== account)
    findings.push({
      says: `The credentials are those of account ${account}, ${stage.name} is that of ${stage.account}`,
      fix: `Sign in to ${stage.account}`,
    });
  const region = await regionOf(stage, profile);
  if (region === undefined)
    return [
      ...findings,
      { says: "No region is named", fix: "Set AWS_REGION, or `region` in lib/stages/stages.ts" },
    ];
  const there = { ...given, region };
  const place = { region, account, credentials: await sts.config.credentials() };
  const found = await Promise.all([
    findBootstrap(there, account),
    // The firewall and the certificate of a domain are stacks of another region.
    stage.domain && region !== edgeRegion
      ? findBootstrap({ ...there, region: edgeRegion }, account)
      : [],
    findDomain(place, stage.domain),
    findMail(place, stage),
    findVaults(place, stage, async () => !(await hasStack(there, `ovation-${stage.name}-data`))),
    findExecutions(there, stage),
    findRequests(there, stage),
  ]);
  return [...findings, ...found.flat()];
}

async function regionOf(stage: Stage, profile?: string): Promise<string | undefined> {
  if (stage.region !== undefined) return stage.region;
  const client = openClient(CloudFormationClient, { ...(profile && { profile }) });
  return client.config.region().catch(() => undefined);
}

type There = { region: string; profile?: string; tryMilliseconds: number };

async function findBootstrap(there: There, account: string): Promise<Finding[]> {
  const client = openClient(CloudFormationClient, there);
  const fix = `npx cdk bootstrap aws://${account}/${there.region}`;
  try {
    const { Stacks = [] } = await client.send(
      new DescribeStacksCommand({ StackName: "CDKToolkit" }),
    );
    const outputs = Stacks[0]?.Outputs ?? [];
    const version = Number(
      outputs.find(({ OutputKey }) => OutputKey === "BootstrapVersion")?.OutputValue,
    );
    if (version >= bootstrapVersionMin) return [];
    return [{ says: `The bootstrap of ${there.region} is of version ${version}`, fix }];
  } catch (error) {
    if (isDenied(error)) return [];
    return [{ says: `${account} is not bootstrapped in ${there.region}`, fix }];
  }
}

/** Whether a stack is there; so it is taken to be where that may not be read. */
async function hasStack(there: There, StackName: string): Promise<boolean> {
  const client = openClient(CloudFormationClient, there);
  try {
    await client.send(new DescribeStacksCommand({ StackName }));
    return true;
  } catch (error) {
    // CloudFormation's answer about a stack that it does not have.
    if ((error as Error).name === "ValidationError") return false;
    allowDenied(error);
    return true;
  }
}

async function findExecutions(there: There, stage: Stage): Promise<Finding[]> {
  const client = openClient(LambdaClient, there);
  const most = await client
    .send(new GetAccountSettingsCommand({}))
    .then(({ AccountLimit }) => AccountLimit?.ConcurrentExecutions, allowDenied);
  if (most === undefined || most >= stage.accountConcurrency) return [];
  return [
    {
      says: `Lambda runs ${most} executions at once in ${there.region}, ${stage.name} counts on ${stage.accountConcurrency}`,
      fix: "Service Quotas, AWS Lambda, Concurrent executions (L-B99A9384): ask for more",
    },
  ];
}

/** The account's rate is that of the region, which the stage's three APIs and its posts share. */
async function findRequests(there: There, stage: Stage): Promise<Finding[]> {
  if (!stage.keepData) return [];
  const client = openClient(ServiceQuotasClient, there);
  const quota = await client
    .send(new GetServiceQuotaCommand(gatewayRateQuota))
    .then(({ Quota }) => Quota?.Value, allowDenied);
  const most = quota ?? stage.accountRate;
  const wanted = rateOf(stage);
  if (wanted <= most) return [];
  return [
    {
      says: `API Gateway takes ${most} requests a second in ${there.region}, ${stage.name} may take ${wanted}`,
      fix: "Service Quotas, API Gateway, Throttle rate (L-8A5B8E43): ask for more; or lower `postRate` and `throttle` in lib/stages/stages.ts",
    },
  ];
}
