import * as z from "zod";
import {
  endOf,
  type MomentItem,
  type MomentResult,
  sumOfResult,
} from "../../../domain/audience/moment.ts";
import { levelOf } from "../../../domain/audience/train.ts";
import { MomentId, StreamId } from "../../../domain/id.ts";
import { isReachedIn, type LogState, type Sums, timedIn } from "../../../domain/log/sums.ts";
import { creditsIn, isOpenTrain } from "../../../domain/log/train-progress.ts";
import { Refusal } from "../../../domain/refusal.ts";
import { sendAt } from "../../aws/queues.ts";
import { setting } from "../../runtime/env.ts";
import { logNotice } from "../../runtime/log.ts";
import { measureMetric } from "../../runtime/metrics.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { readHead } from "../log/frames.ts";
import { storeTrains } from "./log-state.ts";
import { findMoment, finishMoment, recordResult } from "./moments.ts";
import { findOpenMoments } from "./open-moments.ts";
import { countTrain, recount } from "./recount.ts";

/** A message: count this moment once it is over; without a moment, end all of an ended stream. */
export const Ending = z.object({ streamId: StreamId, momentId: MomentId.optional() });
export type Ending = z.infer<typeof Ending>;

/**
 * How long after a moment's end an earlier call may still write: the longest run of functions that
 * vote, like, send or refund gifts, plus two seconds of clock skew. The result is promised within
 * 20 s.
 */
const countedAfterMilliseconds = 12_000;

const ShownStream = z.object({ id: StreamId, status: z.string(), endedAt: z.string().nullable() });

/**
 * Queues the end of each moment that began or was ended, and one message for each ended stream,
 * from their images. Repeating it is harmless: a moment is counted once.
 */
export async function queueEndings(
  moments: readonly Record<string, unknown>[],
  streams: readonly Record<string, unknown>[],
  now: Date,
): Promise<void> {
  for (const { streamId, id, status, endsAt, endedAt, result } of moments) {
    const end = endedAt ?? endsAt;
    if (status === "cancelled" || result !== undefined || typeof end !== "string") continue;
    await send({ streamId: String(streamId), momentId: String(id) }, countedAt(end), now);
  }
  for (const image of streams) {
    const stream = ShownStream.safeParse(image).data;
    if (stream?.status === "ended") await send({ streamId: stream.id }, now, now);
  }
}

const countedAt = (end: string) => new Date(Date.parse(end) + countedAfterMilliseconds);

const send = (ending: Ending, at: Date, now: Date) =>
  sendAt(setting("ENDINGS_QUEUE_URL"), ending, { at, now });

/** Counts a moment that is over and writes its result, once, or waits until it may be counted. */
export async function endMoments({ streamId, momentId }: Ending, now: Date): Promise<void> {
  if (momentId === undefined) return endWithStream(streamId, now);
  const moment = await findMoment(streamId, momentId);
  if (moment === undefined || moment.status === "cancelled" || moment.result !== undefined) return;
  const end = moment.endedAt ?? moment.endsAt;
  // A moment without an end stays open until a user ends it, which queues another message.
  if (end === null) return;
  const at = countedAt(end);
  if (now < at) return send({ streamId, momentId }, at, now);
  const log = await readHead(streamId);
  const timed = timedIn(moment, log);
  const until = endOf(timed);
  if (moment.kind === "train") return endTrain(timed, until, log, now);
  await record(timed, until, asShown(await recount(timed, until), timed, log), log);
}

/**
 * The result, in which a goal counts as reached if viewers saw it reached. The log adds gifts and
 * refunds in the order of their commits, the recount in that of their times, in which the goal may
 * never have been reached.
 */
const asShown = (result: MomentResult, { id }: MomentItem, log: LogState): MomentResult =>
  "reached" in result ? { ...result, reached: result.reached || isReachedIn(log, id) } : result;

