import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { openState } from "../../local/state.ts";

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
