import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { entryPoints } from "../../bin/build/build.ts";
import { sourcesOf } from "./sources.ts";

const root = join(import.meta.dirname, "../..");

test("every function has one line in the route table, and every line is one function", () => {
  const listed = entryPoints();
  const files = sourcesOf("functions").filter(({ text }) =>
    /\bexport const (\{ contract, handler \}|contract\b)/.test(text),
  );
  expect(Object.values(listed).sort()).toEqual(files.map(({ path }) => path).sort());
  // A function's name has no subfolder: it is the end of its Lambda's name, which survives a move.
  for (const [name, file] of Object.entries(listed))
    expect(file).toMatch(new RegExp(`^functions/(\\w+/)?${name}\\.ts$`));
});

test("the route table contains nothing else, and names each function once", () => {
  const text = readFileSync(join(root, "functions/index.ts"), "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !/^\s*(\/?\*|\/\/)/.test(line));
  const names = lines.map((line) => /^export \* as "([^"]+)" from/.exec(line)?.[1]);
  expect(names).not.toContain(undefined);
  expect(new Set(names).size).toBe(names.length);
});

test("importing all functions has no side effects: no settings, files, processes or output", () => {
  const program = `
    process.env = new Proxy({}, { get: (_, name) => { if (typeof name === "string" && /^[A-Z]+_[A-Z_]+$|^STAGE$/.test(name)) read.push(name); } });
    const read = [];
    await import(${JSON.stringify(join(root, "functions/index.ts"))});
    const own = read.filter((name) => known.includes(name));
    if (own.length > 0) throw new Error("read " + own.join());
  `;
  const settings = readFileSync(join(root, "platform/runtime/env.ts"), "utf8").matchAll(
    /^ {2}([A-Z_]+):/gm,
  );
  const known = JSON.stringify([...settings].map(([, name]) => name));
  const flags = ["--no-warnings", "--permission", "--allow-fs-read=*", "--input-type=module"];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, "-e", `const known = ${known};\n${program}`],
    { cwd: root, encoding: "utf8", timeout: 240_000, env: {} },
  );
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
});
