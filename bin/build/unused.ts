import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/**
 * A constant at the top of a module that a call makes, as esbuild prints it: lines within are
 * indented or close a bracket, so it ends with the first semicolon before a line that does neither.
 */
const made = /^((?:export )?const \w+ = )([A-Za-z][\w.]*\([\s\S]*?);\n(?![\s)\]}])/gm;

/** The same code, but a bundler may leave out such a constant where nothing uses it. */
export const markMade = (code: string) => code.replace(made, "$1/* @__PURE__ */ (() => $2)();\n");

/**
 * Leaves schemas out of the bundles that have no use for them. esbuild cannot know that
 * `z.object(…)` has no effect, and would keep, and make at each cold start, all schemas of a noun
 * for the sake of one. Here importing has no effects, so what is made at a module's top and not
 * used may go. https://esbuild.github.io/api/#tree-shaking-and-side-effects
 */
export const leaveOutUnused: Plugin = {
  name: "leave-out-unused",
  setup(build) {
    const { transform } = build.esbuild;
    build.onLoad({ filter: /\/(domain|platform)\/.*\.ts$/ }, async ({ path }) => {
      // The map leads to the source's own lines; what is marked here stays on its line.
      const map = { sourcemap: "inline", sourcesContent: false, sourcefile: path } as const;
      const source = await readFile(path, "utf8");
      const { code } = await transform(source, { loader: "ts", ...map });
      return { contents: markMade(code), loader: "js" };
    });
  },
};
