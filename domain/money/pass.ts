import { personOfSummary } from "../people/person.ts";
import { refuse } from "../refusal.ts";
import { withRole } from "../streams/display-names.ts";
import { type GiftContext, type GiftDecision, payHost } from "./gift.ts";

/** What the purchase of a pass depends on besides the stream. */
export type PassTerms = {
  /** The price that the buyer saw: the purchase is refused at any other. */
  expectedPrice?: number | undefined;
  defaultPicture: string;
};

/**
 * Decides on the charge for a pass, which credits the host as a gift does. Refuses with
 * `price_changed`, `credits_too_low`, `too_many_requests` or `spend_limit_reached`.
 */
export function decidePass(context: GiftContext, terms: PassTerms): GiftDecision {
  const { stream, sender, wallet } = context;
  const { expectedPrice, defaultPicture } = terms;
  const { price } = stream;
  if (price === null) throw new Error(`The stream ${stream.id} is free`);
  if (expectedPrice !== undefined && expectedPrice !== price)
    refuse("price_changed", { price, expectedPrice });
  if (wallet.balance < price) refuse("credits_too_low", { balance: wallet.balance, price });
  const host = withRole(stream, personOfSummary(stream.host, defaultPicture));
  const paid = payHost(context, { kind: "pass", entry: "stream_charge", price, sender, host });
  return { ...paid, context, again: (next) => decidePass(next, terms) };
}
