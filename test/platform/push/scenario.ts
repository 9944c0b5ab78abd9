/** What a schedule may meet. Probabilities are per chance, times in milliseconds. */
export type Scenario = {
  seed: number;
  shards?: 1 | 2;
  clients?: number;
  writes?: number;
  crash?: number;
  lost?: number;
  tooFast?: number;
  mistakenGone?: number;
  bans?: boolean;
  deletions?: boolean;
  /** Hype trains begin and climb; gifts come from several users, some are refunded. */
  trains?: boolean;
  /** Users like: these records wait for the next frame, or for the queue `sums`. */
  likes?: boolean;
  /** The most by which the clocks of shards and environments are wrong. */
  skew?: number;
  /** The most by which a shard is late, now and then. */
  lag?: number;
  /** The room goes through the queue to `post` and back. */
  crossing?: boolean;
  /** Posts from the queue go out in slices, by separate environments. */
  slices?: boolean;
  /** Now and then nothing is written for more than a day, and frames expire. */
  quiet?: boolean;
  /** The log is reset once. */
  reset?: boolean;
  drops?: number;
  /** The share of subscribes that are lost on their way. */
  unsaid?: number;
  /** The post rate is reached all the time: chat is thinned out. */
  thinned?: boolean;
};
