import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { flatName, functionName as fullName } from "../../lib/stages/names.ts";
import type { Reloading, System } from "../../local/index.ts";
import { isRunning } from "../../local/state.ts";
import { buildAssembly } from "../build/assembly.ts";
import { awsClient, bundleInto, entryPoints } from "../build/build.ts";
import { buildWeb } from "../build/build-web.ts";
import {
  contractTextOf,
  dependentsOf,
  readGraph,
  readSource,
  type SourceGraph,
} from "../build/source-graph.ts";
import { secondsSince } from "./progress.ts";
import { watchSources } from "./watch-sources.ts";

const root = join(import.meta.dirname, "../..");
const folders = join(root, ".cache", "reloaded");
/** Folders whose sources affect pages. */
const pageFolders = ["web", "client"];
const isOfPages = (file: string) => pageFolders.includes(file.split("/")[0] ?? "");
/** Number of functions bundled at once after a change; others are bundled when called. */
const eagerMax = 3;

type Options = {
  stage: string;
  /** The CDK app's context, besides the stage's name. */
  context?: Record<string, string>;
  say(text: string): void;
  complain(text: string): void;
};

/** Hot reload: passed to the system at its start, and attached when it is ready. */
export type Reload = {
  reloading: Reloading;
  attach(system: System): void;
  stop(): void;
};

/**
 * Runs changed sources without a restart. A changed function is bundled again before its next
 * event, functions in use immediately; sockets and data stay. Changes that affect templates or
 * pages rebuild those. Compile errors are printed, and the old code keeps running.
 */
export function createReload(options: Options): Reload {
  const bundles = createBundles(options);
  let stopWatching = () => {};
  return {
    reloading: bundles,
    attach(system) {
      const graph = readGraph(root);
      const synthesis = createSynthesis(options, system, bundles);
      const beginPages = inTurn(() => remakePages(options, system));
      const watched = ["functions", "domain", "platform", "lib", ...pageFolders];
      stopWatching = watchSources(root, watched, (files) => {
        if (files.some(isOfPages)) beginPages();
        const isTemplate = update(graph, files);
        const stale = dependentsOf(graph, files);
        if (isTemplate) synthesis.begin();
        synthesis.note(stale);
        bundles.renew(system, stale, files);
      });
    },
    stop() {
      stopWatching();
      rmSync(bundles.directory, { recursive: true, force: true });
    },
  };
}

/** Updates the graph with changed files; returns whether the templates may have changed. */
function update(graph: SourceGraph, files: readonly string[]): boolean {
  const before = new Map(files.map((file) => [file, graph.get(file)?.text ?? ""]));
  for (const file of files) if (!isOfPages(file)) graph.set(file, readSource(root, file));
  // The stacks import all functions by the route table, but depend only on their contracts.
  const alone = new Map([...graph].filter(([file]) => !file.startsWith("functions/")));
  const isContract = (file: string) =>
    file === "functions/index.ts" ||
    (file.startsWith("functions/") &&
      contractTextOf(before.get(file)!) !== contractTextOf(graph.get(file)?.text ?? ""));
  return (
    files.some(isContract) ||
    [...dependentsOf(alone, files)].some((file) => file.startsWith("lib/"))
  );
}

type Bundles = Reloading & {
  directory: string;
  renew(system: System, stale: ReadonlySet<string>, files: readonly string[]): void;
  /** After a synthesis: all functions have new bundles, except those changed since. */
  forget(except: ReadonlySet<string>): void;
};

