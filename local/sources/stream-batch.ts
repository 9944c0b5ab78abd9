import type { StreamRecord } from "./stream-records.ts";

/**
 * A record that waits for delivery: `readyAt` by `performance.now`, and `agesFrom`, from which its
 * age counts, in seconds since 1970.
 */
export type Pending = {
  sequence: string;
  record: StreamRecord;
  readyAt: number;
  agesFrom: number;
};

/** Lambda's limit is 6 MB per invocation; this leaves room for the event's own text. */
const batchBytesMax = 5 * 1024 * 1024;

/** The next batch: the first `size` records, or fewer if the event would be too large. */
export function chooseBatch(pending: Pending[], size: number): Pending[] {
  const now = performance.now();
  let bytes = 0;
  let end = Math.min(size, pending.length);
  for (let index = 0; index < end; index++) {
    const { record, readyAt } = pending[index]!;
    bytes += record.dynamodb.SizeBytes ?? 0;
    if (index > 0 && (bytes > batchBytesMax || readyAt > now)) end = index;
  }
  return pending.slice(0, end);
}
