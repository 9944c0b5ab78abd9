/**
 * `npm run build:client`: builds the published form of `client/` into `.cache/client`, ready for
 * `npm publish`: an ES module for browsers and Node, one with the React hooks, source maps and
 * types.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");
const published = join(root, ".cache/client");
/** Built in a separate folder, so that concurrent readers see a complete build. */
const made = `${published}-${process.pid}`;
mkdirSync(made, { recursive: true });
/** Where client/package.json expects the module and its types. */
const outdir = join(made, "dist");

const entryPoints = ["client/index.ts", "client/react.ts", "client/polling.ts"];

await build({
  absWorkingDir: root,
  entryPoints,
  outdir,
  bundle: true,
  // React comes from the application.
  external: ["react"],
  minify: true,
  sourcemap: true,
  format: "esm",
  target: "es2022",
});
const options = [
  "--declaration",
  "--emitDeclarationOnly",
  "--noEmit",
  "false",
  "--rewriteRelativeImportExtensions",
  "--outDir",
  outdir,
  "--target",
  "es2024",
  "--module",
  "nodenext",
  "--lib",
  "es2024,dom",
  "--strict",
  "--types",
  "",
];
execFileSync(join(root, "node_modules/.bin/tsc"), ["--ignoreConfig", ...options, ...entryPoints], {
  cwd: root,
  stdio: "inherit",
});
for (const file of ["client/package.json", "client/README.md", "LICENSE"])
  copyFileSync(join(root, file), join(made, basename(file)));
const sizes = ["index.js", "react.js"].map((name) => {
  const { size } = statSync(join(outdir, name));
  return `${name} ${size.toLocaleString("en")} bytes`;
});
rmSync(published, { recursive: true, force: true });
renameSync(made, published);
console.log(`.cache/client: ${sizes.join(", ")}`);
// npm links folders by default, and a linked package would not find the application's React.
console.log(`In your application: npm install --install-links ${published}`);
