import * as z from "zod";
import { objectIdOf } from "../../../domain/id.ts";
import { countDistinct } from "../../../domain/log/sketch.ts";
import { viewersAmong } from "../../../domain/log/subscriber.ts";
import { rankHosts } from "../../../domain/streams/creator.ts";
import { isRecent } from "../../runtime/caches.ts";
import { listItems } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { listLive, listSince, newestFirst } from "../streams/stream-lists.ts";
import { listRelayedRooms } from "./relays.ts";
import { firstSubscribers } from "./subscribers.ts";

/** Ids of the live streams with the most current viewers; ties in favour of the latest start. */
export async function listMostViewed(limit: number, now: Date): Promise<string[]> {
  const live = (await listLive()).sort(newestFirst("startedAt"));
  const ids = live.map(({ streamId }) => streamId);
  const viewersOf = await countCurrent(ids, now);
  return ids.sort((a, b) => viewersOf(b) - viewersOf(a)).slice(0, limit);
}

const monthSeconds = 30 * 24 * 3600;

/**
 * Ids of the hosts whose streams of the last 30 days had the most viewers, each counted once per
 * stream; among the newest 1,000 streams, without rooms that their back end hides.
 */
export async function listMostWatched(limit: number, now: Date): Promise<string[]> {
  const since = objectIdOf(Math.floor(now.getTime() / 1000) - monthSeconds, "0".repeat(10), 0);
  const streams = (await listSince(since)).filter(({ isHidden }) => !isHidden);
  const live = streams.flatMap(({ streamId, status }) => (status === "active" ? streamId : []));
  const [visitorsOf, viewersOf] = await Promise.all([
    readVisitors(streams.map(({ streamId }) => streamId)),
    countCurrent(live, now),
  ]);
  return rankHosts(
    streams.map(({ streamId, hostId }) => {
      // A user who left and returned counts twice until they leave again.
      return { hostId, viewers: visitorsOf(streamId) + viewersOf(streamId) };
    }),
  ).slice(0, limit);
}

const Visited = z.object({ PK: z.string(), visitors: z.number().int().default(0) });

async function readVisitors(streamIds: readonly string[]): Promise<(id: string) => number> {
  const found = await listItems(
    Visited,
    streamIds.map((id) => key.audience(id)),
  );
  const visitors = new Map(found.map((one) => [one.PK, one.visitors]));
  return (id) => visitors.get(key.audience(id).PK) ?? 0;
}

/** The last stored count of a stream's viewers, mostly that of its newest frame. */
const Counted = z.object({
  PK: z.string(),
  viewers: z.number().int().default(0),
  countedAt: z.number().default(0),
});

/** A stored count is used up to this age. A stream with chat or likes stores one this often. */
const ageMillisecondsMax = 5_000;
/** The most streams that are counted for one list, and the most subscriptions that each reads. */
const countedMax = 50;
const subscribersMax = 1_000;

/**
 * Current viewers, by stream. Streams without a frame in the last seconds are counted now, since
 * people come and leave without one: at most 50, those with the most viewers at their last count,
 * then the first in the list.
 */
async function countCurrent(
  streamIds: readonly string[],
  now: Date,
): Promise<(id: string) => number> {
  const logs = await listItems(
    Counted,
    streamIds.map((id) => key.log(id)),
  );
  const byKey = new Map(logs.map((log) => [log.PK, log]));
  const storedOf = (id: string) => byKey.get(key.log(id).PK)?.viewers ?? 0;
  const isOld = (id: string) =>
    !isRecent(byKey.get(key.log(id).PK)?.countedAt ?? 0, now.getTime(), ageMillisecondsMax);
  const old = streamIds.filter(isOld).sort((a, b) => storedOf(b) - storedOf(a));
  const counting = old.slice(0, countedMax).map(async (id) => {
    return [id, await countNow(id, storedOf(id), now)] as const;
  });
  const counts = new Map(await Promise.all(counting));
  return (id) => counts.get(id) ?? storedOf(id);
}

/** The current viewers of a stream; at least the stored count if the room is too large to read. */
async function countNow(streamId: string, stored: number, now: Date): Promise<number> {
  const [{ subscribers, isWhole }, rooms] = await Promise.all([
    firstSubscribers(streamId, now, subscribersMax),
    listRelayedRooms(streamId, now),
  ]);
  const count = countDistinct(viewersAmong(subscribers), rooms);
  return isWhole ? count : Math.max(count, stored);
}
