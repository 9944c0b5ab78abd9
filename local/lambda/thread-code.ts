import { hash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { constants, Script } from "node:vm";
import { threadId } from "node:worker_threads";

export type Handler = (event: unknown, context: unknown) => unknown;

/** The folder of a function's code, and its handler as file and export: `index.handler`. */
type Bundle = { directory: string; handler: string };

/** A handler, and how to write its compiled code for later threads. */
type LoadedHandler = { handle: Handler; keep(): void };

/**
 * Loads a function's code, a CommonJS file, and returns its handler; each call returns a new copy
 * with variables of its own. Throws what the code throws on loading, and an error for a handler
 * that Lambda's Node.js 24 runtime would reject.
 */
export function loadHandler({ directory, handler }: Bundle): LoadedHandler {
  const dot = handler.lastIndexOf(".");
  const { exports, keep } = runFile(join(directory, `${handler.slice(0, dot)}.cjs`));
  const found = exports[handler.slice(dot + 1)];
  if (typeof found !== "function") throw new Error(`${handler} is undefined or not exported`);
  if (found.length > 2)
    throw new TypeError("Callback-based handlers are not supported by Lambda's Node.js 24 runtime");
  return { handle: found as Handler, keep };
}

/** The start of the function in which Node.js wraps a CommonJS module. */
const begin = "(function (exports, require, module, __filename, __dirname) { ";

/**
 * Runs a CommonJS file as `require` does, with the code that V8 compiled for it in an earlier
 * thread and that is kept next to the file. Node's compile cache has only what V8 compiles with the
 * file itself; `keep` also writes the functions that have been called by then, which are most of
 * the code of a first event.
 */
function runFile(file: string) {
  const text = readFileSync(file, "utf8");
  // Named by the source's hash, since V8 itself compares only the lengths of sources.
  const kept = `${file}.${hash("sha256", text)}.code`;
  const cachedData = readIfThere(kept);
  const script = new Script(`${begin}${text}\n})`, {
    filename: file,
    columnOffset: -begin.length,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData && { cachedData }),
  });
  const module = { exports: {} as Record<string, unknown> };
  const run = script.runInThisContext();
  run.call(module.exports, module.exports, createRequire(file), module, file, dirname(file));
  let isKept = cachedData !== undefined && script.cachedDataRejected === false;
  return {
    exports: module.exports,
    keep() {
      if (isKept) return;
      isKept = true;
      writeWhole(kept, script.createCachedData());
    },
  };
}

/** Writes a file as a whole: V8 does not notice that another thread is still writing its data. */
function writeWhole(file: string, data: Buffer): void {
  const unfinished = `${file}-${process.pid}-${threadId}`;
  try {
    writeFileSync(unfinished, data);
    renameSync(unfinished, file);
  } catch {
    // The next thread compiles again: in an image the folder may be read-only, or the disk is full.
  }
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
