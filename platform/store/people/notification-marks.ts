import { objectIdOf } from "../../../domain/id.ts";
import type { Item } from "../../table/items.ts";
import { type Key, key } from "../../table/keys.ts";
import { queryRange } from "../../table/query.ts";

/** How many of a user's notifications are kept and listed: the newest. */
export const notificationsMax = 1_000;

/** How many seconds a notification is kept. */
export const keptSeconds = 90 * 24 * 3600;

type KeyOf = (userId: string, id: string) => Key;

/** The lowest id of notifications that are kept: ids begin with their time. */
export const firstKept = (now: Date) =>
  objectIdOf(Math.floor(now.getTime() / 1000) - keptSeconds, "0".repeat(10), 0);

/** The items under these keys from an id on, newest first, read consistently. */
export function listFrom(
  keyOf: KeyOf,
  userId: string,
  first: string,
  limit = notificationsMax,
): Promise<Item[]> {
  const from = keyOf(userId, first);
  const walk = { limit, consistent: true, newestFirst: true };
  return queryRange(from, from.SK, keyOf(userId, "g").SK, walk);
}

/** A mark with the id of its notification. */
export type Mark = { id: string; item: Item };

/** Marks of a user's notifications from an id on, newest first, read consistently. */
export async function listMarks(
  keyOf: KeyOf,
  userId: string,
  first: string,
  limit = notificationsMax,
): Promise<Mark[]> {
  const items = await listFrom(keyOf, userId, first, limit);
  const start = keyOf(userId, "").SK.length;
  return items.map((item) => ({ id: item.SK.slice(start), item }));
}

/** Whether a mark belongs to a notification from before read ones had marks. */
export const isOlderMark = (item: Record<string, unknown>): boolean => item.bytes === undefined;

/** Marks of a user's unread notifications, newest first, read consistently. */
export const listUnread = (userId: string, now: Date, limit: number): Promise<Mark[]> =>
  listMarks(key.unread, userId, firstKept(now), limit);

/**
 * Marks of the unread notifications among a user's newest 1,000, which are those that lists show.
 * Newest first, read consistently.
 */
export async function listShownUnread(userId: string, now: Date): Promise<Mark[]> {
  const unread = await listUnread(userId, now, notificationsMax);
  const last = unread.at(-1);
  if (last === undefined) return [];
  const others = [
    listMarks(key.readMark, userId, last.id),
    // Notifications from before read ones had marks are older than all others.
    isOlderMark(last.item) ? listMarks(key.olderNotification, userId, last.id) : [],
  ];
  const all = [unread, ...(await Promise.all(others))].flat().map(({ id }) => id);
  // A notification that is marked as read meanwhile is found twice.
  const shown = new Set([...new Set(all)].sort().slice(-notificationsMax));
  return unread.filter(({ id }) => shown.has(id));
}

/** How many of the notifications in lists a user has not read; a read unit covers about 35. */
export const countUnread = async (userId: string, now: Date): Promise<number> =>
  (await listShownUnread(userId, now)).length;
