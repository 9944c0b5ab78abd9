import { type MomentItem, trainSum } from "../../../domain/audience/moment.ts";
import { addToWindow, type TrainWindow, trainAsOf } from "../../../domain/audience/train.ts";
import { logMomentOf } from "../../../domain/log/audience-change.ts";
import type { LogMoment, LogState, LogTrains, Sums } from "../../../domain/log/sums.ts";
import { endedBy, isOpenTrain, type LogTrain } from "../../../domain/log/train-progress.ts";
import { type Gift, refundedCredits } from "../../../domain/money/gift-item.ts";
import { type TrainSettings, trainOf } from "../../../domain/streams/stream.ts";
import { eachGift } from "../money/gifts.ts";
import { findStream } from "../streams/streams.ts";

/** The trains' part of a log's state: open trains with their sums, and the window. */
type Counted = { sums: Sums; moments: LogMoment[]; trains?: LogTrains };

/**
 * Counts the state from the stored items; `all` are the moments' items. Gifts without a frame are
 * counted too, so a train may have reached a level that viewers never saw.
 */
export async function countTrains(
  streamId: string,
  all: readonly MomentItem[],
  was: LogState,
): Promise<Counted> {
  const stream = await findStream(streamId, { consistent: true });
  const open = openTrains(all, was);
  const isOn = stream?.status === "active" && trainOf(stream).enabled;
  const counted: Counted = { sums: {}, moments: [] };
  if (stream === undefined || (!isOn && open.length === 0 && was.trains === undefined))
    return counted;
  const gifts: Gift[] = [];
  for await (const gift of eachGift(streamId)) gifts.push(gift);
  for (const known of open) {
    const { levels, isSealed = false } = known.train;
    const is = trainAsOf(gifts, { ...known, level: known.train.level, isSealed }, known.train);
    const { late: _, ...train } = { ...known.train, level: is.level };
    counted.moments.push({ ...known, endsAt: is.endsAt, train });
    counted.sums[known.id] = trainSum(is.level, is.credits, levels);
  }
  const over = all.filter(({ kind }) => kind === "train").map((one) => one.endedAt ?? one.endsAt);
  const ends = [was.trains?.from, ...over, ...counted.moments.map(({ endsAt }) => endsAt)];
  const from = newestOf(ends);
  const latest = newestOf(gifts.flatMap(({ createdAt, refundedAt }) => [createdAt, refundedAt]));
  const settings = isOn ? trainOf(stream) : undefined;
  const window = settings && windowOf(gifts, from, settings);
  counted.trains = {
    streamId,
    revision: stream.revision,
    ...(from !== "" && { from }),
    ...(settings && { settings }),
    ...(window && { window }),
    ...(latest !== "" && { latest }),
  };
  return counted;
}

/** The newest of these times, "" if there is none. */
const newestOf = (times: readonly (string | null | undefined)[]): string =>
  times.reduce<string>((last, at) => (at != null && at > last ? at : last), "");

/** The trains without a result: as in the log, if it has them, and otherwise as stored. */
function openTrains(all: readonly MomentItem[], { moments = [] }: LogState): LogTrain[] {
  const known = new Map(moments.filter(isOpenTrain).map((one) => [one.id, one]));
  const stored = all.flatMap((item): LogTrain[] => {
    if (item.kind !== "train") return [];
    const train = known.get(item.id) ?? logMomentOf(item);
    known.delete(item.id);
    if (item.status === "cancelled" || item.result !== undefined || !isOpenTrain(train)) return [];
    return [item.endedAt === null ? train : endedBy(train, item.endedAt)];
  });
  return [...stored, ...known.values()];
}

/** The window that the gifts since `from` form, in the order of their times. */
function windowOf(gifts: readonly Gift[], from: string, settings: TrainSettings) {
  let window: TrainWindow | undefined;
  for (const gift of [...gifts].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))) {
    const { createdAt: at, sender, refundedAt } = gift;
    const credits = refundedAt === undefined ? refundedCredits(gift) : 0;
    if (at >= from && credits > 0)
      window = addToWindow(window, { by: sender.userId, at, credits }, settings);
  }
  return window;
}
