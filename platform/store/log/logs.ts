import { randomBytes } from "node:crypto";
import * as z from "zod";
import { Totals } from "../../../domain/log/event.ts";
import type { Frame } from "../../../domain/log/frame.ts";
import { LogMoment, type LogState, LogTrains, Sums } from "../../../domain/log/sums.ts";
import { refuse } from "../../../domain/refusal.ts";
import { coalesce } from "../../table/coalesce.ts";
import { getItem, putIf, updateIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { isAbsent } from "../../table/table.ts";

/**
 * The permanent part of a stream's log: its epoch and, of the newest frame that was posted, the
 * number, time and totals. Frames expire, and an empty log continues from here.
 */
export const Log = z.object({
  epoch: z.string(),
  posted: z.number().int(),
  newest: z.number(),
  totals: Totals,
  /** The named sums and the moments with that frame, and when it was made (milliseconds). */
  sums: Sums.optional(),
  moments: z.array(LogMoment).optional(),
  trains: LogTrains.optional(),
  madeAt: z.number().optional(),
  /** Distinct users when that frame was posted, and the most there ever were. */
  viewers: z.number().int().optional(),
  peakViewers: z.number().int().optional(),
  /** When they were counted at the earliest, in milliseconds since 1970. */
  countedAt: z.number().optional(),
  /** When the log was last reset, in seconds since 1970: no frame covers what was waiting then. */
  resetAt: z.number().optional(),
});
export type Log = z.infer<typeof Log>;

/**
 * The log, read consistently; undefined before the stream's first frame or subscriber. All who ask
 * in one turn of the loop, here or by `getLog`, are given one reading, which nobody may change.
 */
export const findLog = coalesce(
  async (streamId: string): Promise<Log | undefined> =>
    getItem(Log, key.log(streamId), { consistent: true }),
);

/** The log; one that is not there yet is begun with a new epoch. */
export async function getLog(streamId: string): Promise<Log> {
  const found = await findLog(streamId);
  if (found !== undefined) return found;
  const log = newLog();
  if (await putIf({ ...key.log(streamId), ...log }, isAbsent)) return log;
  return (await findLog(streamId)) ?? refuse("unavailable");
}

/**
 * A log before its first frame, under an epoch of its own, which never begins with `-`: a command
 * line would take it for an option.
 */
export const newLog = (): Log => ({
  epoch: randomBytes(6).toString("base64url").replace(/^-/, "_"),
  posted: 0,
  newest: 0,
  totals: { count: 0, credits: 0 },
});

type PostedFrame = Pick<Frame, "n" | "newest" | "totals" | "madeAt"> & LogState;

/**
 * Marks the log as posted up to a frame, by any call; an older mark never replaces a newer
 * one. The most viewers go with it at no cost.
 */
export async function markPosted(
  streamId: string,
  { n, newest, totals, sums, moments, trains, madeAt = 0 }: PostedFrame,
  counted: Required<Pick<Log, "viewers" | "peakViewers" | "countedAt">>,
): Promise<void> {
  const hasState = sums !== undefined || moments !== undefined;
  await updateIf({
    Key: key.log(streamId),
    UpdateExpression:
      "SET posted = :n, newest = :newest, totals = :totals, viewers = :viewers, " +
      "peakViewers = :peak, countedAt = :counted, madeAt = :made" +
      (hasState ? ", sums = :sums, moments = :moments" : "") +
      (trains ? ", trains = :trains" : ""),
    ConditionExpression: "posted < :n",
    ExpressionAttributeValues: {
      ":n": n,
      ":newest": newest,
      ":totals": totals,
      ":made": madeAt,
      ...(hasState && { ":sums": sums ?? {}, ":moments": moments ?? [] }),
      ...(trains && { ":trains": trains }),
      ":viewers": counted.viewers,
      ":peak": counted.peakViewers,
      ":counted": counted.countedAt,
    },
  });
}

/**
 * Claims the next counting of a room's viewers for the caller, who found it counted at `was`;
 * false when another call has.
 */
export async function claimCount(streamId: string, was: number, now: Date): Promise<boolean> {
  const claimed = await updateIf({
    Key: key.log(streamId),
    UpdateExpression: "SET countedAt = :now",
    ConditionExpression: "countedAt = :was",
    ExpressionAttributeValues: { ":now": now.getTime(), ":was": was },
  });
  return claimed !== undefined;
}

/** Notes how many distinct users there were at a time, unless they have been counted since. */
export async function noteViewers(streamId: string, viewers: number, now: Date): Promise<void> {
  await updateIf({
    Key: key.log(streamId),
    UpdateExpression: "SET viewers = :viewers, countedAt = :now",
    ConditionExpression:
      "attribute_exists(PK) AND (attribute_not_exists(countedAt) OR countedAt <= :now)",
    ExpressionAttributeValues: { ":viewers": viewers, ":now": now.getTime() },
  });
}
