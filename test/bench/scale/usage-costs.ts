import { dollarsOf, type PricedItem, prices } from "../../../local/aws/prices.ts";

/** What a run used of each thing that has a price. */
export type Use = Record<PricedItem, number>;

/** The priced things; what else stands there says where and when the prices hold. */
const isPriced = (name: string): name is PricedItem => name !== "region" && name !== "date";

export const noUse = () =>
  Object.fromEntries(
    Object.keys(prices)
      .filter(isPriced)
      .map((name) => [name, 0]),
  ) as Use;

/** What it costs, in dollars. */
export const costOf = (use: Use): number =>
  dollarsOf(Object.entries(use) as [PricedItem, number][]).total;
