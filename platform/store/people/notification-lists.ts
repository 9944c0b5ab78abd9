import { StoredNotification } from "../../../domain/people/notification.ts";
import { isWanted, type NotificationFilter } from "../../../domain/people/notification-query.ts";
import { Timestamp } from "../../../domain/text.ts";
import { getItems, type Item, keyText, parseItem } from "../../table/items.ts";
import { type Key, key, prefix } from "../../table/keys.ts";
import { queryRange } from "../../table/query.ts";
import {
  firstKept,
  isOlderMark,
  listFrom,
  listMarks,
  listUnread,
  type Mark,
  notificationsMax,
} from "./notification-marks.ts";

/** A notification in a list, before all of it is read. */
export type Listed = Pick<StoredNotification, "id" | "type" | "category" | "read"> & {
  /** The approximate size of its item. */
  bytes: number;
  /** When it was last marked; undefined if it is unchanged. */
  updatedAt?: string | undefined;
  /** The bytes of all newer notifications that have a mark. */
  newerBytes: number;
  /** Present if it was written before read notifications had marks. */
  whole?: StoredNotification;
};

/** The schema of a mark's fields. */
const Shown = StoredNotification.pick({ type: true, category: true }).extend({
  updatedAt: Timestamp.optional(),
});

const listedOf = ({ id, item }: Mark, isRead: boolean) => ({
  ...parseItem(Shown, item),
  id,
  read: isRead,
  bytes: Number(item.bytes),
});

/** Notifications from before read ones had marks, each read whole. */
async function listOlder(userId: string, now: Date) {
  const items = await listFrom(key.olderNotification, userId, firstKept(now));
  return items.map((item) => {
    const whole = parseItem(StoredNotification, item);
    return { ...whole, bytes: sizeOf(whole), whole };
  });
}

/**
 * The approximate size of a notification's item in bytes: its texts, and 400 for names and short
 * values.
 */
export const sizeOf = ({ title, message, metadata }: StoredNotification): number =>
  Buffer.byteLength(title) + Buffer.byteLength(message) + Buffer.byteLength(metadata) + 400;

/** A user's notification, read consistently; undefined if there is none. */
export async function findNotification(
  userId: string,
  notificationId: string,
): Promise<StoredNotification | undefined> {
  const found = await findMarked(userId, notificationId);
  if (found === undefined) return undefined;
  const { item, mark } = found;
  const whole = parseItem(StoredNotification, item);
  if (mark === undefined) return whole;
  return asMarked(
    whole,
    listedOf({ id: notificationId, item: mark }, mark.SK.startsWith(prefix.readMarks)),
  );
}

/**
 * The item of a notification and its mark, read consistently; without a mark if it was written
 * before read notifications had marks. Undefined if there is no notification.
 */
export async function findMarked(
  userId: string,
  id: string,
  { isLast = false } = {},
): Promise<{ item: Item; mark: Item | undefined } | undefined> {
  const [whole, older] = wholeKeys(userId, id);
  const marks = [key.unread(userId, id), key.readMark(userId, id)];
  const found = await getItems([whole, older, ...marks], { consistent: true });
  const at = (place: Key) => found.get(keyText(place));
  const item = at(whole);
  if (item === undefined) {
    const before = at(older);
    return before && { item: before, mark: undefined };
  }
  const mark = marks.map(at).find((one) => one !== undefined);
  if (mark !== undefined) return { item, mark };
  // The marks are not read in one step: the mark has moved in between, or it has expired before
  // its notification.
  return isLast ? undefined : findMarked(userId, id, { isLast: true });
}

/** A notification with the state in its mark. */
const asMarked = (
  whole: StoredNotification,
  { read: isRead, updatedAt }: Pick<Listed, "read" | "updatedAt">,
): StoredNotification => ({ ...whole, read: isRead, updatedAt: updatedAt ?? whole.updatedAt });

