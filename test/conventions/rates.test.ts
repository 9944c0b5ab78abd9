import { expect, test } from "@jest/globals";
import { requestsPerTokenMax } from "../../lib/edge/firewall-rules.ts";
import { devRates, prodRates } from "../../lib/stages/rates.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { prices } from "../../local/aws/prices.ts";
import { priceOf, rateOf, unitsOf } from "../../platform/http/contract.ts";
import { listExpensiveCalls } from "../bench/expensive-calls.ts";

const nobody = { userId: "u", roles: [], claims: {}, expiresAt: 0, issuedAt: 0, tokenId: "" };
const calls = rowsOf("endpoint").map(({ contract }) => ({
  route: contract.route,
  kind: rateOf(contract, nobody),
  units: unitsOf(contract.cost),
  writes: contract.grants.write ?? [],
  caller: contract.caller,
  cost: contract.cost,
  grants: contract.grants,
}));

test("only calls that move credits count as money or accounting, except leaving", () => {
  const kinds = ["money", "accounting", "transfers"];
  for (const { route, kind, writes } of calls.filter(({ kind }) => kind !== "exports"))
    expect([route, kinds.includes(kind)]).toEqual([route, writes.includes("LEDGER")]);
});

test("reads count as reads, and writes as writes", () => {
  const reading = ["reads", "searches", "polls", "exports"];
  for (const { route, kind } of calls.filter(({ kind }) => kind !== "exports"))
    expect([route, reading.includes(kind)]).toEqual([route, route.startsWith("GET ")]);
});

test("in prod no call may exceed 50 per second, or a burst of 100", () => {
  for (const { route, kind, units } of calls.filter(({ caller }) => caller !== "anyone")) {
    expect([route, prodRates[kind].perSecond / units <= 50]).toEqual([route, true]);
    expect([route, prodRates[kind].burst / units <= 100]).toEqual([route, true]);
  }
  expect(prodRates.messages).toMatchObject({ perSecond: 10, burst: 20 });
});

test("the firewall admits the rate of each kind of call, from users and from back ends", () => {
  for (const { route, kind, units } of calls) {
    const perMinute = (prodRates[kind].perSecond / units) * 60;
    const isWallets = route.includes("/api/v1/wallets/");
    const max = requestsPerTokenMax[isWallets ? "wallets" : "others"];
    expect([route, kind === "accounting" || perMinute <= max]).toEqual([route, true]);
    if (isWallets) expect([route, perMinute <= max]).toEqual([route, true]);
  }
});

test("no limit of dev is lower than in prod, so that tests pass there, too", () => {
  for (const [kind, { perSecond, burst }] of Object.entries(prodRates)) {
    const own = devRates[kind as keyof typeof devRates];
    expect([kind, own.perSecond >= perSecond && own.burst >= burst]).toEqual([kind, true]);
  }
});

test("dev admits a hundred calls a second of a user, besides likes, votes and exports", () => {
  const slow = calls.filter(({ kind, units }) => devRates[kind].perSecond / units < 100);
  expect(new Set(slow.map(({ kind }) => kind))).toEqual(new Set(["likes", "votes", "exports"]));
});

test("an hour of the most expensive calls of each kind costs less than a dollar, even under a domain", () => {
  const calls = listExpensiveCalls();
  expect(calls.length).toBeGreaterThan(12);
  const kinds = calls.map(({ kind }) => kind);
  const sockets = ["handshakes", "messages", "subscribes", "missed frames"];
  const pictures = ["pictures, small", "pictures", "pictures, large"];
  expect(kinds).toEqual(expect.arrayContaining([...sockets, ...pictures]));
  for (const { kind, route, anHourWithDomain } of calls)
    expect([kind, route, anHourWithDomain < 1]).toEqual([kind, route, true]);
});

test("units are priced as the runner's meter prices them", () => {
  const millionth = 1e6;
  const plain = priceOf({});
  expect(plain).toBeGreaterThan((prices.rest_requests + prices.lambda_requests) * millionth);
  expect(priceOf({ read: 1 }) - plain).toBeCloseTo(prices.dynamodb_read_units * millionth);
  expect(priceOf({ write: 1 }) - plain).toBeCloseTo(prices.dynamodb_write_units * millionth);
  const kilobyte = (prices.gigabytes_out / 1e9) * 1024;
  expect(priceOf({ kilobytes: 1 }) - plain).toBeCloseTo(kilobyte * millionth, 3);
  // One second of a function with the usual memory or more.
  const second = prices.lambda_gigabyte_seconds * millionth;
  expect(priceOf({ callsOut: 1 }) - plain).toBeCloseTo(second, 0);
});

test("only functions that call other hosts declare outgoing calls", () => {
  for (const { route, cost, grants } of calls)
    expect([route, (cost.callsOut ?? 0) > 0]).toEqual([route, grants.issuer === true]);
});
