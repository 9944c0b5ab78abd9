import { type GiftContext, type GiftDecision, sharesOf } from "../../../domain/money/gift.ts";
import { Gift, itemOf, type Share } from "../../../domain/money/gift-item.ts";
import type { Wallet } from "../../../domain/money/wallet.ts";
import { type Person, personOf } from "../../../domain/people/person.ts";
import { refuse } from "../../../domain/refusal.ts";
import type { Member } from "../../../domain/streams/member.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryAll, queryItems } from "../../table/query.ts";
import type { Reply } from "../../table/record.ts";
import { read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";
import { findKnown } from "../people/users.ts";
import { findMember } from "../streams/members.ts";
import { newGiftId, recordGiftPlace } from "./gift-places.ts";
import { commit, findWallet, spendLimits } from "./wallets.ts";

/**
 * Who gives, read once for a gift. Wallet and member are read consistently. Of the profile only the
 * names are shown, so a read at half the price is enough.
 */
export type Giver = { sender: Person; wallet: Wallet; member: Member | undefined };

/** The sender, their wallet and what the stream knows about them; refuses with `user_not_found`. */
export async function getGiver(streamId: string, userId: string): Promise<Giver> {
  const [profile, wallet, member] = await Promise.all([
    findKnown(userId),
    findWallet(userId),
    findMember(streamId, userId, { consistent: true }),
  ]);
  if (profile === undefined) refuse("user_not_found", { userId });
  return { sender: personOf(profile), wallet, member };
}

/** What a gift is decided on: stream and giver are read consistently in the same request. */
export const giftContext = (stream: Stream, giver: Giver, now: Date): GiftContext => ({
  ...{ stream, ...giver, now },
  limits: spendLimits(),
  id: newGiftId(stream.id, now),
});

/**
 * Records a gift or superlike: debit, ledger entries, the gift's own item, further receivers'
 * shares and the reply's marker in one transaction, all or nothing. Both APIs' gifts end here. It
 * is decided again only where the sender's wallet was written meanwhile, or its id is taken.
 * `reply` makes the answer for the gift, with what remembers it. `actionsOf` puts the gift; another
 * one may hold it instead (held-gifts.ts).
 */
export async function recordGift<A>(
  decided: GiftDecision,
  reply: (gift: Gift) => Reply<A>,
  actionsOf = giftActions,
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
    () => {
      // Another gift of this stream has the id.
      decideOn({ id: newGiftId(stream.id, now) });
    },
  );
}

/** What puts a gift into its stream; an id that is taken fails as `gift`. */
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

/** The ledgers tell where a user's gifts are, except those that moved no credits. */
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

/** Items that one page reads at most; then it ends early, and the next page continues there. */
const scanMax = 2_000;
const stepMin = 50;

/**
 * Gifts of a stream, or its superlikes, newest first, from the one after `after` on: at most
 * `limit` + 1. The others and further receivers' shares lie between them and are passed over.
 */
export async function listGifts(
  streamId: string,
  { after, limit }: { after?: string | undefined; limit: number },
  kind: Gift["kind"] = "gift",
): Promise<Gift[]> {
  const gifts: Gift[] = [];
  let place: string | undefined = after === undefined ? undefined : key.gift(streamId, after).SK;
  for (let looked = 0; looked < scanMax; ) {
    const step = Math.max(limit + 1 - gifts.length, stepMin);
    const items = await queryItems(key.gift(streamId, ""), prefix.gifts, {
      limit: step,
      newestFirst: true,
      ...(place !== undefined && { after: place }),
    });
    for (const item of items) if (item.kind === kind) gifts.push(read(Gift, item));
    if (gifts.length > limit || items.length < step) break;
    looked += items.length;
    place = items.at(-1)?.SK;
  }
  return gifts.slice(0, limit + 1);
}

/** All gifts and superlikes of a stream, oldest first, read consistently. */
export async function* eachGift(streamId: string): AsyncGenerator<Gift> {
  const walk = { consistent: true };
  for await (const item of queryAll(key.gift(streamId, ""), { prefix: prefix.gifts }, walk))
    if (item.kind !== "share") yield read(Gift, item);
}
