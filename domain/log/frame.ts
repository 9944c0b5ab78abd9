import * as z from "zod";
import { utf8Bytes } from "../text.ts";
import { dataWithoutText, type LogRecord, messageIn, type StreamEvent, Totals } from "./event.ts";
import { applyRecord } from "./fold.ts";
import { LogMoment, type LogState, LogTrains, Sums, stateOf } from "./sums.ts";
import type { DerivedEvent } from "./train-progress.ts";

/** Maximum size of a frame in UTF-8 bytes: API Gateway limits and bills messages by 32 KB. */
export const frameBytesMax = 32_000;

/**
 * Frames can be read for a day. They are stored slightly longer, so that no response ends with a
 * gap.
 */
const frameAnsweredSeconds = 24 * 3600;
export const frameKeptSeconds = 25 * 3600;

/**
 * Whether a record, created at this time (seconds since 1970), is too old to be appended: the frame
 * that covers it may have expired, so it would be appended twice. The table's stream keeps records
 * for the same time.
 */
export const isTooOld = (createdAt: number, now: Date): boolean =>
  createdAt < now.getTime() / 1000 - frameAnsweredSeconds;

/** One frame of a stream's log as it is stored. */
export const Frame = z.object({
  n: z.number().int(),
  epoch: z.string(),
  /** The exact text that viewers get. */
  body: z.string(),
  /** The ids of all covered records, including thinned-out ones, separated by spaces. */
  covers: z.string(),
  /** The latest creation time of any record up to this frame, in seconds since 1970. */
  newest: z.number(),
  /** The stream's totals up to this frame. */
  totals: Totals,
  /** The sums and moments up to this frame. */
  sums: Sums.optional(),
  moments: z.array(LogMoment).optional(),
  trains: LogTrains.optional(),
  /** When it was made, in milliseconds since 1970. */
  madeAt: z.number().optional(),
  /** Users blocked by records of this frame; the poster reads their membership again. */
  blocks: z.array(z.string()).optional(),
  /** Incremented when a deletion removes text. */
  revision: z.number().int(),
  /** Seconds since 1970: 25 h after the frame was made. */
  expiresAt: z.number().int(),
});
export type Frame = z.infer<typeof Frame>;

/** Whether a frame may still be returned to clients at this time. */
export const isReadable = (frame: Pick<Frame, "expiresAt">, now: Date) =>
  frame.expiresAt - (frameKeptSeconds - frameAnsweredSeconds) > now.getTime() / 1000;

/**
 * The end of a log: its epoch, and the number, time, totals and sums of its newest frame. Records
 * created up to `resetAt` (seconds) were counted when the log was reset.
 */
export type LogEnd = LogState & {
  epoch: string;
  head: number;
  newest: number;
  totals: Totals;
  madeAt?: number | undefined;
  resetAt?: number | undefined;
};

/**
 * Maximum size of the ids that one frame covers: an item may have 400 KB, and each kilobyte costs.
 */
const coversBytesMax = 100_000;

/** Bytes that a message of one letter gains when its text is deleted: `"deleted":true,`. */
const deletedBytes = 14;

/** A frame's facts other than its events, and its limits. */
type FrameFacts = {
  streamId: string;
  /** The number of distinct viewers, at most 5 s old. */
  viewers: number;
  /**
   * Ids of chat messages dropped because of the post rate. The frame still covers their records.
   */
  dropped?: ReadonlySet<string>;
  /** Maximum size of the frame in UTF-8 bytes. */
  bytesMax?: number;
};

/**
 * Makes the next frame of a log from records that are in no frame, in order, as many as fit.
 * Returns the frame, the number of records taken, and the records with an event too large for any
 * frame: those are covered but not shown, so that they do not block the log. `hasTrains`: a train
 * started or changed.
 */
