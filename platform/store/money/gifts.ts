import type { Gift, GiftWish, Given, Giving, Share } from "../../../domain/money/gift.ts";
import { sendGift, sendSuperlike } from "../../../domain/money/gift.ts";
import type { Wallet } from "../../../domain/money/wallet.ts";
import { type Person, personOf, personOfSummary } from "../../../domain/people/person.ts";
import { refuse } from "../../../domain/refusal.ts";
import type { Member } from "../../../domain/streams/member.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { key } from "../../table/keys.ts";
import type { Reply } from "../../table/record.ts";
import type { Action } from "../../table/transact.ts";
import { findKnown } from "../people/users.ts";
import { findMember } from "../streams/streams.ts";
import { newGiftId, recordGiftPlace } from "./gift-places.ts";
import { spendLimits } from "./spend-limits.ts";
import { commit, findWallet } from "./wallets.ts";

/**
 * Who gives: read once for a gift. Wallet and member are read consistently; of the profile only the
 * names are shown, so the half as dear read does for whoever it finds.
 */
export type Giver = { sender: Person; wallet: Wallet; member: Member | undefined };

/**
 * The sender with their wallet and what the stream knows of them; refuses with `user_not_found`.
 */
export async function getGiver(streamId: string, userId: string): Promise<Giver> {
  const [profile, wallet, member] = await Promise.all([
    findKnown(userId),
    findWallet(userId),
    findMember(streamId, userId, { consistent: true }),
  ]);
  if (profile === undefined) refuse("user_not_found", { userId });
  return { sender: personOf(profile), wallet, member };
}

/** What both kinds are given with. `reply` makes the answer for the gift, with its memory. */
type Gifting<A> = {
  stream: Stream;
  giver: Giver;
  now: Date;
  /** The gift's id, where somebody was told of it; one that is taken is replaced all the same. */
  id?: string;
  reply: (gift: Gift) => Reply<A>;
};

/**
 * Gives: debit, ledger entries, the gift's own item, further receivers' shares and the reply's
 * marker in one transaction, all or nothing. The price is unit × count × receivers. Both APIs'
 * gifts end here. Read stream, giver and gift type consistently in the same request: the decision
 * holds as of them.
 */
export const giveGift = <A>(gifting: Gifting<A>, wish: GiftWish): Promise<A> =>
  give(gifting, (giving) => sendGift(giving, wish));

/** Gives a superlike to the stream's host, for `price` credits. */
export const giveSuperlike = <A>(gifting: Gifting<A>, price: number): Promise<A> =>
  give(gifting, (giving) => sendSuperlike(giving, personOfSummary(gifting.stream.host), price));

async function give<A>(
  { stream, giver, now, reply, ...given }: Gifting<A>,
  decide: (giving: Giving) => Given,
): Promise<A> {
  const { sender, member, wallet } = giver;
  const limits = spendLimits();
  let id = given.id ?? newGiftId(stream.id, now);
  const giving = (current: Wallet): Giving => ({
    stream,
    member,
    sender,
    wallet: current,
    limits,
    id,
    now,
  });
  // A wish that is refused at once leaves nothing behind, the place of its stream included.
  decide(giving(wallet));
  await recordGiftPlace(stream.id);
  return commit(
    [wallet],
    ([current]) => {
      const { gift, shares, draft } = decide(giving(current!));
      return {
        drafts: [draft],
        actions: [giftAction(gift), ...shares.map(shareAction)],
        reply: reply(gift),
      };
    },
    () => {
      // Another gift of this stream and second has the id.
      id = newGiftId(stream.id, now);
    },
  );
}

const giftAction = (gift: Gift): Action => ({
  label: "gift",
  Put: {
    Item: { ...key.gift(gift.streamId, gift.id), ...gift },
    ConditionExpression: "attribute_not_exists(PK)",
  },
});

const shareAction = (share: Share): Action => ({
  label: "gift",
  Put: {
    Item: { ...key.gift(share.streamId, share.id, share.part), ...share },
    ConditionExpression: "attribute_not_exists(PK)",
  },
});