/** Bundles of changed functions; `make` bundles into a folder, and rejects if that fails. */
export function createBundles(
  { stage, say, complain }: Options,
  make: typeof bundleInto = bundleInto,
): Bundles {
  const directory = join(folders, String(process.pid));
  const stale = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const before = new Map<string, string>();
  const usedAt = new Map<string, number>();
  let system: System | undefined;
  let round = 0;
  // A run that was restarted in this process has left its own bundles.
  rmSync(directory, { recursive: true, force: true });
  const files = () =>
    new Map(
      Object.entries(entryPoints()).map(([name, file]) => [fullName(stage, name), { name, file }]),
    );

  async function bundleOnce(functionName: string): Promise<void> {
    const entry = files().get(functionName);
    const lambda = system?.stage.functions[functionName];
    if (entry === undefined || lambda === undefined) return;
    removeLeftovers();
    const folder = join(directory, String(++round));
    try {
      await make(folder, awsClient(), { [entry.name]: entry.file });
      // After a later change this bundle is already old: the next one follows.
      if (stale.has(functionName)) return;
      before.set(functionName, lambda.directory);
      lambda.directory = join(folder, flatName(entry.name));
    } catch {
      // esbuild has already printed the error.
      complain(`${entry.file} cannot be bundled; the previous code stays active.`);
    }
  }

  /** Bundles one at a time, so that the last to finish is the newest, until nothing has changed. */
  async function bundle(functionName: string): Promise<void> {
    try {
      while (stale.delete(functionName)) await bundleOnce(functionName);
    } finally {
      running.delete(functionName);
    }
  }

  function refresh(functionName: string): Promise<void> | undefined {
    usedAt.set(functionName, performance.now());
    if (stale.has(functionName) && !running.has(functionName))
      running.set(functionName, bundle(functionName));
    return running.get(functionName);
  }

  return {
    directory,
    refresh,
    undo(functionName) {
      const old = before.get(functionName);
      const lambda = system?.stage.functions[functionName];
      if (old === undefined || lambda === undefined) return false;
      before.delete(functionName);
      lambda.directory = old;
      complain(`${functionName} does not load; the previous code stays active.`);
      return true;
    },
    renew(of, changed, named) {
      system = of;
      const began = performance.now();
      const affected = [...files()]
        .filter(([, { file }]) => changed.has(file))
        .map(([name]) => name);
      if (affected.length === 0) return;
      for (const name of affected) stale.add(name);
      const newest = affected.toSorted((a, b) => (usedAt.get(b) ?? 0) - (usedAt.get(a) ?? 0));
      const eager = newest.slice(0, eagerMax).map((name) => refresh(name));
      void Promise.all(eager).then(() => {
        const others = affected.length > 1 ? `${affected.length} functions` : affected[0];
        const changed = `${named.join(", ")} changed`;
        say(`${changed}: ${others} from the next call on (${secondsSince(began)} s)`);
      });
    },
    forget(except) {
      stale.clear();
      before.clear();
      for (const [name, { file }] of files()) if (except.has(file)) stale.add(name);
    },
  };
}

/** Removes bundles left by killed runs. */
function removeLeftovers(): void {
  mkdirSync(folders, { recursive: true });
  for (const pid of readdirSync(folders))
    if (!isRunning(Number(pid))) rmSync(join(folders, pid), { recursive: true, force: true });
}

/** Returns a function that does `work`, once at a time, and again for changes made meanwhile. */
function inTurn(work: () => Promise<void>): () => void {
  let isRunning = false;
  let isWanted = false;
  async function run(): Promise<void> {
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      await work();
    }
    isRunning = false;
  }
  return () => {
    isWanted = true;
    if (!isRunning) void run();
  };
}

function createSynthesis(
  { stage, context, say, complain }: Options,
  system: System,
  bundles: Bundles,
) {
  const since = new Set<string>();

  async function synthesize(): Promise<void> {
    const began = performance.now();
    since.clear();
    say("Synthesizing, since routes, rights or resources may have changed …");
    try {
      const directory = await buildAssembly(stage, new AbortController().signal, context);
      const others = system.replaceStage(directory);
      bundles.forget(since);
      if (others.length === 0)
        say(`Routes and rights are as the sources say (${secondsSince(began)} s).`);
      else say(`Restart Ovation to change: ${others.join(", ")}.`);
    } catch (error) {
      complain(`${(error as Error).message}\nThe old templates stay active.`);
    }
  }

  return {
    note: (changed: ReadonlySet<string>) => {
      for (const file of changed) since.add(file);
    },
    begin: inTurn(synthesize),
  };
}

async function remakePages({ say, complain }: Options, system: System): Promise<void> {
  const began = performance.now();
  try {
    system.replacePages(await buildWeb());
    say(`Pages rebuilt (${secondsSince(began)} s): reload them in the browser.`);
  } catch {
    complain("The pages cannot be built; the old ones stay active.");
  }
}
