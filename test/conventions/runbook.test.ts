/** The runbook has an entry for every alarm, and no others. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { type AlarmKind, alarmKinds } from "../../lib/watch/alarm-list.ts";
import { sourcesOf } from "./sources.ts";

const root = join(import.meta.dirname, "../..");
const runbook = readFileSync(join(root, "docs/runbook.md"), "utf8");
const [, ...entries] = runbook.split(/^### /m);

test("every kind of alarm has an entry, and every entry an alarm", () => {
  expect(entries.map((entry) => entry.split("\n")[0]).sort()).toEqual(
    Object.keys(alarmKinds).sort(),
  );
});

test("each entry says what to check and what to do", () => {
  const words = [/\*\*Look\*\*/, /\*\*do\*\*/i];
  const found = entries.filter((entry) => !words.every((word) => word.test(entry)));
  expect(found.map((entry) => entry.split("\n")[0])).toEqual([]);
});

test("an entry that names a line of the log names all that are logged with its metric", () => {
  const lines = sourcesOf("platform", "functions", "relay").flatMap(({ text }) => [
    ...text.matchAll(
      /(?:count|measure)Metric\("(\w+)".*\n(?:.*\n)?.*log(?:Fault|Notice)\("([^"]+)"/g,
    ),
  ]);
  expect(new Set(lines.map(([, metric]) => metric)).size).toBeGreaterThan(5);
  const missing = Object.entries<AlarmKind>(alarmKinds).flatMap(([name, kind]) => {
    const entry = entries.find((one) => one.startsWith(`${name}\n`))?.replaceAll(/\s+/g, " ");
    const logged = lines.filter(([, metric]) => "own" in kind && kind.own === metric);
    const left = logged.filter(([, , line]) => !entry?.includes(line!));
    return left.length < logged.length ? left.map(([, , line]) => `${name}: ${line}`) : [];
  });
  expect(missing).toEqual([]);
});

test("every script that an operator's page names exists, and names the stage, not its table", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const pages = ["runbook", "deploying", "restore", "production", "cli"].map((name) =>
    readFileSync(join(root, `docs/${name}.md`), "utf8"),
  );
  const named = pages.flatMap((page) => [...page.matchAll(/npm run (?:-s )?([\w:-]+)/g)]);
  expect(named.length).toBeGreaterThan(50);
  expect(named.map(([, name]) => name!).filter((name) => !(name in scripts))).toEqual([]);
  // A restored table has another name, and may be in another region.
  expect(pages.flatMap((page) => page.match(/--table ovation-\S+/g) ?? [])).toEqual([]);
});

test("a file that an operator's page names for a constant has it", () => {
  const named = ["runbook", "deploying", "restore"].flatMap((page) => [
    ...readFileSync(join(root, `docs/${page}.md`), "utf8").matchAll(
      /`(\w+)`\s+in\s+`([\w/-]+\.ts)`/g,
    ),
  ]);
  // A stage's settings are only named in its file if it has them.
  const constants = named.filter(([, , file]) => file !== "lib/stages/stages.ts");
  expect(constants.length).toBeGreaterThan(2);
  const missing = constants.filter(
    ([, name, file]) => !readFileSync(join(root, file!), "utf8").includes(`export const ${name}`),
  );
  expect(missing.map(([text]) => text)).toEqual([]);
});
