import type { Stage } from "../model.ts";
import type { Meter } from "./meter.ts";
import { itemsOfDistribution, type PricedItem } from "./prices.ts";

/** Counts calls under a stage's domain, and the bytes received and sent. */
export type DistributionMeter = (use: {
  requests?: number;
  bytesIn?: number;
  bytesOut: number;
}) => void;

const gigabyte = 1e9;

/**
 * Counts the CloudFront and firewall charges of a stage with a domain: its calls and the posts to
 * its sockets. Counts nothing for a stage without a domain.
 */
export function createDistributionMeter(
  stage: Stage,
  meter: Pick<Meter, "item">,
): DistributionMeter {
  if (stage.domains.length === 0) return () => undefined;
  const firewall = stage.hasHostFirewall === true;
  return ({ requests = 0, bytesIn = 0, bytesOut }) => {
    const [gigabytesIn, gigabytesOut] = [bytesIn / gigabyte, bytesOut / gigabyte];
    const items = itemsOfDistribution({ requests, gigabytesIn, gigabytesOut, firewall });
    for (const [name, amount] of Object.entries(items))
      if (amount > 0) meter.item(name as PricedItem, amount);
  };
}
