import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { longFiles } from "../sequencer.ts";
import { codeOf, sourcesOf } from "./sources.ts";

const product = sourcesOf(
  ...["bin", "client", "domain", "functions", "lib", "local", "platform", "web"],
);

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
  scripts: Record<string, string>;
};
const commands = Object.values(scripts).flatMap((script) => script.split(" "));

/** What is run, bundled or published rather than imported. */
const entries: { test(path: string): boolean }[] = [
  { test: (path) => commands.includes(path) },
  // What cdk.json and bin/local.js run, and what the runner loads when it is asked for credits.
  /^bin\/(app|run-local|top-up)\.ts$/,
  /^client\/(index|react)\.ts$/,
  /^web\/\w+\/index\.tsx?$/,
  /^functions\//,
  // Stand in for packages in the bundles (bin/build.ts).
  /^platform\/credentials\.ts$/,
  /^platform\/aws\/(client|lib)-[\w-]+\.ts$/,
];

/** Known to be used by tests alone or by nobody; what is not so any more has to go from here. */
const known = ["platform/store/log/log-reset.ts"];
const knownExports = [
  ...["beginsWith", "isRunning", "keyHeader", "queryPages"],
  // Imported by bin/local.js, which is no TypeScript.
  "runLocal",
];

test("a file of the product is imported by the product, or it is where something begins", () => {
  const imported = new Set(product.flatMap(({ imports }) => imports));
  const dead = product
    .map(({ path }) => path)
    .filter((path) => !imported.has(path) && !entries.some((entry) => entry.test(path)));
  expect(dead.filter((path) => !known.includes(path))).toEqual([]);
});

test("what a file exports is used by another", () => {
  const users = new Map<string, number>();
  for (const source of [...product, ...sourcesOf("test")])
    for (const word of new Set(codeOf(source).match(/[A-Za-z_$][\w$]*/g) ?? []))
      users.set(word, (users.get(word) ?? 0) + 1);
  const exporting = /^export (?:async )?(?:abstract )?(?:function\*?|const|let|class) (\w+)/gm;
  const dead = product
    .filter(({ room }) => room !== "functions")
    .flatMap((source) => [...codeOf(source).matchAll(exporting)].map(([, name]) => name!))
    .filter((name) => users.get(name) === 1 && !knownExports.includes(name));
  expect(dead).toEqual([]);
});

test("the test files that a run begins with are there", () => {
  expect(longFiles.filter((file) => !existsSync(file))).toEqual([]);
});
