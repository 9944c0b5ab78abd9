import { randomBytes } from "node:crypto";
import type * as z from "zod";
import {
  LikeItem,
  nextSeconds,
  type Tapped,
  type Taps,
  tap,
} from "../../../domain/audience/likes.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { commitTransaction } from "../../table/record.ts";
import { isAbsent } from "../../table/table.ts";
import { findLog } from "../log/logs.ts";
import { traceAction } from "../streams/traces.ts";
import { findOpenMoments } from "./open-moments.ts";

/** Bytes of the name of a change: of as many as a log ever covers no two are equal. */
const changeBytes = 9;

/** A name for one change of an item: the id of its record in the log. */
export const newChange = (): string => randomBytes(changeBytes).toString("base64url");

/**
 * Adds what a session of a user has tapped, exactly once however often it is said. What counts for
 * goals of likes is kept with it, so that a goal can be counted again from the items.
 */
export async function recordTaps(
  { streamId, userId }: { streamId: string; userId: string },
  taps: z.output<typeof Taps>,
  now: Date,
): Promise<z.infer<typeof Tapped>> {
  const place = key.like(streamId, userId);
  const [viewers, goals] = await Promise.all([viewersIn(streamId), likeGoals(streamId, now)]);
  const total = await decideAgain(async () => {
    const was = await getItem(LikeItem, place, { consistent: true });
    const by = { userId, streamId, change: newChange(), goals };
    const { total, item } = tap(was, taps, by, now);
    if (item === undefined) return total;
    const isSame =
      was === undefined
        ? isAbsent
        : {
            ConditionExpression: "#change = :was",
            ExpressionAttributeNames: { "#change": "change" },
            ExpressionAttributeValues: { ":was": was.change },
          };
    const failed = await commitTransaction([
      { label: "like", Put: { Item: { ...place, ...item }, ...isSame } },
      ...(was === undefined ? [traceAction(userId, streamId, now)] : []),
    ]);
    return failed === undefined ? total : overtaken;
  });
  return { total, next: nextSeconds(viewers) };
}

/** Viewers when they were last counted. */
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
