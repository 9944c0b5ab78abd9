import { describe, expect, test } from "@jest/globals";
import { checkStage, checkStageAccount } from "../../bin/deploy/preflight.ts";
import type { Domain } from "../../lib/stages/domain.ts";
import type { Stage } from "../../lib/stages/stages.ts";
import { account, certificate, given, own, said, useAccount } from "../aws/preflight-account.ts";

/* What a deployment says before it begins. */

useAccount();

test("an account that has everything has no finding", async () => {
  expect(await said(own)).toEqual([]);
  expect(await said(given("dev"))).toEqual([]);
});

test("all findings of an account are reported at once, each with its fix", async () => {
  Object.assign(account, { id: "999900001111", bootstrap: undefined, executions: 10, rate: 2_500 });
  const findings = await checkStageAccount(own);
  expect(findings.map(({ says }) => says)).toEqual([
    "The credentials belong to account 999900001111, prod to 111122223333",
    "999900001111 is not bootstrapped in eu-central-1",
    "Lambda's concurrency in eu-central-1 is 10; prod expects 1000",
    "API Gateway's throttle rate in eu-central-1 is 2500 requests/s; prod allows 18000",
  ]);
  for (const { fix } of findings) expect(fix.length).toBeGreaterThan(10);
  expect(findings[1]!.fix).toBe("npx cdk bootstrap aws://999900001111/eu-central-1");
});

describe("a relay", () => {
  const name = "live.acme.com";
  const zone = { id: "Z1", name: "acme.com" };
  const relay = { minTasks: 2, maxTasks: 8, fromViewers: 2_000 };
  const region = "eu-central-1";
  const says = (more: Partial<Stage>) =>
    checkStage({ ...given("dev"), region, domain: { name, zone }, relay, ...more }).map(
      (one) => one.says,
    );

  test("needs a domain, because TLS needs a name", () => {
    const { domain: _, ...stage } = { ...given("dev"), relay };
    expect(checkStage(stage).map((one) => one.says)).toEqual([
      "dev: relay needs a domain, since there is no TLS without a name",
    ]);
    expect(says({})).toEqual([]);
  });

  test("needs a certificate in its own region, or a zone to validate one", () => {
    const domain = { name, certificate: certificate("us-east-1") };
    expect(says({ domain })).toEqual([
      "dev: relay has no certificate for relay.live.acme.com, and no hosted zone to validate one in",
    ]);
    const with_ = (own: string) => says({ domain, relay: { ...relay, certificate: own } });
    expect(with_(certificate(region))).toEqual([]);
    expect(with_(certificate("us-east-1"))).toEqual([
      "relay.certificate is from us-east-1, but the load balancer needs one from eu-central-1",
    ]);
    expect(with_("my certificate")).toHaveLength(1);
  });

  test.each([
    { minTasks: 0 },
    { minTasks: 9 },
    { maxTasks: 59 },
    { maxTasks: 61 },
    { minTasks: 1.5 },
    { fromViewers: -1 },
    { fromViewers: Number.NaN },
  ])("has bounds: %j", (wrong) => {
    expect(says({ relay: { ...relay, ...wrong } })).toHaveLength(1);
  });

  test("needs CPUs for all of its tasks and their replacements", async () => {
    const stage = { ...given("dev"), region, relay };
    account.cpus = 12;
    expect(await said(stage)).toEqual([]);
    account.cpus = 11;
    expect(await said(stage)).toEqual([
      "Fargate's quota in eu-central-1 is 11 vCPUs; the relay of dev may use 12",
    ]);
    expect(await said({ ...stage, relay: { ...relay, maxTasks: 6 } })).toEqual([]);
  });

  test("has its certificate checked in its own region", async () => {
    const own = certificate(region);
    const stage = {
      ...given("dev"),
      region,
      relay: { ...relay, certificate: own },
      domain: { name, certificate: certificate("us-east-1") },
    };
    const issued = (DomainName: string) => ({ DomainName, Status: "ISSUED" });
    account.certificates[certificate("us-east-1")] = issued(name);
    expect(await said(stage)).toEqual([`relay.certificate does not exist in eu-central-1: ${own}`]);
    account.certificates[own] = issued(name);
    expect(await said(stage)).toEqual([
      "relay.certificate is for live.acme.com, not relay.live.acme.com",
    ]);
    account.certificates[own] = issued("*.live.acme.com");
    expect(await said(stage)).toEqual([]);
  });
});

test("a domain needs a certificate in CloudFront's region, and a name in its zone", () => {
  const says = (domain: Domain) => checkStage({ ...given("dev"), domain }).map((one) => one.says);
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
  expect(checkStage(placeholder).map((one) => one.says)).toContain(
    "prod: domain is still live.ovation.example",
  );
});

