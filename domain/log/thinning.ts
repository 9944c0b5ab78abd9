import { utf8Bytes } from "../text.ts";
import type { LogRecord } from "./event.ts";

/**
 * Bytes around the data of an event in a frame, rounded up so that sizes are never underestimated.
 */
const wrapBytes = 48;

/** The approximate size of a record in a frame, in bytes. */
export const bytesOf = ({ id, events }: LogRecord) =>
  events.reduce((sum, event) => sum + utf8Bytes(JSON.stringify(event)) + id.length + wrapBytes, 0);

/** Upper bound on a frame's size without its events, in bytes. */
const headerBytesMax = 300;

/** Longest time to post records in several frames without dropping chat, in seconds. */
const postingSecondsMax = 0.5;

/** What decides whether records can be posted in several frames. */
export type PostLoad = {
  /** Maximum size of a frame in bytes. */
  frameBytes: number;
  /** Viewers who are posted to. */
  posted: number;
  /** The stage's post rate. */
  postsPerSecond: number;
  /** Whether posts have just had to wait for that rate. */
  isLimited: boolean;
};

/**
 * Selects the records to drop: none, unless they need more than one frame and the post rate does
 * not permit that. Then chat is thinned out to one frame, so that the room gets less but no delay.
 */
export function selectDropped(
  records: readonly LogRecord[],
  { frameBytes, posted, postsPerSecond, isLimited }: PostLoad,
): ReadonlySet<string> {
  const bytes = records.reduce((sum, record) => sum + bytesOf(record), 0);
  const frames = Math.ceil(bytes / frameBytes);
  const isFast =
    posted === 0 || (!isLimited && (frames * posted) / postsPerSecond <= postingSecondsMax);
  return frames <= 1 || isFast ? new Set() : thinOut(records, frameBytes - headerBytesMax);
}

/**
 * Chooses the chat messages to drop from a frame: evenly among senders, so that the most active
 * lose most; those of the host and the moderators last. Never drops money or moderation. Returns
 * the ids of the dropped records, which remain in the history.
 */
export function thinOut(records: readonly LogRecord[], bytesMax: number): Set<string> {
  let room = bytesMax;
  const bySender = new Map<string, LogRecord[]>();
  const kept = new Set(
    records.flatMap(({ senderId = "", senderRole }) => (senderRole === undefined ? [] : senderId)),
  );
  for (const record of records) {
    if (record.lane === "always") room -= bytesOf(record);
    else {
      const sender = record.senderId ?? "";
      bySender.set(sender, [...(bySender.get(sender) ?? []), record]);
    }
  }
  const dropped = new Set<string>();
  // Each round admits the next newest message of each sender. All rounds of the host and the
  // moderators come before everyone else's first.
  for (const isKept of [true, false])
    for (let round = 0, open = true; open; round++) {
      open = false;
      for (const [sender, sent] of bySender) {
        if (kept.has(sender) !== isKept) continue;
        const record = sent.at(-1 - round);
        if (record === undefined) continue;
        open = true;
        const bytes = bytesOf(record);
        if (bytes > room) dropped.add(record.id);
        else room -= bytes;
      }
    }
  return dropped;
}
