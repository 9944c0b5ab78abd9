import type { LogRecord } from "../../domain/log/event.ts";
import { makeFrame } from "../../domain/log/frame.ts";
import { compactText } from "../../platform/push/encodings.ts";
import { chatRecord, emptyLog, giftRecord, now, streamId } from "../domain/frame-samples.ts";
import { print, round } from "./figures.ts";

/** Chat messages of typical lengths. */
const lines = [
  "hi",
  "lol",
  "that was great!",
  "where are you from?",
  "❤️❤️❤️",
  "one more please, that song again",
];

/** Events of a typical live chat: 12 senders, every tenth event is a gift. */
const eventsOf = (count: number): LogRecord[] =>
  Array.from({ length: count }, (_, n) =>
    n % 10 === 9
      ? giftRecord(n)
      : chatRecord(n, `${lines[n % lines.length]} ${n}`, 1, `viewer-${(n * 7) % 12}`),
  );

/** The bodies of the frames; records that do not fit one frame go into several. */
function textsOf(records: readonly LogRecord[]): string[] {
  const texts: string[] = [];
  let log = emptyLog;
  for (let rest = records; rest.length > 0; ) {
    const { frame, taken } = makeFrame(log, rest, { streamId, viewers: 1_000 }, now);
    texts.push(frame.body);
    log = { ...frame, head: frame.n };
    rest = rest.slice(taken);
  }
  return texts;
}

const bytesOf = (texts: readonly string[]) =>
  texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);

/** Bytes of one event in each form: posted alone, in a frame, and in a compact frame. */
export async function benchFrames(): Promise<void> {
  const rows = [1, 20, 100].map((count) => {
    const records = eventsOf(count);
    const plain = textsOf(records);
    const alone = records.flatMap((record) => textsOf([record]));
    const compact = plain.map(compactText);
    return {
      "events/batch": count,
      frames: plain.length,
      "bytes/event, one post per event": round(bytesOf(alone) / count),
      "bytes/event, frames": round(bytesOf(plain) / count),
      "bytes/event, compact frames": round(bytesOf(compact) / count),
      "compact / plain": `${round((100 * bytesOf(compact)) / bytesOf(plain))} %`,
    };
  });
  print("Bytes per event and viewer", rows);
}
