import { utf8Bytes } from "../text.ts";
import type { LogRecord } from "./event.ts";

/**
 * Bytes around the data of an event in a frame, rounded up so that sizes are never underestimated.
 */
const wrapBytes = 48;

/** The approximate size of a record in a frame, in bytes. */
export const bytesOf = ({ id, events }: LogRecord) =>
  events.reduce((sum, event) => sum + utf8Bytes(JSON.stringify(event)) + id.length + wrapBytes, 0);

/**
 * Chooses the chat messages to drop from a frame when the post rate is reached: evenly among
 * senders, so that the most active lose most; those in `kept` (host and moderators) last. Never
 * drops money or moderation. Returns the ids of the dropped records, which remain in the history.
 */
export function chooseDropped(
  records: readonly LogRecord[],
  bytesMax: number,
  kept: ReadonlySet<string>,
): Set<string> {
  let room = bytesMax;
  const bySender = new Map<string, LogRecord[]>();
  for (const record of records) {
    if (record.lane === "always") room -= bytesOf(record);
    else {
      const sender = record.senderId ?? "";
      bySender.set(sender, [...(bySender.get(sender) ?? []), record]);
    }
  }
  const dropped = new Set<string>();
  const senders = [...bySender.keys()].sort((a, b) => Number(kept.has(b)) - Number(kept.has(a)));
  // Each round admits the next newest message of each sender. All rounds of the host and the
  // moderators come before everyone else's first.
  for (const isKept of [true, false])
    for (let round = 0, open = true; open; round++) {
      open = false;
      for (const sender of senders) {
        if (kept.has(sender) !== isKept) continue;
        const record = bySender.get(sender)!.at(-1 - round);
        if (record === undefined) continue;
        open = true;
        const bytes = bytesOf(record);
        if (bytes > room) dropped.add(record.id);
        else room -= bytes;
      }
    }
  return dropped;
}
