/**
 * `npm run release-bundle -- COMMIT`: saves the functions and stores of a release as one file,
 * which tests run together with those of this checkout. The same commit always gives the same file.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { bundleOptions, entryPoints } from "./build.ts";

const root = join(import.meta.dirname, "../..");
const kept = join(root, "test/platform/releases");

/** Maximum size of a release's bundle. */
export const releaseBytesMax = 1024 * 1024;

/** Everything except the functions that reads or writes items. */
const stores =
  "platform/{store/**,table,auth,aws,own-data,audit,pictures,push,realtime,tencent}/*.ts";

/**
 * Bundles the code of a checkout that reads or writes the table's items: its functions, such as
 * `functions/gifts/create`, and its stores, such as `store/money/gifts`. Pages and API descriptions
 * are left out. Returns the code as CommonJS.
 *
 * @throws Error if a source does not compile, or if the bundle exceeds `releaseBytesMax`.
 */
export async function bundleRelease(checkout = root): Promise<string> {
  const functions = Object.entries(entryPoints(checkout)).filter(([name]) =>
    /^(?!app\/)/.test(name),
  );
  const files = globSync(stores, { cwd: checkout }).map((file) => file.replaceAll("\\", "/"));
  const modules = [
    ...functions.map(([name, file]) => [`functions/${name}`, file] as const),
    ...files.map((file) => [file.slice("platform/".length, -".ts".length), file] as const),
  ];
  const lines = modules.map(([name, file]) => `export * as "${name}" from "./${file}";`).sort();
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    ...bundleOptions("own"),
    absWorkingDir: checkout,
    stdin: { contents: lines.join("\n"), resolveDir: checkout, loader: "ts" },
    // Two megabytes of WebAssembly that decode pictures and touch no items.
    external: ["@cf-wasm/photon"],
    write: false,
  });
  const code = outputFiles.map(({ text }) => text).join("");
  const bytes = Buffer.byteLength(code);
  if (bytes > releaseBytesMax) throw new Error(`A release's bundle has ${bytes} bytes`);
  return code;
}

/** The release that tests run: its version, its commit, and its file's hash. */
export type Release = { version: string; commit: string; sha256: string };

/** Reads the saved release. Throws if the file's hash does not match. */
export function readRelease(): Release & { compressed: Buffer } {
  const release = JSON.parse(readFileSync(join(kept, "release.json"), "utf8")) as Release;
  const compressed = readFileSync(join(kept, "release.cjs.br"));
  if (hashOf(compressed) !== release.sha256)
    throw new Error("release.cjs.br does not match its hash");
  return { ...release, compressed };
}

const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

const git = (...given: string[]) => execFileSync("git", given, { cwd: root, maxBuffer: 1e9 });

/** Bundles a commit; its packages must match the installed ones. */
async function keepRelease(name: string): Promise<Release> {
  const commit = git("rev-parse", "--verify", `${name}^{commit}`).toString().trim();
  git("diff", "--quiet", commit, "--", "package-lock.json");
  const checkout = mkdtempSync(join(tmpdir(), "ovation-release-"));
  try {
    execFileSync("tar", ["-x", "-C", checkout], { input: git("archive", commit) });
    symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
    const { version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8"));
    const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
    const compressed = brotliCompressSync(await bundleRelease(checkout), { params });
    const release = { version, commit, sha256: hashOf(compressed) };
    writeFileSync(join(kept, "release.cjs.br"), compressed);
    writeFileSync(join(kept, "release.json"), `${JSON.stringify(release, null, 2)}\n`);
    return release;
  } finally {
    rmSync(checkout, { recursive: true });
  }
}

if (import.meta.main) {
  const { version, commit } = await keepRelease(process.argv[2] ?? "HEAD");
  console.log(`Release ${version} of ${commit} is kept`);
}
