/** Comments and tests cite what a reader of the repository can open. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { refusals } from "../../domain/refusal.ts";
import { sourcesOf } from "./sources.ts";

const root = join(import.meta.dirname, "../..");
const folders = ["bin", "client", "domain", "functions", "lib", "local", "platform", "test", "web"];
const frames = readFileSync(join(root, "docs/frames.md"), "utf8");

/** Every match of a rule in these lines, as `path:line`. */
function places(find: (line: string) => boolean, ...paths: string[]): string[] {
  return paths.flatMap((path) =>
    readFileSync(join(root, path), "utf8")
      .split("\n")
      .flatMap((line, at) => (find(line) ? [`${path}:${at + 1}`] : [])),
  );
}

/** A document cited by its path in the repository that does not exist. */
const citesNothing = (line: string) =>
  [...line.replaceAll(/https?:\S+/g, "").matchAll(/[\w./-]*[\w-]\.md\b/g)].some(
    ([name]) => !["", "docs", "client"].some((folder) => existsSync(join(root, folder, name))),
  );

/** A counterexample such as F7 that docs/frames.md does not explain. */
const namesNothing = (line: string) =>
  [...line.matchAll(/\b[FM]\d{1,2}\b(?=[:),])/g)].some(
    ([name]) => !frames.includes(`<a id="${name.toLowerCase()}"></a>`),
  );

const sources = sourcesOf(...folders)
  .map(({ path }) => path)
  .filter((path) => path !== "test/conventions/documents.test.ts");

test("no source names a document that is not in the repository", () => {
  expect(places(citesNothing, ...sources)).toEqual([]);
});

test("every counterexample named by a test is described in docs/frames.md", () => {
  const tests = sources.filter((path) => path.startsWith("test/"));
  expect(places(namesNothing, ...tests)).toEqual([]);
});

test("docs/errors.md explains every code that a call or a client can meet", () => {
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const { paths } = JSON.parse(read("docs/openapi.json")) as {
    paths: Record<string, Record<string, { "x-error-codes": string[] }>>;
  };
  const described = Object.values(paths).flatMap(Object.values);
  const met = new Set([
    ...described.flatMap((operation) => operation["x-error-codes"] ?? []),
    ...Object.keys(refusals),
  ]);
  const guide = read("docs/errors.md");
  const rowOf = (code: string) => guide.split(`\n| <a id="${code}"></a>`)[1]?.split("\n")[0];
  const explains = (code: string) => /^`\w+` \| \S.+\S \| \S.+\S \|$/.test(rowOf(code) ?? "");
  expect(met.size).toBeGreaterThanOrEqual(100);
  expect([...met].filter((code) => !explains(code))).toEqual([]);
});

test("docs/compatibility.md gives each operation and command one state", () => {
  const page = readFileSync(join(root, "docs/compatibility.md"), "utf8");
  const rows = [...page.matchAll(/^\| (.+?) \| (?:done|different|missing) \|/gm)];
  const names = rows.map(([, name = ""]) => name.replace(/^`[\w]+\/(\w+)`$/, "`$1`"));
  expect(names.length).toBeGreaterThan(90);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

const documents = globSync(["*.md", "client/*.md", "docs/**/*.md", "examples/*/*.md"], {
  cwd: root,
});

test("a heading begins its line, or it is shown as text", () => {
  const isWithin = (line: string) => /\S #{2,4} [A-Z]/.test(line);
  expect(places(isWithin, ...documents)).toEqual([]);
  expect(isWithin("(before: twice). ### Security")).toBe(true);
});

test("links in the documents lead to existing files", () => {
  expect(documents).toEqual(expect.arrayContaining(["README.md", "docs/first-app.md"]));
  const broken = documents.flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
      .map(([, target = ""]) => join(path, "..", target))
      .filter((target) => !existsSync(join(root, target)));
  });
  expect(broken).toEqual([]);
});

test("the index lists every decision once, under its title", () => {
  const folder = join(root, "docs/decisions");
  const index = readFileSync(join(folder, "README.md"), "utf8");
  const listed = [...index.matchAll(/^\* \[(.+)\]\(([\w-]+\.md)\)$/gm)].map(
    ([, title, file]) => `${file}: ${title}`,
  );
  const decisions = globSync("*.md", { cwd: folder }).filter((file) => file !== "README.md");
  const titled = decisions.map((file) => {
    const [first = ""] = readFileSync(join(folder, file), "utf8").split("\n");
    return `${file}: ${first.replace(/^# /, "")}`;
  });
  expect(titled.length).toBeGreaterThan(20);
  expect(listed.toSorted()).toEqual(titled.toSorted());
});

test("the rules catch planted violations", () => {
  expect(citesNothing(" * the steps are in design.md 6")).toBe(true);
  expect(citesNothing(" * see docs/frames.md, step 4")).toBe(false);
  expect(citesNothing(" * https://example.com/README-2.md")).toBe(false);
  expect(namesNothing('test("F99: nobody knows")')).toBe(true);
  expect(namesNothing('test("F4: twice")')).toBe(false);
});
