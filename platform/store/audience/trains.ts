import { MomentItem } from "../../../domain/audience/moment.ts";
import type { LogMoment } from "../../../domain/log/sums.ts";
import { isOpenTrain, type LogTrain, trainItemOf } from "../../../domain/log/trains.ts";
import { decideAgain, overtaken, triesMax } from "../../table/conflicts.ts";
import { getItem, putIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { isAbsent } from "../../table/table.ts";

/**
 * Updates the items of a stream's trains from its log: only a log detects when one begins, reaches
 * a level, or is cut short. May run late, twice or concurrently.
 */
export async function storeTrains(streamId: string, moments: readonly LogMoment[]): Promise<void> {
  for (const known of moments) {
    if (isOpenTrain(known)) await storeTrain(streamId, known, openAs);
    else if (known.isCancelled === true && known.train !== undefined && known.endsAt !== null)
      await storeTrain(streamId, known as LogTrain, cancelledAs);
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

/** Writes the item of a train, or its changes; nothing once it is over. */
async function storeTrain(streamId: string, known: LogTrain, decide: Decision): Promise<void> {
  const place = key.moment(streamId, known.id);
  const is = trainItemOf(streamId, known);
  await decideAgain(async () => {
    const was = await getItem(MomentItem, place, { consistent: true });
    const changes = decide(was ?? is, known);
    if (was !== undefined && (was.status !== "open" || changes === undefined)) return undefined;
    const revision = (was?.revision ?? 0) + 1;
    const item = { ...place, ...(was ?? is), ...changes, revision };
    const isSame = {
      ConditionExpression: "#revision = :was",
      ExpressionAttributeNames: { "#revision": "revision" },
      ExpressionAttributeValues: { ":was": was?.revision },
    };
    return (await putIf(item, was === undefined ? isAbsent : isSame)) ? undefined : overtaken;
  }, unpaused);
}
