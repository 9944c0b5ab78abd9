import { waitForAll } from "../runtime/deadline.ts";
import { exportedMax } from "./own-data.ts";

/** The most bytes of each kind in one export: all kinds together fit a Lambda response of 6 MB. */
export const bytesOfKindMax = 400 * 1024;

export const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Items that are read together, after which their bytes are counted. */
const pageSize = 100;

/** Streams that are read concurrently. */
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
 * The user's items in these streams, in the order of the streams. `look` reads one stream; several
 * are read concurrently. Stops (`isCut`) once there are more items than an export holds, or `look`
 * has reached a limit of the whole export.
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
