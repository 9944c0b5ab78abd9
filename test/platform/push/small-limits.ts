import type { Limits } from "../../../platform/runtime/limits.ts";

/**
 * Limits that even a room of a few viewers exceeds, so that schedules reach what otherwise happens
 * only in large rooms. Every second schedule has them.
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
