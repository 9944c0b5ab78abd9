import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";

/** A place in a bundle, as V8 writes it: `/var/task/index.cjs:84:1234`. */
const place = /((?:\/[^\s():]+)+\.cjs):(\d+):(\d+)/g;

/** The source map beside a bundle; undefined where there is none. */
function readMap(bundle: string): SourceMap | undefined {
  const file = `${bundle}.map`;
  if (!existsSync(file)) return undefined;
  return new SourceMap(JSON.parse(readFileSync(file, "utf8")) as SourceMapPayload);
}

/**
 * A stack with the files and lines of the sources in place of those of the bundle. The map is read
 * only when there is a fault to be told: Node's own `--enable-source-maps` reads it at each cold
 * start.
 */
export function withSources(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replace(place, (written, bundle: string, line: string, column: string) => {
    if (!maps.has(bundle)) maps.set(bundle, readMap(bundle));
    const origin = maps.get(bundle)?.findOrigin(Number(line), Number(column));
    if (origin === undefined || !("fileName" in origin)) return written;
    const file = origin.fileName.replace(/^(\.\.\/)+/, "");
    return `${file}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}
