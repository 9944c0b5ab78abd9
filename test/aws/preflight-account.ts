import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, beforeEach } from "@jest/globals";
import { checkStageAccount } from "../../bin/deploy/preflight.ts";
import { type Stage, stageNamed } from "../../lib/stages/stages.ts";
import { listen } from "../../local/reachable.ts";

/* The account that a deployment asks before it begins: a server that speaks AWS's protocols. */

/** What the account has. */
type Account = {
  id: string;
  bootstrap: number | undefined;
  executions: number;
  /** Executions that others have reserved, and the stage's functions, each by its name. */
  reservedByOthers: number;
  reserved: Record<string, number>;
  rate: number | undefined;
  /** CPUs that Fargate gives it. */
  cpus: number;
  denied: boolean;
  /** Domains that SES knows, with whether they are verified. */
  domains: Record<string, boolean>;
  isSandboxed: boolean;
  vaults: string[];
  stacks: string[];
  /** Certificates by ARN, with what ACM says of them. */
  certificates: Record<string, object>;
  /** Hosted zones by id: name, and whether it is private. */
  zones: Record<string, [string, boolean]>;
};
const fresh = (): Account => ({
  id: "111122223333",
  bootstrap: 21,
  executions: 1_000,
  rate: 20_000,
  cpus: 100,
  denied: false,
  reservedByOthers: 0,
  reserved: {},
  domains: { "ovation.example": true },
  isSandboxed: false,
  vaults: [],
  stacks: [],
  certificates: {},
  zones: {},
});

/** What the account has; each test changes what it is about. */
export const account: Account = fresh();

/** What a test has AWS answer instead. */
export const instead: { fault: (asked: Asked) => Answer | undefined } = { fault: () => undefined };

/** Starts the account for the tests of a file, and makes it as it was before each of them. */
export function useAccount(): void {
  let server: Server;
  const before = { ...process.env };
  beforeAll(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        const body = Buffer.concat(parts).toString();
        const target = String(request.headers["x-amz-target"] ?? "");
        const asked = { url: request.url!, body, target };
        const answer = instead.fault(asked) ?? answerOf(asked.url, body, target);
        response.writeHead(answer.status, {
          "content-type": answer.body[0] === "<" ? "text/xml" : "application/json",
          ...(answer.type && { "x-amzn-errortype": answer.type }),
        });
        response.end(answer.body);
      });
    });
    const port = await listen(server);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_REGION: "eu-central-1",
    });
  });
  afterAll(() => {
    process.env = before;
    server.close();
  });
  beforeEach(() => {
    instead.fault = () => undefined;
    Object.assign(account, fresh());
  });
}

/** As Route 53 answers, in XML. */
function zoneOf(id: string): { status: number; body: string } {
  const [name, isPrivate] = account.zones[id] ?? [];
  if (name === undefined)
    return {
      status: 404,
      body: `<ErrorResponse><Error><Code>NoSuchHostedZone</Code><Message>none</Message></Error></ErrorResponse>`,
    };
  const config = `<Config><PrivateZone>${isPrivate}</PrivateZone></Config>`;
  const zone = `<HostedZone><Id>/hostedzone/${id}</Id><Name>${name}.</Name>${config}</HostedZone>`;
  return { status: 200, body: `<GetHostedZoneResponse>${zone}</GetHostedZoneResponse>` };
}

type Answer = { status: number; body: string; type?: string };
export type Asked = { url: string; body: string; target: string };

