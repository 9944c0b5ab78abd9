import * as z from "zod";
import { refuse } from "../refusal.ts";
import { byteText, utf8Bytes } from "../text.ts";

/**
 * Limits of a room's metadata: the number of keys, and UTF-8 bytes. The total counts values only.
 */
const keysMax = 10;
const keyBytesMax = 50;
const valueBytesMax = 2 * 1024;
const allValuesBytesMax = 16 * 1024;

const Key = byteText(1, keyBytesMax);
const isDistinct = (keys: readonly string[]) => new Set(keys).size === keys.length;

/** One entry. Metadata is a list of these, since any text may be a key. */
const Entry = z.object({ Key, Value: byteText(0, valueBytesMax) });

export const Metadata = z
  .array(Entry, { error: "expected an array of Key and Value" })
  .meta({ maxItems: keysMax });
export type Metadata = z.output<typeof Metadata>;

/** Entries to set, each key once. */
export const MetadataChange = Metadata.min(1, "expected at least one entry")
  .max(keysMax, `expected at most ${keysMax} entries`)
  .refine((list) => isDistinct(list.map((entry) => entry.Key)), "expected each Key once");

/** Keys to read; none means all. */
export const MetadataKeys = z
  .array(Key, { error: "expected an array of keys" })
  .max(keysMax, `expected at most ${keysMax} keys`);

/** The metadata with entries added or replaced; refuses with `metadata_too_large`. */
export function mergeMetadata(was: Metadata, change: Metadata): Metadata {
  const merged = new Map(was.map((entry) => [entry.Key, entry.Value]));
  for (const entry of change) merged.set(entry.Key, entry.Value);
  if (merged.size > keysMax)
    refuse("metadata_too_large", { problem: `a room has at most ${keysMax} keys` });
  const bytes = [...merged.values()].reduce((sum, value) => sum + utf8Bytes(value), 0);
  if (bytes > allValuesBytesMax)
    refuse("metadata_too_large", {
      problem: `all values together have at most ${allValuesBytesMax} bytes`,
    });
  return [...merged].map(([Key, Value]) => ({ Key, Value }));
}

/** The entries with these keys; without keys, all. */
export const pickMetadata = (all: Metadata, keys: readonly string[]): Metadata =>
  keys.length === 0 ? all : all.filter((entry) => keys.includes(entry.Key));
