/**
 * Builds the published form of `client/` into `.cache/client`, ready for `npm publish`: one ES
 * module for browsers and Node, and its types.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const published = join(root, ".cache/client");
/** Where client/package.json says that the module and its types are. */
const outdir = join(published, "dist");

rmSync(published, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: ["client/index.ts"],
  outdir,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
});
const options = [
  ...["--declaration", "--emitDeclarationOnly", "--noEmit", "false"],
  ...["--rewriteRelativeImportExtensions", "--outDir", outdir],
  ...["--target", "es2024", "--module", "nodenext", "--lib", "es2024,dom", "--strict"],
  ...["--types", ""],
];
execFileSync(
  join(root, "node_modules/.bin/tsc"),
  ["--ignoreConfig", ...options, "client/index.ts"],
  {
    cwd: root,
    stdio: "inherit",
  },
);
for (const file of ["client/package.json", "client/README.md", "LICENSE"])
  copyFileSync(join(root, file), join(published, basename(file)));
