import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";

let source: URL | undefined;

/**
 * The worker thread's source as plain JavaScript, generated once: a thread that strips types itself
 * needs 10 MB more memory and 20 % more time to start.
 */
export function findThreadSource(): URL {
  source ??= withoutWarnings(() => new URL(writePlain("worker-thread.ts")));
  return source;
}

/** A module as a `data:` URL that contains the modules which it imports from this folder. */
function writePlain(name: string): string {
  const text = readFileSync(join(import.meta.dirname, name), "utf8");
  const plain = stripTypeScriptTypes(text).replace(
    /(?<=^import .*from )"\.\/([\w-]+\.ts)"/gm,
    (_, imported: string) => JSON.stringify(writePlain(imported)),
  );
  // Stack traces then name the file instead of the whole `data:` URL.
  const named = `${plain}\n//# sourceURL=ovation/local/lambda/${name}`;
  return `data:text/javascript;base64,${Buffer.from(named).toString("base64")}`;
}

/** Suppresses Node's warning that type stripping is experimental. */
function withoutWarnings<Result>(work: () => Result): Result {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
