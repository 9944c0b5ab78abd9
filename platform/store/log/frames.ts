import type * as z from "zod";
import { Frame, type LogEnd } from "../../../domain/log/frame.ts";
import { endOf, type Position, type Recovery, recover } from "../../../domain/log/recovery.ts";
import { numberInId } from "../../../domain/streams/chat.ts";
import { lazy } from "../../runtime/caches.ts";
import { setting } from "../../runtime/env.ts";
import { limits } from "../../runtime/limits.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getRawItem, isAbsent, parseItem, putIf, updateIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { coalesce, queryAll, share } from "../../table/query.ts";
import { getLog, type Log } from "./logs.ts";

/**
 * Puts the next frame of a log. Returns false if its number is taken; the caller must then read the
 * log again.
 */
export async function putFrame(streamId: string, frame: Frame): Promise<boolean> {
  const isPut = await putIf({ ...key.frame(streamId, frame.n), ...frame }, isAbsent);
  if (isPut) announce({ streamId, frame });
  return isPut;
}

/** What a function tells the relay: the next frame of a stream, or that there is a message. */
export type Announcement = { streamId: string; frame: Frame } | "message";

/**
 * On one machine, functions and the relay are threads of one process, and what is written for the
 * relay is announced to its thread. On AWS the relay reads the table several times a second.
 */
export const announces = () => setting("LOCAL") === "on" && setting("RELAY_URL") !== undefined;

const name = "ovation.relay";

const channel = lazy(() => {
  const opened = new BroadcastChannel(name);
  // Announcing must not keep a thread alive.
  opened.unref();
  return opened;
});

/** Announces what was written, on one machine. */
export function announce(announcement: Announcement): void {
  if (announces()) channel().postMessage(announcement);
}

/** Calls `act` with each announcement of other threads. Returns a function that stops it. */
export function onAnnouncement(act: (announcement: Announcement) => void): () => void {
  if (!announces()) return () => undefined;
  const opened = new BroadcastChannel(name);
  opened.onmessage = ({ data }: MessageEvent) => act(data as Announcement);
  return () => opened.close();
}

/** The largest frame number that a key can hold. */
export const numberMax = 999_999_999_999;

type Range = { from?: number; to?: number; newestFirst?: boolean; pageSize?: number };

/** The sort keys of a range of frames. */
export const between = (streamId: string, from: number, to: number) => ({
  low: key.frame(streamId, from).SK,
  high: key.frame(streamId, to).SK,
});

/** The frames of a range in order, read consistently and only as far as the caller iterates. */
export async function* queryFrames(streamId: string, range: Range = {}): AsyncGenerator<Frame> {
  const { from = 0, to = numberMax, newestFirst = false } = range;
  if (to < from) return;
  const { pageSize = limits().pageFrames } = range;
  const walk = { newestFirst, consistent: true, pageSize };
  for await (const item of queryAll(key.frame(streamId, from), between(streamId, from, to), walk))
    yield parseItem(Frame, item);
}

/** All stored frames of a range, read consistently. */
export const listFrames = coalesce(
  async (streamId: string, from: number, to: number): Promise<readonly Frame[]> => {
    const frames: Frame[] = [];
    for await (const frame of queryFrames(streamId, { from, to })) frames.push(frame);
    return frames;
  },
);

/**
 * `listFrames` for many callers that request the same range, each after a write of its own: one
 * read at a time, which starts after the last caller that shares it.
 */
export const listFramesSince = share(listFrames);

/** One frame, read consistently; undefined if it is not stored. */
export const findFrame = coalesce(
  async (streamId: string, n: number): Promise<Frame | undefined> => {
    const { value: frame } = await queryFrames(streamId, { from: n, to: n, pageSize: 1 }).next();
    return frame;
  },
);

/** The state that a log continues from: a frame without its events. */
const FrameEnd = Frame.pick({
  n: true,
  newest: true,
  totals: true,
  sums: true,
  moments: true,
  trains: true,
  madeAt: true,
});
type FrameEnd = z.infer<typeof FrameEnd>;

const fields = Object.keys(FrameEnd.shape).join(", ");

/** The end of the newest frame in the table, expired or not. */
export const findNewestFrame = coalesce(async (streamId: string): Promise<FrameEnd | undefined> => {
  const all = between(streamId, 0, numberMax);
  // A frame's events may take 32 KB, which no caller needs here.
  const walk = { limit: 1, newestFirst: true, consistent: true, fields };
  const { value: item } = await queryAll(key.frame(streamId, 0), all, walk).next();
  return item && parseItem(FrameEnd, item);
});

/**
 * Changes a stored frame, if there is one and `change` returns other values. After a concurrent
 * change it reads the frame again: `how` has the number of attempts and the pauses. The update
 * requires the revision that was read, so it never recreates an expired frame.
 */
export async function changeFrame(
  streamId: string,
  n: number,
  change: (frame: Frame) => Partial<Pick<Frame, "body" | "moments">>,
  how?: Parameters<typeof retryOnConflict>[1],
): Promise<void> {
  await retryOnConflict(async () => {
    const frame = await findFrame(streamId, n);
    if (frame === undefined) return undefined;
    const { body = frame.body, moments = frame.moments } = change(frame);
    if (body === frame.body && moments === frame.moments) return undefined;
    const changed = await updateIf({
      Key: key.frame(streamId, n),
      UpdateExpression: `SET body = :body, revision = :next${moments ? ", moments = :moments" : ""}`,
      ConditionExpression: "revision = :was",
      ExpressionAttributeValues: {
        ":body": body,
        ":was": frame.revision,
        ":next": frame.revision + 1,
        ...(moments && { ":moments": moments }),
      },
    });
    return changed === undefined ? conflicted : undefined;
  }, how);
}

/** Whether a message still has its text, read consistently. */
export async function hasMessage(streamId: string, messageId: string): Promise<boolean> {
  const place = key.message(streamId, numberInId(messageId));
  const item = await getRawItem(place, { consistent: true });
  return item?.id === messageId && item.deletedAt === undefined;
}

/**
 * The current end of a log, read consistently. A `mark` that was read earlier is good enough: only
 * a reset changes its epoch, and its other fields count only if no newer frame is stored.
 */
export async function readHead(
  streamId: string,
  mark: Log | Promise<Log> = getLog(streamId),
): Promise<LogEnd> {
  const [known, newest] = await Promise.all([mark, findNewestFrame(streamId)]);
  return endOf(known, newest);
}

/** Which frames a viewer who has seen those up to `since` can recover, in a log with this end. */
export async function recoverFrom(
  streamId: string,
  since: Position,
  end: Pick<LogEnd, "epoch" | "head">,
  now: Date,
): Promise<Recovery> {
  const next = await findFrame(streamId, since.frame + 1);
  return recover(since, end, next, now);
}
