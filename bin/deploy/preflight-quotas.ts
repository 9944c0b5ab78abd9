import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from "@aws-sdk/client-service-quotas";
import { functionName } from "../../lib/stages/names.ts";
import { cpusOf } from "../../lib/stages/relay.ts";
import { rows } from "../../lib/stages/route-table.ts";
import { rateOf, reservedOf, unreservedMinOf } from "../../lib/stages/stage-limits.ts";
import type { Stage } from "../../lib/stages/stages.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import type { Finding } from "./finding.ts";

/** The settings of a client of the account. */
export type ClientOptions = {
  region: string;
  profile: string | undefined;
  tryMilliseconds: number;
};

const moreExecutions =
  "Service Quotas, AWS Lambda, Concurrent executions (L-B99A9384): ask for more";

/**
 * Whether the account has the concurrent executions that the stage expects, and enough unreserved
 * ones after the stage's reservations: others in the account reserve some, too.
 */
export async function checkConcurrency(there: ClientOptions, stage: Stage): Promise<Finding[]> {
  const client = openClient(LambdaClient, there);
  const { AccountLimit } = await client.send(new GetAccountSettingsCommand({}));
  const { ConcurrentExecutions: most, UnreservedConcurrentExecutions: free } = AccountLimit ?? {};
  if (most === undefined || free === undefined) throw new Error("the account has no limits");
  if (most < stage.accountConcurrency)
    return [
      {
        says: `Lambda's concurrency in ${there.region} is ${most}; ${stage.name} expects ${stage.accountConcurrency}`,
        fix: moreExecutions,
      },
    ];
  const wanted = reservedOf(stage);
  const min = unreservedMinOf(stage);
  const lacking = min + wanted - free;
  const replaced = lacking > 0 ? await findReserved(client, stage, lacking) : 0;
  if (replaced >= lacking) return [];
  const left = free + replaced - wanted;
  return [
    {
      says: `${left} executions would stay unreserved in ${there.region}, ${min} are required: ${stage.name} reserves ${wanted}, others ${most - left - wanted}`,
      fix: `Reserve less elsewhere in the account, use a separate account, or: ${moreExecutions}`,
    },
  ];
}

/**
 * The stage's current reservations, which new ones replace, until they are `enough`. One call after
 * another, most likely ones first: Lambda takes 15 such calls a second in an account.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
async function findReserved(client: LambdaClient, stage: Stage, enough: number): Promise<number> {
  const likely = Object.keys(stage.reservedConcurrency);
  let sum = 0;
  for (const name of new Set([...likely, ...rows.map((row) => row.name)])) {
    if (sum >= enough) break;
    sum += await reservedFor(client, functionName(stage.name, name));
  }
  return sum;
}

async function reservedFor(client: LambdaClient, FunctionName: string): Promise<number> {
  try {
    const answer = await client.send(new GetFunctionConcurrencyCommand({ FunctionName }));
    return answer.ReservedConcurrentExecutions ?? 0;
  } catch (error) {
    if ((error as Error).name === "ResourceNotFoundException") return 0;
    throw error;
  }
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const gatewayRateQuota = { ServiceCode: "apigateway", QuotaCode: "L-8A5B8E43" };
/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html */
const fargateQuota = { ServiceCode: "fargate", QuotaCode: "L-3032A538" };

/** Checks the account's request rate per region, which the stage's APIs and its posts share. */
export async function checkRequestRate(there: ClientOptions, stage: Stage): Promise<Finding[]> {
  if (!stage.keepData) return [];
  const most = await findQuota(there, gatewayRateQuota);
  const wanted = rateOf(stage);
  if (wanted <= most) return [];
  return [
    {
      says: `API Gateway's throttle rate in ${there.region} is ${most} requests/s; ${stage.name} allows ${wanted}`,
      fix: "Service Quotas, API Gateway, Throttle rate (L-8A5B8E43): request more; or lower `postRate` and `throttle` in lib/stages/stages.ts",
    },
  ];
}

/** Whether Fargate has CPUs for all tasks of a relay while they are being replaced. */
export async function checkRelayCpus(
  there: ClientOptions,
  { name, relay }: Stage,
): Promise<Finding[]> {
  if (relay === undefined) return [];
  const most = await findQuota(there, fargateQuota);
  const wanted = cpusOf(relay);
  if (wanted <= most) return [];
  return [
    {
      says: `Fargate's quota in ${there.region} is ${most} vCPUs; the relay of ${name} may use ${wanted}`,
      fix: "Service Quotas, AWS Fargate, On-Demand vCPU resource count (L-3032A538): request more; or lower `maxTasks`",
    },
  ];
}

/** The granted quota; AWS's default if none was granted. Rejects if there is neither. */
async function findQuota(
  there: ClientOptions,
  quota: { ServiceCode: string; QuotaCode: string },
): Promise<number> {
  const client = openClient(ServiceQuotasClient, there);
  const { Quota } = await client.send(new GetServiceQuotaCommand(quota)).catch((error: Error) => {
    if (error.name !== "NoSuchResourceException") throw error;
    return client.send(new GetAWSDefaultServiceQuotaCommand(quota));
  });
  if (Quota?.Value === undefined) throw new Error("the quota has no value");
  return Quota.Value;
}
