import { isOverlay } from "../../../domain/id.ts";
import {
  connectionLifeSeconds,
  isCurrent,
  Subscriber,
  subscribedAt,
} from "../../../domain/log/subscriber.ts";
import type { Member } from "../../../domain/streams/member.ts";
import { limits } from "../../runtime/limits.ts";
import { logFault } from "../../runtime/log.ts";
import { deleteIf, getItems, getRawItem, keyText, parseItem } from "../../table/items.ts";
import { connectionIn, key, prefix, readKey, subscriberRanges } from "../../table/keys.ts";
import { queryItems, queryWhole } from "../../table/query.ts";
import { replaceRevision, writeOnce } from "../../table/transact.ts";
import { findWatcher } from "../streams/members.ts";

/**
 * The item of a subscription. Omits what its key or another field contains, because a room's
 * subscribers are read for each of its frames.
 */
export function subscriberItem(subscriber: Subscriber) {
  const { streamId, connectionId, connectedAt: _, ...rest } = subscriber;
  return { ...key.subscriber(streamId, connectionId), ...rest };
}

/**
 * Stores a subscription, which the consumer of the table's stream then confirms. The visit of the
 * one that it replaces ends: its client has subscribed again, as after a lost frame.
 */
export async function putSubscriber(subscriber: Subscriber): Promise<void> {
  const replaced = await replaceRevision(subscriberItem(subscriber));
  if (replaced !== undefined) await recordVisit(readSubscriber(replaced), new Date());
}

/** Parses a subscription's item. Throws if it is invalid. */
export const readSubscriber = (item: Record<string, unknown>): Subscriber =>
  parseItem(Subscriber, withPlace(item));

function withPlace(item: Record<string, unknown>): Subscriber {
  const { PK, SK, ...rest } = item as Subscriber & { PK: string; SK: string };
  const connectedAt = (rest.expiresAt - connectionLifeSeconds) * 1000;
  const { owner: streamId } = readKey({ PK, SK });
  return { ...rest, streamId, connectionId: connectionIn(SK), connectedAt };
}

/** One current subscription, read consistently. */
export async function findSubscriber(streamId: string, connectionId: string) {
  const item = await getRawItem(key.subscriber(streamId, connectionId), { consistent: true });
  return item && readSubscriber(item);
}

/** The current state of a subscription; undefined if it was replaced or removed. */
export async function findCurrent({
  streamId,
  connectionId,
  revision,
}: Subscriber): Promise<Subscriber | undefined> {
  const now = await findSubscriber(streamId, connectionId);
  return now?.revision === revision ? now : undefined;
}

/** The current state of these subscriptions, and the facts that decide if each user may watch. */
export async function findGuests(
  records: readonly Subscriber[],
): Promise<{ record: Subscriber; current?: Subscriber; member?: Member }[]> {
  return Promise.all(
    records.map(async (record) => {
      const { streamId, connectionId, userId } = record;
      const [current, member] = await Promise.all([
        findSubscriber(streamId, connectionId),
        findWatcher(streamId, userId),
      ]);
      return { record, ...(current && { current }), ...(member && { member }) };
    }),
  );
}

/** Maximum number of ranges of a stream's subscribers. */
export const rangesMax = 16;

/** One of `count` slices of a stream's subscribers, which are equal ranges of their keys. */
export type Slice = {
  /** From 0. */
  index: number;
  /** A power of two, at most 16. */
  count: number;
};

/** The slice that contains all subscribers. */
export const wholeRoom: Slice = { index: 0, count: 1 };

/** Whether a connection's subscription to a stream is in a slice. */
export function isInSlice(streamId: string, connectionId: string, slice: Slice): boolean {
  const { SK } = key.subscriber(streamId, connectionId);
  const [low, high] = subscriberRanges(slice.count)[slice.index]!;
  return SK >= low && SK <= high;
}

/**
 * The subscribers of a stream or slice, read consistently and never cached. `estimate` is
 * their approximate number: a large room is read in parallel ranges.
 */
export async function listSubscribers(
  streamId: string,
  now: Date,
  estimate = 0,
  slice: Slice = wholeRoom,
): Promise<Subscriber[]> {
  let count = slice.count;
  while (count < rangesMax && estimate > count * limits().rangeSubscribers) count *= 2;
  const perSlice = count / slice.count;
  const first = slice.index * perSlice;
  const ranges = subscriberRanges(count).slice(first, first + perSlice);
  const lists = await Promise.all(
    ranges.map(([low, high]) => queryWhole(key.subscriber(streamId, ""), { low, high })),
  );
  // Only our code writes these items, and they are read for every frame. Parsing them with a schema
  // would cost more than the posts.
  return lists.flat().flatMap((item) => {
    const subscriber = withPlace(item);
    return isCurrent(subscriber, now) ? [subscriber] : [];
  });
}

