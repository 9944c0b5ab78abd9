import { createHash, randomInt } from "node:crypto";
import * as z from "zod";
import { type GiftContext, type GiftDecision, sharesOf } from "../../../domain/money/gift.ts";
import { Gift, itemOf, type Share } from "../../../domain/money/gift-item.ts";
import { personOf } from "../../../domain/people/person.ts";
import type { Profile } from "../../../domain/people/user.ts";
import { refuse } from "../../../domain/refusal.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { BoundedSet } from "../../runtime/caches.ts";
import { parseItem, putItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryAll, queryItems } from "../../table/query.ts";
import type { Action, Failed, Reply } from "../../table/transact.ts";
import { findKnown } from "../people/users.ts";
import { findMember } from "../streams/members.ts";
import { commit, findWallet, spendLimits } from "./wallets.ts";

/**
 * The giver, read once for a gift. Wallet and member are read consistently. Only the names of the
 * profile are shown, so a read at half the price suffices.
 */
export type Giver = Pick<GiftContext, "sender" | "wallet" | "member" | "roles">;

/**
 * The sender, with the roles of their token if they make the call, their wallet and their member
 * item in the stream. An unknown sender is shown as `unknown`; if that is missing, refuses with
 * `user_not_found`.
 */
export async function getGiver(
  streamId: string,
  userId: string,
  { roles, unknown }: { roles?: Giver["roles"]; unknown?: Profile | undefined } = {},
): Promise<Giver> {
  const [known, wallet, member] = await Promise.all([
    findKnown(userId),
    findWallet(userId),
    findMember(streamId, userId, { consistent: true }),
  ]);
  const profile = known ?? unknown ?? refuse("user_not_found", { userId });
  return { sender: personOf(profile), wallet, member, roles };
}

/** The inputs of a gift's decision: stream and giver are read consistently in the same request. */
export const giftContext = (stream: Stream, giver: Giver, now: Date): GiftContext => ({
  stream,
  ...giver,
  now,
  limits: spendLimits(),
  id: newGiftId(stream.id, now),
});

/**
 * Records a gift or superlike: debit, ledger entries, the gift's own item, further receivers'
 * shares and the reply's marker in one transaction. Gifts of both APIs end here. It is decided
 * again only if the sender's wallet was written meanwhile, or its id is taken. `reply` builds the
 * response to the gift, with the action that stores it. `actionsOf` puts the gift, or holds it (see
 * held-gifts.ts). `onFailed` is first called with the conditions that failed.
 */
export async function recordGift<A>(
  decided: GiftDecision,
  reply: (gift: Gift) => Reply<A>,
  actionsOf = giftActions,
  onFailed?: (failed: Failed) => void,
): Promise<A> {
  let decision = decided;
  const decideOn = (change: Partial<GiftContext>) => {
    decision = decision.again({ ...decision.context, ...change });
  };
  const { stream, wallet: first, now } = decided.context;
  await recordGiftPlace(stream.id);
  return commit(
    [first],
    ([wallet]) => {
      if (wallet !== decision.context.wallet) decideOn({ wallet });
      const { gift, draft } = decision;
      return { drafts: [draft], actions: actionsOf(gift), reply: reply(gift) };
    },
    (failed) => {
      onFailed?.(failed);
      // Another gift of this stream has the id.
      decideOn({ id: newGiftId(stream.id, now) });
    },
  );
}

/** The actions that put a gift into its stream; an id that is taken fails as `gift`. */
export const giftActions = (gift: Gift): Action[] => [
  giftAction(gift),
  ...sharesOf(gift).map(shareAction),
  ...traceActions(gift),
];

const giftAction = (gift: Gift): Action => ({
  label: "gift",
  Put: {
    Item: { ...key.gift(gift.streamId, gift.id), ...itemOf(gift) },
    ConditionExpression: "attribute_not_exists(PK)",
  },
});

/** Traces of a gift that moved no credits: erasures find all others through the ledgers. */
const traceActions = ({ charged, id: giftId, streamId, sender, receivers }: Gift): Action[] =>
  [sender, ...receivers].flatMap(({ userId }) =>
    charged
      ? []
      : [{ Put: { Item: { ...key.tracedGift(userId, streamId, giftId), streamId, giftId } } }],
  );

const shareAction = (share: Share): Action => ({
  label: "gift",
  Put: {
    Item: { ...key.gift(share.streamId, share.id, share.part), ...share },
    ConditionExpression: "attribute_not_exists(PK)",
  },
});

/** The most items that one page reads; then it ends early, and the next page continues there. */
const scanMax = 2_000;
const stepMin = 50;

/** A page of gifts, and the id after which the next one begins; undefined at the end. */
type GiftPage = { gifts: Gift[]; next: string | undefined };

/**
 * Gifts of a stream, or its superlikes, newest first, after the one with id `after`: at most
 * `limit`, and fewer before the end if too many others lie between them. The other kind and
 * further receivers' shares are skipped.
 */
