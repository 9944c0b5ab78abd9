import { MomentItem } from "../../../domain/audience/moment.ts";
import type { LogMoment } from "../../../domain/log/sums.ts";
import { isOpenTrain, isTrain, type LogTrain, trainItemOf } from "../../../domain/log/trains.ts";
import { triesMax } from "../../table/conflicts.ts";
import { reviseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/**
 * Updates the items of a stream's trains from its log: only a log detects when one begins, reaches
 * a level, or is cut short. May run late, twice or concurrently.
 */
export async function storeTrains(streamId: string, moments: readonly LogMoment[]): Promise<void> {
  for (const known of moments) {
    const decide = known.isCancelled === true ? cancelledAs : openAs;
    const isStored = known.isCancelled === true || isOpenTrain(known);
    if (isStored && isTrain(known)) await storeTrain(streamId, known, decide);
  }
}

type Decision = (was: MomentItem, is: LogTrain) => Partial<MomentItem> | undefined;

/**
 * The changes of an open train since its item was written; undefined if there are none. An earlier
 * end than the item's counts only if the train cannot be extended any more: otherwise a faster call
 * has already stored a later level.
 */
const openAs: Decision = (was, { endsAt, train: { level, isSealed } }) => {
  if (was.endsAt === null) return undefined;
  if (endsAt < was.endsAt)
    return isSealed === true ? { status: "ended", endedAt: endsAt, level } : undefined;
  const isHigher = endsAt > was.endsAt || level > (was.level ?? 0);
  return isHigher ? { endsAt, level } : undefined;
};

const cancelledAs: Decision = (_, { endsAt: endedAt }) => ({
  ...{ status: "cancelled", endedAt, isCancelledByLog: true },
});

/**
 * The room waits for this write, and a lost race means that another call made progress: retries do
 * not pause.
 */
const unpaused = { fresh: triesMax };

/** Writes the item of a train, or what has changed of it; nothing once it is over. */
function storeTrain(streamId: string, known: LogTrain, decide: Decision): Promise<void> {
  const is = trainItemOf(streamId, known);
  const place = key.moment(streamId, known.id);
  return reviseItem(
    MomentItem,
    place,
    (was) => {
      const changes = decide(was ?? is, known);
      const isSettled = was !== undefined && (was.status !== "open" || changes === undefined);
      return isSettled ? undefined : { ...(was ?? is), ...changes };
    },
    unpaused,
  );
}
