import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { cdkCommand, contextOf, profileOf } from "../../bin/build/cdk.ts";
import { checkStage } from "../../bin/deploy/preflight.ts";
import { placeholdersOf } from "../../lib/stages/placeholders.ts";
import { stageNamed } from "../../lib/stages/stages.ts";

const root = join(import.meta.dirname, "../..");
const { NODE_COMPILE_CACHE } = process.env;
const run = (program: string, ...given: string[]) =>
  spawnSync(process.execPath, [join(root, program), ...given], {
    cwd: root,
    // Without a path nothing could be deployed, whatever this machine is allowed.
    env: { PATH: "", AWS_EC2_METADATA_DISABLED: "true", NODE_COMPILE_CACHE },
    encoding: "utf8",
  });
const deploy = (...given: string[]) => run("bin/deploy/deploy.ts", ...given);
const destroy = (...given: string[]) => run("bin/deploy/destroy.ts", ...given);
const stage = (name: string) => stageNamed(name);

test("a deployment of prod reports all placeholders at once, and changes nothing", () => {
  const { status, stderr, stdout } = deploy("prod");
  expect(status).toBe(2);
  expect(stdout).toBe("");
  for (const said of [
    "prod: origins is still https://ovation.example",
    "prod: alarmsAddress is still alarms@ovation.example",
    "prod: defaultPicture is still https://assets.ovation.example/default-picture.png",
    "prod: defaultThumbnail is still https://assets.ovation.example/default-thumbnail.png",
    "prod: tencent.sdkAppId is still the demo's 1400000001",
    "prod: account is not set: the credentials would choose it",
    "prod: region is not set: the credentials would choose it",
  ])
    expect(stderr.split("\n")).toContain(said);
  // So do missing credentials.
  expect(stderr).toMatch(/^Nothing was deployed\. Problems to fix: \d+\n/);
  expect(stderr).toMatch(/No valid AWS credentials: .+\n {2}Sign in/);
});

test("a deployment of an unknown stage is refused", () => {
  const { status, stderr } = deploy("live");
  expect(status).toBe(2);
  expect(stderr).toContain(
    "Expected a stage, found 'live'\nUsage: npm run deploy -- dev|staging|prod",
  );
});

test("a stage with values of its own has no placeholders, and neither has dev", () => {
  const own = {
    ...stage("prod"),
    origins: ["https://live.acme.com", "https://www.example-live.com"],
    alarmsAddress: "oncall@acme.com",
    defaultPicture: "https://cdn.acme.com/person.png",
    defaultThumbnail: "https://cdn.acme.com/stream.png",
    consoleUrls: ["https://live.acme.com/console"],
    mailFrom: "hello@acme.com",
    tencent: { sdkAppId: 1_400_555_555, administrators: ["administrator"] },
    account: "111122223333",
    region: "eu-central-1",
  };
  expect(placeholdersOf(own)).toEqual([]);
  expect(placeholdersOf({ ...own, alarmsAddress: "" })).toEqual([
    "prod: alarmsAddress is not set: no alarm would be mailed",
  ]);
  expect(placeholdersOf({ ...own, origins: ["https://a.com", "https://x.example"] })).toEqual([
    "prod: origins is still https://a.com,https://x.example",
  ]);
  expect(placeholdersOf({ ...own, mailFrom: "no-reply@ovation.example" })).toEqual([
    "prod: mailFrom is still no-reply@ovation.example",
  ]);
  const { mailFrom: _, ...silent } = own;
  expect(placeholdersOf(silent)).toEqual([
    "prod: mailFrom is not set: Cognito would send at most 50 mails a day",
  ]);
  const issuer = { issuer: "https://i.acme.com", audience: "a", jwks: "https://i.acme.com/k" };
  expect(placeholdersOf({ ...silent, issuer })).toEqual([]);
  expect(placeholdersOf(stage("dev"))).toEqual([]);
});

test("a stage without data to keep warns of what would reach nobody, but can be deployed", () => {
  const staging = stage("staging");
  expect(placeholdersOf(staging)).toEqual([
    "staging: origins is still https://ovation.example",
    "staging: alarmsAddress is still alarms@ovation.example",
    "staging: consoleUrls is still https://ovation.example/console",
    "staging: mailFrom is still no-reply@ovation.example",
  ]);
  const { alarmsAddress: _, mailFrom: __, ...silent } = staging;
  expect(placeholdersOf({ ...silent, origins: ["*"], consoleUrls: [] })).toEqual([]);
  expect(checkStage(staging)).toEqual([]);
});

test("a deployment uses the caller's credentials and sends no telemetry", () => {
  process.env.AWS_PROFILE = "acme";
  const { env, given } = cdkCommand("deploy", ["--all"]);
  expect(env).toMatchObject({
    AWS_PROFILE: "acme",
    CDK_DISABLE_CLI_TELEMETRY: "true",
    CDK_DISABLE_VERSION_CHECK: "true",
  });
  expect(given).toContain("--no-notices");
  expect(cdkCommand("synth", []).env.AWS_PROFILE).toBeUndefined();
});

test("a stage that keeps data is destroyed only with --really", () => {
  const { status, stderr } = destroy("prod");
  expect(status).toBe(2);
  expect(stderr).toContain("prod keeps its data. With --really");
  // `cdk` is run, with an option that ends it before it synthesizes the stage.
  const { stdout } = destroy("prod", "--really", "--yes", "--version");
  expect(stdout).toMatch(/^2\.\d+\.\d+ \(build /);
  for (const given of [[], ["--yes"], ["live"]]) expect(destroy(...given).status).toBe(2);
});

test("a stage's buckets are emptied first; if that fails, the stage is not destroyed", () => {
  const { status, stderr } = destroy("dev", "--yes");
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^Nothing was deleted: /)]);
});

test("nothing is deleted before it is confirmed, and nobody can confirm it in a pipeline", () => {
  const { status, stderr } = destroy("dev");
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^Delete the stage dev and .+ \(y\/n\)\? \s*Nothing was deleted: not confirmed$/m,
  );
});

test.each([
  [["-c", "issuer=https://a.com/?x=1"], "https://a.com/?x=1"],
  [["--context", "issuer=https://a.com"], "https://a.com"],
  [["--context=issuer=https://a.com"], "https://a.com"],
  [["-cissuer=https://a.com"], "https://a.com"],
  [["-c", "issuer=https://a.com", "-c", "issuer=https://b.com"], "https://b.com"],
  [["-c", "issuers=https://a.com", "--all"], undefined],
  [["issuer=https://a.com", "-c"], undefined],
])("the options %j of cdk name the issuer %s", (options, issuer) => {
  expect(contextOf(options, "issuer")).toBe(issuer);
});

test.each([
  [["--profile", "acme", "--all"], "acme"],
  [["--all", "--profile=acme"], "acme"],
  [["--profile=acme", "--profile", "other"], "other"],
  [["--profiles=acme", "--profile"], undefined],
])("the options %j of cdk name the profile %s", (options, profile) => {
  expect(profileOf(options)).toBe(profile);
});

test("a deployment reads the issuer that the options of cdk name", () => {
  const { status, stderr } = deploy("dev", "-c", "issuer=https://a.com");
  expect(status).toBe(2);
  expect(stderr).toContain("-c issuer= also needs -c audience= and -c jwks=");
});
