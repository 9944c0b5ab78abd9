import * as z from "zod";

/** Switches for tests of a running system. All of them are behaviour that AWS permits. */
export const StreamSwitches = z.strictObject({
  /** The number of shards among which items are distributed. Order is kept per item only. */
  shards: z.int().min(1).max(2),
  /** Percentage of successful batches that are delivered again. */
  double: z.number().min(0).max(100),
  /** Random batch sizes, different at each attempt. */
  regroup: z.boolean(),
  /** The delay of each shard's records. */
  lagMilliseconds: z.array(z.int().min(0).max(60_000)).max(2),
  /** The clock skew of each shard's creation times. */
  clockSkewSeconds: z.array(z.number().min(-3600).max(3600)).max(2),
  /** Pauses all deliveries. */
  paused: z.boolean(),
});

export type StreamSwitches = z.infer<typeof StreamSwitches>;

/** A change of switches. `pause` is a command, `redeliver` delivers the last n records again. */
export const StreamCommand = StreamSwitches.partial()
  .omit({ paused: true })
  .extend({ pause: z.boolean().optional(), redeliver: z.int().min(1).max(1000).optional() });

/** The switches in normal operation. */
export const normalSwitches: StreamSwitches = {
  shards: 1,
  double: 0,
  regroup: false,
  lagMilliseconds: [],
  clockSkewSeconds: [],
  paused: false,
};

/** A shard's clock skew and delay. */
export function offsetsOf(switches: StreamSwitches, shard: number): { skew: number; lag: number } {
  const index = shard % switches.shards;
  return {
    skew: switches.clockSkewSeconds[index] ?? 0,
    lag: switches.lagMilliseconds[index] ?? 0,
  };
}
