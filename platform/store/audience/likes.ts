import type * as z from "zod";
import {
  LikeItem,
  nextSeconds,
  type Tapped,
  type Taps,
  tap,
} from "../../../domain/audience/likes.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { readRecent } from "../../table/recent.ts";
import { findLog } from "../log/logs.ts";
import { newChange, replaceOwn } from "./changes.ts";
import { findOpenMoments } from "./open-moments.ts";
import { findSpentGoals } from "./past-goals.ts";

/** The most past goals that one call checks, and drops from the user's item if not needed. */
const spentMax = 4;

/**
 * Adds the taps of a user's session, exactly once however often the call is repeated. The item also
 * stores how many likes count for each goal, so that goals can be recounted from the items.
 */
export async function recordTaps(
  { streamId, userId }: { streamId: string; userId: string },
  taps: z.output<typeof Taps>,
  now: Date,
): Promise<z.infer<typeof Tapped>> {
  const place = key.like(streamId, userId);
  const [viewers, goals] = await Promise.all([
    readRecent(`viewers ${streamId}`, now, () => viewersIn(streamId)),
    likeGoals(streamId, now),
  ]);
  const total = await retryOnConflict(async () => {
    const was = await getItem(LikeItem, place, { consistent: true });
    const past = Object.keys(was?.goals ?? {});
    const spent = await findSpentGoals(streamId, past, { open: goals, most: spentMax });
    const by = { userId, streamId, change: newChange(), goals, spent };
    const { total, item } = tap(was, taps, by, now);
    if (item === undefined) return total;
    return (await replaceOwn(place, was, item, now)) ? total : conflicted;
  });
  return { total, next: nextSeconds(viewers) };
}

/** The number of viewers when they were last counted. */
export const viewersIn = async (streamId: string): Promise<number> =>
  (await findLog(streamId))?.viewers ?? 0;

async function likeGoals(streamId: string, now: Date): Promise<string[]> {
  const { open } = await findOpenMoments(streamId);
  const at = now.toISOString();
  return open
    .filter(({ of, startedAt }) => of === "likes" && startedAt <= at)
    .filter(({ endsAt }) => endsAt === null || endsAt > at)
    .map(({ id }) => id);
}
