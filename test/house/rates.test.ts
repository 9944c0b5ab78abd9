import { expect, test } from "@jest/globals";
import { requestsPerTokenMax } from "../../lib/firewall.ts";
import { devRates, prodRates } from "../../lib/rates.ts";
import { rowsOf } from "../../lib/route-table.ts";
import { rateOf } from "../../platform/http/contract.ts";

const nobody = { userId: "u", roles: [], claims: {}, expiresAt: 0, issuedAt: 0, tokenId: "" };
const calls = rowsOf("endpoint").map(({ contract }) => ({
  route: contract.route,
  kind: rateOf(contract, nobody),
  writes: contract.grants.write ?? [],
}));

test("what moves credits counts as money or accounting, and nothing else does, but for leaving", () => {
  const kinds = ["money", "accounting", "transfers"];
  for (const { route, kind, writes } of calls.filter(({ kind }) => kind !== "exports"))
    expect([route, kinds.includes(kind)]).toEqual([route, writes.includes("WALLET")]);
});

test("what reads is no write, and what writes is no read", () => {
  const reading = ["reads", "searches", "polls", "exports"];
  for (const { route, kind } of calls.filter(({ kind }) => kind !== "exports"))
    expect([route, reading.includes(kind)]).toEqual([route, route.startsWith("GET ")]);
});

test("in prod no call has more than 50 a second, and none more than 100 at once", () => {
  for (const { route, kind } of calls) {
    expect([route, prodRates[kind].perSecond <= 50]).toEqual([route, true]);
    expect([route, prodRates[kind].burst <= 100]).toEqual([route, true]);
  }
  expect(prodRates.messages).toMatchObject({ perSecond: 10, burst: 20 });
});

test("the firewall lets pass what a kind of call may have, from users and from back ends", () => {
  for (const { route, kind } of calls) {
    const isWallets = route.includes("/api/v1/wallets/");
    const max = requestsPerTokenMax[isWallets ? "wallets" : "others"];
    expect([route, kind === "accounting" || prodRates[kind].perSecond * 60 <= max]).toEqual([
      route,
      true,
    ]);
    if (isWallets) expect([route, prodRates[kind].perSecond * 60 <= max]).toEqual([route, true]);
  }
});

test("dev has no smaller number than prod, so that its tests hold there too", () => {
  for (const [kind, { perSecond, burst }] of Object.entries(prodRates)) {
    const own = devRates[kind as keyof typeof devRates];
    expect([kind, own.perSecond >= perSecond && own.burst >= burst]).toEqual([kind, true]);
  }
});
