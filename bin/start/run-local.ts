import { flushCompileCache } from "node:module";
import { placeholdersOf } from "../../lib/stages/placeholders.ts";
import { stageOf } from "../../lib/stages/stages.ts";
import type { System, SystemOptions } from "../../local/index.ts";
import {
  createLog,
  DataDirectoryBusy,
  FormatMismatch,
  holdOutput,
  startSystem,
} from "../../local/index.ts";
import type { Log } from "../../local/log.ts";
import { key } from "../../platform/table/keys.ts";
import { type Assembly, beginAssembly } from "../build/assembly.ts";
import { buildWeb } from "../build/build-web.ts";
import { announce, printBlock, secretsOf } from "./announce.ts";
import { preloadStore, prepareTable } from "./demo.ts";
import { onParentExit } from "./parent-exit.ts";
import { type Screen, withProgress } from "./progress.ts";
import { createReload } from "./reload.ts";
import { restartNow } from "./restart.ts";
import { attachKeys, hasKeyboard } from "./run-keys.ts";
import type { Settings } from "./settings.ts";
import { contextOf, readSettings } from "./settings.ts";
import type { StartFacts } from "./start-block.ts";
import { readStartOptions } from "./start-options.ts";
import { startWhenFree } from "./start-when-free.ts";
import { listStudioRoutes } from "./studio-routes.ts";
import { topUp } from "./top-up.ts";

/** Exit codes: a wrong setting, and a failed start. */
const exitCodes = { usage: 2, failure: 1 };
/** After a signal the process ends within this time, whatever still runs. */
const stopMillisecondsMax = 4500;
const readyMillisecondsMax = 10_000;

/**
 * Runs the one-machine system until a signal, then ends the process; a wrong setting or a failed
 * start ends it early. `onSignal` receives the handler of later signals.
 */
export async function runLocal(onSignal: (end: () => void) => void): Promise<void> {
  const options = readStartOptions(process.argv.slice(2));
  if ("say" in options) {
    (options.exitCode === 0 ? console.log : console.error)(options.say);
    process.exit(options.exitCode);
  }
  // With --json the log is JSON, too, unless set otherwise.
  const read = readSettings({ ...(options.json && { LOG: "json" }), ...process.env });
  if ("faults" in read) {
    for (const fault of read.faults) console.error(fault);
    process.exit(exitCodes.usage);
  }
  const { settings } = read;
  const stage = stageOf((name) => (name === "stage" ? settings.STAGE : undefined));
  for (const placeholder of placeholdersOf(stage)) console.warn(`Warning: ${placeholder}`);
  // The reader of our output may close it before we exit.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const aborting = new AbortController();
  let system: System | undefined;
  const output = options.json ? holdOutput() : undefined;
  const stopSystem = async () => {
    output?.release();
    await system?.stop();
    if (system && settings.LOG === "text") console.log(system.aws.meter.summary());
  };
  // Once: a signal also fails a start that still waits for its health, and neither may exit early.
  let finished: Promise<void> | undefined;
  const finish = () => {
    finished ??= stopSystem();
    return finished;
  };
  const exitInTime = (code: number) => {
    setTimeout(() => process.exit(code), stopMillisecondsMax).unref();
  };
  const end = async (code: number) => {
    exitInTime(code);
    await finish();
    process.exit(code);
  };
  const fail = async (error: unknown) => {
    if (aborting.signal.aborted) return await end(0);
    console.error(explain(error, settings));
    await end(isDataMismatch(error) ? exitCodes.usage : exitCodes.failure);
  };
  const stop = () => {
    if (aborting.signal.aborted) return;
    aborting.abort();
    // A start notices and ends by itself, but only after its current step.
    if (system) void end(0);
    else exitInTime(0);
  };
  onSignal(stop);
  if (process.env.npm_lifecycle_event !== undefined) onParentExit(stop);
  try {
    const log = createLog(settings.LOG, output?.write);
    let isReady = false;
    // Our own calls of /health are not logged as requests.
    const request: Log["request"] = (line) => isReady && log.request(line);
    const screen = options.json ? screens.aside : screenOf(settings, log);
    const started = await start(settings, { ...log, request }, screen, aborting.signal, fail);
    system = started.system;
    aborting.signal.throwIfAborted();
    await waitForHealth(system.url, aborting.signal);
    started.bundleRest();
    isReady = true;
    const hasKeys = !options.json && settings.LOG === "text" && hasKeyboard();
    const { hasDemo } = started;
    const facts = await announce(system, { settings, json: options.json, hasKeys, hasDemo });
    output?.release();
    if (hasKeys) letKeysAct(system, facts, { finish, stop });
    // At once, because a killed process saves nothing for the next start.
    flushCompileCache();
  } catch (error) {
    await fail(error);
  }
}

