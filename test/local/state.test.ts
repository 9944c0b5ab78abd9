import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { openState } from "../../local/state.ts";

test("a folder that cannot be used is not taken for one in use because of its name", () => {
  const root = mkdtempSync(join(tmpdir(), "ovation-busy-locked-"));
  const file = join(root, "file");
  writeFileSync(file, "");
  expect(() => openState(join(file, "data"))).toThrow(/^DATA_DIR .* cannot be used: ENOTDIR/);
  rmSync(root, { recursive: true });
});

test("data in memory of a run that was killed is removed by the next one, others' is not", () => {
  const own = openState(":memory:");
  const { pid } = spawnSync(process.execPath, ["--version"]);
  const left = join(dirname(own.directory), `ovation-${pid}-left`);
  mkdirSync(left);
  const next = openState(":memory:");
  expect([left, own.directory].map(existsSync)).toEqual([false, true]);
  expect(basename(next.directory)).toMatch(new RegExp(`^ovation-${process.pid}-`));
  for (const state of [own, next]) state.close();
  expect([own.directory, next.directory].map(existsSync)).toEqual([false, false]);
});
