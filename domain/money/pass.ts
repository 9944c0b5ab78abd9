import { personOf, personOfSummary } from "../people/person.ts";
import { refuse } from "../refusal.ts";
import { withRole } from "../streams/display-names.ts";
import type { GiftContext, GiftDecision } from "./gift.ts";
import type { Gift } from "./gift-item.ts";
import { countSpending, debit, draftOf } from "./wallet.ts";

/** What buying a pass depends on besides the stream. */
type PassTerms = {
  /** The price that the buyer has seen: at any other they do not buy. */
  expectedPrice?: number | undefined;
  defaultPicture: string;
};

/**
 * Decides on the charge for a pass, which the host is credited for as for a gift. Refuses with
 * `price_changed`, `credits_too_low`, `too_many_requests` or `spend_limit_reached`.
 */
export function decidePass(context: GiftContext, terms: PassTerms): GiftDecision {
  const { stream, sender, wallet, limits, id, now } = context;
  const { expectedPrice, defaultPicture } = terms;
  const { price } = stream;
  if (price === null) throw new Error(`The stream ${stream.id} is free`);
  if (expectedPrice !== undefined && expectedPrice !== price)
    refuse("price_changed", { price, expectedPrice });
  if (wallet.balance < price) refuse("credits_too_low", { balance: wallet.balance, price });
  const createdAt = now.toISOString();
  const host = personOf(withRole(stream, personOfSummary(stream.host, defaultPicture)));
  const draft = debit(countSpending(draftOf(wallet), price, now, limits), {
    type: "stream_charge",
    amount: price,
    counterpart: host.userId,
    streamId: stream.id,
    giftId: id,
    occurredAt: createdAt,
  });
  const gift: Gift = {
    id,
    kind: "pass",
    streamId: stream.id,
    hostId: stream.hostId,
    sender: personOf(sender),
    receivers: [host],
    count: 1,
    combo: 1,
    comboId: id,
    price,
    createdAt,
    due: host.userId,
    dueCredits: price,
    charged: true,
    revision: 1,
  };
  return { gift, draft, context, again: (next) => decidePass(next, terms) };
}
