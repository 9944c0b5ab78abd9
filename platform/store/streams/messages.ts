import * as z from "zod";
import { rowsBefore } from "../../../domain/page.ts";
import { refuse } from "../../../domain/refusal.ts";
import { Message, numberInId } from "../../../domain/streams/chat.ts";
import type { HistoryQuery } from "../../../domain/streams/history.ts";
import {
  countGaps,
  countGapsUpTo,
  type GapReader,
  rangesOf,
  shownNumbers,
} from "../../../domain/streams/message-gaps.ts";
import { logFault } from "../../runtime/log.ts";
import { getItem, getItems, getRawItem, type Item, parseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { queryRange } from "../../table/query.ts";
import { type Action, commitTransaction } from "../../table/transact.ts";
import { gapActions, gapReader, hasGapAction, readGapsEarly } from "./message-gaps.ts";
import { actAction } from "./moderation.ts";
import { expiryOf, findExpired, isPastRetention } from "./retention.ts";

/**
 * The chat of a stream: the count of numbers taken, and whether there are gaps.
 */
export const Chat = z.object({ count: z.number().int(), hasGone: z.boolean().default(false) });

/** The most Queries of one page; with more, its messages are read by their keys. */
const rangesMax = 10;

/**
 * Records that a number whose message never arrived is a gap, permanently: its placeholder keeps
 * the message out from now on. Returns false if there is a message, which stays, or a gap already.
 */
export async function recordGap(streamId: string, n: number): Promise<boolean> {
  await commitTransaction([hasGapAction(streamId)]);
  const Item = { ...key.message(streamId, n), n, isEmpty: true, ...expiryOf(new Date()) };
  const ConditionExpression = "attribute_not_exists(PK)";
  const failed = await commitTransaction([
    { Put: { Item, ConditionExpression } },
    ...gapActions(streamId, n),
  ]);
  return failed === undefined;
}

/** The message shown under this id in this stream; undefined for missing and expired ones. */
export async function findMessage(
  streamId: string,
  messageId: string,
  now: Date,
): Promise<Message | undefined> {
  const place = key.message(streamId, numberInId(messageId));
  const item = await getRawItem(place, { consistent: true });
  const [message] = item === undefined ? [] : shownIn(item);
  const isShown = message?.id === messageId && !isPastRetention(message.createdAt, now);
  return isShown ? message : undefined;
}

/** The message in an item: none if it was deleted, or its number is a gap. */
export function shownIn(item: Item): [Message] | [] {
  if (item.isEmpty === true) return [];
  const message = parseItem(Message, item);
  return message.deletedAt === undefined ? [message] : [];
}

/** The message; refuses with `message_not_found`. */
export async function getMessage(streamId: string, messageId: string, now: Date): Promise<Message> {
  return (
    (await findMessage(streamId, messageId, now)) ?? refuse("message_not_found", { messageId })
  );
}

/**
 * Removes the content of a message, once: its number becomes a gap, and the moderation log records
 * who did it.
 */
export function deletionActions(
  { streamId, n, sender }: Message,
  by: string,
  now: Date,
): readonly Action[] {
  const at = now.toISOString();
  const act = { action: "chat.deleted", actorId: by, targetId: sender.userId } as const;
  return [
    {
      label: "message",
      Update: {
        Key: key.message(streamId, n),
        UpdateExpression:
          "SET deletedAt = :now, updatedAt = :now, revision = revision + :one REMOVE content",
        ConditionExpression: "attribute_exists(PK) AND attribute_not_exists(deletedAt)",
        ExpressionAttributeValues: { ":now": at, ":one": 1 },
      },
    },
    actAction(streamId, { ...act, reason: null, at }),
    ...gapActions(streamId, n),
  ];
}

/** Once a message is this old, no call with a smaller number is still in progress. */
const settledMilliseconds = 60_000;

/** Whether no call with a number before this message is still in progress. */
export const isSettled = ({ createdAt }: Pick<Message, "createdAt">, now: Date) =>
  now.getTime() - Date.parse(createdAt) >= settledMilliseconds;

/** The most gaps that one reader records; the next one continues. */
const notedMax = 25;

/**
 * A page of `limit` messages, newest first, the number of messages before it and the total. A
 * cursor names the message before the page. The page's numbers are found through the gaps, so its
 * cost does not grow with its position; each page but the last is full. A gap left by a crash is
 * recorded here, once a later message is a minute old. Messages that the stage no longer keeps are
 * neither shown nor counted.
 */
export async function listMessages(
  streamId: string,
  query: HistoryQuery,
  now: Date,
): Promise<{ messages: Message[]; skipped: number; total: number }> {
  const { limit, after: cursor } = query;
  const [found, early] = await Promise.all([
    getItem(Chat, key.chat(streamId)),
    readGapsEarly(streamId),
  ]);
  const chat = found ?? { count: 0, hasGone: false };
  const { count } = chat;
  const gone = gapReader(streamId, chat, early);
  const forgotten = await findExpired(streamId, count, now);
  const upToCursor =
    cursor === undefined ? undefined : await countShownFrom(numberInId(cursor), count, gone);
  const skipped = rowsBefore(query, upToCursor);
  const before = skipped > 0 ? 1 : 0;
  const numbers = after(forgotten, shownNumbers(count, skipped - before, gone));
  // The message before the page is read with it: if it is old, a missing first number is a gap.
  const above = await take(numbers, before);
  const later: Message[] = [];
  const messages: Message[] = [];
  const missing: number[] = [];
  while (messages.length < limit) {
    const some = await take(numbers, limit - messages.length);
    if (some.length === 0) break;
    const isFirst = messages.length + missing.length === 0;
    const found = await readMessages(streamId, isFirst ? [...above, ...some] : some);
    for (const [n, item] of found) if (above.includes(n)) later.push(...shownIn(item));
    for (const n of some) {
      const item = found.get(n);
      if (item === undefined) missing.push(n);
      else messages.push(...shownIn(item));
    }
  }
  const goneBefore = forgotten === 0 ? 0 : await countGapsUpTo(forgotten, gone);
  const total = count - forgotten - ((await countGaps(count, gone)) - goneBefore);
  const noted = await noteMissing(streamId, missing, [...later, ...messages], now);
  return { messages, skipped, total: total - noted };
}

/** The number of shown messages from `n` to `count`. */
async function countShownFrom(n: number, count: number, gone: GapReader): Promise<number> {
  const below = Math.min(n - 1, count);
  const goneFrom = (await countGaps(count, gone)) - (await countGapsUpTo(below, gone));
  return count - below - goneFrom;
}

/** Yields these descending numbers while they are greater than `last`. */
async function* after(last: number, numbers: AsyncGenerator<number, void, void>) {
  for await (const n of numbers) {
    if (n <= last) return;
    yield n;
  }
}

async function take(numbers: AsyncGenerator<number, void, void>, most: number) {
  const taken: number[] = [];
  while (taken.length < most) {
    const { done, value } = await numbers.next();
    if (done) break;
    taken.push(value!);
  }
  return taken;
}

/**
 * The items of these descending numbers: one Query reads numbers close to each other. If there are
 * more deleted messages between them than numbers, each is read by its key, which costs half a
 * unit, and a deleted message in a Query up to as much.
 */
async function readMessages(streamId: string, numbers: number[]): Promise<Map<number, Item>> {
  const ranges = rangesOf(numbers);
  const spanned = ranges.reduce((sum, { low, high }) => sum + high - low + 1, 0);
  const isSparse = spanned > 2 * numbers.length || ranges.length > rangesMax;
  const items = isSparse
    ? [...(await getItems(numbers.map((n) => key.message(streamId, n)))).values()]
    : (await Promise.all(ranges.map((range) => readRange(streamId, range)))).flat();
  return new Map(items.map((item) => [Number(item.n), item]));
}

function readRange(streamId: string, { low, high }: { low: number; high: number }) {
  const from = key.message(streamId, low);
  const most = { limit: high - low + 1, newestFirst: true };
  return queryRange(from, from.SK, key.message(streamId, high).SK, most);
}

/** Records numbers without an item as gaps if a later message is old; returns how many. */
async function noteMissing(streamId: string, missing: number[], shown: Message[], now: Date) {
  const newest = shown.find((message) => isSettled(message, now))?.n ?? 0;
  const late = missing.filter((n) => n < newest).slice(0, notedMax);
  const noted = await Promise.all(
    late.map((n) =>
      recordGap(streamId, n).catch((error: unknown) => {
        // The history is readable anyway; the next reader records it.
        logFault("A message number could not be recorded as a gap", error, { streamId, n });
        return false;
      }),
    ),
  );
  return noted.filter(Boolean).length;
}
