import * as z from "zod";
import { StreamId, UserId } from "../../../domain/id.ts";
import { refuse } from "../../../domain/refusal.ts";
import { isListed, type Stream, StreamStatus } from "../../../domain/streams/stream.ts";
import { isBefore, isOver } from "../../../domain/streams/stream-lifecycle.ts";
import { Timestamp } from "../../../domain/text.ts";
import { setting } from "../../runtime/env.ts";
import { parseItem, type ReadOptions } from "../../table/items.ts";
import { type Key, key, prefix } from "../../table/keys.ts";
import { queryAll, queryItems, queryRange } from "../../table/query.ts";
import type { Action } from "../../table/transact.ts";

/** A stream in a list: enough fields to filter and sort by before it is read. */
const ListedStream = z.object({
  streamId: StreamId,
  hostId: UserId,
  status: StreamStatus,
  startedAt: Timestamp.nullable(),
  endedAt: Timestamp.nullable(),
  plannedStartDate: Timestamp.nullable(),
  /** A room that is hidden from public lists; absent if it is not. */
  isHidden: z.literal(true).optional(),
});
type ListedStream = z.infer<typeof ListedStream>;

export const readListed = (item: Record<string, unknown>) => parseItem(ListedStream, item);

const listedOf = (stream: Stream): ListedStream => {
  const { id: streamId, hostId, status, startedAt, endedAt, plannedStartDate } = stream;
  const hidden = isListed(stream) ? {} : { isHidden: true as const };
  return { streamId, hostId, status, startedAt, endedAt, plannedStartDate, ...hidden };
};

/**
 * Adds the current stream to the global list and its host's lists, or removes a deleted one; one
 * that is over leaves its host's list of open streams.
 */
export function listActions(stream: Stream): Action[] {
  const { id, hostId } = stream;
  const isShown = stream.deletedAt === null;
  const list = (place: Key, isIn: boolean): Action =>
    isIn ? { Put: { Item: { ...place, ...listedOf(stream) } } } : { Delete: { Key: place } };
  return [
    list(key.hosted(hostId, id), isShown),
    list(key.listedStream(id), isShown),
    list(key.openStream(hostId, id), isShown && !isOver(stream)),
  ];
}

/** Adds a new stream to the lists of its guests, or removes a deleted one. */
export const guestActions = ({ id: streamId, guests, createdAt, deletedAt }: Stream): Action[] =>
  [...new Set(guests)].map((userId) => {
    const place = key.guestOf(userId, streamId);
    return deletedAt === null
      ? { Put: { Item: { ...place, streamId, createdAt } } }
      : { Delete: { Key: place } };
  });

/** Which part of a list is read: at most `limit` ids, newest first, after the stream `after`. */
export type StreamWalk = { limit: number; after?: string | undefined };

/**
 * The ids of the streams to which a user was invited, or to which they have contributed credits
 * that were not returned, newest first.
 */
export async function listStreamsOf(
  userId: string,
  list: "guestOf" | "funded",
  walk: StreamWalk,
): Promise<string[]> {
  const at = (streamId: string) => key[list](userId, streamId);
  const options = { ...walkOptions(walk, at), consistent: true };
  const items = await queryItems(at(""), prefix[list], options);
  return items.map(({ streamId }) => String(streamId));
}

/** How to read a list of streams whose sort keys end with their ids. */
const walkOptions = ({ limit, after }: StreamWalk, at: (streamId: string) => Key) => ({
  limit,
  newestFirst: true,
  ...(after !== undefined && { after: at(after).SK }),
});

const isLive = ({ status, deletedAt }: Stream) => status === "active" && deletedAt === null;

/** Adds a stream to the public list of live ones; removes it if it is not live, or hidden. */
export const liveAction = (stream: Stream): Action =>
  isLive(stream) && isListed(stream)
    ? { Put: { Item: { ...key.liveStream(stream.id), ...listedOf(stream) } } }
    : { Delete: { Key: key.liveStream(stream.id) } };

/**
 * Updates the public list of live streams. For a stream that is live and not hidden, adds a notice
 * to its followers, which stays until all are notified: after a crash, it is found again.
 */
export const liveActions = (stream: Stream): Action[] => [
  liveAction(stream),
  ...(isLive(stream) && isListed(stream)
    ? [{ Put: { Item: { ...key.notice(stream.id), ...listedOf(stream) } } }]
    : []),
];

/** The most streams that one list reads; older ones are not found. */
const scanMax = 1_000;

/** A host's streams, newest first: at most the newest 1,000, or `limit`. */
export async function listHosted(
  hostId: string,
  reading: ReadOptions = {},
  limit = scanMax,
): Promise<ListedStream[]> {
  const walk = { limit, newestFirst: true, ...reading };
  const items = await queryItems(key.hosted(hostId, ""), prefix.hosted, walk);
  return items.map((item) => parseItem(ListedStream, item));
}

