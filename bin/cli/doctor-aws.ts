import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { stageNamed, stageNames } from "../../lib/stages/stages.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { serviceCaller, urlOf } from "../aws/signed-caller.ts";
import type { Finding } from "./doctor-checks.ts";

const answerMilliseconds = 4_000;
/** Where CDK stores the version of its bootstrap in an account and region. */
const bootstrapParameter = "/cdk-bootstrap/hnb659fds/version";

type Account = Parameters<typeof serviceCaller>[0];

/** Checks the requirements of a deployment, with the AWS credentials of the environment. */
export async function checkAccount(): Promise<Finding[]> {
  const account = await findAccount();
  const login = await checkLogin(account);
  if (!login.isGood || account === undefined) {
    const fix = "Checked once you are logged in.";
    return [
      login,
      { name: "Bootstrap", isGood: false, says: "unknown", fix },
      { name: "Quotas", isGood: false, says: "unknown", fix },
    ];
  }
  return [login, await checkBootstrap(account), await checkQuotas(account)];
}

/** The credentials and the region that the SDK finds, as a deployment would use them. */
async function findAccount(): Promise<Account | undefined> {
  const client = openClient(DynamoDBClient, {});
  try {
    const late = new Promise<never>((_, fail) => {
      setTimeout(() => fail(new Error("No credentials in time")), answerMilliseconds).unref();
    });
    const found = Promise.all([client.config.credentials(), client.config.region()]);
    const [credentials, region] = await Promise.race([found, late]);
    return { credentials, region };
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}

async function checkLogin(account: Account | undefined): Promise<Finding> {
  const name = "AWS login";
  const fix = "Run `aws configure` or set AWS_PROFILE, and a region (AWS_REGION).";
  if (account === undefined)
    return { name, isGood: false, says: "no credentials or no region", fix };
  const body = "Action=GetCallerIdentity&Version=2011-06-15";
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const response = await call(account, "sts", "POST", "/", body, type);
  const [, number] = /(?:<Account>|"Account":")(\d{12})/.exec(response ?? "") ?? [];
  if (number !== undefined)
    return { name, isGood: true, says: `account ${number} in ${account.region}` };
  const { host } = new URL(urlOf("sts", account));
  const says = response === undefined ? `${host} does not respond` : "refused by AWS";
  return { name, isGood: false, says, fix };
}

async function checkBootstrap(account: Account): Promise<Finding> {
  const name = "Bootstrap";
  const response = await call(account, "ssm", "POST", "/", `{"Name":"${bootstrapParameter}"}`, {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "AmazonSSM.GetParameter",
  });
  const [, version] = /"Value":"(\d+)"/.exec(response ?? "") ?? [];
  if (version !== undefined) return { name, isGood: true, says: `version ${version}` };
  const isMissing = response?.includes("ParameterNotFound");
  const says = isMissing ? `none in ${account.region}` : "unknown: AWS refused the call";
  return { name, isGood: false, says, fix: "Run `npx cdk bootstrap` once per account and region." };
}

/** New accounts allow 10 concurrent executions, and `npm run deploy` refuses them, too. */
async function checkQuotas(account: Account): Promise<Finding> {
  const name = "Quotas";
  const response = await call(account, "lambda", "GET", "/2016-08-19/account-settings/");
  const [, found] = /"ConcurrentExecutions":\s*(\d+)/.exec(response ?? "") ?? [];
  const says = found && `${found} concurrent executions of Lambda`;
  const lacking = stageNames
    .map(stageNamed)
    .filter(({ accountConcurrency }) => accountConcurrency > Number(found ?? 0));
  if (says && lacking.length === 0) return { name, isGood: true, says };
  const wanted = Math.max(...lacking.map(({ accountConcurrency }) => accountConcurrency));
  const stages = new Intl.ListFormat("en-GB").format(lacking.map((stage) => stage.name));
  const fix = `Request ${wanted} concurrent executions of Lambda in Service Quotas for ${stages}.`;
  return { name, isGood: false, says: says ?? "unknown: AWS refused the call", fix };
}

/** The text of the response to a signed call, or of the error; undefined if there was none. */
async function call(
  account: Account,
  service: string,
  ...[method, path, body, type]: [string, string, string?, Record<string, string>?]
): Promise<string | undefined> {
  try {
    const caller = serviceCaller(account, service, service, answerMilliseconds);
    return await caller(method, path, {}, body, type);
  } catch (error) {
    const { status, message } = error as Error & { status?: number };
    return status === undefined ? undefined : message;
  }
}
