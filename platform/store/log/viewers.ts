import type * as z from "zod";
import { isOverlay } from "../../../domain/id.ts";
import { countDistinct } from "../../../domain/log/sketch.ts";
import { subscribedAt } from "../../../domain/log/subscriber.ts";
import { paginationOf } from "../../../domain/page.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import {
  activeViewersOf,
  nameContains,
  type ViewerQuery,
  viewerOf,
  type Watching,
} from "../../../domain/streams/viewer.ts";
import { cachedIfLong } from "../../runtime/cached.ts";
import { setting } from "../../runtime/env.ts";
import { countUse } from "../../table/rates.ts";
import { findFollowStates } from "../people/follows.ts";
import { findProfiles } from "../people/users.ts";
import { findShown } from "../streams/display-names.ts";
import { listRelayedRooms } from "./relays.ts";
import { listSubscribers } from "./subscribers.ts";

/** The most viewers that a search covers: the latest to arrive. */
const searchedMax = 100;

/**
 * The current viewers of a stream, each user once, latest arrival first; `estimate` is their
 * approximate number.
 */
export async function readWatching(streamId: string, now: Date, estimate = 0): Promise<Watching[]> {
  const [subscribers, rooms] = await Promise.all([
    listSubscribers(streamId, now, estimate),
    listRelayedRooms(streamId, now),
  ]);
  const people = subscribers.filter(({ userId }) => !isOverlay(userId));
  const relayed = rooms.flatMap(({ users }) => [...users]);
  return activeViewersOf([
    ...people.map(({ userId, refusal, ...rest }) => ({
      userId,
      refusal,
      subscribedAt: subscribedAt(rest),
    })),
    ...relayed.map(([userId, at]) => ({ userId, subscribedAt: at })),
  ]);
}

/** Like `readWatching`, for display: lists of more than a thousand are up to 5 s old. */
export const listWatching = cachedIfLong(readWatching);

/** The viewers who came before the end of the stream (ISO 8601), if it has one. */
export const cameBefore = (end: string | null, watching: readonly Watching[]) =>
  watching.filter(({ joinedAt }) => end === null || joinedAt.toISOString() < end);

/** The number of subscribers, of about 136 bytes each, that one unit of `reads` covers. */
const rowsPerUnit = 1_900;

/**
 * Counts the read of a large room's list as additional `reads` of the user whose call caused it:
 * calls declare the cost of a cached list, and one call in 5 s per environment reads it.
 */
export const countRowsOf = (userId: string, now: Date) => async (rows: number) => {
  const more = Math.floor(rows / rowsPerUnit);
  if (more > 0) await countUse("reads", userId, now, more);
};

/**
 * The current viewers of a stream, in pages. The total counts all of them, regardless of the
 * search.
 */
export async function listViewers(
  stream: Stream,
  { page, limit, search = "" }: z.output<typeof ViewerQuery>,
  callerId: string,
  now: Date,
) {
  const all = await listWatching(stream.id, now, countRowsOf(callerId, now));
  const found = search === "" ? all : await searched(all.slice(0, searchedMax), search);
  const shown = found.slice((page - 1) * limit, page * limit);
  const ids = shown.map(({ userId }) => userId);
  const [profiles, standingOf] = await Promise.all([
    findShown(stream, ids, now),
    findFollowStates(ids, callerId),
  ]);
  const picture = setting("DEFAULT_PICTURE");
  const list = shown.flatMap((watching) => {
    const profile = profiles.get(watching.userId);
    return profile === undefined
      ? []
      : [viewerOf(profile, watching, standingOf(watching.userId), picture)];
  });
  const pagination = paginationOf(page, limit, found.length);
  const participantAudienceTotal = countDistinct(
    new Set(all.map(({ userId }) => userId)),
    await listRelayedRooms(stream.id, now),
  );
  return { list, pagination, participantAudienceTotal };
}

async function searched(watching: readonly Watching[], search: string): Promise<Watching[]> {
  const profiles = await findProfiles(watching.map(({ userId }) => userId));
  const isCalled = nameContains(search);
  return watching.filter(({ userId }) => {
    const profile = profiles.get(userId);
    return profile !== undefined && isCalled(profile);
  });
}
