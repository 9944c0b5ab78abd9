import * as z from "zod";
import { topFans } from "../../../domain/money/gift-statistics.ts";
import { Maintenance } from "../../../domain/refusal.ts";
import { getItem, putIf, updateIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { listFans } from "./totals.ts";

/** Places of the longest leaderboard. */
const leadersMax = 100;
/** A stream with more senders than this is counted once in some seconds, by one of all who ask. */
const sendersMin = 1_000;
const countedMilliseconds = 5_000;
const keptSeconds = 3_600;

const Leaders = z.object({
  /** When they were counted, or a call began to, in milliseconds since 1970. */
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
 * Who has given most to a stream, less what was refunded, the first hundred in order; and how many
 * have given. Of more than a thousand senders up to five seconds old, and as long as the counting
 * takes: their sums, of which each sender has an item, are read by one call for all, so that the
 * leaderboard does not use up what the stream's key carries.
 */
export async function readLeaders(streamId: string, now: Date): Promise<Leaders> {
  const known = await getItem(Leaders, key.leaders(streamId), { consistent: true });
  if (known !== undefined && !(await mayCount(streamId, known.at, now))) return known;
  const fans = await listFans(streamId);
  const leaders = {
    senders: fans.length,
    top: topFans(fans, leadersMax).map(({ userId, credits, count }) => ({
      ...{ userId, credits, count },
    })),
  };
  if (fans.length > sendersMin) await note(streamId, leaders, now);
  return leaders;
}

/** Whether they were counted too long ago, and this call is the one that counts them again. */
async function mayCount(streamId: string, at: number, now: Date): Promise<boolean> {
  if (now.getTime() - at < countedMilliseconds) return false;
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

/** Notes them, unless they have been counted since. */
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
