/**
 * `npm run release-bundle -- COMMIT`: keeps the functions and stores of a release as one file, by
 * which tests run them with those of this checkout. One commit always gives the same file.
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

/** The most that a release's bundle may take, in bytes. */
export const releaseBytesMax = 1024 * 1024;

/** Everything that writes or reads items, besides the functions. */
const stores =
  "platform/{store/**,table,auth,aws,own-data,audit,pictures,push,realtime,tencent}/*.ts";

/**
 * Bundles what writes and reads the table's items in a checkout: its functions, as
 * `functions/gifts/create`, and its stores, as `store/money/gifts`. Pages and descriptions, which
 * read no items, are left out. Answers the code as CommonJS.
 *
 * @throws Error when a source does not compile, or the bundle exceeds `releaseBytesMax`.
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
    // Two megabytes of WebAssembly that look at pictures, and at no item.
    external: ["@cf-wasm/photon"],
    write: false,
  });
  const code = outputFiles.map(({ text }) => text).join("");
  const bytes = Buffer.byteLength(code);
  if (bytes > releaseBytesMax) throw new Error(`A release's bundle has ${bytes} bytes`);
  return code;
}

/** The release that tests run: its version, the commit it was made from, and its file's hash. */
export type Release = { version: string; commit: string; sha256: string };

/** Reads the release that is kept. Throws where the file is not the one that was made. */
export function readRelease(): Release & { compressed: Buffer } {
  const release = JSON.parse(readFileSync(join(kept, "release.json"), "utf8")) as Release;
  const compressed = readFileSync(join(kept, "release.cjs.br"));
  if (hashOf(compressed) !== release.sha256) throw new Error("release.cjs.br is another file");
  return { ...release, compressed };
}

const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

const git = (...given: string[]) => execFileSync("git", given, { cwd: root, maxBuffer: 1e9 });

/** Makes the bundle of a commit, whose packages must be those that are installed. */
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
