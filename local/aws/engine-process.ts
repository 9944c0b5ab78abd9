import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { chmodSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "../state.ts";

/** A running engine process; `stop` ends it and resolves when it is gone. */
type EngineProcess = { endpoint: string; pid: number; stop(): Promise<void> };

/** What `DATA_DIR/engine.json` says of a running engine, for an audit beside it. */
type EngineNote = { endpoint: string; pid?: number };

const noteName = "engine.json";
const readyMilliseconds = 10_000;
const stopMilliseconds = 3_000;
const triesMax = 3;

/**
 * Runs the engine, and ends it when the shell's standard input closes: that happens with our own
 * end, whatever that is, so a killed runner leaves no engine behind that holds the file.
 */
const watchdog = `exec 3<&0
"$@" </dev/null 3<&- >/dev/null 2>&4 4>&- & engine=$!
echo $engine
{ cat <&3 >/dev/null; kill -9 $engine; } >/dev/null 2>&1 & watch=$!
wait $engine
status=$?
kill $watch
exit $status`;

/**
 * Starts Dynoxide on an SQLite file.
 *
 * @param onDeath is called when it ends without having been stopped.
 * @throws Error with one sentence that says what to do, on a machine without this engine.
 */
export async function startEngineProcess(
  file: string,
  onDeath: (reason: string) => void,
): Promise<EngineProcess> {
  const host = pickHost();
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnce(file, host, await findFreePort(host), onDeath);
    } catch (error) {
      // Between looking for a free port and taking it somebody else may have taken it.
      if (tries === triesMax) throw error;
    }
  }
}

async function startOnce(
  file: string,
  host: string,
  port: number,
  onDeath: (reason: string) => void,
): Promise<EngineProcess> {
  const child = spawn(
    "/bin/sh",
    [
      "-c",
      watchdog,
      "engine",
      findBinary(),
      "--host",
      host,
      "--port",
      String(port),
      "--db-path",
      file,
    ],
    { stdio: ["pipe", "pipe", "ignore", "ignore", "pipe"], env: {} },
  );
  let said = "";
  let stopping = false;
  let ready = false;
  child.stdio[4]?.on("data", (data) => {
    said = (said + data).slice(-2000);
  });
  const gone = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`ended with ${signal ?? code} ${said}`.trim()));
  });
  void gone.then((reason) => {
    if (ready && !stopping) onDeath(reason);
  });
  const pid = await new Promise<number>((resolve, reject) => {
    child.stdout?.once("data", (data) => resolve(Number.parseInt(String(data), 10)));
    void gone.then((reason) => reject(new Error(`The database engine did not start: ${reason}`)));
  });
  const stop = async () => {
    stopping = true;
    sendSignal(pid, "SIGTERM");
    const late = setTimeout(() => sendSignal(pid, "SIGKILL"), stopMilliseconds);
    await gone;
    clearTimeout(late);
    child.stdin?.destroy();
  };
  const endpoint = `http://${host}:${port}`;
  const ended = gone.then((reason) => {
    throw new Error(`The database engine did not start: ${reason}`);
  });
  try {
    await Promise.race([waitUntilReady(endpoint), ended]);
  } catch (error) {
    await stop();
    throw error;
  }
  // The race above has its own handler; from here on `onDeath` reports an end.
  ended.catch(() => {});
  ready = true;
  return { endpoint, pid, stop };
}

/** The engine's file comes with npm; nothing is downloaded when it runs. */
function findBinary(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve("@dynoxide/linux-x64/package.json");
    return join(dirname(manifest), "dynoxide");
  } catch {
    throw new Error(
      `The bundled database engine runs on Linux x64 only, not on ${process.platform} ` +
        `${process.arch}: set DYNAMODB_ENDPOINT to a DynamoDB-compatible endpoint, such as ` +
        "DynamoDB Local at http://127.0.0.1:8000.",
    );
  }
}

/**
 * The engine asks nobody who they are and lets every web page read its answers, so its address is
 * one that no page can guess: any of the sixteen million of this machine's own network, on Linux.
 */
function pickHost(): string {
  const [one, two, three] = [randomInt(256), randomInt(256), randomInt(1, 255)];
  return `127.${one}.${two}.${three}`;
}

async function findFreePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

async function waitUntilReady(endpoint: string): Promise<void> {
  const until = Date.now() + readyMilliseconds;
  for (;;) {
    try {
      await fetch(endpoint, { signal: AbortSignal.timeout(1000) });
      return;
    } catch (error) {
      if (Date.now() > until) {
        throw new Error(`The database engine did not answer at ${endpoint}`, { cause: error });
      }
      await sleep(10);
    }
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already, which is what the signal is for.
  }
}

/** Notes the engine's address, so that an audit uses the running one. */
export function writeEngineNote(directory: string, note: EngineNote): void {
  const file = join(directory, noteName);
  writeFileSync(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
}

/** Takes the note away at a proper end, so that nobody looks for an engine that is gone. */
export function removeEngineNote(directory: string): void {
  rmSync(join(directory, noteName), { force: true });
}

/** The engine that runs on this directory now; a note whose process is gone counts as none. */
export function findRunningEngine(directory: string): EngineNote | undefined {
  let note: EngineNote;
  try {
    note = JSON.parse(readFileSync(join(directory, noteName), "utf8"));
  } catch {
    return undefined;
  }
  return note.pid === undefined || isEngine(note.pid) ? note : undefined;
}

/**
 * Ends an engine that a killed runner left. The watchdog does so too; this waits for it, since the
 * file must be free before another engine opens it.
 */
export async function stopLeftEngine(directory: string): Promise<void> {
  const note = findRunningEngine(directory);
  if (note?.pid !== undefined) {
    sendSignal(note.pid, "SIGKILL");
    for (let tries = 0; tries < 300 && isEngine(note.pid); tries += 1) await sleep(10);
  }
  removeEngineNote(directory);
}

/** Process ids are used again, so the name of what runs under it is looked at. */
function isEngine(pid: number): boolean {
  if (!isRunning(pid)) return false;
  try {
    return readlinkSync(`/proc/${pid}/exe`).includes("dynoxide");
  } catch {
    return false;
  }
}
