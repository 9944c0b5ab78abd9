import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { refuse } from "../../domain/refusal.ts";
import { lazy } from "../runtime/caches.ts";
import { boundedTimeout } from "../runtime/deadline.ts";
import type { ResizeJob, Sizes } from "./resize-worker.ts";

/** The longest time for decoding a picture: 50 megapixels take 3 s of a whole processor. */
const decodeMilliseconds = 20_000;

/** The part of the invocation's time that is left for storing the result. */
const storingMilliseconds = 5_000;

/** The thread's JavaScript memory; pixels are in WebAssembly's memory. */
const resourceLimits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };

/** Node.js's types name WebAssembly's modules, but not their constructor. */
type Codec = { Module: new (bytes: Uint8Array) => WebAssembly.Module };

/** A file next to a function's bundle; undefined outside of bundles. */
function findBundled(name: string): string | undefined {
  const file = join(import.meta.dirname, name);
  return existsSync(file) ? file : undefined;
}

/** The thread's file. */
const threadFile = () =>
  findBundled("resize-worker.cjs") ?? join(import.meta.dirname, "resize-worker.ts");

/**
 * The codec, compiled once in an environment: each thread that compiled it again would spend five
 * times as long on a small picture. It holds code and no memory, so pictures share nothing.
 */
const codec = lazy(() => {
  const resolveFrom = createRequire(join(import.meta.dirname, "resize.ts")).resolve;
  const file = findBundled("photon.wasm") ?? resolveFrom("@cf-wasm/photon/photon.wasm");
  const { Module } = Reflect.get(globalThis, "WebAssembly") as Codec;
  return new Module(readFileSync(file));
});

/**
 * A picture in its other sizes. A separate thread decodes it, so that the time and memory taken by
 * a malicious file end with the thread. Undefined if it cannot be decoded in time. Refuses with
 * `unavailable` if the invocation has no time left for it, which is not the picture's fault.
 */
export async function resizePicture(bytes: Uint8Array): Promise<Sizes | undefined> {
  // First, since it may throw: a thread that fails without a listener ends the process.
  const left = boundedTimeout(Number.POSITIVE_INFINITY) - storingMilliseconds;
  if (left <= 0) refuse("unavailable");
  const workerData: ResizeJob = { bytes, codec: codec() };
  const worker = new Worker(threadFile(), {
    workerData,
    env: {},
    execArgv: [],
    resourceLimits,
    // The codec's messages about a bad picture are useless in the log.
    stdout: true,
    stderr: true,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Sizes | undefined>((resolve) => {
      timer = setTimeout(resolve, Math.min(decodeMilliseconds, left), undefined);
      worker.once("message", resolve);
      worker.once("error", () => resolve(undefined));
    });
  } finally {
    clearTimeout(timer);
    // Not awaited: on busy processors a thread may take seconds to end.
    void worker.terminate();
  }
}
