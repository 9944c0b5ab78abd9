import { expect, test } from "@jest/globals";
import { requestsPerAddressMax } from "../../lib/edge/firewall.ts";
import { dearPublicPattern, tokenPattern } from "../../lib/edge/firewall-patterns.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { prices } from "../../local/aws/prices.ts";
import { priceOf, unitsOf } from "../../platform/http/contract.ts";

/** The extra cost of a call under a domain: CloudFront and its firewall. */
const withDomain = prices.cloudfront_requests + prices.firewall_requests;

/** WAF's limit for regular expressions. */
const regexLengthMax = 512;

test("the firewall's token pattern matches tokens, in any spelling of the scheme", () => {
  const isToken = (header: string) => new RegExp(tokenPattern).test(header.toLowerCase());
  const token = ["eyJhbGciOiJSUzI1NiJ9", "eyJzdWIiOiJhbm4ifQ", "c2lnbmF0dXJlLXNpZ25hdHVyZQ"].join(
    ".",
  );
  for (const scheme of ["Bearer", "bearer", "BEARER"])
    expect([scheme, isToken(`${scheme} ${token}`)]).toEqual([scheme, true]);
  for (const header of [
    "Bearer x",
    "Bearer a.b.c",
    `Basic ${token}`,
    `Bearer ${token.slice(0, 30)}`,
  ])
    expect([header, isToken(header)]).toEqual([header, false]);
});

test("expensive routes without a token have their own limit, under a dollar an hour", () => {
  const pattern = dearPublicPattern();
  expect(pattern.length).toBeLessThanOrEqual(regexLengthMax);
  const isDear = (path: string) => new RegExp(pattern).test(`/http${path}`);
  const open = rowsOf("endpoint").filter(({ contract }) => /anyone|optional/.test(contract.caller));
  for (const { contract } of open.filter(({ name }) => name !== "app/not-found")) {
    const path = contract.route.slice(contract.route.indexOf("/")).replace(/\{\w+\}/g, "abc");
    const dear = isDear(path);
    expect([path, dear]).toEqual([path, unitsOf(contract.cost) > 1]);
    const limit = dear ? requestsPerAddressMax.dear : requestsPerAddressMax.withoutToken;
    const dollars = priceOf(contract.cost) / 1e6 + withDomain;
    expect([path, (limit / 300) * 3600 * dollars < 1]).toEqual([path, true]);
  }
  expect(isDear("/api/v1/users/me")).toBe(false);
});
