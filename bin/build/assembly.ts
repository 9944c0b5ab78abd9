import { spawn } from "node:child_process";
import {
  accessSync,
  constants,
  globSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { functionName } from "../../lib/stages/names.ts";
import { awsClient, type BuildOrder, bundledEntries } from "./build.ts";
import { docsSources } from "./build-docs.ts";
import { guideSources } from "./build-guides.ts";
import { appEnvironment } from "./cdk.ts";
import { createBundleFolders } from "./link-bundles.ts";
import { removeOldFolders, unusedMilliseconds } from "./prune-folders.ts";
import { filesOf, hashFiles } from "./source-graph.ts";

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
export const assemblySources = (): string[] => filesOf(root, sources);

/** Hashes the sources; takes a few dozen milliseconds for the whole project. */
export const hashSources = (): string => hashFiles(root, awsClient(), sources);

/** An assembly that a system can start from, although its last functions may not be bundled yet. */
export type Assembly = {
  directory: string;
  /** Settles when all functions are bundled; rejects with esbuild's output if that fails. */
  bundled: Promise<void>;
  /** Bundles the function next, and resolves then; undefined if it already is. */
  bundleOf(functionName: string): Promise<void> | undefined;
  /** Bundles the functions that have been held so that they do not delay the start. */
  bundleRest(): void;
};

/** Marks an assembly with all templates and bundles; an interrupted start leaves none. */
const completeMark = "complete";

/** The folder of a stage's assembly, complete: bundled and synthesized if a source has changed. */
export async function buildAssembly(
  stage: string,
  signal: AbortSignal,
  context: Record<string, string> = {},
): Promise<string> {
  const { directory, bundled } = await beginAssembly(stage, signal, context, false);
  await bundled;
  return directory;
}

/**
 * A stage's assembly for the runner, once its templates are there. If a source has changed, it is
 * bundled and synthesized at the same time. If `isHeld`, only the functions that a start needs are
 * bundled until `bundleRest`, and those that a call waits for. Rejects with the output of CDK or
 * esbuild if either fails.
 */
export async function beginAssembly(
  stage: string,
  signal: AbortSignal,
  context: Record<string, string> = {},
  isHeld = true,
): Promise<Assembly> {
  const name = [stage, ...Object.entries(context).flat(), hashSources().slice(0, 24)].join("-");
  const [found] = globSync(`${name}-*/${completeMark}`, { cwd: assemblies });
  if (found !== undefined) {
    const directory = join(assemblies, dirname(found));
    keepInUse(directory);
    const nothing = () => undefined;
    return { directory, bundled: Promise.resolve(), bundleOf: nothing, bundleRest: nothing };
  }
  mkdirSync(assemblies, { recursive: true });
  // Several starts may build the same assembly at once; each reads from its own folder.
  const directory = mkdtempSync(join(assemblies, `${name}-`));
  keepInUse(directory);
  const options = { context: { stage, ...context }, directory, signal };
  const { synthesized, bundled, ...making } = makeAssembly(options);
  if (!isHeld) making.bundleRest();
  const completed = bundled.then(() => {
    writeFileSync(join(directory, completeMark), "");
    removeOldFolders(assemblies, keptMax);
  });
  completed.catch(() => rmSync(directory, { recursive: true, force: true }));
  await synthesized;
  return { directory, bundled: completed, ...making };
}

/**
 * Updates an assembly's time, now and while this process runs, so that no other start removes it.
 */
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
  signal,
}: {
  context: { stage: string } & Record<string, string>;
  directory: string;
  signal: AbortSignal;
}): Omit<Assembly, "directory"> & { synthesized: Promise<void> } {
  const names = Object.keys(bundledEntries());
  createBundleFolders(names, directory);
  const waiting = new Map(
    names.map((name) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      return [functionName(context.stage, name), { name, promise, resolve }] as const;
    }),
  );
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  const builder = start(["bin/build/build.ts", directory], either);
  const tell = (order: BuildOrder) => builder.child.connected && builder.child.send(order);
  const finish = (bundledNames: readonly string[]) => {
    for (const name of bundledNames.map((name) => functionName(context.stage, name))) {
      waiting.get(name)?.resolve();
      waiting.delete(name);
    }
  };
  builder.child.on("message", finish);
  const bundling = builder.ended;
  const synthesis = start(["bin/app.ts"], either, appEnvironment(context, directory)).ended;
  const works = [bundling, synthesis];
  for (const work of works) work.catch(() => failing.abort());
  const bundled = Promise.all(works).then(
    () => finish(names),
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
    bundleOf(fullName) {
      const entry = waiting.get(fullName);
      if (entry !== undefined) tell({ prefer: entry.name });
      return entry?.promise;
    },
    bundleRest: () => void tell({ release: true }),
  };
}

/** Starts a program of this project on this Node; `ended` rejects with its output if it fails. */
function start(given: string[], signal: AbortSignal, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, given, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ...env },
    signal,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => child.pid === undefined && reject(error));
    child.once("close", resolve);
  });
  const ended = closed.then((code) => {
    signal.throwIfAborted();
    if (code !== 0) throw new Error(output.trim());
  });
  return { child, ended };
}
