import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { findInAccount, findInStage } from "../../bin/deploy/preflight.ts";
import type { Domain } from "../../lib/stages/domain.ts";
import { type Stage, stageOf } from "../../lib/stages/stages.ts";

/*
 * What a deployment says before it begins. The account is a server that speaks AWS's protocols:
 * none of these tests has one of AWS's.
 */

/** What the account has; each test changes what it is about. */
let account: {
  id: string;
  bootstrap: number | undefined;
  executions: number;
  rate: number;
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
let server: Server;
const before = { ...process.env };

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const { status, body } = answerOf(request.url!, Buffer.concat(parts).toString());
      response.writeHead(status, {
        "content-type": body[0] === "<" ? "text/xml" : "application/json",
      });
      response.end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
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
  account = {
    ...{ id: "111122223333", bootstrap: 21, executions: 1_000, rate: 20_000, denied: false },
    ...{ domains: { "ovation.example": true }, isSandboxed: false, vaults: [], stacks: [] },
    ...{ certificates: {}, zones: {} },
  };
});

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

function answerOf(url: string, body: string): { status: number; body: string } {
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
  const json = (value: unknown, status = 200) => ({ status, body: JSON.stringify(value) });
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
  if (url.includes("account-settings"))
    return {
      status: 200,
      body: JSON.stringify({ AccountLimit: { ConcurrentExecutions: account.executions } }),
    };
  return { status: 200, body: JSON.stringify({ Quota: { Value: account.rate } }) };
}

const given = (name: string): Stage => stageOf((key) => (key === "stage" ? name : undefined));
const own: Stage = { ...given("prod"), account: "111122223333", region: "eu-central-1" };
const said = async (stage: Stage) => (await findInAccount(stage)).map(({ says }) => says);

test("an account that has everything has no finding", async () => {
  expect(await said(own)).toEqual([]);
  expect(await said(given("dev"))).toEqual([]);
});

test("all findings of an account are reported at once, each with its fix", async () => {
  Object.assign(account, { id: "999900001111", bootstrap: undefined, executions: 10, rate: 2_500 });
  const findings = await findInAccount(own);
  expect(findings.map(({ says }) => says)).toEqual([
    "The credentials are those of account 999900001111, prod is that of 111122223333",
    "999900001111 is not bootstrapped in eu-central-1",
    "Lambda runs 10 executions at once in eu-central-1, prod counts on 1000",
    "API Gateway takes 2500 requests a second in eu-central-1, prod may take 14000",
  ]);
  for (const { fix } of findings) expect(fix.length).toBeGreaterThan(10);
  expect(findings[1]!.fix).toBe("npx cdk bootstrap aws://999900001111/eu-central-1");
});

const certificate = (region: string) => `arn:aws:acm:${region}:111122223333:certificate/1234-5678`;

test("a domain needs what CloudFront takes: a certificate of one region, a name in its zone", () => {
  const says = (domain: Domain) => findInStage({ ...given("dev"), domain }).map((one) => one.says);
  const name = "live.acme.com";
  expect(says({ name, certificate: certificate("us-east-1") })).toEqual([]);
  expect(says({ name, zone: { id: "Z1", name: "acme.com" } })).toEqual([]);
  expect(says({ name: "acme.com", zone: { id: "Z1", name: "acme.com" } })).toEqual([]);
  expect(says({ name, certificate: certificate("eu-central-1") })).toEqual([
    "domain.certificate is of eu-central-1: CloudFront takes those of us-east-1",
  ]);
  expect(says({ name, certificate: "my certificate" })).toEqual([
    "domain.certificate is of no region: CloudFront takes those of us-east-1",
  ]);
  expect(says({ name, zone: { id: "Z1", name: "notacme.com" } })).toHaveLength(1);
  expect(says({ name, zone: { id: "Z1", name: "me.com" } })).toHaveLength(1);
  for (const wrong of [
    "https://live.acme.com",
    "Live.acme.com",
    "live",
    "live.acme.com/",
    "*.x.com",
  ])
    expect(says({ name: wrong, certificate: certificate("us-east-1") })).toEqual([
      `domain.name: found ${wrong}`,
    ]);
  const placeholder = {
    ...own,
    domain: { name: "live.ovation.example", zone: { id: "Z1", name: "ovation.example" } },
  };
  expect(findInStage(placeholder).map((one) => one.says)).toContain(
    "prod: domain is still live.ovation.example",
  );
});

