import { getPackage, listPackages, PackageQuery } from "../../domain/money/credit-package.ts";
import { giftStatisticsOf, topFans } from "../../domain/money/gift-statistics.ts";
import { inPriceOrder, newGiftType } from "../../domain/money/gift-type.ts";
import type { Entry } from "../../domain/money/ledger.ts";
import { isWanted, TransactionQuery } from "../../domain/money/transaction-query.ts";
import { rankHosts } from "../../domain/streams/creator.ts";
import { InvitedQuery, sortInvited } from "../../domain/streams/invited.ts";
import { activeViewersOf } from "../../domain/streams/viewer.ts";
import { watchStatisticsOf } from "../../domain/streams/watch-time.ts";
import { now, picture, stream } from "./frame-samples.ts";

describe("the packages of credits", () => {
  const amounts = (query: object) =>
    listPackages(PackageQuery.parse({ storeType: "web", ...query })).map((one) => one.creditAmount);

  test("are those for sale, cheapest first, and the others only on request", () => {
    const onSale = amounts({});
    expect(onSale).toEqual([...onSale].sort((a, b) => a - b));
    expect(amounts({ activeOnly: "true" })).toEqual(onSale);
    expect(amounts({ activeOnly: "false" })).toEqual([50, ...onSale]);
  });

  test("that are no longer for sale cannot be bought", () => {
    const all = listPackages(PackageQuery.parse({ activeOnly: "false" }));
    const onSale = new Set(listPackages(PackageQuery.parse({})).map(({ id }) => id));
    const former = all.filter(({ id }) => !onSale.has(id));
    expect(former.length).toBeGreaterThan(0);
    for (const { id } of former)
      expect(() => getPackage(id)).toThrow(expect.objectContaining({ code: "package_not_found" }));
  });
});

describe("types of gifts", () => {
  const type = (id: string, creditAmount: number, more = {}) => ({
    ...newGiftType(id, { creditAmount, svgUrl: picture, name: id }, now),
    ...more,
  });
  const types = [
    type("d", 5, { deletedAt: now.toISOString() }),
    type("c", 10),
    type("b", 10),
    type("a", 20),
    type("e", 1, { isActive: false }),
  ];

  test("are listed cheapest first, and the older first at the same price", () => {
    const idsOf = (which: "active" | "all") => inPriceOrder(types, which).map(({ id }) => id);
    expect(idsOf("active")).toEqual(["b", "c", "a"]);
    expect(idsOf("all")).toEqual(["e", "b", "c", "a"]);
  });

  test("are counted by type if they are still sold, and in the total in any case", () => {
    const counts = new Map([
      ["a", 2],
      ["b", 0],
      ["d", 3],
      ["e", 4],
    ]);
    const { totalCount, giftTypeCounts } = giftStatisticsOf("s", types, { count: 9, counts });
    expect(totalCount).toBe(9);
    expect(giftTypeCounts.map(({ giftType, count }) => [giftType.id, count])).toEqual([["a", 2]]);
  });
});

test("the fan with more gifts is first of two who gave the same credits", () => {
  const fans = [
    { userId: "few", credits: 10, count: 1 },
    { userId: "many", credits: 10, count: 3 },
    { userId: "also few", credits: 10, count: 1 },
    { userId: "most", credits: 11, count: 1 },
  ];
  expect(topFans(fans, 3).map(({ userId }) => userId)).toEqual(["most", "many", "also few"]);
});

test("a span of transactions includes its first and last millisecond", () => {
  const isIn = (query: object, occurredAt: string) =>
    isWanted({ amount: 1, type: "top_up", occurredAt } as Entry, TransactionQuery.parse(query));
  const [first, last] = ["2026-01-15T10:00:00.000Z", "2026-01-15T10:30:00.000Z"];
  const span = { dateFrom: first, dateTo: last };
  expect(isIn(span, first)).toBe(true);
  expect(isIn(span, last)).toBe(true);
  expect(isIn(span, "2026-01-15T09:59:59.999Z")).toBe(false);
  expect(isIn(span, "2026-01-15T10:30:00.001Z")).toBe(false);
  expect(isIn({ dateTo: "2026-01-15" }, "2026-01-15T23:59:59.999Z")).toBe(true);
});

test("invitations without the time that they are sorted by come last in either order", () => {
  const started = (id: string, startedAt: string | null) => ({ ...stream, id, startedAt });
  const streams = [
    ...[started("none", null), started("b", "2026-01-02"), started("a", "2026-01-02")],
    started("early", "2026-01-01"),
  ];
  const sorted = (sortOrder: string) =>
    sortInvited(streams, InvitedQuery.parse({ sortBy: "startedAt", sortOrder })).map(
      ({ id }) => id,
    );
  expect(sorted("asc")).toEqual(["early", "a", "b", "none"]);
  expect(sorted("desc")).toEqual(["b", "a", "early", "none"]);
});

test("the most watched hosts are those with the most viewers in all streams, none without any", () => {
  const streams = [
    { hostId: "two streams", viewers: 3 },
    { hostId: "one stream", viewers: 4 },
    { hostId: "unseen", viewers: 0 },
    { hostId: "two streams", viewers: 2 },
  ];
  expect(rankHosts(streams)).toEqual(["two streams", "one stream"]);
});

test("a user with several tabs watches since the oldest of them, and newer viewers come first", () => {
  const subscriptions = [
    { userId: "ann", subscribedAt: 20 },
    { userId: "ann", subscribedAt: 10 },
    { userId: "ann", subscribedAt: 30 },
    { userId: "ben", subscribedAt: 15 },
    { userId: "refused", subscribedAt: 5, refusal: {} },
  ];
  expect(activeViewersOf(subscriptions).map(({ userId, joinedAt }) => [userId, +joinedAt])).toEqual(
    [
      ["ben", 15],
      ["ann", 10],
    ],
  );
});

test("watch time is never less than none, and the peak is no less than who is watching", () => {
  const watching = ["ann", "ben"].map((userId, n) => ({
    userId,
    joinedAt: new Date(now.getTime() + (n === 0 ? -60_000 : 5_000)),
  }));
  const past = [{ userId: "ann", seconds: 60 }];
  expect(watchStatisticsOf("s", past, watching, 1, now)).toMatchObject({
    totalViewers: 2,
    totalWatchTimeMinutes: 2,
    averageWatchTimeMinutes: 1,
    peakViewers: 2,
  });
});