/** Some subscribers of a stream, and whether there are no others; may lack the latest changes. */
export async function firstSubscribers(
  streamId: string,
  now: Date,
  limit: number,
): Promise<{ subscribers: Subscriber[]; isWhole: boolean }> {
  const place = key.subscriber(streamId, "");
  const items = await queryItems(place, prefix.subscribers, { limit: limit + 1 });
  const subscribers = items.map(withPlace).filter((one) => isCurrent(one, now));
  return { subscribers, isWhole: items.length <= limit };
}

/** Removes a subscription. With `revision`, only if it still has that revision. */
export async function removeSubscriber(
  streamId: string,
  connectionId: string,
  revision?: number,
): Promise<void> {
  const removed = await deleteIf(
    key.subscriber(streamId, connectionId),
    revision === undefined
      ? undefined
      : {
          ConditionExpression: "revision = :revision",
          ExpressionAttributeValues: { ":revision": revision },
        },
  );
  if (removed?.userId !== undefined) await recordVisit(readSubscriber(removed), new Date());
}

/**
 * The streams among these that a connection is subscribed to, each with its newest posted frame.
 */
export async function findHeads(
  connectionId: string,
  streamIds: readonly string[],
  now: Date,
): Promise<Record<string, number>> {
  const found = await getItems(
    streamIds.flatMap((streamId) => [key.subscriber(streamId, connectionId), key.log(streamId)]),
    { consistent: true },
  );
  const heads: Record<string, number> = {};
  for (const streamId of streamIds) {
    const item = found.get(keyText(key.subscriber(streamId, connectionId)));
    if (item === undefined) continue;
    const subscriber = readSubscriber(item);
    if (!isCurrent(subscriber, now) || subscriber.refusal !== undefined) continue;
    heads[streamId] = Number(found.get(keyText(key.log(streamId)))?.posted ?? 0);
  }
  return heads;
}

/** A subscription that has ended. */
export type Visit = Pick<Subscriber, "streamId" | "userId" | "revision" | "isLate" | "refusal"> & {
  endedAt: Date;
};

/**
 * Adds a finished visit to the user's watch time, and a first-time visitor to the stream's
 * audience, unless the stream was over before it. A repeated call for the same subscription, known
 * by its revision, counts nothing.
 * Failures are only logged, because these are statistics.
 */
export const recordVisit = (visit: Omit<Visit, "endedAt">, now: Date): Promise<void> =>
  recordVisits([{ ...visit, endedAt: now }]);

/** Like `recordVisit` for several visits; first-time visitors of a stream are added together. */
export async function recordVisits(visits: readonly Visit[]): Promise<void> {
  const firsts = new Map<string, number>();
  await Promise.all(
    visits.map(async ({ endedAt, ...visit }) => {
      const { streamId, userId, revision, isLate, refusal } = visit;
      if (refusal !== undefined || isLate || isOverlay(userId)) return;
      const milliseconds = endedAt.getTime() - subscribedAt(visit);
      const seconds = Math.max(0, Math.round(milliseconds / 1000));
      const isFirst = await orLogged(streamId, addVisit(streamId, userId, revision, seconds));
      if (isFirst) firsts.set(streamId, (firsts.get(streamId) ?? 0) + 1);
    }),
  );
  const counts = [...firsts].map(([streamId, count]) =>
    orLogged(streamId, countVisitors(streamId, count)),
  );
  await Promise.all(counts);
}

const orLogged = <Result>(streamId: string, counted: Promise<Result>) =>
  counted.catch((error: unknown) => {
    logFault("A visit could not be counted", error, { streamId });
  });

/** Returns whether this was the user's first visit to the stream. */
async function addVisit(
  streamId: string,
  userId: string,
  revision: number,
  seconds: number,
): Promise<boolean> {
  const added = await writeOnce({
    Update: {
      Key: key.visits(streamId, userId),
      UpdateExpression: "SET userId = :user, latest = :revision ADD seconds :seconds, times :one",
      ConditionExpression: "attribute_not_exists(latest) OR latest <> :revision",
      ExpressionAttributeValues: {
        ":user": userId,
        ":revision": revision,
        ":seconds": seconds,
        ":one": 1,
      },
      ReturnValues: "UPDATED_NEW",
    },
  });
  return added.done && added.attributes?.times === 1;
}

async function countVisitors(streamId: string, count: number): Promise<void> {
  await writeOnce({
    Update: {
      Key: key.audience(streamId),
      UpdateExpression: "ADD visitors :count",
      ExpressionAttributeValues: { ":count": count },
    },
  });
}
