import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";

/**
 * A top-level constant initialized by a call, as Biome formats it: inner lines are indented, close
 * a bracket or are empty, so it ends at the first semicolon before a line that is none of these.
 */
const made = new RegExp(
  [
    String.raw`^((?:export )?const \w+(?:: .+?)? =\s)`,
    String.raw`([A-Za-z]\w*(?:\s*\.\w+)*(?:<[^()]*>)?\([\s\S]*?);\n(?!\n*[ \t)\]}])`,
  ].join(""),
  "gm",
);

/** Marks such constants as pure, so that a bundler drops them if they are unused. */
export const markPure = (code: string) => code.replace(made, "$1/* @__PURE__ */ (() => $2)();\n");

const jsonSchema = /[\\/]zod[\\/]v4[\\/]core[\\/](to-json-schema|json-schema-processors)\.js$/;

/**
 * Removes two things from the functions' bundles.
 *
 * Unused schemas: esbuild cannot know that `z.object(…)` has no side effects, and would keep all
 * schemas of a module, and create them at each cold start, for the sake of one. Our modules have no
 * side effects, so unused top-level constants can go.
 * https://esbuild.github.io/api/#tree-shaking-and-side-effects
 *
 * zod's code for JSON Schema (18 KB): every schema has methods that use it, but only the documents
 * call them, before the functions are bundled.
 */
export const dropUnusedSchemas: Plugin = {
  name: "drop-unused-schemas",
  setup(build) {
    build.onLoad({ filter: /\/(domain|platform)\/.*\.ts$/ }, async ({ path }) => ({
      // The added marks do not change line numbers, so the source map stays correct.
      contents: markPure(await readFile(path, "utf8")),
      loader: "ts",
    }));
    build.onLoad({ filter: jsonSchema }, async ({ path }) => {
      const names = Object.keys((await import(pathToFileURL(path).href)) as object);
      const fail = `() => { throw new Error("The functions' bundles have no JSON Schema"); }`;
      const exported = names.map((name) => `fail as ${name}`).join();
      return { contents: `const fail = ${fail};\nexport { ${exported} };` };
    });
  },
};
