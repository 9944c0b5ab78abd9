import { createHash } from "node:crypto";
import type { Fact } from "../../domain/money/audit.ts";

const bucketCount = 4096;
const mask = (1n << 64n) - 1n;

/**
 * Sums facts in constant memory. Each key belongs to one of 4,096 buckets and has a pseudo-random
 * odd weight of 64 bits. A bucket is the weighted sum of its facts: zero if every key in it sums to
 * zero, and otherwise nonzero (except for 1 in 2^64). A second pass finds the keys of nonzero
 * buckets by keeping only those.
 */
export function createFactSums() {
  const sums = new BigUint64Array(bucketCount);
  return {
    add({ key, amount }: Fact): void {
      const { bucket, weight } = placeOf(key);
      const before = sums[bucket] ?? 0n;
      sums[bucket] = (before + BigInt.asUintN(64, BigInt(amount)) * weight) & mask;
    },
    /** Buckets that do not sum to zero. */
    listOpen: (): number[] => [...sums.keys()].filter((bucket) => sums[bucket] !== 0n),
  };
}

function placeOf(key: string): { bucket: number; weight: bigint } {
  const hash = createHash("sha256").update(key).digest();
  return { bucket: hash.readUInt16BE(0) % bucketCount, weight: hash.readBigUInt64BE(8) | 1n };
}

/** A key that does not sum to zero, and the items that state it. */
export type UnbalancedKey = { key: string; net: number; items: string[] };

const itemsNamed = 4;

/** Keeps the exact sums of some buckets' keys, with the items that state them. */
export function createExactSums(buckets: readonly number[]) {
  const selected = new Set(buckets);
  const kept = new Map<string, UnbalancedKey>();
  return {
    add({ key, amount }: Fact, item: string): void {
      if (!selected.has(placeOf(key).bucket)) return;
      const open = kept.get(key) ?? { key, net: 0, items: [] };
      open.net += amount;
      if (open.items.length < itemsNamed && !open.items.includes(item)) open.items.push(item);
      kept.set(key, open);
    },
    listOpen: (): UnbalancedKey[] => [...kept.values()].filter(({ net }) => net !== 0),
  };
}