/** The items of these notifications, read consistently, without missing ones. */
export async function findItems(userId: string, ids: readonly string[]): Promise<Item[]> {
  const keys = ids.flatMap((id) => wholeKeys(userId, id));
  return [...(await getItems(keys, { consistent: true })).values()];
}

/** The possible keys of a whole notification. */
export const wholeKeys = (userId: string, id: string): [Key, Key] => [
  key.notification(userId, id),
  key.olderNotification(userId, id),
];

/**
 * The notifications that match the filter among a user's newest 1,000 of 90 days, newest first.
 * Reads marks, of about 120 bytes, and no texts.
 */
export async function findListed(
  userId: string,
  filter: NotificationFilter,
  now: Date,
): Promise<Listed[]> {
  // In this order, a mark that moves from unread to read meanwhile is found at least once.
  const unread = await listUnread(userId, now, notificationsMax);
  const [readOnes, older] = await Promise.all([
    listMarks(key.readMark, userId, firstKept(now)),
    listOlder(userId, now),
  ]);
  const found = [
    ...unread.filter(({ item }) => !isOlderMark(item)).map((mark) => listedOf(mark, false)),
    ...readOnes.map((mark) => listedOf(mark, true)),
    ...older,
  ];
  // Of a notification that is found twice, the later state counts.
  const all = [...new Map(found.map((one) => [one.id, one])).values()].sort((one, other) =>
    one.id < other.id ? 1 : -1,
  );
  let newerBytes = 0;
  const listed = all.slice(0, notificationsMax).map((one): Listed => {
    const place = newerBytes;
    newerBytes += "whole" in one ? 0 : one.bytes;
    return { ...one, newerBytes: place };
  });
  return listed.filter((one) => isWanted(one, filter));
}

/**
 * The listed notifications, in that order and with the state in their marks, without those deleted
 * since. Reads are eventually consistent, except for notifications that such a read does not find
 * yet.
 */
export async function readListed(
  userId: string,
  listed: readonly Listed[],
): Promise<StoredNotification[]> {
  const marked = listed.filter(({ whole }) => whole === undefined);
  const found = byId(await readCheaply(userId, marked));
  const unknown = marked.filter(({ id }) => !found.has(id));
  const keys = unknown.map(({ id }) => key.notification(userId, id));
  const again = byId([...(await getItems(keys, { consistent: true })).values()]);
  return listed.flatMap((one) => {
    const whole = found.get(one.id) ?? again.get(one.id);
    return one.whole ?? (whole === undefined ? [] : asMarked(whole, one));
  });
}

const byId = (items: readonly Item[]) =>
  new Map(items.map((item) => [String(item.id), parseItem(StoredNotification, item)]));

/** The bytes of one read unit for an item that is read on its own. */
const unitBytes = 4_096;

/**
 * Reads these notifications, individually or as a range with others between them, whichever is
 * cheaper.
 */
async function readCheaply(userId: string, listed: readonly Listed[]): Promise<Item[]> {
  const [first, last] = [listed[0], listed.at(-1)];
  if (first === undefined || last === undefined) return [];
  const place = (id: string) => key.notification(userId, id);
  const between = last.newerBytes + last.bytes - first.newerBytes;
  const apart =
    listed.reduce((sum, { bytes }) => sum + Math.ceil(bytes / unitBytes), 0) * unitBytes;
  if (apart < between) return [...(await getItems(listed.map(({ id }) => place(id)))).values()];
  const low = place(last.id);
  return queryRange(low, low.SK, place(first.id).SK, { limit: notificationsMax });
}

/**
 * A user's notifications that match the filter, newest first: at most `limit` of their newest 1,000
 * of 90 days, and at most `bytesMax` bytes of items.
 */
export async function listNotifications(
  userId: string,
  filter: NotificationFilter,
  limit: number,
  now: Date = new Date(),
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<StoredNotification[]> {
  const listed = (await findListed(userId, filter, now)).slice(0, limit);
  let bytes = 0;
  const first = listed.filter((one) => {
    bytes += one.bytes;
    return bytes <= bytesMax;
  });
  return readListed(userId, first);
}
