import * as z from "zod";
import { StreamId, UserId } from "../id.ts";
import type { Watching } from "./viewer.ts";

/** How long one user has watched one stream, in all their past visits together. */
export const Visits = z.object({ userId: UserId, seconds: z.number() });
export type Visits = z.infer<typeof Visits>;

/** A stream's watch statistics, in the shape of the reference. */
export const WatchStatistics = z
  .object({
    streamId: StreamId,
    totalViewers: z.number().int(),
    averageWatchTimeMinutes: z.number(),
    totalWatchTimeMinutes: z.number(),
    peakViewers: z.number().int(),
  })
  .meta({ id: "WatchStatistics" });

/** Minutes with two decimals. */
const minutesOf = (seconds: number) => Math.round((seconds * 100) / 60) / 100;

/** Past and present visits together: each user counts once. */
export function watchStatisticsOf(
  streamId: string,
  past: readonly Visits[],
  watching: readonly Watching[],
  peakViewers: number,
  now: Date,
): z.infer<typeof WatchStatistics> {
  const users = new Set([...past, ...watching].map(({ userId }) => userId));
  const current = watching.map(({ joinedAt }) => (now.getTime() - joinedAt.getTime()) / 1000);
  const seconds = [...past.map((visits) => visits.seconds), ...current].reduce(
    (sum, part) => sum + Math.max(0, part),
    0,
  );
  const totalViewers = users.size;
  return {
    streamId,
    totalViewers,
    averageWatchTimeMinutes: totalViewers === 0 ? 0 : minutesOf(seconds / totalViewers),
    totalWatchTimeMinutes: minutesOf(seconds),
    peakViewers: Math.max(peakViewers, watching.length),
  };
}