/** What the account answers to what a preflight asks. */
export function answerOf(url: string, body: string, target: string): Answer {
  if (body.includes("Action=GetCallerIdentity")) {
    const told = `<Account>${account.id}</Account>`;
    const result = `<GetCallerIdentityResult>${told}</GetCallerIdentityResult>`;
    return {
      status: 200,
      body: `<GetCallerIdentityResponse>${result}</GetCallerIdentityResponse>`,
    };
  }
  if (account.denied)
    return body.startsWith("Action")
      ? {
          status: 403,
          body: "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
        }
      : {
          // Services of JSON refuse with 400, others with 403.
          status: body.includes("CertificateArn") ? 400 : 403,
          body: JSON.stringify({ __type: "AccessDeniedException", message: "no" }),
        };
  const json = (value: unknown, status = 200, type?: string): Answer => ({
    status,
    body: JSON.stringify(value),
    ...(type && { type }),
  });
  if (url.startsWith("/v2/email/identities/")) {
    const VerifiedForSendingStatus = account.domains[url.split("/").at(-1)!];
    if (VerifiedForSendingStatus === undefined) return json({ message: "none" }, 404);
    return json({ VerifiedForSendingStatus });
  }
  if (body.includes("CertificateArn")) {
    const Certificate = account.certificates[JSON.parse(body).CertificateArn];
    const missing = { __type: "ResourceNotFoundException", message: "none" };
    return Certificate === undefined ? json(missing, 400) : json({ Certificate });
  }
  if (url.startsWith("/2013-04-01/hostedzone/")) return zoneOf(url.split("/").at(-1)!);
  if (url.startsWith("/v2/email/account"))
    return json({ ProductionAccessEnabled: !account.isSandboxed });
  if (url.startsWith("/backup-vaults/")) {
    // Two pages, as a long list has them.
    const [first, ...rest] = account.vaults.map((BackupVaultName) => ({ BackupVaultName }));
    if (url.includes("nextToken")) return json({ BackupVaultList: rest });
    const NextToken = rest.length > 0 ? "more" : undefined;
    return json({ BackupVaultList: first === undefined ? [] : [first], NextToken });
  }
  const [, stack] = /StackName=([\w-]+)/.exec(body) ?? [];
  if (body.includes("Action=DescribeStacks")) {
    const isThere = stack === "CDKToolkit" || account.stacks.includes(stack!);
    if (account.bootstrap === undefined || !isThere)
      return {
        status: 400,
        body: "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id CDKToolkit does not exist</Message></Error></ErrorResponse>",
      };
    const output = `<OutputKey>BootstrapVersion</OutputKey><OutputValue>${account.bootstrap}</OutputValue>`;
    return {
      status: 200,
      body: `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>CDKToolkit</StackName><Outputs><member>${output}</member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    };
  }
  if (target.startsWith("DynamoDB_"))
    return json({ __type: "ResourceNotFoundException", message: "none" }, 400);
  if (url.includes("account-settings")) {
    const own = Object.values(account.reserved).reduce((sum, one) => sum + one, 0);
    const UnreservedConcurrentExecutions = account.executions - account.reservedByOthers - own;
    const ConcurrentExecutions = account.executions;
    return json({ AccountLimit: { ConcurrentExecutions, UnreservedConcurrentExecutions } });
  }
  const [, called] = /\/functions\/([\w-]+)\/concurrency/.exec(url) ?? [];
  if (called !== undefined) {
    const ReservedConcurrentExecutions = account.reserved[called];
    if (ReservedConcurrentExecutions !== undefined) return json({ ReservedConcurrentExecutions });
    return json({ Type: "User", Message: "Function not found" }, 404, "ResourceNotFoundException");
  }
  if (body.includes('"fargate"')) return json({ Quota: { Value: account.cpus } });
  if (account.rate !== undefined) return json({ Quota: { Value: account.rate } });
  // No value was ever granted: only AWS's own is there.
  return target.endsWith(".GetAWSDefaultServiceQuota")
    ? json({ Quota: { Value: 10_000 } })
    : json({ __type: "NoSuchResourceException", message: "The request failed" }, 400);
}

export const given = (name: string): Stage => stageNamed(name);
export const own: Stage = { ...given("prod"), account: "111122223333", region: "eu-central-1" };
export const said = async (stage: Stage) =>
  (await checkStageAccount(stage)).map(({ says }) => says);
export const certificate = (region: string) =>
  `arn:aws:acm:${region}:111122223333:certificate/1234-5678`;
