import { expect, test } from "@jest/globals";
import { type Key, key, prefix } from "../../platform/table/keys.ts";
import {
  codeOf,
  isGenerated,
  linesWith,
  productFolders,
  type Source,
  sourcesOf,
} from "./sources.ts";

const deployed = ["domain", "functions", "lib", "platform"];

const where = (sources: Source[], pattern: RegExp, except: readonly string[] = []) =>
  sources
    .filter(({ path }) => !except.includes(path))
    .flatMap((source) => linesWith(source, pattern));

/** Whether a line could be shorter: comments can, strings, regular expressions and URLs cannot. */
function isTooWide(line: string): boolean {
  if ([...line].length <= 100 || line.includes("https://")) return false;
  return /^\s*(\/\*|\/\/|\* )/.test(line) || !/["'`]|^\s*\/[^*/]/.test(line);
}

test("a line has at most 100 columns, except for long strings and URLs", () => {
  const written = sourcesOf(...productFolders, "test").filter((source) => !isGenerated(source));
  const found = written.flatMap(({ path, lines }) =>
    lines.flatMap((line, at) => (isTooWide(line) ? `${path}:${at + 1}` : [])),
  );
  expect(found).toEqual([]);
  const wide = "a word, ".repeat(13);
  const planted = [` * ${wide}'`, `/** ${wide}\` */`, `  // It's ${wide}`, wide];
  expect(planted.filter((line) => !isTooWide(line))).toEqual([]);
  expect([`"${wide}"`, ` * https://${wide}`, `/${wide}/`].filter(isTooWide)).toEqual([]);
});

test("only platform/runtime/env.ts reads the environment", () => {
  expect(where(sourcesOf(...deployed), /process\s*\.\s*env/, ["platform/runtime/env.ts"])).toEqual(
    [],
  );
});

test("only platform/aws/aws-client.ts creates AWS clients, so that all have timeouts", () => {
  const made = /\bnew [A-Z]\w*Client\(/;
  // The clients themselves build on each other, and get their timeouts there, too.
  const others = sourcesOf(...productFolders).filter(
    ({ path }) => !path.startsWith("platform/aws/"),
  );
  expect(where(others, made)).toEqual([]);
  expect(made.test("new DynamoDBClient({})")).toBe(true);
});

test("only platform/table/keys.ts spells a key of the table", () => {
  const made = Object.values(key) as ((...ids: unknown[]) => Key)[];
  const keys = made.map((make) => make("id", "id", "id"));
  const texts = [...keys.flatMap(({ PK, SK }) => [PK, SK]), ...Object.values(prefix)];
  const heads = new Set(texts.filter((text) => text.includes("#")).map((t) => t.split("#")[0]));
  const spelled = new RegExp(`["'\`](${[...heads].filter(Boolean).join("|")})#`);
  expect(where(sourcesOf(...deployed), spelled, ["platform/table/keys.ts"])).toEqual([]);
  for (const head of ["USER", "FIND", "VISIT", "GATHERED", "NOTICE", "FOLLOWING", "BANNED", "TEXT"])
    expect([head, spelled.test(["`", head, "#id`"].join(""))]).toEqual([head, true]);
});

/** Other files that send commands of their own, and why. */
const alsoSend = [
  // Writes the demo's users and gift types directly into a local table, before it is served.
  "bin/start/demo-data.ts",
  // Implements the table driver's client in the bundles.
  "platform/aws/lib-dynamodb.ts",
];

test("only platform/table accesses the table", () => {
  const raw =
    /\b(Get|BatchGet|Query|Scan|Put|Update|Delete|BatchWrite|TransactWrite|TransactGet)(Item|Items)?Command\b|\btable\(\)\s*\.?\s*(send|$)/;
  const others = sourcesOf(...productFolders).filter(
    ({ path }) => !path.startsWith("platform/table/"),
  );
  expect(where(others, raw, alsoSend)).toEqual([]);
  expect(
    ["new GetCommand({})", "await table().send(x)", "  await table()"].every((line) =>
      raw.test(line),
    ),
  ).toBe(true);
});

test("code for developers' machines needs no Linux, shell or forward slashes", () => {
  const bound =
    /["'`/]\/?proc\/|["'`]\/(bin|dev|etc|tmp|usr)\/|["'`](sh|bash)["'`]|shell: true|uname|\bexecSync\(|\$\{[^}]*\}:\$\{process\.env\.PATH/;
  expect(
    where(sourcesOf("bin", "client", "domain", "functions", "local", "platform"), bound, [
      // Uses memory instead of a disk, if the system has it.
      "local/state.ts",
      // Lowers a thread's priority, if the system gives threads their own.
      "platform/pictures/resize-worker.ts",
    ]),
  ).toEqual([]);
  // A signal unknown to Windows may be listened for, but never sent.
  const sent = /\.kill\([^)]*["'`]SIG(?!INT|TERM|KILL)/;
  expect(where(sourcesOf("bin", "local", "platform"), sent)).toEqual([]);
  const planted = [
    'readFileSync("/proc/1/stat")',
    'spawn("/bin/sh", ["-c"])',
    'spawn("sh", ["-c"])',
    'env: { FILE: "/dev/null" }',
    ["PATH: `$", "{bin}:$", "{process.env.PATH}`"].join(""),
    "spawn(program, { shell: true })",
  ];
  expect(planted.filter((line) => !bound.test(line))).toEqual([]);
  expect(sent.test('child.kill("SIGUSR2")')).toBe(true);
});

test("the domain is pure: no clock, no randomness, no process", () => {
  const impure = /\bDate\.now\(|new Date\(\)|Math\.random|\bprocess\b|\bfetch\(|setTimeout/;
  expect(where(sourcesOf("domain"), impure)).toEqual([]);
});

test("zod is imported as a namespace: a named import would bundle every language", () => {
  expect(where(sourcesOf(...productFolders, "test"), /import\s*\{[^}]*\}\s*from "zod"/)).toEqual(
    [],
  );
});

test("no open to-do marks remain", () => {
  // Split, so that this file does not match itself.
  const marks = new RegExp(
    `\\b(${["TO", "FIX", "XX"].map((a, i) => a + ["DO", "ME", "X"][i]).join("|")})\\b`,
  );
  const found = sourcesOf(...productFolders, "test").filter(({ text }) => marks.test(text));
  expect(found.map(({ path }) => path)).toEqual([]);
});

test("files are named in kebab-case, after their contents", () => {
  const names = sourcesOf(...productFolders, "test").map(({ path }) => path);
  const last = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  const isOdd = (path: string) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.tsx?$/.test(last(path));
  expect(names.filter(isOdd)).toEqual([]);
  const empty = /(^|-)(utils?|helpers?|commons?|managers?|services?|misc)(-|\.)/;
  expect(names.filter((path) => empty.test(last(path)))).toEqual([]);
});

test("types are stripped, so there is no enum, namespace or parameter property", () => {
  const typed =
    /^\s*(export )?(const )?(enum|namespace) \w|constructor\([^)]*\b(private|public|readonly) /;
  expect(where(sourcesOf(...productFolders, "test"), typed)).toEqual([]);
});

test("imports of files carry their suffix", () => {
  const found = sourcesOf(...productFolders, "test").flatMap(({ path, imports }) =>
    imports
      .filter((name) => [...productFolders, "test"].includes(name.split("/")[0] ?? ""))
      .filter((name) => !/\.(tsx?|json|html|css)$/.test(name))
      .map((name) => `${path} imports ${name}`),
  );
  expect(found).toEqual([]);
});

test("exported functions and classes have a docstring", () => {
  const callable =
    /^export (?:async )?function \w|^export (?:abstract )?class \w|^export const \w+ =[^=]*\(.*(?:=>|=> \{)$/;
  const found = sourcesOf("domain", "lib", "local", "platform").flatMap((source) => {
    const lines = source.lines;
    return lines.flatMap((line, at) => {
      const before = lines[at - 1]?.trim() ?? "";
      const isSaid = before.endsWith("*/") || before.startsWith("// biome-ignore");
      return callable.test(line) && !isSaid ? [`${source.path}:${at + 1} ${line}`] : [];
    });
  });
  expect(found).toEqual([]);
});

test("comments are not counted as code", () => {
  const source = { path: "x.ts", folder: "x", lines: [], imports: [] };
  expect(codeOf({ ...source, text: "a /* process.env */ b // process.env\nc" }).trim()).toBe(
    "a  b \nc",
  );
});
