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
const batchBytesMax = 6 * 1024 * 1024 - 1024;
/**
 * Records of this size in the table fit into an event for certain: their text has at most 14 times
 * as many bytes (an empty text), besides less than a kilobyte for each of at most 1,000 records.
 */
const fittingBytes = 256 * 1024;

/** The next batch: the first `size` records, or fewer if the event would be too large. */
export function chooseBatch(pending: Pending[], size: number): Pending[] {
  const now = performance.now();
  const batch = pending.slice(0, size);
  const stored = batch.reduce(
    (sum, { record }) => sum + (record.dynamodb.SizeBytes ?? fittingBytes),
    0,
  );
  let bytes = 0;
  const end = batch.findIndex(({ record, readyAt }, index) => {
    // Only large batches are measured, because that takes as long as writing the event.
    if (stored > fittingBytes) bytes += Buffer.byteLength(JSON.stringify(record)) + 1;
    return index > 0 && (bytes > batchBytesMax || readyAt > now);
  });
  return end < 0 ? batch : batch.slice(0, end);
}