/** All of a host's streams, one page of the table at a time; read consistently. */
export async function* walkHosted(hostId: string): AsyncGenerator<ListedStream> {
  const walk = queryAll(key.hosted(hostId, ""), { prefix: prefix.hosted }, { consistent: true });
  for await (const item of walk) yield parseItem(ListedStream, item);
}

/**
 * A host's streams that are not over, newest first: those among the host's `newest` streams, also
 * if a release created them that had no list of open streams, and the newest 1,000 older ones of
 * that list.
 */
export async function listOpen(
  hostId: string,
  reading: ReadOptions = {},
  newest = scanMax,
): Promise<ListedStream[]> {
  const hosted = await listHosted(hostId, reading, newest);
  const oldest = hosted[newest - 1];
  const older = oldest === undefined ? [] : await listOlderOpen(oldest, reading);
  return [...hosted, ...older].filter((stream) => !isOver(stream));
}

async function listOlderOpen({ hostId, streamId }: ListedStream, reading: ReadOptions) {
  const after = key.openStream(hostId, streamId).SK;
  const walk = { limit: scanMax, newestFirst: true, after, ...reading };
  const items = await queryItems(key.openStream(hostId, ""), prefix.openStreams, walk);
  return items.map((item) => parseItem(ListedStream, item));
}

/**
 * How many of a host's newest streams are read to find the live ones; older ones are in the list of
 * open streams. Overlays read them at each handshake, and a relay once a second: 1,000 streams
 * would take 40 units.
 */
const liveScanMax = 100;

/** A host's live streams, latest start first. */
export const listLiveOf = async (
  hostId: string,
  reading: ReadOptions = {},
): Promise<ListedStream[]> =>
  (await listOpen(hostId, reading, liveScanMax))
    .filter(({ status }) => status === "active")
    .sort(newestFirst("startedAt"));

/** The live stream of a host with the latest start; null if there is none. Read consistently. */
export const findNewestLive = async (hostId: string): Promise<string | null> =>
  (await listLiveOf(hostId, { consistent: true }))[0]?.streamId ?? null;

/**
 * Refuses with `too_many_live_streams` if a host has as many streams live as the stage allows,
 * unless this stream is among them. The check is not part of a transaction: concurrent calls may
 * pass together, as many as their rate (`announcements`) allows at once.
 */
export async function assertMayGoLive({ hostId, status }: Stream): Promise<void> {
  if (status === "active") return;
  const max = setting("LIVE_STREAMS_PER_USER");
  const live = await listLiveOf(hostId, { consistent: true });
  if (live.length >= max) refuse("too_many_live_streams", { max });
}

/**
 * Refuses with `too_many_planned_streams` if a host has a thousand streams that have not begun. The
 * check is not part of a transaction: concurrent calls may pass together, as with live streams.
 */
export async function assertMayPlan(hostId: string): Promise<void> {
  const walk = { pageSize: scanMax, newestFirst: true };
  let planned = 0;
  // The list of open streams has the live ones, too.
  for await (const item of queryAll(
    key.openStream(hostId, ""),
    { prefix: prefix.openStreams },
    walk,
  ))
    if (isBefore(readListed(item)) && ++planned >= scanMax)
      refuse("too_many_planned_streams", { max: scanMax });
}

/** The ids of the streams of all hosts, newest first. */
export async function listNewest(walk: StreamWalk): Promise<string[]> {
  const list = walkOptions(walk, key.listedStream);
  const items = await queryItems(key.listedStream(""), prefix.listedStreams, list);
  return items.map((item) => parseItem(ListedStream, item).streamId);
}

/** The streams of all hosts with ids after this one, newest first: at most the newest 1,000. */
export async function listSince(streamId: string): Promise<ListedStream[]> {
  const low = key.listedStream(streamId);
  const walk = { limit: scanMax, newestFirst: true };
  const items = await queryRange(low, low.SK, key.listedStream("g").SK, walk);
  return items.map((item) => parseItem(ListedStream, item));
}

/** The live streams of the public lists: at most the newest 1,000. */
export async function listLive(): Promise<ListedStream[]> {
  const walk = { limit: scanMax, newestFirst: true };
  const items = await queryItems(key.liveStream(""), prefix.liveStreams, walk);
  return items.map((item) => parseItem(ListedStream, item));
}

/** Sorts by one of the times, latest first, streams without it last. */
export const newestFirst =
  (moment: "startedAt" | "endedAt" | "plannedStartDate") =>
  (a: ListedStream, b: ListedStream): number =>
    (b[moment] ?? "").localeCompare(a[moment] ?? "");

/** Sorts by the planned start, soonest first. */
export const soonestFirst = (a: ListedStream, b: ListedStream) =>
  newestFirst("plannedStartDate")(b, a);
