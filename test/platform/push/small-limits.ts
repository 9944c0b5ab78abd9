import type { Limits } from "../../../platform/runtime/limits.ts";

/**
 * Sizes that a room of a few people passes, so that what is otherwise seen in large rooms only is
 * seen here: every second schedule has them.
 */
export const chooseSmall = (between: (low: number, high: number) => number): Partial<Limits> => ({
  coveredRecords: between(1, 8),
  frameBytes: between(1_500, 4_000),
  pageFrames: between(1, 4),
  jobPages: between(1, 3),
  exactViewers: between(0, 5),
  backlogRecords: between(1, 6),
  backlogBytes: between(1, 4_000),
  backlogPage: between(1, 3),
  postsPerMark: between(1, 8),
  rangeSubscribers: 1,
  deadAtOnce: between(0, 2),
  deadPerCall: between(1, 2),
});
