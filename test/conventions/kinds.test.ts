import { globSync } from "node:fs";
import { expect, test } from "@jest/globals";
import {
  alone,
  clientFacing,
  infrastructure,
  isSlow,
  isWaiting,
  longFiles,
  measurements,
  pathOf,
  slowKinds,
  timed,
  waiting,
} from "../kinds.ts";
import { sourcesOf } from "./sources.ts";

const files = globSync("test/**/*.test.ts").map((path) => path.replaceAll("\\", "/"));
const named = [
  ...Object.values(slowKinds).flat(),
  ...infrastructure,
  ...clientFacing,
  ...measurements,
  ...alone,
  ...timed,
  ...waiting,
  ...longFiles,
];

test("every name in test/kinds.ts is a test file, or a folder of them, and has one kind", () => {
  const isThere = (name: string) =>
    name.endsWith("/")
      ? files.some((file) => file.startsWith(`test/${name}`))
      : files.includes(pathOf(name));
  expect(named.filter((name) => !isThere(name))).toEqual([]);
  const slow = Object.values(slowKinds).flat();
  expect(slow.filter((name, at) => slow.indexOf(name) !== at)).toEqual([]);
  const isKept = (name: string) => infrastructure.some((folder) => name.startsWith(folder));
  expect(clientFacing.filter((name) => !isKept(name) || slow.includes(name))).toEqual([]);
});

/** What only slow kinds of tests may do. */
const slowActs: [string, RegExp][] = [
  ["kills a system", /\bsystem\.kill\(\)|\/local\/restart/],
  ["shows a page in every look", /\b(expectLooks|inEachLook)\(/],
];

/** Files of the short run that are exempt, each with its reason. */
const others: Record<string, string> = {};

test("tests that kill systems or check pages in every size are slow kinds", () => {
  const found = sourcesOf("test")
    .filter(({ path }) => path.endsWith(".test.ts") && !isSlow(path))
    .flatMap(({ path, text }) =>
      slowActs.filter(([, act]) => act.test(text)).map(([name]) => `${path} ${name}`),
    );
  expect(found.filter((line) => !(line.split(" ")[0]! in others))).toEqual([]);
});

test("tests that run next to the workers use no worker's system or browser", () => {
  const found = sourcesOf("test")
    .filter(({ path }) => isWaiting(path))
    .filter(({ text }) => /\b(sharedSystem|usePages|openBrowser)\(/.test(text));
  expect(found.map(({ path }) => path)).toEqual([]);
});

test("tests leave no gift in the catalogue of a shared system, whose pages load its pictures", () => {
  const found = sourcesOf("test")
    .filter(({ text }) => text.includes("sharedSystem(") || text.includes("usePages("))
    .filter(({ text }) => /\bgiftType\(|POST \/api\/v1\/gifts\/gift-types/.test(text));
  expect(found.map(({ path }) => path)).toEqual([]);
});
