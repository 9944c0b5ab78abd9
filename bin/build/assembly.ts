import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { awsClient, bundledEntries } from "./build.ts";
import { docsSources } from "./build-docs.ts";
import { guideSources } from "./build-guides.ts";
import { appEnvironment } from "./cdk.ts";
import { placeBundles } from "./link-bundles.ts";
import { removeOldFolders, unusedMilliseconds } from "./prune-folders.ts";
import { slashed } from "./source-graph.ts";

const root = join(import.meta.dirname, "../..");
const assemblies = join(root, ".cache", "assembly");

/** Number of assemblies to keep, besides those that a running system may still read. */
const keptMax = 3;

/** All sources of the templates and the bundles. */
const sources = [
  "bin/{app,build/*}.ts",
  "{lib,functions,domain,platform,relay}/**/*",
  "docs/*.json",
  ...docsSources,
  ...guideSources,
  "{package,package-lock,cdk}.json",
];

/** The files from which an assembly is made. */
export const assemblySources = (): string[] =>
  globSync(sources, { cwd: root })
    .filter((file) => statSync(join(root, file)).isFile())
    .map(slashed)
    .sort();

/** Hashes the sources; takes a few dozen milliseconds for the whole project. */
export function hashSources(): string {
  const hash = createHash("sha256").update(`${awsClient()}\n`);
  for (const file of assemblySources())
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/**
 * The folder of a stage's assembly for the runner, bundled and synthesized again if a source has
 * changed. Rejects with the output of CDK or esbuild if that fails.
 */
export async function buildAssembly(
  stage: string,
  signal: AbortSignal,
  context: Record<string, string> = {},
): Promise<string> {
  const name = [stage, ...Object.entries(context).flat()].join("-");
  const directory = join(assemblies, `${name}-${hashSources().slice(0, 24)}`);
  // Updates its time, so that other runs know it is in use.
  const touch = () => isWritable(directory) && utimesSync(directory, new Date(), new Date());
  setInterval(touch, unusedMilliseconds / 6).unref();
  if (existsSync(join(directory, "manifest.json"))) {
    touch();
    return directory;
  }
  mkdirSync(assemblies, { recursive: true });
  const unfinished = join(assemblies, `unfinished-${process.pid}`);
  try {
    await makeAssembly({ stage, ...context }, unfinished, signal);
    // Built elsewhere and renamed, so that an interrupted start leaves no incomplete folder.
    if (!existsSync(directory)) renameSync(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  removeOldFolders(assemblies, keptMax);
  return directory;
}

/** In an image the checkout may be read-only: existing output is used unchanged. */
export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Bundles and synthesizes in parallel processes. If one fails, the other is terminated. */
async function makeAssembly(
  context: { stage: string } & Record<string, string>,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  placeBundles(Object.keys(bundledEntries()), directory);
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  const works = [
    run(["bin/build/build.ts", directory], {}, either),
    run(["bin/app.ts"], appEnvironment(context, directory), either),
  ];
  for (const work of works) work.catch(() => failing.abort());
  try {
    await Promise.all(works);
  } catch (error) {
    // Both must have ended before the folder is removed.
    await Promise.allSettled(works);
    if (signal.aborted) throw error;
    throw new Error(
      `The stage ${context.stage} cannot be synthesized:\n${(error as Error).message}`,
    );
  }
  const folders = readdirSync(directory).filter((name) => name.startsWith("asset."));
  const empty = folders.filter((name) => readdirSync(join(directory, name)).length === 0);
  if (empty.length > 0) throw new Error(`${empty.length} functions have no bundle`);
}

/** Runs a program of this project on this Node; rejects with its output if it fails. */
async function run(given: string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const stdio = ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"];
  const child = spawn(process.execPath, given, {
    cwd: root,
    stdio,
    env: { ...process.env, ...env },
    signal,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once("error", (error) => child.pid === undefined && reject(error));
    child.once("close", resolve);
  });
  signal.throwIfAborted();
  if (code !== 0) throw new Error(output.trim());
}
