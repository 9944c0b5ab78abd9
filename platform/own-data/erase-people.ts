import { Relation } from "../../domain/people/follow.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { waitForAll } from "../runtime/deadline.ts";
import { eraseDevice } from "../store/people/devices.ts";
import { removeFollow } from "../store/people/follows.ts";
import { recordEach } from "../store/people/notifications.ts";
import { changeStream } from "../store/streams/stream-changes.ts";
import { listHosted } from "../store/streams/stream-lists.ts";
import { findStream } from "../store/streams/streams.ts";
import { type Item, parseItem } from "../table/items.ts";
import { type Key, key, prefix } from "../table/keys.ts";
import { queryItems } from "../table/query.ts";
import type { Action } from "../table/transact.ts";
import { eraseNotices } from "./erase-notices.ts";
import { pageSizes } from "./page-sizes.ts";
import type { Erasure } from "./progress.ts";

/** The items of a page of a partition, from the end of the previous page. */
export const pageOf = (
  place: Key,
  start: string,
  after?: string,
  limit = pageSizes().items,
): Promise<Item[]> =>
  queryItems(place, start, { limit, consistent: true, ...(after !== undefined && { after }) });

/** Where the next page begins after one of `limit` items; undefined after the last page. */
export const cursorAfter = (
  items: readonly Item[],
  limit = pageSizes().items,
): string | undefined => (items.length < limit ? undefined : items.at(-1)?.SK);

const deletion = ({ PK, SK }: Item): Action[] => [{ Delete: { Key: { PK, SK } } }];

/** Whether an id, which begins with its time in seconds, was made at this time or before. */
export const isIdUntil = (id: string, at: string): boolean =>
  Number.parseInt(id.slice(0, 8), 16) <= Date.parse(at) / 1000;

/** A text that sorts before all ids made at this time or later. */
export const firstIdAt = (at: string): string =>
  Math.floor(Date.parse(at) / 1000)
    .toString(16)
    .padStart(8, "0");

/**
 * Erases notifications, devices, announcements and the lists of funded streams and invitations;
 * items from after the deletion stay.
 */
export async function eraseItems({ userId, at, after }: Erasure): Promise<string | undefined> {
  const items = await pageOf(key.profile(userId), "", after);
  const older = items.filter((item) => isOlder(item, at));
  const isDevice = ({ SK }: Item) => SK.startsWith(prefix.devices);
  const others = older.filter((item) => !isDevice(item));
  await waitForAll(older.filter(isDevice).map((item) => eraseDevice(userId, item, at)));
  const invitations = others.filter(({ SK }) => SK.startsWith(prefix.guestOf));
  await waitForAll(invitations.map(({ streamId }) => uninvite(String(streamId), userId)));
  await recordEach(others.map(deletion));
  return cursorAfter(items);
}

/** Removes a guest, who enters a paid stream without a pass, from a stream that still exists. */
async function uninvite(streamId: string, userId: string): Promise<void> {
  const stream = await findStream(streamId, { consistent: true });
  if (stream === undefined) return;
  const leave = ({ guests }: Stream) =>
    guests.includes(userId) ? { guests: guests.filter((one) => one !== userId) } : undefined;
  await changeStream(stream, leave, new Date());
}

function isOlder({ SK, createdAt, updatedAt, announcedAt }: Item, at: string): boolean {
  for (const mark of [prefix.unread, prefix.readMarks])
    if (SK.startsWith(mark)) return isIdUntil(SK.slice(mark.length), at);
  const kinds: [string, unknown][] = [
    [prefix.notifications, createdAt],
    [prefix.funded, createdAt],
    [prefix.guestOf, createdAt],
    [prefix.devices, updatedAt],
    ["ANNOUNCED", announcedAt],
  ];
  return kinds.some(([start, time]) => SK.startsWith(start) && String(time) <= at);
}

/**
 * Erases replies remembered for repeated calls, since they show the caller. The claims of calls in
 * progress are stored with them; they contain no names and expire.
 */
export async function eraseReplies({ userId, at, after }: Erasure): Promise<string | undefined> {
  const items = await pageOf(key.marker(userId, ""), "", after);
  const isOwn = ({ answeredAt }: Item) => answeredAt !== undefined && String(answeredAt) <= at;
  await recordEach(items.filter(isOwn).map(deletion));
  return cursorAfter(items);
}

/** Erases the list of users whom the user followed. */
export async function eraseFollowing({ userId, at, after }: Erasure): Promise<string | undefined> {
  const place = key.following(userId, "");
  const items = await pageOf(place, prefix.following, after, pageSizes().changes);
  const relations = items.map((item) => parseItem(Relation, item)).filter((one) => one.at <= at);
  for (const { followedId } of relations) await removeFollow(userId, followedId);
  return cursorAfter(items, pageSizes().changes);
}

/** Erases the list of the user's followers, and their notifications about the user's streams. */
export async function eraseFollowers({ userId, at, after }: Erasure): Promise<string | undefined> {
  const place = key.follower(userId, "");
  const items = await pageOf(place, prefix.followers, after, pageSizes().changes);
  const relations = items.map((item) => parseItem(Relation, item)).filter((one) => one.at <= at);
  const followerIds = relations.map(({ followerId }) => followerId);
  const hosted = (await listHosted(userId)).map(({ streamId }) => streamId);
  const streamIds = new Set(hosted.filter((streamId) => isIdUntil(streamId, at)));
  // If one page needs more changes than allowed, the same page is repeated and finds the rest.
  if (!(await eraseNotices(followerIds, streamIds))) return after ?? prefix.followers;
  for (const followerId of followerIds) await removeFollow(followerId, userId);
  return cursorAfter(items, pageSizes().changes);
}
