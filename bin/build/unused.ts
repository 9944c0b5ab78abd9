import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/**
 * A top-level constant initialized by a call, as esbuild prints it: inner lines are indented or
 * close a bracket, so it ends at the first semicolon before a line that does neither.
 */
const made = /^((?:export )?const \w+ = )([A-Za-z][\w.]*\([\s\S]*?);\n(?![\s)\]}])/gm;

/** Marks such constants as pure, so that a bundler drops them if they are unused. */
export const markMade = (code: string) => code.replace(made, "$1/* @__PURE__ */ (() => $2)();\n");

/**
 * Removes unused schemas from bundles. esbuild cannot know that `z.object(…)` has no side effects,
 * and would keep all schemas of a module, and create them at each cold start, for the sake of one.
 * Our modules have no side effects, so unused top-level constants can go.
 * https://esbuild.github.io/api/#tree-shaking-and-side-effects
 */
export const leaveOutUnused: Plugin = {
  name: "leave-out-unused",
  setup(build) {
    const { transform } = build.esbuild;
    build.onLoad({ filter: /\/(domain|platform)\/.*\.ts$/ }, async ({ path }) => {
      // The added marks do not change line numbers, so the source map stays correct.
      const map = { sourcemap: "inline", sourcesContent: false, sourcefile: path } as const;
      const source = await readFile(path, "utf8");
      const { code } = await transform(source, { loader: "ts", ...map });
      return { contents: markMade(code), loader: "js" };
    });
  },
};
