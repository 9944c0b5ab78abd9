import type { BuildOptions } from "esbuild";

/** Options common to all bundles for Lambda's Node. */
export const lambdaBundle = {
  bundle: true,
  platform: "node",
  target: "node24",
  // CommonJS starts faster than ESM; the SDK's module builds are smaller than its CommonJS.
  format: "cjs",
  mainFields: ["module", "main"],
  minify: true,
  legalComments: "none",
} satisfies BuildOptions;
