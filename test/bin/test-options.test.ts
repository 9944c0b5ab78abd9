import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  chooseFiles,
  isInRun,
  listChanged,
  listReaders,
  listSocketFiles,
  type TestGroups,
} from "../../bin/test/test-files.ts";
import { readTestOptions } from "../../bin/test/test-options.ts";
import { isAlone, isInfrastructure, isSlow, isTimed } from "../kinds.ts";

const root = join(import.meta.dirname, "../..");
const read = (...given: string[]) => readTestOptions(given);

test("paths, names and options are distinguished", () => {
  expect(read("test/api", "-t", "a gift", "--verbose")).toMatchObject({
    paths: ["test/api"],
    name: "a gift",
    jest: ["--testNamePattern=a gift", "--verbose"],
  });
  expect(read("--testNamePattern=a=b")).toMatchObject({ name: "a=b", paths: [] });
  expect(read("--changed").changedSince).toBe("HEAD");
  expect(read("--changed=main").changedSince).toBe("main");
  expect(read("--all", "--watch", "-h")).toMatchObject({ all: true, watch: true, help: true });
  expect(read()).toMatchObject({ all: false, watch: false, help: false, jest: [] });
});

const namesOf = (lanes: TestGroups) => Object.values(lanes).flat();

test("slow kinds and infrastructure run only with --all or by their path, each once", () => {
  const short = namesOf(chooseFiles(read()));
  const all = namesOf(chooseFiles(read("--all")));
  expect(short).toEqual(all.filter((file) => short.includes(file)));
  const isLeft = (file: string) => isSlow(file) || isInfrastructure(file);
  expect(short.filter(isLeft)).toEqual([]);
  expect(all.filter((file) => !short.includes(file)).every(isLeft)).toBe(true);
  expect(all.length).toBeGreaterThan(300);
  expect(new Set(all).size).toBe(all.length);
  const slow = all.find(isSlow)!;
  expect(namesOf(chooseFiles(read(slow)))).toEqual([slow]);
  expect(namesOf(chooseFiles(read("no/such/file")))).toEqual([]);
});

test("a change to the runner, the stacks or a command runs their tests, but no slow kinds", () => {
  const isRun = (file: string) => isInRun(file, read("--changed"));
  expect(["test/local/queues.test.ts", "test/cloud/stacks.test.ts"].filter(isRun)).toHaveLength(2);
  expect(["test/local/outages.test.ts", "test/web/studio-load.test.ts"].filter(isRun)).toEqual([]);
});

test("a changed source is checked against the rules for sources, but not in a plain run", () => {
  const rules = listReaders(["domain/id.ts"]);
  expect(rules.length).toBeGreaterThan(10);
  expect(rules.every((file) => file.startsWith("test/conventions/"))).toBe(true);
  expect(rules.every((file) => isInRun(file, read("--changed")))).toBe(true);
  expect(rules.some((file) => isInRun(file, read()))).toBe(false);
});

test("removed files are changed ones, as are new files and edits", () => {
  const checkout = mkdtempSync(join(tmpdir(), "ovation-changed-"));
  const write = (name: string, text: string) => writeFileSync(join(checkout, name), text);
  const git = (...given: string[]) => spawnSync("git", given, { cwd: checkout, encoding: "utf8" });
  for (const name of ["edited", "removed", "same"]) write(name, name);
  git("init");
  git("add", ".");
  git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-m", "first");
  rmSync(join(checkout, "removed"));
  write("edited", "more");
  write("new", "new");
  expect(listChanged("HEAD", checkout)).toEqual(["edited", "removed", "new"]);
  rmSync(checkout, { recursive: true });
});

test("--listTests lists the files that would run, and runs none", () => {
  const given = ["bin/test/test.ts", "--listTests", "test/domain/wallet", "test/api/co"];
  const { status, stdout } = spawnSync(process.execPath, given, { cwd: root, encoding: "utf8" });
  const names = ["api/contract", "domain/wallet", "api/combos"];
  const files = names.map((name) => `test/${name}.test.ts`);
  expect([status, stdout.trim().split("\n")]).toEqual([0, files]);
});

test("files that measure time or use all processors run after all others", () => {
  const { parallel, waiting, alone, timed } = chooseFiles(read("--all"));
  expect([alone.length, timed.length].every((length) => length > 0)).toBe(true);
  expect([...parallel, ...waiting].some((file) => isAlone(file) || isTimed(file))).toBe(false);
  expect(alone.every(isAlone)).toBe(true);
  expect(timed.every(isTimed)).toBe(true);
});

test("a black-box test depends on the functions whose routes it or its helpers call", () => {
  const { extract } = createRequire(import.meta.url)("../links.cjs") as {
    extract(code: string, path: string, imports: (code: string) => Set<string>): Set<string>;
  };
  const linksOf = (file: string, code = readFileSync(join(root, file), "utf8")) =>
    [...extract(code, join(root, file), () => new Set(["./own.ts"]))].sort();
  const called = 'call("POST /api/v1/gifts/create"); call(`POST $' + "{stream}/chat/superlike`)";
  expect(linksOf("test/api/some.test.ts", called)).toEqual([
    "../../functions/money/gifts/create.ts",
    "../../functions/streams/chat/superlike.ts",
    "./own.ts",
  ]);
  expect(linksOf("test/api/viewer.ts")).toContain("../../functions/log/realtime/fan-out.ts");
  expect(linksOf("test/system.ts", "")).toContain("../local/index.ts");
  expect(linksOf("platform/runtime/env.ts", called)).toEqual(["./own.ts"]);
});

test("tests that open sockets also run at a relay", () => {
  const names = ["churn", "client", "push", "rates", "resume", "sockets", "tickets"];
  const files = listSocketFiles();
  expect(files).toEqual(expect.arrayContaining(names.map((name) => `test/api/${name}.test.ts`)));
  expect(files).not.toContain("test/api/wallets.test.ts");
});
