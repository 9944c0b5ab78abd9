import { Relation } from "../../domain/people/follow.ts";
import { removeFollow } from "../store/people/follows.ts";
import { recordEach } from "../store/people/notifications.ts";
import { listHosted } from "../store/streams/stream-lists.ts";
import { key, prefix } from "../table/keys.ts";
import { queryItems } from "../table/query.ts";
import { type Item, read } from "../table/table.ts";
import type { Action } from "../table/transact.ts";
import type { Erasure } from "./progress.ts";

/** Items of one page. */
const pageMax = 100;

/** The items of a page of a partition, from where the page before ended. */
export const pageOf = (place: { PK: string; SK: string }, start: string, after?: string) =>
  queryItems(place, start, {
    limit: pageMax,
    consistent: true,
    ...(after !== undefined && { after }),
  });

/** Where the next page begins; undefined where this one was the last. */
export const placeAfter = (items: readonly Item[]): string | undefined =>
  items.length < pageMax ? undefined : items.at(-1)?.SK;

const deletion = ({ PK, SK }: Item): Action[] => [{ Delete: { Key: { PK, SK } } }];

/** The time in an id, which is that of the item. */
const secondsIn = (id: string) => Number.parseInt(id.slice(0, 8), 16);

/** Notifications, devices and announcements; what came after the deletion stays. */
export async function eraseItems({ userId, at, after }: Erasure): Promise<string | undefined> {
  const items = await pageOf(key.profile(userId), "", after);
  await recordEach(items.filter((item) => isOlder(item, at)).map(deletion));
  return placeAfter(items);
}

function isOlder({ SK, createdAt, updatedAt, announcedAt }: Item, at: string): boolean {
  if (SK.startsWith(prefix.unread))
    return secondsIn(SK.slice(prefix.unread.length)) <= Date.parse(at) / 1000;
  const kinds: [string, unknown][] = [
    [prefix.notifications, createdAt],
    [prefix.devices, updatedAt],
    ["ANNOUNCED", announcedAt],
  ];
  return kinds.some(([start, time]) => SK.startsWith(start) && String(time) <= at);
}

/** Answers that were remembered for repeated calls: they show the caller. */
export async function eraseReplies({ userId, at, after }: Erasure): Promise<string | undefined> {
  const items = await pageOf(key.marker(userId, ""), "", after);
  const isOwn = ({ answeredAt }: Item) => answeredAt === undefined || String(answeredAt) <= at;
  await recordEach(items.filter(isOwn).map(deletion));
  return placeAfter(items);
}

/** Whom the user followed. */
export async function eraseFollowing({ userId, at, after }: Erasure): Promise<string | undefined> {
  const items = await pageOf(key.following(userId, ""), prefix.following, after);
  const relations = items.map((item) => read(Relation, item)).filter((one) => one.at <= at);
  for (const { followedId } of relations) await removeFollow(userId, followedId);
  return placeAfter(items);
}

/** Who followed the user, and what they were told about the user's streams. */
export async function eraseFollowers({ userId, at, after }: Erasure): Promise<string | undefined> {
  const items = await pageOf(key.follower(userId, ""), prefix.followers, after);
  const relations = items.map((item) => read(Relation, item)).filter((one) => one.at <= at);
  const hosted = new Set((await listHosted(userId)).map(({ streamId }) => streamId));
  for (const { followerId } of relations) {
    await eraseNotices(followerId, hosted);
    await removeFollow(followerId, userId);
  }
  return placeAfter(items);
}

/** Notifications that one user has at most, read at once. */
const noticesMax = 1_000;

/** Takes the host's name out of what a user was told about these streams. */
export async function eraseNotices(userId: string, streamIds: ReadonlySet<string>): Promise<void> {
  if (streamIds.size === 0) return;
  const walk = { limit: noticesMax, newestFirst: true };
  const items = await queryItems(key.notification(userId, ""), prefix.notifications, walk);
  const told = items.filter(
    ({ category, metadata }) =>
      category === "live_stream" && streamIds.has(streamIn(String(metadata))),
  );
  await recordEach(told.map(withoutName));
}

const streamIn = (metadata: string): string =>
  String((JSON.parse(metadata) as { streamId?: unknown }).streamId);

function withoutName({ PK, SK, title }: Item): Action[] {
  const is = String(title).endsWith("is live") ? "is live" : "goes live soon";
  return [
    {
      Update: {
        Key: { PK, SK },
        UpdateExpression: "SET title = :title",
        ConditionExpression: "attribute_exists(PK)",
        ExpressionAttributeValues: { ":title": `A streamer ${is}` },
      },
    },
  ];
}
