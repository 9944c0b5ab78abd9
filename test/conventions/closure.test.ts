import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";
import { type Source, sourcesOf } from "./sources.ts";

/**
 * The maximum number of our own files that a function loads, including itself: what an engineer
 * must read to understand it. One file is left for the schemas of a new kind of item.
 */
const filesMax: Record<string, number> = {
  "functions/log/realtime/fan-out.ts": 75,
  "functions/money/gifts/create.ts": 50,
};

const sources = new Map(
  sourcesOf("functions", "platform", "domain").map((source) => [source.path, source]),
);

const importing = /^(?:import|export)\s+(type\s)?([^;"]*?)\bfrom\s+"(\.[^"]+)"/gm;

/** The files that a source loads at run time: type imports are erased. */
function loadedBy({ path, text }: Pick<Source, "path" | "text">): string[] {
  return [...text.matchAll(importing)].flatMap(([, isType, names = "", specifier = ""]) => {
    const listed = /^\{([^}]*)\}\s*$/.exec(names)?.[1]?.split(",") ?? ["everything"];
    const isErased = listed.every((name) => /^\s*(type\s|$)/.test(name));
    return isType !== undefined || isErased ? [] : [join(dirname(path), specifier)];
  });
}

/** A file and all files that it loads, directly or indirectly. */
function closureOf(path: string): Set<string> {
  const closure = new Set([path]);
  for (const one of closure)
    for (const next of loadedBy(sources.get(one) ?? { path: one, text: "" })) closure.add(next);
  return closure;
}

test("imports are read: of values, of types, and of both", () => {
  const text = [
    'import { a } from "./a.ts";',
    'import type { B } from "./b.ts";',
    'import { type C, type D } from "./c.ts";',
    'import {\n  d,\n  type E,\n} from "../d.ts";',
    'export * from "./e.ts";',
    'import * as z from "zod";',
  ].join("\n");
  expect(loadedBy({ path: "x/y/z.ts", text })).toEqual(["x/y/a.ts", "x/d.ts", "x/y/e.ts"]);
});

test.each(Object.entries(filesMax))("%s loads at most %i of our files", (path, most) => {
  const closure = closureOf(path);
  expect([...closure].filter((one) => !sources.has(one))).toEqual([]);
  expect(closure.size).toBeLessThanOrEqual(most);
});
