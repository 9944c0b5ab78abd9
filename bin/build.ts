/** Bundles every function of the route table: `dist/<name>/index.cjs`, one esbuild call for all. */
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as bundle } from "esbuild";
import { leaveOutUnused } from "./unused.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const hashFile = join(dist, "sources.sha256");

/** A bundle's limit: what is larger starts measurably later on a cold start. */
const bytesMax = 480 * 1024;

/** `gifts/create` → `gifts-create`: the folder of its bundle and the end of its function's name. */
const flatName = (name: string) => name.replaceAll("/", "-");

/** Names and files of the route table, read as text so that nothing has to be loaded. */
export function entryPoints(): Record<string, string> {
  const table = readFileSync(join(root, "functions/index.ts"), "utf8");
  const lines = table.matchAll(/^export \* as "([^"]+)" from "\.\/([^"]+)";$/gm);
  return Object.fromEntries([...lines].map(([, name, file]) => [name, `functions/${file}`]));
}

/** One hash over everything that a bundle is made from. */
function hashSources(): string {
  const patterns = ["{functions,domain,platform}/**/*.{ts,html,css}", "docs/*.json"];
  const files = globSync(patterns, { cwd: root }).sort();
  const hash = createHash("sha256");
  for (const file of [...files, "package-lock.json", "bin/build.ts", "bin/unused.ts"])
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/**
 * Makes `dist/` unless it matches the sources. Answers whether it had to. Throws when a source does
 * not compile or a bundle is larger than 480 KiB.
 */
export async function build(): Promise<{ built: boolean }> {
  const hash = hashSources();
  if (existsSync(hashFile) && readFileSync(hashFile, "utf8") === hash) return { built: false };
  const unfinished = join(root, ".cache", `bundles-${process.pid}`);
  const entries = Object.entries(entryPoints());
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: entries.map(([name, file]) => ({ in: file, out: `${flatName(name)}/index` })),
    outdir: unfinished,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    // CommonJS starts faster than ESM; the SDK's module builds are smaller than its CommonJS.
    format: "cjs",
    mainFields: ["module", "main"],
    minify: true,
    // Beside the bundle, for the log of a fault (platform/stack.ts); nothing reads it at a start.
    sourcemap: "external",
    sourcesContent: false,
    alias: { "@aws-sdk/credential-provider-node": "./platform/credentials.ts" },
    legalComments: "none",
    loader: { ".html": "text", ".css": "text" },
    plugins: [leaveOutUnused],
    metafile: true,
    logLevel: "warning",
  });
  const bundles = Object.entries(metafile.outputs).filter(([file]) => file.endsWith(".cjs"));
  const large = bundles.filter(([, { bytes }]) => bytes > bytesMax);
  if (large.length > 0) {
    rmSync(unfinished, { recursive: true, force: true });
    const named = large.map(([file, { bytes }]) => `${file.split("/").slice(-2)[0]} ${bytes}`);
    throw new Error(`Bundles of more than ${bytesMax} bytes: ${named.join(", ")}`);
  }
  writeFileSync(join(unfinished, "sources.sha256"), hash);
  // Moved at once, so that nobody who reads them meanwhile finds half of them.
  rmSync(dist, { recursive: true, force: true });
  renameSync(unfinished, dist);
  return { built: true };
}

if (import.meta.main) {
  const { built } = await build();
  console.log(built ? `Bundled ${Object.keys(entryPoints()).length} functions` : "Bundles are new");
}
