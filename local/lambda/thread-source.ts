import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";

let source: URL | undefined;

/**
 * The thread's source as plain JavaScript, made once: a thread that strips types itself needs 10 MB
 * more and starts a fifth later.
 */
export function findThreadSource(): URL {
  source ??= withoutWarnings(() => new URL(writePlain("worker-thread.ts")));
  return source;
}

/** A module as a `data:` address, with what it imports of this folder inside it. */
function writePlain(name: string): string {
  const text = readFileSync(join(import.meta.dirname, name), "utf8");
  const plain = stripTypeScriptTypes(text).replace(
    /(?<=^import .*from )"\.\/([\w-]+\.ts)"/gm,
    (_, imported: string) => JSON.stringify(writePlain(imported)),
  );
  // A stack names the file, not the whole of its text.
  const named = `${plain}\n//# sourceURL=ovation/local/lambda/${name}`;
  return `data:text/javascript;base64,${Buffer.from(named).toString("base64")}`;
}

/** Node warns that stripping is new; what it does here is what Node does with every import. */
function withoutWarnings<Result>(work: () => Result): Result {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}
