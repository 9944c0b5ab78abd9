/** Checks the GitHub workflows, which cannot run locally. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
// @ts-expect-error: it has no types, and we call one function of it.
import { load } from "js-yaml";
import { stageNames } from "../../lib/stages/stages.ts";
import { forms } from "../../platform/table/layout.ts";

type Step = { uses?: string; run?: string; with?: Record<string, unknown> };
type Job = {
  if?: string;
  needs?: string;
  environment?: string;
  permissions?: Record<string, string>;
  "runs-on": string;
  "timeout-minutes": number;
  steps: Step[];
  strategy?: { "fail-fast": boolean; matrix: { os: string[]; node: number[]; exclude?: object[] } };
};
type Workflow = { name: string; on: object; permissions: object; jobs: Record<string, Job> };

const files = globSync(".github/workflows/*.yml");
const workflows = files.map((file) => ({
  file,
  ...(load(readFileSync(file, "utf8")) as Workflow),
}));
const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
  scripts: Record<string, string>;
};

test("there are workflows, with read-only permissions", () => {
  expect(workflows.map(({ name }) => name)).toContain("check");
  for (const { permissions } of workflows) expect(permissions).toEqual({ contents: "read" });
});

test("every job has a runner and a timeout, and each step does one thing", () => {
  for (const { file, jobs } of workflows)
    for (const [name, job] of Object.entries(jobs)) {
      expect([file, name, job["timeout-minutes"] > 0]).toEqual([file, name, true]);
      expect(job["runs-on"]).toMatch(/^(ubuntu|macos|windows)-\d|^\$\{\{ matrix\.os \}\}$/);
      for (const { uses, run } of job.steps) {
        expect([uses, run].filter(Boolean)).toHaveLength(1);
        // A commit hash: an attacker who takes over an action's repository can move tags.
        if (uses) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      }
    }
});

test("every action has one version next to its commit, and Renovate updates both", () => {
  const texts = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const used = new Set(texts.match(/uses: .*/g));
  for (const line of used) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  expect(new Set([...used].map((line) => line.split("@")[0])).size).toBe(used.size);
  const { extends: presets } = JSON.parse(readFileSync("renovate.json", "utf8")) as {
    extends: string[];
  };
  expect(presets).toContain("helpers:pinGitHubActionDigests");
});

test("the scripts that they run exist", () => {
  const commands = workflows.flatMap(({ jobs }) =>
    Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? [])),
  );
  expect(commands).toEqual(expect.arrayContaining([".ci/run", "npm ci", "npm test"]));
  const known = new Set([
    ".ci/run",
    "npm ci",
    "npm test",
    ...Object.keys(scripts).map((one) => `npm run ${one}`),
  ]);
  const bare = commands.map((command) => command.split(" -- ")[0]!);
  expect(bare.filter((command) => !known.has(command))).toEqual([]);
  // CI ends with the tests that the README names, and with the slow kinds.
  expect(readFileSync(".ci/run", "utf8")).toContain("npm run check");
  expect(scripts.check).toMatch(/ bin\/test\/check\.ts$/);
  expect(readFileSync("bin/test/check.ts", "utf8")).toContain('"run", "test:all"');
  expect(scripts["test:all"]).toBe("npm test -- --all");
});

test("the suite runs on every supported system, with an old and a new Node.js", () => {
  const { matrix } = workflows
    .flatMap(({ jobs }) => Object.values(jobs))
    .find((job) => job.strategy)!.strategy!;
  const systems = new Set(matrix.os.map((name) => name.split("-")[0]));
  expect([...systems].sort()).toEqual(["macos", "ubuntu", "windows"]);
  expect(matrix.os.some((name) => name.endsWith("-arm"))).toBe(true);
  expect(matrix.os.some((name) => name.endsWith("-intel"))).toBe(true);
  expect(matrix.node).toEqual([20, 24]);
});

const jobsOf = (name: string) => workflows.find((one) => one.name === name)!.jobs;

test("a stage is deployed from main or from a tag, after every check, with a role for that stage only", () => {
  const { check, ...stages } = jobsOf("deploy");
  expect(check!.steps.map(({ run }) => run)).toContain(".ci/run");
  expect(Object.keys(stages)).toEqual(["dev", "prod"]);
  for (const [name, job] of Object.entries(stages)) {
    expect(stageNames).toContain(name);
    expect([job.environment, job.needs]).toEqual([name, "check"]);
    expect(job.permissions).toEqual({ contents: "read", "id-token": "write" });
    expect(job.if).toContain(`github.ref_type == '${name === "dev" ? "branch" : "tag"}'`);
    expect(job.steps.at(-1)!.run).toBe(`npm run deploy -- ${name} --yes`);
    const { with: given } = job.steps.find(({ uses }) => uses?.startsWith("aws-actions/"))!;
    expect(given!["role-to-assume"]).toMatch(/^\$\{\{ vars\.ROLE \}\}$/);
  }
  const text = readFileSync(".github/workflows/deploy.yml", "utf8");
  // No keys are stored: the role accepts only a job's own token.
  expect(text).not.toMatch(/secrets\.|aws-access-key|AKIA/);
  expect(text).toContain("cancel-in-progress: false");
});

test("a tag is deployed only as the version that it names", () => {
  const commands = jobsOf("deploy").prod!.steps.map(({ run }) => run);
  const assert = commands.indexOf('npm run assert-tag -- "$GITHUB_REF_NAME"');
  expect(assert).toBeGreaterThan(-1);
  expect(assert).toBeLessThan(commands.indexOf("npm run deploy -- prod --yes"));
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const codeOf = (...tag: string[]) =>
    spawnSync(process.execPath, ["--no-warnings", "bin/deploy/assert-tag.ts", ...tag]).status;
  expect(codeOf(`v${version}`)).toBe(0);
  for (const wrong of [[version], [`v${version}-rc.1`], ["v999.0.0"], []])
    expect([wrong, codeOf(...wrong)]).toEqual([wrong, 1]);
});

test("only a deployment job may request a token for AWS", () => {
  for (const { jobs } of workflows)
    for (const [name, { permissions, environment }] of Object.entries(jobs))
      if (permissions?.["id-token"] !== undefined)
        expect([name, environment]).toEqual([name, name]);
});

test("the version of the package is one of the changelog, which are semantic and newest first", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const text = readFileSync("CHANGELOG.md", "utf8");
  const found = [...text.matchAll(/^## (\S+)(.*)$/gm)].map(([, name, date]) => [name, date]);
  const [[first] = [], ...releases] = found;
  expect(first).toBe("Unreleased");
  for (const [name, date] of releases) {
    expect(name).toMatch(/^\d+\.\d+\.\d+$/);
    expect(date).toMatch(/^ - 20\d\d-\d\d-\d\d$/);
  }
  expect(releases[0]![0]).toBe(version);
  const numbers = releases.map(([name]) => name!.split(".").map(Number));
  const order = (a: number[], b: number[]) => b[0]! - a[0]! || b[1]! - a[1]! || b[2]! - a[2]!;
  expect(numbers).toEqual([...numbers].sort(order));
});

test("every version describes its upgrade, and the newest one its data format, which is still read", () => {
  const [, ...releases] = readFileSync("CHANGELOG.md", "utf8").split(/^## /m).slice(1);
  for (const release of releases) expect(release).toContain("### Upgrade\n");
  const [, form] = /\b(?:layout|form) (\d+)/.exec(releases[0]!) ?? [];
  expect(Number(form)).toBeGreaterThanOrEqual(forms.reads.from);
  expect(Number(form)).toBeLessThanOrEqual(forms.reads.to);
});
