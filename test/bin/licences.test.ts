import { spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";

const run = (...given: string[]) =>
  spawnSync(process.execPath, ["bin/documents/licences.ts", ...given], { encoding: "utf8" });

test("licences of bundled packages require at most a notice, and each has its text", () => {
  const { status, stdout, stderr } = run();
  expect([status, stderr]).toEqual([0, ""]);
  const packages = stdout.trim().split("\n");
  expect(packages).toContainEqual(expect.stringMatching(/^zod \d+\.\d+\.\d+ MIT$/));
  for (const line of packages) expect(line).toMatch(/^(@[\w-]+\/)?[\w-]+ \d+\.\d+\.\d+ [\w.-]+$/);
  const texts = run("--texts").stdout;
  expect(texts).toContain("Permission is hereby granted, free of charge");
  expect(texts).toContain("Apache License");
});
