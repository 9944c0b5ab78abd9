import recorded from "../../docs/units.json" with { type: "json" };
import { pictureBytesMax, usualBytesMax } from "../../domain/picture.ts";
import type { RateKind } from "../../domain/rate.ts";
import { requestsPerAddressMax, requestsPerTokenMax } from "../../lib/edge/firewall-rules.ts";
import { prodRates } from "../../lib/stages/rates.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { stageOf } from "../../lib/stages/stages.ts";
import { prices } from "../../local/aws/prices.ts";
import { type Contract, priceOf, rateOf, unitsOf } from "../../platform/http/contract.ts";
import { streamsPerMessage } from "../../platform/realtime/ping-use.ts";
import { refusedMessagesMax } from "../../platform/realtime/rate-limit.ts";

/** The cost of a refused call: the gateway and a function that answers from memory. */
const refusedPrice = priceOf({}) / 1e6;

const anybody = { userId: "u", roles: [], claims: {}, expiresAt: 0, issuedAt: 0, tokenId: "" };

/** The most expensive route of one class of calls. Prices are in dollars. */
type ExpensiveCall = {
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

/** A function's invocation, as `priceOf` counts it. */
const invocation = priceOf({}) / 1e6 - prices.rest_requests;

/** The largest frame, and the read units of one. */
const frame = { bytes: 32_000, readUnits: 4 };

/** The table's part of what `npm test -- test/platform/steps` has recorded of these calls. */
const tableOf = (...names: (keyof typeof recorded)[]) =>
  names.reduce((sum, name) => {
    const { read, write } = recorded[name];
    return sum + read * prices.dynamodb_read_units + write * prices.dynamodb_write_units;
  }, 0);

/**
 * What one user's sockets cost, each kind at its rate. Each of the user's sockets is closed after a
 * thousand refused messages, and after the second one no other opens for a minute.
 */
function socketCalls(): ExpensiveCall[] {
  const { handshakes, messages, subscribes } = prodRates;
  const { socketsPerUser, resumeFramesPerSecond } = stageOf((name) =>
    name === "stage" ? "prod" : undefined,
  );
  const message = prices.websocket_messages + invocation;
  const sent =
    prices.websocket_messages +
    (frame.bytes * prices.gigabytes_out) / 1e9 +
    frame.readUnits * prices.dynamodb_read_units;
  // An authorizer, a confirmation, and the functions that open and close it.
  const opening = 4 * invocation + prices.websocket_messages;
  const found = (
    [kind, route]: [string, string],
    dollars: number,
    perSecond: number,
    refused = { perSecond: 0, dollars: 0 },
    units = 1,
  ) => {
    const anHour = 3600 * (perSecond * dollars + refused.perSecond * refused.dollars);
    const tries = perSecond + refused.perSecond;
    return { kind, route, units, dollars, perSecond, tries, anHour, anHourWithDomain: anHour };
  };
  return [
    found(
      ["handshakes", "$connect, $disconnect"],
      opening + tableOf("$connect", "confirmation where nothing was missed", "$disconnect"),
      handshakes.perSecond,
      { perSecond: requestsPerTokenMax.others / 60, dollars: 2 * invocation },
    ),
    ...[0, streamsPerMessage].map((streams) => {
      const table = tableOf(streams === 0 ? "ping without streams" : "ping with five streams");
      const units = 1 + streams / streamsPerMessage;
      return found(
        ["messages", `ping, ${streams} streams`],
        message + prices.websocket_messages + table,
        messages.perSecond / units,
        { perSecond: (socketsPerUser * refusedMessagesMax) / 60, dollars: message },
        units,
      );
    }),
    found(
      ["subscribes", "subscribe, one frame missed"],
      2 * message +
        2 * invocation +
        tableOf("subscribe", "confirmation and one frame missed", "resume after one missed frame"),
      subscribes.perSecond,
    ),
    found(["missed frames", `frames of ${frame.bytes} bytes`], sent, resumeFramesPerSecond),
  ];
}

/**
 * Calls that prove nothing: only the rate of an address bounds them, and only their check runs. API
 * Gateway does not charge for what an authorizer refuses; UserSig and key are checked by the
 * functions, and for unknown paths nothing is checked.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-pricing.html
 */
export function inventedCalls() {
  const kinds = [
    ["a made-up token", invocation],
    ["a made-up UserSig, POST /v4/{service}/{command}", refusedPrice],
    ["a made-up key, POST /tencent/callback", refusedPrice],
    ["a made-up token, with a path that does not exist", refusedPrice],
  ] as const;
  const perSecond = requestsPerAddressMax.all / 300;
  return kinds.map(([kind, dollars]) => {
    const anHour = 3600 * perSecond * (dollars + prices.firewall_requests);
    const anHourWithDomain = anHour + 3600 * perSecond * prices.cloudfront_requests;
    return { kind, perSecond, anHour, anHourWithDomain };
  });
}

/** The largest picture of 76 pixels: random points (test/platform/picture-sizes.test.ts). */
const smallBytesMax = 24 * 1024;

/** One S3 request, as the table of prices has none: a GET. */
const objectRead = 0.4e-6;

/**
 * Reads of stored pictures without a token: the most bytes of each of the firewall's three rules.
 */
function pictureCalls(): ExpensiveCall[] {
  const { unchecked, pictures, largePictures } = requestsPerAddressMax;
  const found = ([kind, route]: [string, string], bytes: number, limit: number) => {
    const dollars = priceOf({ read: 0.5, kilobytes: bytes / 1024 }) / 1e6 + objectRead;
    const perSecond = limit / 300;
    const anHour = 3600 * perSecond * (dollars + prices.firewall_requests);
    const anHourWithDomain = anHour + 3600 * perSecond * prices.cloudfront_requests;
    const tries = perSecond;
    return { kind, route, units: 1, dollars, perSecond, tries, anHour, anHourWithDomain };
  };
  return [
    found(["pictures, small", "GET /pictures/{id}-76"], smallBytesMax, unchecked),
    found(["pictures", "GET /pictures/{id}, 256 KB, or {id}-480"], usualBytesMax, pictures),
    found(["pictures, large", "GET /pictures/{id}, 3.5 MB"], pictureBytesMax, largePictures),
  ];
}

function priced(kind: string, { route, cost }: Contract, perSecond: number, tries: number) {
  const dollars = priceOf(cost) / 1e6;
  const admitted = Math.min(perSecond, tries);
  const called = admitted * dollars + (tries - admitted) * refusedPrice;
  const anHour = 3600 * (called + tries * prices.firewall_requests);
  const anHourWithDomain = anHour + 3600 * tries * prices.cloudfront_requests;
  return { kind, route, units: unitsOf(cost), dollars, perSecond, tries, anHour, anHourWithDomain };
}

/**
 * The most expensive call of each kind: what one token, or one address without a token, costs per
 * hour at the firewall's limit, by the maximum cost in the contracts, outgoing bytes included.
 * Roles that only the operator grants (admin, service) are not considered attackers.
 */
export function listExpensiveCalls(): ExpensiveCall[] {
  const found = new Map<string, ExpensiveCall>();
  const note = (one: ExpensiveCall) => {
    const before = found.get(one.kind);
    if (before === undefined || one.anHour > before.anHour) found.set(one.kind, one);
  };
  const { others } = requestsPerTokenMax;
  const { expensive, unchecked } = requestsPerAddressMax;
  for (const { name, contract } of rowsOf("endpoint")) {
    if (name === "app/not-found" || contract.stage !== undefined) continue;
    const { caller, cost } = contract;
    const units = unitsOf(cost);
    if (caller === "anyone" || caller === "optional") {
      const tries = (units > 1 ? expensive : unchecked) / 300;
      note(priced(units > 1 ? "anonymous, expensive" : "anonymous", contract, tries, tries));
    } else if (caller === "user") {
      const kind: RateKind = rateOf(contract, anybody);
      if (kind === "accounting") continue;
      note(priced(kind, contract, prodRates[kind].perSecond / units, others / 60));
    }
  }
  return [...found.values(), ...pictureCalls(), ...socketCalls()];
}