describe("the checks of a domain's certificate and zone", () => {
  const name = "live.acme.com";
  const arn = certificate("us-east-1");
  const zone = { id: "Z1", name: "acme.com" };
  const saidOf = (domain: object) => said({ ...own, domain: { name, ...domain } as Domain });
  const certified = (DomainName: string, Status = "ISSUED", ...more: string[]) => {
    const SubjectAlternativeNames = [DomainName, ...more];
    account.certificates[arn] = { DomainName, Status, SubjectAlternativeNames };
    return saidOf({ certificate: arn });
  };

  test("pass if both exist, are issued, and cover the name", async () => {
    expect(await certified(name)).toEqual([]);
    expect(await certified("*.acme.com")).toEqual([]);
    expect(await certified("acme.com", "ISSUED", "*.acme.com")).toEqual([]);
    account.zones.Z1 = ["acme.com", false];
    expect(await saidOf({ zone })).toEqual([]);
    expect(await saidOf({ zone, certificate: arn })).toEqual([]);
  });

  test("fail if one is missing, or belongs to another account", async () => {
    expect(await saidOf({ certificate: arn, zone })).toEqual([
      `domain.certificate does not exist in us-east-1: ${arn}`,
      "Route 53 has no hosted zone Z1 (`domain`)",
    ]);
    const theirs = arn.replace("111122223333", "999900001111");
    expect(await saidOf({ certificate: theirs })).toEqual([
      "domain.certificate belongs to account 999900001111, not 111122223333",
    ]);
    // Reported earlier, from the stage's settings.
    expect(await saidOf({ certificate: certificate("eu-central-1") })).toEqual([]);
  });

  test("fail if one is not issued, or covers other names", async () => {
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
      "The hosted zone Z1 is private, so the internet cannot resolve its names",
    ]);
  });

  test("are unknown if one may not be read", async () => {
    account.denied = true;
    const says = await saidOf({ certificate: arn, zone });
    expect(says).toContainEqual(expect.stringMatching(/^Not checked: the domain's certificate\. /));
    expect(says).toContainEqual(expect.stringMatching(/^Not checked: the domain's hosted zone\. /));
  });
});

test("a domain's second region must be bootstrapped, too", async () => {
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
  expect(await said(own)).toEqual([
    "The CDK bootstrap of eu-central-1 has version 5; 6 or later is required",
  ]);
});

test("a user pool's sender must be verified in SES, outside of the sandbox", async () => {
  account.domains = {};
  account.isSandboxed = true;
  expect(await said(own)).toEqual([
    "SES in eu-central-1 has no identity ovation.example (`mailFrom`)",
    "SES in eu-central-1 is in the sandbox: it sends only to verified addresses",
  ]);
  account.domains = { "ovation.example": false };
  account.isSandboxed = false;
  expect(await said(own)).toEqual(["ovation.example is not verified in SES in eu-central-1"]);
  const { mailFrom: _, ...ownSender } = own;
  expect(await said(ownSender)).toEqual([]);
  const issuer = { issuer: "https://acme.com", audience: "a", jwks: "https://acme.com/keys" };
  expect(await said({ ...own, issuer })).toEqual([]);
});

test("a leftover vault prevents a deployment, and copies need an existing vault", async () => {
  account.vaults = ["another", "ovation-prod"];
  expect(await said(own)).toEqual([
    "The backup vault ovation-prod already exists without a stack of the stage",
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
  // A vault of another account cannot be checked.
  expect(await said(copyTo("eu-west-1:999900001111:backup-vault:theirs"))).toEqual([]);
  const says = (stage: Stage) => checkStage(stage).map((finding) => finding.says);
  expect(says(copyTo("eu-central-1:111122223333:backup-vault:ovation-prod"))).toContain(
    "prod: backupCopy is the stage's own vault",
  );
  expect(says(copyTo("eu-west-1:1:vault"))).toContain(
    "prod: backupCopy is not a vault's ARN: arn:aws:backup:eu-west-1:1:vault",
  );
});

test("without a region no check runs", async () => {
  const { AWS_REGION } = process.env;
  delete process.env.AWS_REGION;
  process.env.AWS_CONFIG_FILE = "/nowhere";
  const { region: _, ...anywhere } = own;
  expect(await said(anywhere as Stage)).toEqual(["No region is set"]);
  process.env.AWS_REGION = AWS_REGION;
});

test("a stage that keeps data restricts origins, and reserves no more than there is", () => {
  const says = (stage: Stage) => checkStage(stage).map((finding) => finding.says);
  expect(says({ ...own, origins: ["*"] })).toContain("prod: browsers may call it from any origin");
  expect(says({ ...own, accountConcurrency: 500 })).toContainEqual(
    expect.stringMatching(/^prod reserves \d+ executions, at most 100 can be$/),
  );
  expect(says({ ...own, accountRate: 10_000 })).toContain(
    "prod allows 18000 requests/s; accountRate is 10000",
  );
  expect(says(given("dev"))).toEqual([]);
  expect(says(given("staging"))).toEqual([]);
});
