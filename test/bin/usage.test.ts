/** What commands print if they are asked for help, or misused. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listen } from "../../local/reachable.ts";
import packageJson from "../../package.json" with { type: "json" };
import { runProgram } from "../aws/account.ts";

/** The commands of operators: name, program and options of their npm scripts. */
const commands = Object.entries(packageJson.scripts).flatMap(([name, script]) => {
  const [, program, options = ""] = /bin\/((?:operate|deploy)\/\S+\.ts)(.*)$/.exec(script) ?? [];
  const isForPipelines = name === "assert-tag";
  return program === undefined || isForPipelines
    ? []
    : [[name, program, options.split(" ").filter(Boolean)] as const];
});

test("the commands of operators are those of bin/operate and bin/deploy", () => {
  expect(commands.map(([name]) => name)).toEqual(
    expect.arrayContaining(["deploy", "destroy", "restore", "drill", "read-only", "redrive"]),
  );
});

test.each(commands)("%s prints its usage with --help and -h", async (name, program, options) => {
  for (const help of ["--help", "-h"]) {
    const { status, stdout, stderr } = await runProgram(program, [...options, help], {});
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(`npm run ${name} -- `);
  }
});

/** The benchmarks: name and program of their npm scripts; `bench:studio` is a run of tests. */
const benchmarks = Object.entries(packageJson.scripts).flatMap(([name, script]) => {
  const [, program] = /(test\/bench\/\S+\.ts)$/.exec(script) ?? [];
  return program === undefined ? [] : [[name, program] as const];
});

test("the benchmarks are those of test/bench", () => {
  expect(benchmarks.map(([name]) => name)).toEqual(
    expect.arrayContaining(["bench", "bench:abuse", "bench:mutants", "bench:peers", "bench:scale"]),
  );
});

test.each(benchmarks)(
  "%s measures nothing with --help or an unknown option",
  async (name, file) => {
    const program = join("..", file);
    const [helped, refused] = await Promise.all([
      runProgram(program, ["--help"], {}),
      runProgram(program, ["--unknown"], {}),
    ]);
    expect({ ...helped, stdout: "" }).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(helped.stdout).toContain(`npm run ${name}`);
    expect({ ...refused, stderr: "" }).toEqual({ status: 2, stdout: "", stderr: "" });
    expect(refused.stderr).toContain("Unknown option '--unknown'");
    expect(refused.stderr).toContain(`npm run ${name}`);
  },
);

/** The programs without options of their own: name, program and options of their npm scripts. */
const plain = Object.entries(packageJson.scripts).flatMap(([name, script]) => {
  const [, program, options = ""] =
    /-r \.\/bin\/installed\.cjs (\S+)((?: [\w-]+)*)$/.exec(script) ?? [];
  const isTested = /^(bin\/(ovation|operate)|test\/bench)/;
  return program === undefined || isTested.test(program)
    ? []
    : [[name, program, options.split(" ").filter(Boolean)] as const];
});

test("the other commands are the npm scripts of all other programs", () => {
  expect(plain.map(([name]) => name)).toEqual(
    expect.arrayContaining(["assert-tag", "build", "build:client", "check", "start", "synth"]),
  );
});

test.each(plain)("npm run %s -- --help does nothing but say how to use it", (name, ...command) => {
  for (const help of ["--help", "-h"]) {
    const given = ["-r", "./bin/installed.cjs", ...command.flat(), help];
    const { status, stdout, stderr } = spawnSync(process.execPath, given, {
      cwd: join(import.meta.dirname, "../.."),
      encoding: "utf8",
      // One that does its work instead could take hours.
      timeout: 60_000,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`npm (run (-s )?)?${name}\\b`));
    expect(stdout).not.toMatch(/[*]\/|^ *[*]|import /m);
  }
});

