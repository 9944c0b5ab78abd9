import * as z from "zod";

/** Switches for tests of a running system; all of them are permitted behaviour of AWS. */
export const StreamSwitches = z.strictObject({
  /** The number of shards over which items are distributed; only each item's order is then kept. */
  shards: z.int().min(1).max(2),
  /** Percent of successful batches that are delivered again. */
  double: z.number().min(0).max(100),
  /** Batches with random sizes, different ones at each attempt. */
  regroup: z.boolean(),
  /** The delay of each shard's records. */
  lagMilliseconds: z.array(z.int().min(0).max(60_000)).max(2),
  /** The clock skew of each shard's creation times. */
  clockSkewSeconds: z.array(z.number().min(-3600).max(3600)).max(2),
  /** Nothing is delivered meanwhile. */
  paused: z.boolean(),
});

export type StreamSwitches = z.infer<typeof StreamSwitches>;

/**
 * A change of switches, with the command `pause`, and `redeliver` for the last n records of all.
 */
export const StreamCommand = StreamSwitches.partial()
  .omit({ paused: true })
  .extend({ pause: z.boolean().optional(), redeliver: z.int().min(1).max(1000).optional() });

/** The switches in normal operation. */
export const plainSwitches: StreamSwitches = {
  shards: 1,
  double: 0,
  regroup: false,
  lagMilliseconds: [],
  clockSkewSeconds: [],
  paused: false,
};

/** A shard's clock skew, and the delay of its records. */
export function offsetsOf(switches: StreamSwitches, shard: number): { skew: number; lag: number } {
  const index = shard % switches.shards;
  return {
    skew: switches.clockSkewSeconds[index] ?? 0,
    lag: switches.lagMilliseconds[index] ?? 0,
  };
}
