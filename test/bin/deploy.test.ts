import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { cdkCommand } from "../../bin/cdk.ts";
import { placeholdersOf, stageOf } from "../../lib/stages.ts";

const root = join(import.meta.dirname, "../..");
const deploy = (...given: string[]) =>
  spawnSync(process.execPath, [join(root, "bin/deploy.ts"), ...given], {
    cwd: root,
    // Without a path nothing could be deployed, whatever this machine is allowed.
    env: { PATH: "", AWS_EC2_METADATA_DISABLED: "true" },
    encoding: "utf8",
  });
const stage = (name: string) => stageOf((key) => (key === "stage" ? name : undefined));

test("a deployment of prod names every placeholder at once, and ends before it begins", () => {
  const began = performance.now();
  const { status, stderr, stdout } = deploy("prod");
  expect(status).toBe(2);
  expect(stdout).toBe("");
  for (const said of [
    "prod: origins is still https://ovation.example",
    "prod: alarmsAddress is still alarms@ovation.example",
    "prod: defaultPicture is still https://assets.ovation.example/default-picture.png",
    "prod: defaultThumbnail is still https://assets.ovation.example/default-thumbnail.png",
    "prod: tencent.sdkAppId is still the demo's 1400000001",
  ])
    expect(stderr.split("\n")).toContain(said);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("a stage with values of its own, and one that keeps nothing, has no placeholder", () => {
  const own = {
    ...stage("prod"),
    origins: ["https://live.acme.com", "https://www.example-live.com"],
    alarmsAddress: "oncall@acme.com",
    defaultPicture: "https://cdn.acme.com/person.png",
    defaultThumbnail: "https://cdn.acme.com/stream.png",
    tencent: { sdkAppId: 1_400_555_555, administrators: ["administrator"] },
  };
  expect(placeholdersOf(own)).toEqual([]);
  expect(placeholdersOf({ ...own, alarmsAddress: "" })).toEqual([
    "prod: alarmsAddress is still nobody",
  ]);
  expect(placeholdersOf({ ...own, origins: ["https://a.com", "https://x.example"] })).toEqual([
    "prod: origins is still https://a.com,https://x.example",
  ]);
  expect(placeholdersOf(stage("dev"))).toEqual([]);
});

test("a deployment goes with the caller's credentials, tells nobody else of itself", () => {
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
