import { expect, test } from "@jest/globals";
import { pictureIdOf, pictureName, usualBytesMax } from "../../domain/picture.ts";
import {
  expensivePublicPatterns,
  picturePatterns,
  tokenPattern,
  uncheckedPatterns,
  uploadPatterns,
} from "../../lib/edge/firewall-patterns.ts";
import { requestsPerAddressMax } from "../../lib/edge/firewall-rules.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { prices } from "../../local/aws/prices.ts";
import { priceOf, unitsOf } from "../../platform/http/contract.ts";

/** The extra cost of a call under a domain: CloudFront and its firewall. */
const withDomain = prices.cloudfront_requests + prices.firewall_requests;

/** Whether a path matches one of the patterns of the firewall. */
const isOneOf = (patterns: readonly string[]) => (path: string) =>
  patterns.some((pattern) => new RegExp(pattern).test(`/http${path}`));

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
  const isExpensive = isOneOf(expensivePublicPatterns());
  const open = rowsOf("endpoint").filter(({ contract }) => /anyone|optional/.test(contract.caller));
  for (const { contract } of open.filter(({ name }) => name !== "app/not-found")) {
    const path = contract.route.slice(contract.route.indexOf("/")).replace(/\{\w+\}/g, "abc");
    const expensive = isExpensive(path);
    expect([path, expensive]).toEqual([path, unitsOf(contract.cost) > 1]);
    const limit = expensive ? requestsPerAddressMax.expensive : requestsPerAddressMax.unchecked;
    const dollars = priceOf(contract.cost) / 1e6 + withDomain;
    expect([path, (limit / 300) * 3600 * dollars < 1]).toEqual([path, true]);
  }
  expect(isExpensive("/api/v1/users/me")).toBe(false);
});

/** A route's path with values. */
const pathOf = (route: string) => route.slice(route.indexOf("/")).replace(/\{\w+\}/g, "abc");

test("routes that check no token are counted by address, whatever their header", () => {
  const isMatched = isOneOf(uncheckedPatterns());
  for (const { name, contract } of rowsOf("endpoint")) {
    if (name === "app/not-found") continue;
    const isUnchecked = contract.caller === "anyone" && unitsOf(contract.cost) === 1;
    const path = pathOf(contract.route);
    expect([path, isMatched(path)]).toEqual([path, isUnchecked]);
  }
});

test("each route that takes files has the limit of uploads, and no other", () => {
  const isUpload = isOneOf(uploadPatterns());
  const found = rowsOf("endpoint").filter(({ contract }) => isUpload(pathOf(contract.route)));
  expect(found.map(({ contract }) => contract.route).sort()).toEqual([
    "POST /api/v1/gifts/gift-types/{id}/image",
    "POST /api/v1/live-stream/create",
    "POST /api/v1/users/me/photo",
  ]);
});

/*
 * Planted faults that turn this red: patterns that miss a spelling, or count other sizes of a large
 * picture as large.
 */
test("pictures are counted by what they cost, in any spelling that reaches a picture", () => {
  const small = "6920b3f803a7b9d4e21c0f5a";
  const large = pictureIdOf(small, usualBytesMax + 1);
  expect(pictureIdOf(small, usualBytesMax)).toBe(small);
  const encoded = (name: string) =>
    [...name].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join("");
  const { all, usual, large: isLarge } = picturePatterns();
  /** The rules that count a path, as the firewall reads it: decoded once. */
  const countedBy = (path: string) =>
    [all, usual, isLarge].map((pattern) => new RegExp(pattern).test(decodeURIComponent(path)));
  for (const [name, ...expected] of [
    [small, true, true, false],
    [`${small}-480`, true, true, false],
    [`${small}-40`, true, false, false],
    [`${small}-76`, true, false, false],
    [large, true, true, true],
    [`${large}-480`, true, true, false],
    [`${large}-40`, true, false, false],
    [`${large}-76`, true, false, false],
  ] as const) {
    expect(pictureName.test(name)).toBe(true);
    for (const path of [`/${name}`, `/${name}/`, `/${encoded(name)}`, `//${name}`])
      expect([path, ...countedBy(`/pictures${path}`)]).toEqual([path, ...expected]);
  }
});
