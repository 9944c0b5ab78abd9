/** What GitHub runs is read here, since nobody runs it while they write it. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
// @ts-expect-error: it has no types, and one function of it is called.
import { load } from "js-yaml";

type Step = { uses?: string; run?: string; with?: Record<string, unknown> };
type Job = {
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

test("there is a workflow, with rights to read alone", () => {
  expect(workflows.map(({ name }) => name)).toContain("check");
  for (const { permissions } of workflows) expect(permissions).toEqual({ contents: "read" });
});

test("every job says where it runs and when it is given up, and each step does one thing", () => {
  for (const { file, jobs } of workflows)
    for (const [name, job] of Object.entries(jobs)) {
      expect([file, name, job["timeout-minutes"] > 0]).toEqual([file, name, true]);
      expect(job["runs-on"]).toMatch(/^(ubuntu|macos|windows)-\d|^\$\{\{ matrix\.os \}\}$/);
      for (const { uses, run } of job.steps) {
        expect([uses, run].filter(Boolean)).toHaveLength(1);
        // A name and a version: what has none changes under our feet.
        if (uses) expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
      }
    }
});

test("what they run is there", () => {
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
  expect(commands.filter((command) => !known.has(command))).toEqual([]);
  expect(readFileSync(".ci/run", "utf8")).toContain("npm run check");
});

test("the suite runs on every system that people develop on, with an old Node.js and a new one", () => {
  const { matrix } = workflows
    .flatMap(({ jobs }) => Object.values(jobs))
    .find((job) => job.strategy)!.strategy!;
  const systems = new Set(matrix.os.map((name) => name.split("-")[0]));
  expect([...systems].sort()).toEqual(["macos", "ubuntu", "windows"]);
  expect(matrix.os.some((name) => name.endsWith("-arm"))).toBe(true);
  expect(matrix.os.some((name) => name.endsWith("-intel"))).toBe(true);
  expect(matrix.node).toEqual([20, 24]);
});