describe("a domain's certificate and zone, which are asked for", () => {
  const name = "live.acme.com";
  const arn = certificate("us-east-1");
  const zone = { id: "Z1", name: "acme.com" };
  const saidOf = (domain: object) => said({ ...own, domain: { name, ...domain } as Domain });
  const certified = (DomainName: string, Status = "ISSUED", ...more: string[]) => {
    const SubjectAlternativeNames = [DomainName, ...more];
    account.certificates[arn] = { DomainName, Status, SubjectAlternativeNames };
    return saidOf({ certificate: arn });
  };

  test("are there, issued, and for the name", async () => {
    expect(await certified(name)).toEqual([]);
    expect(await certified("*.acme.com")).toEqual([]);
    expect(await certified("acme.com", "ISSUED", "*.acme.com")).toEqual([]);
    account.zones.Z1 = ["acme.com", false];
    expect(await saidOf({ zone })).toEqual([]);
    expect(await saidOf({ zone, certificate: arn })).toEqual([]);
  });

  test("are not there, or another account's", async () => {
    expect(await saidOf({ certificate: arn, zone })).toEqual([
      `ACM in us-east-1 has no ${arn}, of \`domain\``,
      "Route 53 has no hosted zone Z1, of `domain`",
    ]);
    const theirs = arn.replace("111122223333", "999900001111");
    expect(await saidOf({ certificate: theirs })).toEqual([
      "domain.certificate is of account 999900001111, not of 111122223333",
    ]);
    // Told before by what the stage itself says.
    expect(await saidOf({ certificate: certificate("eu-central-1") })).toEqual([]);
  });

  test("are not issued, or for other names", async () => {
    expect(await certified(name, "PENDING_VALIDATION")).toEqual([
      "domain.certificate is not issued: PENDING_VALIDATION",
    ]);
    expect(await certified(name, "EXPIRED")).toHaveLength(1);
    for (const other of ["acme.com", "*.live.acme.com", "*.com", "live.acme.org", "*.notacme.com"])
      expect(await certified(other)).toEqual([
        `domain.certificate is for ${other}, not live.acme.com`,
      ]);
    account.zones.Z1 = ["acme.org", false];
    expect(await saidOf({ zone })).toEqual(["The hosted zone Z1 is acme.org, not acme.com"]);
    account.zones.Z1 = ["acme.com", true];
    expect(await saidOf({ zone })).toEqual([
      "The hosted zone Z1 is private: nobody outside asks it",
    ]);
  });

  test("that may not be read keep nobody from deploying", async () => {
    account.denied = true;
    expect(await saidOf({ certificate: arn, zone })).toEqual([]);
  });
});

test("a domain's other region has to be bootstrapped too", async () => {
  account.bootstrap = undefined;
  const domain = { name: "live.acme.com", certificate: certificate("us-east-1") };
  account.certificates[domain.certificate] = { DomainName: domain.name, Status: "ISSUED" };
  expect(await said({ ...own, domain })).toEqual([
    "111122223333 is not bootstrapped in eu-central-1",
    "111122223333 is not bootstrapped in us-east-1",
  ]);
});

test("an old bootstrap is a finding", async () => {
  account.bootstrap = 5;
  expect(await said(own)).toEqual(["The bootstrap of eu-central-1 is of version 5"]);
});

test("what the credentials may not read keeps nobody from deploying", async () => {
  account.denied = true;
  expect(await said(own)).toEqual([]);
});

test("a pool whose sender SES does not know, or may not send from, would not be made", async () => {
  account.domains = {};
  account.isSandboxed = true;
  expect(await said(own)).toEqual([
    "SES in eu-central-1 knows no ovation.example, of `mailFrom`",
    "SES in eu-central-1 is in the sandbox: it writes to nobody but verified addresses",
  ]);
  account.domains = { "ovation.example": false };
  account.isSandboxed = false;
  expect(await said(own)).toEqual(["ovation.example is not verified in SES in eu-central-1"]);
  const { mailFrom: _, ...ownSender } = own;
  expect(await said(ownSender)).toEqual([]);
  const issuer = { issuer: "https://acme.com", audience: "a", jwks: "https://acme.com/keys" };
  expect(await said({ ...own, issuer })).toEqual([]);
});

test("a vault that a stage before has left is in the way, and copies go to one that is there", async () => {
  account.vaults = ["another", "ovation-prod"];
  expect(await said(own)).toEqual([
    "A backup vault ovation-prod is there already, and no stack of the stage",
  ]);
  account.stacks = ["ovation-prod-data"];
  expect(await said(own)).toEqual([]);
  const copyTo = (place: string) => ({ ...own, backupCopy: `arn:aws:backup:${place}` });
  const away = "eu-west-1:111122223333:backup-vault:copies";
  expect(await said(copyTo(away))).toEqual([
    "There is no backup vault copies in eu-west-1, for copies",
  ]);
  account.vaults.push("copies");
  expect(await said(copyTo(away))).toEqual([]);
  // Another account's are not to be seen.
  expect(await said(copyTo("eu-west-1:999900001111:backup-vault:theirs"))).toEqual([]);
  const says = (stage: Stage) => findInStage(stage).map((finding) => finding.says);
  expect(says(copyTo("eu-central-1:111122223333:backup-vault:ovation-prod"))).toContain(
    "prod: backupCopy is the stage's own vault, and so no copy",
  );
  expect(says(copyTo("eu-west-1:1:vault"))).toContain(
    "prod: backupCopy arn:aws:backup:eu-west-1:1:vault is no vault",
  );
});

test("without a region there is nothing to ask", async () => {
  const { AWS_REGION } = process.env;
  delete process.env.AWS_REGION;
  process.env.AWS_CONFIG_FILE = "/nowhere";
  const { region: _, ...anywhere } = own;
  expect(await said(anywhere as Stage)).toEqual(["No region is named"]);
  process.env.AWS_REGION = AWS_REGION;
});

test("a stage that keeps data is open to no origin, and reserves what there is", () => {
  const says = (stage: Stage) => findInStage(stage).map((finding) => finding.says);
  expect(says({ ...own, origins: ["*"] })).toContain("prod: browsers may call it from any origin");
  expect(says({ ...own, accountConcurrency: 500 })).toContainEqual(
    expect.stringMatching(/^prod reserves \d+ executions, at most 400 can be$/),
  );
  expect(says({ ...own, accountRate: 10_000 })).toContain(
    "prod may take 14000 requests a second, and counts on 10000",
  );
  expect(says(given("dev"))).toEqual([]);
  expect(says(given("staging"))).toEqual([]);
});
