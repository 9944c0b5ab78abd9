import * as z from "zod";
import { topFans } from "../../../domain/money/gift-statistics.ts";
import { Maintenance } from "../../../domain/refusal.ts";
import { isRecent } from "../../runtime/caches.ts";
import { getItem, putIf, updateIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { listFans } from "./totals.ts";

/** The length of the longest leaderboard. */
const leadersMax = 100;
/** A stream with more senders than this is counted once in a few seconds, by one caller for all. */
const sendersMin = 1_000;
const countedMilliseconds = 5_000;
const keptSeconds = 3_600;

const Leaders = z.object({
  /** When they were counted, or a call began to count, in milliseconds since 1970. */
  at: z.number(),
  senders: z.number().int(),
  top: z.array(
    z.object({
      userId: z.string(),
      credits: z.number().int(),
      count: z.number().int(),
    }),
  ),
});
type Leaders = Omit<z.infer<typeof Leaders>, "at">;

/**
 * The hundred users who gave most to a stream, without refunded gifts, in order; and the number of
 * senders. With more than a thousand senders, up to five seconds old plus the time of counting: one
 * call reads their sums, an item per sender, for all callers, so that the leaderboard does not use
 * up the throughput of the stream's key.
 */
export async function readLeaders(streamId: string, now: Date): Promise<Leaders> {
  const known = await getItem(Leaders, key.leaders(streamId), { consistent: true });
  if (known !== undefined && !(await mayCount(streamId, known.at, now))) return known;
  const fans = await listFans(streamId);
  const leaders = {
    senders: fans.length,
    top: topFans(fans, leadersMax).map(({ userId, credits, count }) => ({
      userId,
      credits,
      count,
    })),
  };
  if (fans.length > sendersMin || known !== undefined) await note(streamId, leaders, now);
  return leaders;
}

/** Whether the stored count is too old, and of all callers this one counts again. */
async function mayCount(streamId: string, at: number, now: Date): Promise<boolean> {
  if (isRecent(at, now.getTime(), countedMilliseconds)) return false;
  return whileReadOnly(true, async () => {
    const claimed = await updateIf({
      Key: key.leaders(streamId),
      UpdateExpression: "SET #at = :now",
      ConditionExpression: "#at = :was",
      ExpressionAttributeNames: { "#at": "at" },
      ExpressionAttributeValues: { ":now": now.getTime(), ":was": at },
    });
    return claimed !== undefined;
  });
}

/** The outcome of a write, or another one while the table is read-only. */
const whileReadOnly = <Result>(other: Result, write: () => Promise<Result>): Promise<Result> =>
  write().catch((error) => {
    if (error instanceof Maintenance) return other;
    throw error;
  });

/** Records the count, unless there is a newer one. */
async function note(streamId: string, leaders: Leaders, now: Date): Promise<void> {
  const at = now.getTime();
  const expiresAt = Math.ceil(at / 1000) + keptSeconds;
  await whileReadOnly(false, () =>
    putIf(
      { ...key.leaders(streamId), ...leaders, at, expiresAt },
      {
        ConditionExpression: "attribute_not_exists(#at) OR #at <= :now",
        ExpressionAttributeNames: { "#at": "at" },
        ExpressionAttributeValues: { ":now": at },
      },
    ),
  );
}
