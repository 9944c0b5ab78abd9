import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

/** The whole system as `npm start` runs it, in a separate process. */
export type System = {
  url: string;
  dataDir: string;
  process: ChildProcess;
  /** The whole lines of its output so far, whose last part may not have arrived. */
  output(): string;
  /** Stops it with SIGTERM; returns its exit code. Removes data that was created for it. */
  stop(): Promise<number | null>;
  /** Kills it with SIGKILL; the data stays. */
  kill(): Promise<void>;
};

type Settings = {
  dataDir?: string;
  env?: Record<string, string>;
  port?: number;
  /** The checkout to start; default: this one. */
  checkout?: string;
};

const startSecondsMax = 180;
const crashes = ["SIGABRT", "SIGBUS", "SIGILL", "SIGSEGV", "SIGTRAP"];

const root = join(import.meta.dirname, "..");

/** The Node.js options of `npm start`, without `node` itself. */
function startCommand(): string[] {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return (manifest.scripts.start as string).split(" ").slice(1);
}

/** Starts a system on a free port with its own data, and waits until it is healthy. */
export async function startSystem(settings: Settings = {}): Promise<System> {
  const port = settings.port ?? (await freePort());
  const own = settings.dataDir === undefined;
  const dataDir = settings.dataDir ?? (await mkdtemp(join(tmpdir(), "ovation-")));
  const child = spawn(process.execPath, startCommand(), {
    cwd: settings.checkout ?? root,
    env: {
      ...process.env,
      PORT: String(port),
      DATA_DIR: dataDir,
      LOG: "off",
      NODE_OPTIONS: "",
      ...settings.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-200_000);
    });
  const ended = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
  const url = `http://127.0.0.1:${port}`;
  await healthy(url, child, () => output);
  // Printed here, because a test that continues to call would only say that nothing answers.
  child.once("exit", (code, signal) => {
    if (code || (signal && crashes.includes(signal)))
      console.error(`The system at ${url} ended with ${code ?? signal}:\n${output.slice(-5000)}`);
  });
  return {
    url,
    dataDir,
    process: child,
    output: () => output.slice(0, output.lastIndexOf("\n") + 1),
    async stop() {
      child.kill("SIGTERM");
      const code = await ended;
      if (own) await rm(dataDir, { recursive: true, force: true });
      return code;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** What a program has written so far to its stdout, stderr or both. */
export function outputOf(...streams: (Readable | null)[]): () => string {
  let output = "";
  for (const stream of streams)
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  return () => output;
}

/** Where a system's sockets are in these tests: at its relay with `RELAY=on`, else at its API. */
export async function socketsOf(url: string): Promise<string> {
  return process.env.RELAY === "on" ? relayOf(url) : `${url.replace("http", "ws")}/ws`;
}

/** The URL of a system's relay. */
export async function relayOf(url: string): Promise<string> {
  const relay = (await (await fetch(`${url}/local/relay`)).json()) as { url: string };
  return relay.url;
}

/**
 * Waits until a started system is healthy; throws, with its output, if it ends before that or takes
 * too long.
 */
export async function healthy(
  url: string,
  child: ChildProcess,
  output: () => string,
): Promise<void> {
  const deadline = Date.now() + startSecondsMax * 1000;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The system ended at its start:\n${output()}`);
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.status === 200) return;
    if (Date.now() > deadline) throw new Error(`The system did not get ready:\n${output()}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/**
 * A port that was free a moment ago, and stays free until a system has started: it is outside of
 * the ephemeral range (from 32,768 on Linux, from 49,152 elsewhere).
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((done) => {
      server.once("error", () => done(false));
      server.listen(port, "127.0.0.1", () => done(true));
    });
    if (!isFree) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}
