import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Settings } from "../start/settings.ts";

/** The result of a check; `fix` says what to do if something is missing. */
export type Finding = { name: string; isGood: boolean; says: string; fix?: string };

const root = join(import.meta.dirname, "../..");
const nodeMajorMin = 24;
/** Space for an assembly with its bundles, compiled code, and a first day's data. */
const freeBytesMin = 500 * 1024 * 1024;
const healthMilliseconds = 2_000;

/** Ports that browsers refuse to open. https://fetch.spec.whatwg.org/#port-blocking */
const blockedPorts = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
  6679, 6697, 10080,
]);

/** Checks what `npm start` needs on this machine. */
export async function checkMachine(settings: Settings): Promise<Finding[]> {
  return [
    checkNode(process.versions.node),
    await checkPort(settings.PORT),
    checkRights(settings.DATA_DIR),
    checkDisk(settings.DATA_DIR),
    await checkEngine(settings.DYNAMODB_ENDPOINT),
  ];
}

/** Checks the Node.js version; npm scripts use the installed one. */
export function checkNode(version: string): Finding {
  const isGood = Number(version.split(".")[0]) >= nodeMajorMin;
  const fix = "Run `npm ci`, and call it as `npm run doctor`.";
  return { name: "Node.js", isGood, says: `v${version}`, ...(!isGood && { fix }) };
}

/** Whether the port is free, or Ovation already uses it. */
export async function checkPort(port: number): Promise<Finding> {
  const name = "Port";
  if (blockedPorts.has(port))
    return {
      name,
      isGood: false,
      says: `browsers block port ${port}`,
      fix: "Set PORT to another one, such as 4000.",
    };
  if (await isFree(port)) return { name, isGood: true, says: `${port} is free` };
  const isOurs = await fetch(`http://127.0.0.1:${port}/health`, {
    signal: AbortSignal.timeout(healthMilliseconds),
  }).then(
    async (answer) => answer.ok && "stage" in ((await answer.json()) as object),
    () => false,
  );
  if (isOurs) return { name, isGood: true, says: `Ovation runs at ${port}` };
  const fix = `Stop the process that uses it, or choose another: PORT=${port + 1} npm start`;
  return { name, isGood: false, says: `${port} is in use`, fix };
}

const isFree = (port: number) =>
  new Promise<boolean>((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
  });

/** Whether data and build output can be written. */
export function checkRights(dataDir: string): Finding {
  const folders = [join(root, ".cache"), ...(dataDir === ":memory:" ? [] : [resolve(dataDir)])];
  const closed = folders.find((folder) => !isWritable(folder));
  const name = "Permissions";
  if (closed === undefined) return { name, isGood: true, says: "data and cache are writable" };
  const fix = closed.startsWith(root)
    ? "Change its owner, or use your own checkout."
    : "Change its owner, or set DATA_DIR to another folder.";
  return { name, isGood: false, says: `${closed} is not writable`, fix };
}

/** A folder, or the nearest one above it that exists. */
function existing(folder: string): string {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  return there;
}

/** Whether a folder is writable, or can be created. */
function isWritable(folder: string): boolean {
  try {
    accessSync(existing(folder), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function freeBytesIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Whether the disks of the build output and of the data, which may be another, have space. */
export function checkDisk(dataDir: string, freeIn = freeBytesIn): Finding {
  const folders = [root, ...(dataDir === ":memory:" ? [] : [existing(resolve(dataDir))])];
  const disks = folders.map((folder) => ({ folder, free: freeIn(folder) }));
  const { folder, free } = disks.reduce((a, b) => (b.free < a.free ? b : a));
  const says = `${(free / 1024 ** 3).toFixed(1)} GB are free in ${folder}`;
  const isGood = free >= freeBytesMin;
  return { name: "Disk", isGood, says, ...(!isGood && { fix: "Free half a gigabyte." }) };
}

/** Checks the database: the built-in engine, or the one at DYNAMODB_ENDPOINT. */
export async function checkEngine(endpoint: string | undefined): Promise<Finding> {
  const name = "Engine";
  if (endpoint === undefined) {
    const database = new DatabaseSync(":memory:");
    const found = database.prepare("SELECT sqlite_version() AS version").get();
    database.close();
    return { name, isGood: true, says: `built in, on SQLite ${found?.version}` };
  }
  const isRunning = await fetch(endpoint, { signal: AbortSignal.timeout(healthMilliseconds) }).then(
    () => true,
    () => false,
  );
  if (isRunning) return { name, isGood: true, says: `external, at ${endpoint}` };
  const fix = "Start it, or unset DYNAMODB_ENDPOINT to use the built-in engine.";
  return { name, isGood: false, says: `nothing responds at ${endpoint}`, fix };
}
