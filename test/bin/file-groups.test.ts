import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { groupFiles, removeGroups, sharesModules } from "../../bin/test/file-groups.ts";
import { chooseFiles } from "../../bin/test/test-files.ts";
import { readTestOptions } from "../../bin/test/test-options.ts";

const root = join(import.meta.dirname, "../..");

test("each file of a run is in one group, or runs with its own modules", () => {
  const { parallel } = chooseFiles(readTestOptions(["--all"]));
  const units = groupFiles("own", parallel);
  const groups = units.filter((path) => path.startsWith(".cache/"));
  const grouped = groups.flatMap((path) =>
    [...readFileSync(join(root, path), "utf8").matchAll(/"(test\/.*?\.test\.ts)"/g)].map(
      ([, file = ""]) => file,
    ),
  );
  const apart = units.filter((path) => !groups.includes(path));
  expect([...grouped, ...apart].sort()).toEqual(parallel);
  expect(grouped.filter((file) => !sharesModules(file))).toEqual([]);
  expect(grouped.length).toBeGreaterThan(100);
  removeGroups();
  expect(groups.filter((path) => existsSync(join(root, path)))).toEqual([]);
});

test.each([
  ["sets a setting, in a helper", "test/platform/authorizer.test.ts"],
  ["has a table with settings of its own", "test/platform/rates.test.ts"],
  ["sets the clock of the platform, in a helper", "test/platform/likes-and-moments.test.ts"],
  ["replaces a function", "test/platform/relay-rooms.test.ts"],
  ["awaits while it loads", "test/web/chat-rules.test.ts"],
  ["awaits the members of a list while it loads", "test/cloud/backups.test.ts"],
  ["loads a program that awaits", "test/bin/commands.test.ts"],
  ["is one of the longest", "test/platform/own-data.test.ts"],
])("a file that %s has its own modules", (_, file) => {
  expect(existsSync(join(root, file))).toBe(true);
  expect(sharesModules(file)).toBe(false);
});

test("a file that only uses the common table, queues or pages shares its modules", () => {
  const files = ["domain/wallet", "platform/gifts", "platform/passes", "api/chat", "web/pkce"];
  const isShared = (name: string) => sharesModules(`test/${name}.test.ts`);
  expect(files.filter((name) => !isShared(name))).toEqual([]);
});

test("settings of one file of a group do not affect the next, and a file that does not load fails alone", () => {
  mkdirSync(join(root, ".cache/together"), { recursive: true });
  const folder = mkdtempSync(join(root, ".cache/together/own-"));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const head = `import { expect, jest, test } from "@jest/globals";\n`;
  write(
    "first.ts",
    `${head}process.env.ATLOAD = "1";
    beforeEach(() => { process.env.HOOKED = "1"; });
    test("sets", () => {
      jest.useFakeTimers({ now: 0 });
      jest.spyOn(Math, "random").mockReturnValue(2);
      process.env.INTEST = "1";
      expect([process.env.ATLOAD, Date.now(), Math.random()]).toEqual(["1", 0, 2]);
    });`,
  );
  write("broken.ts", `throw new Error("does not load");`);
  write(
    "last.ts",
    `${head}test("finds nothing set", () => {
      const { ATLOAD, HOOKED, INTEST } = process.env;
      expect([ATLOAD, HOOKED, INTEST]).toEqual([undefined, undefined, undefined]);
      expect(Date.now()).toBeGreaterThan(0);
      expect(Math.random()).toBeLessThan(1);
    });`,
  );
  const files = ["first.ts", "broken.ts", "last.ts"].map((name) => join(folder, name));
  write(
    "folders-1.test.ts",
    `import { runTogether } from "../../../test/together.ts";\nrunTogether(${JSON.stringify(files)});`,
  );
  const flags = ["--experimental-vm-modules", "--no-warnings", "node_modules/jest/bin/jest.js"];
  const given = ["--json", "--runTestsByPath", join(folder, "folders-1.test.ts")];
  const { stdout } = spawnSync(process.execPath, [...flags, ...given], {
    cwd: root,
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  const [{ assertionResults }] = JSON.parse(stdout).testResults;
  expect(
    assertionResults.map(({ title, status }: Record<string, string>) => `${title}: ${status}`),
  ).toEqual(["sets: passed", "loads: failed", "finds nothing set: passed"]);
});