export function makeFrame(
  end: LogEnd,
  records: readonly LogRecord[],
  { streamId, viewers, dropped, bytesMax = frameBytesMax }: FrameFacts,
  now: Date,
): { frame: Frame; taken: number; tooLarge: LogRecord[]; hasTrains: boolean } {
  const deleted = new Set(records.map(({ deletes }) => deletes?.messageId));
  const header = (skipped: number, sums: Sums) =>
    `{"type":"events","streamId":"${streamId}","epoch":"${end.epoch}","frame":${end.head + 1},` +
    `"viewers":${viewers},"skipped":${skipped},${sumsText(sums)}"events":[`;
  const room = bytesMax - utf8Bytes(header(records.length, {})) - 2;
  const texts: string[] = [];
  const covers: string[] = [];
  const tooLarge: LogRecord[] = [];
  const blocks: string[] = [];
  let { newest, totals } = end;
  let state = stateOf(end);
  let hasTrains = false;
  let changed: Sums = {};
  let [bytes, coversBytes, skipped] = [0, 0, 0];
  for (const record of records) {
    const isDropped = dropped?.has(record.id) ?? false;
    const after = record.gift === undefined ? totals : add(totals, record.gift.totals);
    const folded = applyRecord(state, uncounted(record, end), newest);
    const shown = isDropped ? [] : eventTexts(record, folded.events, after, deleted);
    const messages = isDropped ? 0 : record.events.filter(messageIn).length;
    const size = shown.reduce((sum, text) => sum + utf8Bytes(text) + 1, messages * deletedBytes);
    const own = size + sumsText(folded.changed).length;
    const changes = { ...changed, ...folded.changed };
    const fits = own <= room;
    if (bytes + (fits ? size : 0) + sumsText(changes).length > room) break;
    if (coversBytes > coversBytesMax) break;
    if (fits) texts.push(...shown);
    else tooLarge.push(record);
    if (fits) bytes += size;
    changed = changes;
    if (isDropped) skipped += record.events.length;
    if (record.blocks !== undefined) blocks.push(record.blocks);
    newest = Math.max(newest, record.createdAt);
    totals = after;
    state = stateOf(folded);
    const isOfTrain = folded.events.some(({ data }) => "kind" in data && data.kind === "train");
    hasTrains ||= isOfTrain || record.trains !== undefined;
    covers.push(record.id);
    coversBytes += record.id.length + 1;
  }
  const frame: Frame = {
    n: end.head + 1,
    epoch: end.epoch,
    body: `${header(skipped, changed)}${texts.join(",")}]}`,
    covers: covers.join(" "),
    newest,
    totals,
    ...state,
    madeAt: now.getTime(),
    ...(blocks.length > 0 && { blocks }),
    revision: 1,
    expiresAt: Math.floor(now.getTime() / 1000) + frameKeptSeconds,
  };
  return { frame, taken: covers.length, tooLarge, hasTrains };
}

const sumsText = (sums: Sums) =>
  Object.keys(sums).length === 0 ? "" : `"sums":${JSON.stringify(sums)},`;

/** The record without its sums, if those were counted when the log was reset. */
function uncounted(record: LogRecord, { resetAt }: LogEnd): LogRecord {
  if (resetAt === undefined || record.createdAt > resetAt) return record;
  const { adds: _, gift: __, moment: ___, trains: ____, ...rest } = record;
  return rest;
}

const add = (a: Totals, b: Totals): Totals => ({
  count: a.count + b.count,
  credits: a.credits + b.credits,
});

/** The id of an event from its position in its record (0, 1, 2 …); unique in its stream. */
export const idOfEvent = (recordId: string, place: number) =>
  place === 0 ? recordId : `${recordId}.${place}`;

/**
 * A record's events as text for a frame, numbered if there are several, followed by the events that
 * the log derived.
 */
function eventTexts(
  { id: recordId, events }: LogRecord,
  found: readonly DerivedEvent[],
  totals: Totals,
  deleted: ReadonlySet<string | undefined>,
): string[] {
  const own = events.map((event, at) => ({ ...event, id: idOfEvent(recordId, at) }));
  return [...own, ...found].map((event) => {
    const { id, type, at } = event;
    return JSON.stringify({ id, type, at, data: show(event, totals, deleted) });
  });
}

function show(
  event: StreamEvent,
  totals: Totals,
  deleted: ReadonlySet<string | undefined>,
): object {
  if (event.type === "gift.sent" || event.type === "gift.refunded")
    return { ...event.data, totals };
  const message = messageIn(event) as { _id: string } | undefined;
  return message !== undefined && deleted.has(message._id)
    ? dataWithoutText<object>(event)
    : event.data;
}

/** The content of a frame, as viewers get it. */
export type FrameBody = {
  type: "events";
  streamId: string;
  epoch: string;
  frame: number;
  viewers: number;
  skipped: number;
  /** Sums that changed since the previous frame. */
  sums?: Sums;
  events: { id: string; type: string; at: string; data: Record<string, unknown> }[];
};

/**
 * The body without the text of a deleted message; undefined if it does not contain the message. All
 * other bytes stay the same.
 */
export function withoutText(body: string, messageId: string): string | undefined {
  if (!body.includes(messageId)) return undefined;
  const frame: FrameBody = JSON.parse(body);
  const holdsIt = (event: FrameBody["events"][number]) => {
    const message = messageIn(event) as { _id?: unknown; content?: unknown } | undefined;
    return message?._id === messageId && message.content !== "";
  };
  if (!frame.events.some(holdsIt)) return undefined;
  const events = frame.events.map((event) =>
    holdsIt(event) ? { ...event, data: dataWithoutText(event) } : event,
  );
  return JSON.stringify({ ...frame, events });
}
