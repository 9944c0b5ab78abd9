import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { boundedTimeout } from "../runtime/deadline.ts";
import type { Sizes } from "./size-worker.ts";

/** The longest time for decoding a picture: 50 megapixels take 3 s of a whole processor. */
const decodeMilliseconds = 20_000;

/** The thread's JavaScript memory; pixels are in WebAssembly's memory. */
const resourceLimits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };

/** The worker's file in a function's bundle, or its source outside of bundles. */
function workerFile(): string {
  const bundled = join(import.meta.dirname, "size-worker.cjs");
  return existsSync(bundled) ? bundled : join(import.meta.dirname, "size-worker.ts");
}

/**
 * A picture in its other sizes. A separate thread decodes it, so that the time and memory taken by
 * a malicious file end with the thread. Undefined if it cannot be decoded in time.
 */
export async function sizesOf(bytes: Uint8Array): Promise<Sizes | undefined> {
  const worker = new Worker(workerFile(), {
    workerData: bytes,
    env: {},
    execArgv: [],
    resourceLimits,
    // The codec's messages about a bad picture are useless in the log.
    stdout: true,
    stderr: true,
  });
  const late = boundedTimeout(decodeMilliseconds);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Sizes | undefined>((resolve) => {
      timer = setTimeout(resolve, late, undefined);
      worker.once("message", resolve);
      worker.once("error", () => resolve(undefined));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