test.each([
  ["build/build.ts", "--help", "Expected no options, found '--help'\nUsage: npm run build"],
  ["build/synth.ts", "nowhere", "Expected stages, found 'nowhere'\nUsage: npm run synth"],
  ["build/synth.ts", "--help", "Expected stages, found '--help'\nUsage: npm run synth"],
  ["pictures/index.ts", "--help", "Expected a folder, found '--help'\nUsage: npm run pictures"],
])("%s with %s does nothing and prints its usage", async (program, option, says) => {
  const { status, stdout, stderr } = await runProgram(program, [option], {});
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(says);
});

test.each([
  ["ovation.ts", ["audit", "--stage", "nope"], "--stage: expected one of dev, staging, prod, "],
  ["operate/redrive.ts", ["--stage", "nope"], "--stage: expected one of dev, staging, prod, "],
  ["operate/reset-logs.ts", ["--stage", "nope"], "--stage: expected one of dev, staging, prod, "],
  ["operate/read-only.ts", ["nope"], "Expected a stage, "],
  ["operate/migrate.ts", ["nope"], "Expected a stage, "],
  ["operate/restore.ts", ["nope"], "Expected a stage, "],
])("%s %j is wrong usage: exit code 2 and a sentence", async (program, options, says) => {
  const { status, stdout, stderr } = await runProgram(program, options, {});
  expect([status, stdout, stderr.split("\n")[0]]).toEqual([2, "", `${says}found 'nope'`]);
});

test.each([
  ...["operate/read-only", "operate/migrate", "operate/restore"],
  ...["deploy/deploy", "deploy/destroy"],
])("%s refuses a second stage", async (name) => {
  const { status, stderr } = await runProgram(`${name}.ts`, ["dev", "staging"], {});
  expect([status, stderr.split("\n")[0]]).toEqual([2, "Unexpected argument 'staging'"]);
});

// This machine may have one.
delete process.env.AWS_REGION;
delete process.env.AWS_DEFAULT_REGION;
/** With a region from anywhere, a command must not reach this machine's account. */
const nobody = {
  AWS_SHARED_CREDENTIALS_FILE: "/nowhere",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_ENDPOINT_URL: "http://127.0.0.1:9",
};

test.each([
  ["ovation.ts", ["audit", "--stage", "dev"], ""],
  ["operate/redrive.ts", ["--stage", "dev"], ""],
  ["operate/redrive.ts", ["--table", "other"], ""],
  ["operate/reset-logs.ts", ["--stage", "dev"], ""],
  ["operate/read-only.ts", ["dev"], ""],
  ["operate/migrate.ts", ["dev"], ""],
  ["operate/restore.ts", ["prod", "--at", "2026-11-01T00:00:00Z"], ""],
  ["operate/restore.ts", ["prod", "--drill"], ""],
  ["deploy/destroy.ts", ["dev", "--yes"], "Nothing was deleted: "],
])("%s %j without a region says what to set", async (program, options, begins) => {
  const says = `${begins}No region is set: set AWS_REGION, or \`region\` in lib/stages/stages.ts\n`;
  const status = begins === "" ? 2 : 1;
  for (const region of [{}, { AWS_REGION: "" }])
    expect(await runProgram(program, options, { ...nobody, ...region })).toEqual({
      status,
      stdout: "",
      stderr: says,
    });
});

test("a system that ends while a command reads its table is reported in a sentence", async () => {
  const server = createServer((socket) => socket.destroy());
  const endpoint = `http://127.0.0.1:${await listen(server)}`;
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const DATA_DIR = await mkdtemp(join(tmpdir(), "ovation-ended-"));
  await writeFile(
    join(DATA_DIR, "engine.json"),
    JSON.stringify({ endpoint, credentials, isOther: true }),
  );
  const cut = await runProgram("ovation.ts", ["audit"], { DATA_DIR });
  server.close();
  const refused = await runProgram("operate/redrive.ts", [], { DATA_DIR });
  await rm(DATA_DIR, { recursive: true });
  for (const { status, stdout, stderr } of [cut, refused]) {
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^The table does not respond \(.+\)\. Run the command again when it does\.\n$/,
    );
  }
});
