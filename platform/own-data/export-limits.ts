import { waitForAll } from "../runtime/deadline.ts";
import { exportedMax } from "./own-data.ts";

/** The most bytes of each kind in one export: all of them fit the 6 MB of a Lambda response. */
export const bytesOfKindMax = 400 * 1024;

export const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Items that are read together, after which their bytes are counted. */
const pageSize = 100;

/** Streams that are looked at together. */
const atOnce = 20;

/**
 * Reads the items of these ids in order, page by page, until they have more bytes than an export
 * takes of one kind.
 */
export async function listUntilFull<Id, One>(
  ids: readonly Id[],
  list: (some: readonly Id[]) => Promise<One[]>,
): Promise<One[]> {
  const found: One[] = [];
  let bytes = 0;
  for (let from = 0; from < ids.length && bytes <= bytesOfKindMax; from += pageSize) {
    const page = await list(ids.slice(from, from + pageSize));
    found.push(...page);
    for (const one of page) bytes += bytesOf(one);
  }
  return found;
}

/**
 * What a user has in these streams, in their order. The streams are looked at some at once, until
 * there are more items than are exported, or the limits of the whole export are reached (`isCut`).
 */
export async function listInStreams<One>(
  streamIds: readonly string[],
  look: (streamId: string) => Promise<{ list: One[]; isCut: boolean }>,
): Promise<{ list: One[]; isCut: boolean }> {
  const list: One[] = [];
  for (let from = 0; from < streamIds.length; from += atOnce) {
    const found = await waitForAll(streamIds.slice(from, from + atOnce).map(look));
    for (const one of found) list.push(...one.list);
    if (list.length > exportedMax || found.some(({ isCut }) => isCut)) return { list, isCut: true };
  }
  return { list, isCut: false };
}
