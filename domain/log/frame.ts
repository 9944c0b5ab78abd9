import * as z from "zod";
import { utf8Bytes } from "../text.ts";
import { type LogRecord, type StreamEvent, Totals } from "./event.ts";

/** UTF-8 bytes of a frame: API Gateway bills and limits messages by 32 KB. */
export const frameBytesMax = 32_000;

/**
 * A frame can be read for a day; it is kept a little longer, so that no answer has a hole at its
 * end.
 */
const frameAnsweredSeconds = 24 * 3600;
export const frameKeptSeconds = 25 * 3600;

/** One frame of a stream's log as it is stored. */
export const Frame = z.object({
  n: z.number().int(),
  epoch: z.string(),
  /** The exact text that viewers get. */
  body: z.string(),
  /** The ids of all records that it took in, even thinned out, separated by spaces. */
  covers: z.string(),
  /** The largest creation time of any record in this frame or one before it, in seconds. */
  newest: z.number(),
  /** The stream's totals with this frame. */
  totals: Totals,
  /** Users whom a record of this frame blocks: whoever posts it reads their membership again. */
  blocks: z.array(z.string()).optional(),
  /** Grows when a deletion removes a text. */
  revision: z.number().int(),
  /** Seconds since 1970: 25 h after it was made. */
  expiresAt: z.number().int(),
});
export type Frame = z.infer<typeof Frame>;

/** Whether a frame can still be read at this time. */
export const isAnswered = (frame: Pick<Frame, "expiresAt">, now: Date) =>
  frame.expiresAt - (frameKeptSeconds - frameAnsweredSeconds) > now.getTime() / 1000;

/** Where a log ends: its epoch, and the number, time and totals of the newest frame ever put. */
export type LogEnd = { epoch: string; head: number; newest: number; totals: Totals };

/** What a frame says besides its events, and what limits it. */
type FrameFacts = {
  streamId: string;
  /** Distinct subscribed users, at most 5 s old. */
  viewers: number;
  /**
   * The ids of chat messages that the post rate leaves out. Their records are covered all the same.
   */
  left?: ReadonlySet<string>;
  /** UTF-8 bytes that the frame may have. */
  bytesMax?: number;
};

/**
 * Makes the next frame of a log from records that are in none, in their order, as many as fit.
 * Answers the frame, how many records it took, and the records with an event that is too large for
 * any frame (they are covered and not shown: that is counted as a fault and does not go on for
 * ever).
 */
export function makeFrame(
  end: LogEnd,
  records: readonly LogRecord[],
  { streamId, viewers, left, bytesMax = frameBytesMax }: FrameFacts,
  now: Date,
): { frame: Frame; taken: number; tooLarge: LogRecord[] } {
  const deleted = new Set(records.map(({ deletes }) => deletes?.messageId));
  const header = (skipped: number) =>
    `{"type":"events","streamId":"${streamId}","epoch":"${end.epoch}","frame":${end.head + 1},` +
    `"viewers":${viewers},"skipped":${skipped},"events":[`;
  const room = bytesMax - utf8Bytes(header(records.length)) - 2;
  const texts: string[] = [];
  const tooLarge: LogRecord[] = [];
  const blocks: string[] = [];
  let { newest, totals } = end;
  let bytes = 0;
  let taken = 0;
  let skipped = 0;
  for (const record of records) {
    const isLeft = left?.has(record.id) ?? false;
    const after = record.adds === undefined ? totals : add(totals, record.adds);
    const shown = isLeft ? [] : eventTexts(record, after, deleted);
    const size = shown.reduce((sum, text) => sum + utf8Bytes(text) + 1, 0);
    const fits = size <= room;
    if (fits && bytes + size > room) break;
    if (fits) texts.push(...shown);
    else tooLarge.push(record);
    if (fits) bytes += size;
    if (isLeft) skipped += record.events.length;
    if (record.blocks !== undefined) blocks.push(record.blocks);
    newest = Math.max(newest, record.createdAt);
    totals = after;
    taken += 1;
  }
  const covers = records.slice(0, taken).map(({ id }) => id);
  const frame: Frame = {
    n: end.head + 1,
    epoch: end.epoch,
    body: `${header(skipped)}${texts.join(",")}]}`,
    covers: covers.join(" "),
    newest,
    totals,
    ...(blocks.length > 0 && { blocks }),
    revision: 1,
    expiresAt: Math.floor(now.getTime() / 1000) + frameKeptSeconds,
  };
  return { frame, taken, tooLarge };
}

const add = (a: Totals, b: Totals): Totals => ({
  count: a.count + b.count,
  credits: a.credits + b.credits,
});

/** The id of an event by its place in its record, 0, 1, 2 …: unique in its stream. */
export const idOfEvent = (recordId: string, place: number) =>
  place === 0 ? recordId : `${recordId}.${place}`;

/** The events of a record as a frame has them; several of one record are numbered. */
function eventTexts(
  record: LogRecord,
  totals: Totals,
  deleted: ReadonlySet<string | undefined>,
): string[] {
  return record.events.map((event, at) => {
    const id = idOfEvent(record.id, at);
    return JSON.stringify({
      id,
      type: event.type,
      at: event.at,
      data: show(event, totals, deleted),
    });
  });
}

function show(event: StreamEvent, totals: Totals, deleted: ReadonlySet<string | undefined>) {
  if (event.type === "gift.sent" || event.type === "gift.refunded")
    return { ...event.data, totals };
  if (event.type === "chat.message" && deleted.has(event.data._id))
    return { ...event.data, content: "" };
  return event.data;
}

/** What a viewer reads in a frame. */
export type FrameBody = {
  type: "events";
  streamId: string;
  epoch: string;
  frame: number;
  viewers: number;
  skipped: number;
  events: { id: string; type: string; at: string; data: Record<string, unknown> }[];
};

/**
 * A frame without the text of a deleted message; undefined where it does not hold it. All the rest
 * stays the same, byte for byte.
 */
export function withoutText(body: string, messageId: string): string | undefined {
  if (!body.includes(messageId)) return undefined;
  const frame: FrameBody = JSON.parse(body);
  let found = false;
  for (const { type, data } of frame.events) {
    if (type !== "chat.message") continue;
    if (data._id === messageId && data.content !== "") {
      data.content = "";
      found = true;
    }
    const quoted = data.replyTo as { _id?: unknown; content?: unknown } | undefined;
    if (typeof quoted === "object" && quoted !== null && quoted._id === messageId)
      if (quoted.content !== undefined && quoted.content !== "") {
        quoted.content = "";
        found = true;
      }
  }
  return found ? JSON.stringify(frame) : undefined;
}