export async function listGifts(
  streamId: string,
  { after, limit }: { after?: string | undefined; limit: number },
  kind: Gift["kind"] = "gift",
): Promise<GiftPage> {
  const gifts: Gift[] = [];
  let place: string | undefined = after === undefined ? undefined : key.gift(streamId, after).SK;
  for (let looked = 0; ; ) {
    const step = Math.max(limit + 1 - gifts.length, stepMin);
    const items = await queryItems(key.gift(streamId, ""), prefix.gifts, {
      limit: step,
      newestFirst: true,
      ...(place !== undefined && { after: place }),
    });
    for (const item of items) if (item.kind === kind) gifts.push(parseItem(Gift, item));
    if (gifts.length > limit) return { gifts: gifts.slice(0, limit), next: gifts[limit - 1]?.id };
    if (items.length < step) return { gifts, next: undefined };
    looked += items.length;
    place = items.at(-1)?.SK;
    // Newest first, a gift follows its shares: a page that would end among them ends at the gift
    // before.
    const last = items.findLast((item) => item.kind !== "share");
    if (looked >= scanMax && last !== undefined)
      return { gifts, next: last.SK.slice(prefix.gifts.length) };
  }
}

/** A span of time, in ISO 8601: from its start, inclusive, to its end, exclusive. */
type Span = { startedAt: string; endedAt: string };

/**
 * The gifts and superlikes of a stream, oldest first, read consistently: all, or those of a span,
 * and others of its first and last second.
 */
export async function* eachGift(streamId: string, span?: Span): AsyncGenerator<Gift> {
  const range = span === undefined ? { prefix: prefix.gifts } : rangeOf(streamId, span);
  for await (const item of queryAll(key.gift(streamId, ""), range, { consistent: true }))
    if (item.kind === "gift" || item.kind === "superlike") yield parseItem(Gift, item);
}

/** The sort keys of the gifts of a span: an id begins with the second of its gift's time. */
function rangeOf(streamId: string, { startedAt, endedAt }: Span) {
  const behind = new Date(Date.parse(endedAt) + 1_000);
  const low = firstGiftFrom(streamId, new Date(startedAt)).SK;
  return { low, high: firstGiftFrom(streamId, behind).SK };
}

/*
 * A gift is stored in its stream, but a refund names only the gift. A pointer for each gift would
 * cost a write each; instead the middle of a gift's id is a hash of its stream, and one small item
 * for each stream leads from the hash to the stream. Two streams with one hash are two items, and
 * both are tried.
 */
const hashDigits = 10;

const hashOfStream = (streamId: string) =>
  createHash("sha256").update(streamId).digest("hex").slice(0, hashDigits);

/** The range of the last 14 bits of an id. */
const countMax = 1 << 14;
let counter: number | undefined;

/**
 * A new id for a gift of this stream, in ObjectId form: 4 bytes of time in seconds, 5 bytes of the
 * stream's hash, 10 bits of milliseconds and 14 of a counter with a random start. So the ids of a
 * stream sort by time. Two gifts of one millisecond from two processes may get the same id (1 pair
 * in 16,384): a gift is put only if its id is free, and otherwise gets another.
 */
export function newGiftId(streamId: string, now: Date): string {
  counter = ((counter ?? randomInt(countMax)) + 1) % countMax;
  const seconds = Math.floor(now.getTime() / 1000);
  const last = (now.getTime() % 1000) * countMax + counter;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return hex(seconds, 8) + hashOfStream(streamId) + hex(last, 6);
}

/** The time at the start of a gift's id, in seconds since 1970. */
export const secondsOfGift = (giftId: string) => Number.parseInt(giftId.slice(0, 8), 16);

/** The time in a gift's id, in milliseconds since 1970. */
export const millisecondsOfGift = (giftId: string) =>
  secondsOfGift(giftId) * 1000 + Math.floor(Number.parseInt(giftId.slice(18), 16) / countMax);

/** The last second that an id can begin with, in the year 2106. */
const secondsMax = 0xffff_ffff;

/** The sort key of the first gift in a stream that may have been sent in this second or later. */
export const firstGiftFrom = (streamId: string, from: Date) =>
  key.gift(
    streamId,
    Math.min(secondsMax, Math.floor(from.getTime() / 1000))
      .toString(16)
      .padStart(8, "0"),
  );

const Place = z.object({ streamId: z.string() });

/** Streams whose hash this process has recorded. */
const recordedStreams = new BoundedSet<string>(10_000);

/**
 * Records where gifts with this stream's hash are: once for each stream and process, before the
 * first gift.
 */
async function recordGiftPlace(streamId: string): Promise<void> {
  if (recordedStreams.has(streamId)) return;
  const Item = { ...key.giftPlace(hashOfStream(streamId), streamId), streamId };
  await putItem(Item);
  recordedStreams.add(streamId);
}

/** The streams that may contain a gift with this id: none, one, or very rarely more. */
export async function listStreamsOfGift(giftId: string): Promise<string[]> {
  const place = key.giftPlace(giftId.slice(8, 8 + hashDigits), "");
  const items = await queryItems(place, prefix.listedStreams, { limit: 10, consistent: true });
  return items.map((item) => parseItem(Place, item).streamId);
}
