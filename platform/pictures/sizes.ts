import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { boundedTimeout } from "../runtime/deadline.ts";
import type { Sizes } from "./size-worker.ts";

/** How long a picture may take: one of 50 megapixels takes 3 s of a whole processor. */
const decodeMilliseconds = 20_000;

/** JavaScript's own memory in the thread; pixels lie in WebAssembly's. */
const resourceLimits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 };

/** The thread's file in a function's bundle, and its source where there is none. */
function workerFile(): string {
  const bundled = join(import.meta.dirname, "size-worker.cjs");
  return existsSync(bundled) ? bundled : join(import.meta.dirname, "size-worker.ts");
}

/**
 * A picture in its other sizes. A thread of its own decodes it: what a hostile file takes in time
 * and memory ends with the thread. Undefined where it cannot be decoded in time.
 */
export async function sizesOf(bytes: Uint8Array): Promise<Sizes | undefined> {
  const worker = new Worker(workerFile(), {
    workerData: bytes,
    env: {},
    execArgv: [],
    resourceLimits,
    // What the codec says of a bad picture is of no use in a log.
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
