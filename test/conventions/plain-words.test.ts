/** Documents and comments use the standard terms of the field. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { sourcesOf } from "./sources.ts";

const root = join(import.meta.dirname, "../..");

/** What to avoid, and what to write instead. */
const dialect: Record<string, RegExp> = {
  "any caller, a user who": /\bwhom?ever\b/i,
  again: /\banew\b/i,
  "next to, with, compared with": /\bbeside\b/i,
  "a user, another caller": /\bsomebody\b/i,
  "N, a number of": /\bso many\b/i,
  "receives, is notified, gets": /\b(?:is|are|was|were|be) told\b/i,
  "current, unchanged": /\bas (?:it|they) (?:is|are) now\b/i,
  "reconnect, return, be restored": /\b(?:com(?:es?|ing)|came) back\b/i,
  "the user's own, your own": /\b(?:of )?one's\b/i,
  receives: /\bhears? of\b/i,
  fix: /\bmend(?:s|ed|ing)?\b/i,
  "instead of": /\bin the place of\b/i,
  "except for": /\bbut for\b/i,
  "permanently, indefinitely": /\bfor ever\b/i,
  "at most": /\bat the most\b/i,
  "in parallel, together": /\bside by side\b/i,
};

const folders = "bin client domain examples functions lib local platform relay test web".split(" ");

/** Made by `npm run prepare`: their sentences are those of the contracts. */
const generated = ["client/event-data.ts", "client/operations.ts"];
const own = "test/conventions/plain-words.test.ts";

/** Each line with such a word, as `path:line: replacement`. */
const foundIn = (path: string, lines: readonly string[]): string[] =>
  lines.flatMap((line, at) => {
    const [instead] = Object.entries(dialect).find(([, word]) => word.test(line)) ?? [];
    return instead === undefined ? [] : [`${path}:${at + 1}: ${instead}`];
  });

test("documents have plain words", () => {
  const documents = globSync(["*.md", "client/*.md", "docs/**/*.md", "examples/*/*.md"], {
    cwd: root,
  });
  expect(documents.length).toBeGreaterThan(50);
  const found = documents.flatMap((path) =>
    foundIn(path, readFileSync(join(root, path), "utf8").split("\n")),
  );
  expect(found).toEqual([]);
});

test.each(folders)("sources in %s have plain words", (folder) => {
  const found = sourcesOf(folder)
    .filter(({ path }) => path !== own && !generated.includes(path))
    .flatMap(({ path, lines }) => foundIn(path, lines));
  expect(found).toEqual([]);
});

test("the rules catch planted violations", () => {
  const lines = ["Whoever comes back is told anew", "besides, a rule", "It returns"];
  expect(foundIn("page", lines)).toEqual(["page:1: any caller, a user who"]);
  expect(foundIn("page", ["mended", "recommended", "one's own"])).toEqual([
    "page:1: fix",
    "page:3: the user's own, your own",
  ]);
});