/** Progress of long steps: on a terminal, as lines, or on stderr. */
const screens = {
  live: { isLive: true, write: (text: string) => void process.stdout.write(text) },
  aside: { isLive: false, write: (text: string) => void process.stderr.write(text) },
};
const screenOf = ({ LOG }: Settings, log: Log): Screen =>
  process.stdout.isTTY && LOG === "text"
    ? screens.live
    : { isLive: false, write: (text) => log.note(text.trimEnd()) };

type Ends = { finish(): Promise<void>; stop(): void };

function letKeysAct(system: System, facts: StartFacts, { finish, stop }: Ends): void {
  const restoreTerminal = attachKeys({
    system,
    printBlock: () => printBlock(facts),
    async restart() {
      restoreTerminal();
      await finish();
      restartNow(system.url, async () => undefined);
    },
    quit: stop,
  });
}

async function start(
  settings: Settings,
  log: Log,
  screen: Screen,
  signal: AbortSignal,
  onFailure: (error: unknown) => void,
): Promise<{ system: System; hasDemo: boolean; bundleRest(): void }> {
  const reload = isWatching(settings)
    ? createReload({
        stage: settings.STAGE,
        context: contextOf(settings),
        say: log.note,
        complain: log.problem,
      })
    : undefined;
  const isKept = settings.DATA_DIR !== ":memory:";
  const restart = isKept ? () => restartNow(system.url, () => system.stop()) : undefined;
  let pages: Promise<string> | undefined;
  let assembly: Assembly | undefined;
  let hasDemo = false;
  const readOnly = key.readOnly();
  const options: SystemOptions = {
    async assemblyDirectory() {
      const make = () => beginAssembly(settings.STAGE, signal, contextOf(settings));
      const making = withProgress("Bundling and synthesizing", screen, make);
      // Runs concurrently; a failure is reported when the pages are requested.
      pages = buildWeb();
      pages.catch(() => undefined);
      preloadStore();
      assembly = await making;
      assembly.bundled.catch((error) => signal.aborted || onFailure(error));
      return assembly.directory;
    },
    stageName: settings.STAGE,
    port: settings.PORT,
    host: settings.HOST,
    dataDir: settings.DATA_DIR,
    relayPort: settings.RELAY_PORT,
    log,
    secrets: secretsOf(settings),
    ...(settings.DYNAMODB_ENDPOINT && { dynamodbEndpoint: settings.DYNAMODB_ENDPOINT }),
    // `npm run read-only` pauses deliveries: on AWS, it disables the event source mappings.
    pauseKey: { PK: { S: readOnly.PK }, SK: { S: readOnly.SK } },
    topUp,
    reloading: {
      refresh: (name) => assembly?.bundleOf(name) ?? reload?.reloading.refresh(name),
      undo: (name) => reload?.reloading.undo(name) ?? false,
    },
    async prepare(prepared) {
      hasDemo = await prepareTable(prepared, { demo: settings.DEMO === "on" });
    },
    pagesDirectory: () => withProgress("Building the pages", screen, () => pages ?? buildWeb()),
    routes: (prepared) => listStudioRoutes(prepared, { restart }),
  };
  const system = await startWhenFree(() => startSystem(options), signal);
  reload?.attach(system);
  if (reload) process.once("exit", () => reload.stop());
  return { system, hasDemo, bundleRest: () => assembly?.bundleRest() };
}

/** Watches sources for a user at a terminal; tests must not run half-written files. */
const isWatching = ({ WATCH }: Settings) =>
  WATCH === "on" || (WATCH === undefined && process.env.npm_lifecycle_event === "start");

/**
 * Waits until /health, through the gateway, its function and the table, reports that it is ready.
 */
async function waitForHealth(url: string, signal: AbortSignal): Promise<void> {
  const end = Date.now() + readyMillisecondsMax;
  for (;;) {
    const answer = await fetch(`${url}/health`, { signal });
    const text = await answer.text();
    if (answer.ok) return;
    if (answer.status !== 503 || Date.now() > end)
      throw new Error(
        `The system did not become ready: /health responded with ${answer.status} ${text}`,
      );
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Compared by name, because the store is loaded on demand. */
const isOtherTable = (error: unknown) => (error as Error | null)?.name === "TableMismatch";

/** Whether only another version of Ovation can read the data. */
const isDataMismatch = (error: unknown) => isOtherTable(error) || error instanceof FormatMismatch;

function explain(error: unknown, settings: Settings): string {
  if (error instanceof DataDirectoryBusy || error instanceof FormatMismatch) return error.message;
  if (isOtherTable(error)) return `DATA_DIR ${settings.DATA_DIR}: ${(error as Error).message}`;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE")
    return `Port ${settings.PORT} is in use: stop the process that uses it, or set PORT to another one.`;
  if (code === "EADDRNOTAVAIL")
    return `HOST: this machine has no address ${settings.HOST}; 0.0.0.0 listens on all of its addresses.`;
  if (code === "EACCES" && syscall === "listen")
    return `Port ${settings.PORT} may not be used by this user: set PORT to one above 1023.`;
  return error instanceof Error ? error.message : String(error);
}
