/** Outputs of stacks, which the guides name as a deployment prints them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { stageNamed } from "../../lib/stages/stages.ts";
import { synthesize } from "./templates.ts";

const docs = join(import.meta.dirname, "../../docs");
const { stacks } = await synthesize({
  ...stageNamed("prod"),
  account: "111122223333",
  region: "eu-central-1",
  repository: "acme/live",
  domain: { name: "live.acme.com", zone: { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" } },
  relay: { minTasks: 2, maxTasks: 8, fromViewers: 2_000 },
});
const outputs = stacks.flatMap(({ template }) => Object.keys(template.Outputs ?? {}));

/** "the outputs `url` and `socketurl`", "`pool`, an output of", and the rows of a table of them. */
const forms = [
  /outputs? `([\w-]+)`(?: and `([\w-]+)`)?/g,
  /`([\w-]+)`,\s+an\s+output/g,
  /^\| output \| meaning \|\n\| --- \| --- \|\n((?:\|.*\n)+)/gm,
];

test("a guide names outputs as they are printed: without the hyphens of their ids", () => {
  const named = readdirSync(docs)
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) => {
      const text = readFileSync(join(docs, file), "utf8");
      return forms.flatMap((form) =>
        [...text.matchAll(form)].flatMap(([, ...found]) =>
          found.flatMap((one = "") =>
            one.startsWith("|")
              ? [...one.matchAll(/^\| `([\w-]+)`/gm)].map(([, id = ""]) => id)
              : one,
          ),
        ),
      );
    })
    .filter((name) => name !== "");
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !outputs.includes(name))).toEqual([]);
});
