import type { RateKind } from "../../domain/rate.ts";
import { requestsPerAddressMax, requestsPerTokenMax } from "../../lib/edge/firewall.ts";
import { prodRates } from "../../lib/stages/rates.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { prices } from "../../local/aws/prices.ts";
import { type Contract, priceOf, rateOf, unitsOf } from "../../platform/http/contract.ts";

/** The extra cost of a request when the stage has a domain. */
const withDomain = prices.cloudfront_requests + prices.firewall_requests;

/** The cost of a refused call: the gateway and a function that answers from memory. */
const refusedPrice = priceOf({}) / 1e6;

const anybody = { userId: "u", roles: [], claims: {}, expiresAt: 0, issuedAt: 0, tokenId: "" };

/** The most expensive route of one class of calls. Prices are in dollars. */
type Dearest = {
  kind: string;
  route: string;
  units: number;
  dollars: number;
  /** Calls per second: admitted, and attempted. */
  perSecond: number;
  tries: number;
  anHour: number;
  anHourWithDomain: number;
};

function priced(kind: string, { route, cost }: Contract, perSecond: number, tries: number) {
  const dollars = priceOf(cost) / 1e6;
  const admitted = Math.min(perSecond, tries);
  const anHour = 3600 * (admitted * dollars + (tries - admitted) * refusedPrice);
  const anHourWithDomain = anHour + 3600 * tries * withDomain;
  return { kind, route, units: unitsOf(cost), dollars, perSecond, tries, anHour, anHourWithDomain };
}

/**
 * The most expensive call of each kind: what one token, or one address without a token, costs per
 * hour at the firewall's limit, by the maximum cost in the contracts, outgoing bytes included.
 * Roles that only the operator grants (admin, service) are not considered attackers.
 */
export function dearestCalls(): Dearest[] {
  const found = new Map<string, Dearest>();
  const note = (one: Dearest) => {
    const before = found.get(one.kind);
    if (before === undefined || one.anHour > before.anHour) found.set(one.kind, one);
  };
  const { others } = requestsPerTokenMax;
  const { dear, withoutToken } = requestsPerAddressMax;
  for (const { name, contract } of rowsOf("endpoint")) {
    if (name === "app/not-found" || contract.stage !== undefined) continue;
    const { caller, cost } = contract;
    const units = unitsOf(cost);
    if (caller === "anyone" || caller === "optional") {
      const tries = (units > 1 ? dear : withoutToken) / 300;
      note(priced(units > 1 ? "anonymous, dear" : "anonymous", contract, tries, tries));
    } else if (caller === "user") {
      const kind: RateKind = rateOf(contract, anybody);
      if (kind === "accounting") continue;
      note(priced(kind, contract, prodRates[kind].perSecond / units, others / 60));
    }
  }
  return [...found.values()];
}
