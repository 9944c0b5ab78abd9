import { Sha256 } from "@aws-crypto/sha256-js";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SignatureV4 } from "@smithy/signature-v4";
import { stageNamed, stageNames } from "../../lib/stages/stages.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import type { Finding } from "./doctor-checks.ts";

const answerMilliseconds = 4_000;
/** Where CDK stores the version of its bootstrap in an account and region. */
const bootstrapParameter = "/cdk-bootstrap/hnb659fds/version";

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
type Account = { credentials: Credentials; region: string };

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
    return { credentials: credentials as Credentials, region };
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
  const response = await call(account, "sts", "/", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "Action=GetCallerIdentity&Version=2011-06-15",
  });
  const [, number] = /(?:<Account>|"Account":")(\d{12})/.exec(response.text) ?? [];
  if (number !== undefined)
    return { name, isGood: true, says: `account ${number} in ${account.region}` };
  return {
    name,
    isGood: false,
    says: response.status === 0 ? response.text : "refused by AWS",
    fix,
  };
}

async function checkBootstrap(account: Account): Promise<Finding> {
  const name = "Bootstrap";
  const response = await call(account, "ssm", "/", {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": "AmazonSSM.GetParameter",
    },
    body: JSON.stringify({ Name: bootstrapParameter }),
  });
  const [, version] = /"Value":"(\d+)"/.exec(response.text) ?? [];
  if (version !== undefined) return { name, isGood: true, says: `version ${version}` };
  const isMissing = response.text.includes("ParameterNotFound");
  const says = isMissing ? `none in ${account.region}` : "unknown: AWS refused the call";
  return { name, isGood: false, says, fix: "Run `npx cdk bootstrap` once per account and region." };
}

/** New accounts allow 10 concurrent executions, and `npm run deploy` refuses them, too. */
async function checkQuotas(account: Account): Promise<Finding> {
  const name = "Quotas";
  const response = await call(account, "lambda", "/2016-08-19/account-settings/", {
    method: "GET",
  });
  const [, found] = /"ConcurrentExecutions":\s*(\d+)/.exec(response.text) ?? [];
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

type RequestOptions = { method: string; headers?: Record<string, string>; body?: string };

/** One signed call. Status 0: no response, with the reason as text. */
async function call(
  { credentials, region }: Account,
  service: string,
  path: string,
  { method, headers = {}, body }: RequestOptions,
): Promise<{ status: number; text: string }> {
  const origin = process.env.AWS_ENDPOINT_URL || `https://${service}.${region}.amazonaws.com`;
  const { protocol, hostname, port, host } = new URL(origin);
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256 });
  const signed = await signer.sign({
    ...{ method, protocol, hostname, path, body },
    ...(port && { port: Number(port) }),
    headers: { host, ...headers },
    query: {},
  });
  try {
    const answer = await fetch(`${origin.replace(/\/$/, "")}${path}`, {
      method,
      headers: signed.headers,
      signal: AbortSignal.timeout(answerMilliseconds),
      ...(body !== undefined && { body }),
    });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return { status: 0, text: `${host} does not respond` };
  }
}
