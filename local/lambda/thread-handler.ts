import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runFile } from "./thread-code.ts";

export type Handler = (event: unknown, context: unknown) => unknown;

/** The folder of a function's code, and its handler as file and export: `index.handler`. */
type Bundle = { directory: string; handler: string };

/** The number of modules loaded so far. */
let modules = 0;

/** A handler, and how to write its compiled code for later threads. */
type LoadedHandler = { handle: Handler; keep(): void };

/**
 * Loads a function's code and returns its handler; each call returns a new copy with variables of
 * its own. Throws what the code throws on loading, and an error for a handler that Lambda's Node.js
 * 24 runtime would reject.
 */
export async function loadHandler({ directory, handler }: Bundle): Promise<LoadedHandler> {
  const dot = handler.lastIndexOf(".");
  const base = join(directory, handler.slice(0, dot));
  const file = [".cjs", ".js", ".mjs"].map((end) => base + end).find((path) => existsSync(path));
  if (file === undefined) throw new Error(`Cannot find module '${handler}' in ${directory}`);
  const { exports, keep } = await load(file);
  const found = (exports as Record<string, unknown>)[handler.slice(dot + 1)];
  if (typeof found !== "function") throw new Error(`${handler} is undefined or not exported`);
  if (found.length > 2)
    throw new TypeError("Callback-based handlers are not supported by Lambda's Node.js 24 runtime");
  return { handle: found as Handler, keep };
}

async function load(file: string) {
  if (file.endsWith(".cjs")) return runFile(file);
  const exports = file.endsWith(".mjs")
    ? await import(`${pathToFileURL(file).href}?${modules++}`)
    : requireAnew(createRequire(file), file);
  return { exports, keep: () => undefined };
}

function requireAnew(require: NodeJS.Require, file: string): unknown {
  const loaded = require(file);
  delete require.cache[require.resolve(file)];
  return loaded;
}
