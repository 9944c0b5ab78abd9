import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";

/** A place in a bundle, as V8 writes it: `/var/task/index.cjs:84:1234`. */
const place = /((?:\/[^\s():]+)+\.cjs):(\d+):(\d+)/g;

/** The source map of a bundle; undefined where there is none. */
function readMap(bundle: string): SourceMap | undefined {
  const file = `${bundle}.map`;
  if (!existsSync(file)) return undefined;
  return new SourceMap(JSON.parse(readFileSync(file, "utf8")) as SourceMapPayload);
}

/**
 * A stack with the files and lines of the sources in place of those of the bundle. The map is read
 * only when there is a fault to log: Node's own `--enable-source-maps` reads it at each cold start.
 */
function withSources(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replace(place, (written, bundle: string, line: string, column: string) => {
    if (!maps.has(bundle)) maps.set(bundle, readMap(bundle));
    const origin = maps.get(bundle)?.findOrigin(Number(line), Number(column));
    if (origin === undefined || !("fileName" in origin)) return written;
    const file = origin.fileName.replace(/^(\.\.\/)+/, "");
    return `${file}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

/**
 * The same error, whose stack names the sources: for one that is thrown to Lambda, which logs it by
 * itself. What is not an error has no stack and stays as it is.
 */
export function withReadableStack<E>(error: E): E {
  if (error instanceof Error && error.stack !== undefined) error.stack = withSources(error.stack);
  return error;
}
