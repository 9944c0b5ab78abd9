import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { getPriority, constants as osConstants, setPriority } from "node:os";
import { dirname, join } from "node:path";
import { functionName } from "../../lib/stages/names.ts";
import { awsClient, bundledEntries } from "./build.ts";
import { docsSources } from "./build-docs.ts";
import { guideSources } from "./build-guides.ts";
import { appEnvironment } from "./cdk.ts";
import { placeBundles } from "./link-bundles.ts";
import { removeOldFolders, unusedMilliseconds } from "./prune-folders.ts";
import { slashed } from "./source-graph.ts";

const { PRIORITY_NORMAL, PRIORITY_BELOW_NORMAL } = osConstants.priority;
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

/** An assembly that a system can start from, although its last functions may not be bundled yet. */
export type Assembly = {
  directory: string;
  /** Settles when all functions are bundled; rejects with esbuild's output if that fails. */
  bundled: Promise<void>;
  /** Resolves when the function is bundled; undefined if it already is. */
  bundleOf(functionName: string): Promise<void> | undefined;
};

/** Marks an assembly with all templates and bundles; an interrupted start leaves none. */
const completeMark = "complete";

/** The folder of a stage's assembly, complete: bundled and synthesized if a source has changed. */
export async function buildAssembly(
  stage: string,
  signal: AbortSignal,
  context: Record<string, string> = {},
): Promise<string> {
  const { directory, bundled } = await beginAssembly(stage, signal, context, PRIORITY_NORMAL);
  await bundled;
  return directory;
}

/**
 * A stage's assembly for the runner, once its templates are there. If a source has changed, it is
 * bundled and synthesized at the same time; bundling takes longer, and has `priority` (of
 * `os.setPriority`), by default a lower one than the start. Rejects with the output of CDK or
 * esbuild if either fails.
 */
export async function beginAssembly(
  stage: string,
  signal: AbortSignal,
  context: Record<string, string> = {},
  priority: number = PRIORITY_BELOW_NORMAL,
): Promise<Assembly> {
  const name = [stage, ...Object.entries(context).flat(), hashSources().slice(0, 24)].join("-");
  const [found] = globSync(`${name}-*/${completeMark}`, { cwd: assemblies });
  if (found !== undefined) {
    const directory = join(assemblies, dirname(found));
    keepInUse(directory);
    return { directory, bundled: Promise.resolve(), bundleOf: () => undefined };
  }
  mkdirSync(assemblies, { recursive: true });
  // Several starts may build the same assembly at once; each reads from its own folder.
  const directory = mkdtempSync(join(assemblies, `${name}-`));
  keepInUse(directory);
  const options = { context: { stage, ...context }, directory, priority, signal };
  const { synthesized, bundled, bundleOf } = makeAssembly(options);
  const completed = bundled.then(() => {
    writeFileSync(join(directory, completeMark), "");
    removeOldFolders(assemblies, keptMax);
  });
  completed.catch(() => rmSync(directory, { recursive: true, force: true }));
  await synthesized;
  return { directory, bundled: completed, bundleOf };
}

/** Updates an assembly's time, now and while this process runs, so that nobody removes it. */
function keepInUse(directory: string): void {
  const touch = () => isWritable(directory) && utimesSync(directory, new Date(), new Date());
  touch();
  setInterval(touch, unusedMilliseconds / 6).unref();
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
function makeAssembly({
  context,
  directory,
  priority,
  signal,
}: {
  context: { stage: string } & Record<string, string>;
  directory: string;
  priority: number;
  signal: AbortSignal;
}): Omit<Assembly, "directory"> & { synthesized: Promise<void> } {
  const entries = Object.keys(bundledEntries());
  placeBundles(entries, directory);
  const names = entries.map((name) => functionName(context.stage, name));
  const waiting = new Map(names.map((name) => [name, Promise.withResolvers<void>()]));
  const release = (bundled: string[]) => {
    for (const name of bundled) {
      waiting.get(name)?.resolve();
      waiting.delete(name);
    }
  };
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  const bundling = run(["bin/build/build.ts", directory], either, {
    priority,
    onMessage: (bundled) =>
      release((bundled as string[]).map((name) => functionName(context.stage, name))),
  });
  const synthesis = run(["bin/app.ts"], either, { env: appEnvironment(context, directory) });
  const works = [bundling, synthesis];
  for (const work of works) work.catch(() => failing.abort());
  const bundled = Promise.all(works).then(
    () => release(names),
    async (error: Error) => {
      // Both must have ended before the folder is removed.
      await Promise.allSettled(works);
      if (signal.aborted) throw error;
      throw new Error(`The stage ${context.stage} cannot be synthesized:\n${error.message}`);
    },
  );
  return {
    bundled,
    synthesized: Promise.race([synthesis.catch(() => bundled), bundled]),
    bundleOf: (fullName: string) => waiting.get(fullName)?.promise,
  };
}

type RunOptions = {
  env?: NodeJS.ProcessEnv;
  priority?: number;
  onMessage?(message: unknown): void;
};

/** Runs a program of this project on this Node; rejects with its output if it fails. */
async function run(
  given: string[],
  signal: AbortSignal,
  { env, priority = PRIORITY_NORMAL, onMessage = () => undefined }: RunOptions,
): Promise<void> {
  const child = spawn(process.execPath, given, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...env },
    signal,
  });
  // A user who runs all of it at a lower priority may not raise it.
  if (child.pid !== undefined) setPriority(child.pid, Math.max(priority, getPriority()));
  child.on("message", onMessage);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
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
