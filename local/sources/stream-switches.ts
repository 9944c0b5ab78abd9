import * as z from "zod";

/** What a test may switch while the system runs; all of it is legal behaviour of AWS. */
export const StreamSwitches = z.strictObject({
  /** Shards that the items are cut over; order is then kept for each item only. */
  shards: z.int().min(1).max(2),
  /** Percent of batches that are delivered again although they were a success. */
  double: z.number().min(0).max(100),
  /** Batches with random borders, other ones at each try. */
  regroup: z.boolean(),
  /** How late each shard's records come. */
  lagMilliseconds: z.array(z.int().min(0).max(60_000)).max(2),
  /** How far each shard's creation times are off. */
  clockSkewSeconds: z.array(z.number().min(-3600).max(3600)).max(2),
  /** Nothing is delivered meanwhile. */
  paused: z.boolean(),
});

export type StreamSwitches = z.infer<typeof StreamSwitches>;

/** A change of switches, with `pause` as the verb and `redeliver` the last n records of all. */
export const StreamCommand = StreamSwitches.partial()
  .omit({ paused: true })
  .extend({ pause: z.boolean().optional(), redeliver: z.int().min(1).max(1000).optional() });

/** How the streams run when no test asks for anything. */
export const plainSwitches: StreamSwitches = {
  shards: 1,
  double: 0,
  regroup: false,
  lagMilliseconds: [],
  clockSkewSeconds: [],
  paused: false,
};

/** How far a shard's clock is off, and how late its records come. */
export function offsetsOf(switches: StreamSwitches, shard: number): { skew: number; lag: number } {
  const index = shard % switches.shards;
  return {
    skew: switches.clockSkewSeconds[index] ?? 0,
    lag: switches.lagMilliseconds[index] ?? 0,
  };
}