async function record(moment: MomentItem, end: string, result: MomentResult, log: LogState) {
  measureDrift(moment, sumOfResult(result, moment), log);
  if (await recordResult(moment, end, result)) return;
  const changed = await findMoment(moment.streamId, moment.id);
  // Another message about the same end has counted it: each change of an ended moment queues one.
  if (changed?.result !== undefined) return;
  throw new Error(`The moment ${moment.id} was changed while it was counted: it is counted again`);
}

/**
 * How long the result of a train waits for a log that lacks some of its gifts, since one of them
 * may extend it. This is also how long a log may differ from the stored items before an alarm
 * rings.
 */
const behindMilliseconds = 60_000;
/** How long the result of a train waits if it was ended by hand or with its stream. */
const endedBehindMilliseconds = 4_000;
const againMilliseconds = 1_000;

/**
 * Ends a train whose time is over. Its log decides its level and end, which the item may not have
 * yet; the credits are counted.
 */
async function endTrain(moment: MomentItem, end: string, log: LogState, now: Date): Promise<void> {
  const { id, streamId, status, train } = moment;
  const again = () =>
    send({ streamId, momentId: id }, new Date(now.getTime() + againMilliseconds), now);
  const known = log.moments?.find((one) => one.id === id);
  const open = known !== undefined && isOpenTrain(known) ? known : undefined;
  const isLonger = open !== undefined && open.endsAt > end;
  if (known !== undefined && (known.isCancelled === true || (status === "open" && isLonger))) {
    await storeTrains(streamId, [known]);
    return again();
  }
  const { credits, top } = await countTrain(moment, end);
  const isBehind = known?.over === undefined && creditsIn(log.sums, id) !== credits;
  const waits = status === "open" ? behindMilliseconds : endedBehindMilliseconds;
  if (isBehind && now.getTime() < countedAt(end).getTime() + waits) return again();
  const shown = Math.max(moment.level ?? 0, open?.train.level ?? 0);
  const level = Math.max(shown, levelOf(credits, train?.levels ?? []));
  await record({ ...moment, level }, end, { level, credits, top }, log);
}

/**
 * Ends open moments of an ended stream, as of the stream's end, or now if they began since the call
 * that ended it. One that ended before, on time or by hand, is queued again: its message may have
 * been lost, as by a restore.
 */
async function endWithStream(streamId: string, now: Date): Promise<void> {
  // A deleted stream is read, too, since webhooks receive the results of its moments.
  const stream = await getItem(ShownStream, key.stream(streamId), { consistent: true });
  const endedAt = stream?.endedAt;
  if (stream?.status !== "ended" || endedAt == null) return;
  const { open } = await findOpenMoments(streamId);
  for (const { id, startedAt } of open)
    await finishMoment(
      { streamId, id },
      () => ({ status: "ended", endedAt: startedAt < endedAt ? new Date(endedAt) : now }),
      () => ({ answer: undefined, remember: [] }),
    ).catch((error: unknown) => {
      if (!(error instanceof Refusal && error.code === "moment_over")) throw error;
      return send({ streamId, momentId: id }, now, now);
    });
}

/**
 * Measures the difference between the log's own sum and the counted one, if the moment is still
 * open in the log. The result then replaces the log's sum.
 */
function measureDrift(
  { streamId, id }: MomentItem,
  counted: Sums[string],
  { sums, moments }: LogState,
): void {
  const isOpen = moments?.some((one) => one.id === id && one.over === undefined) ?? false;
  if (!isOpen) return;
  const [live, final] = [[sums?.[id] ?? 0].flat(), [counted].flat()];
  const drift = final.reduce<number>(
    (sum, n, at) => sum + Math.abs((n ?? 0) - Math.max(0, live[at] ?? 0)),
    0,
  );
  measureMetric("SumDrift", drift);
  if (drift > 0) logNotice("A log's sum was not what is stored", { streamId, momentId: id, drift });
}
