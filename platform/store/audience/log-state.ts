import * as z from "zod";
import { entersLikers, Liker, mergeLikers } from "../../../domain/audience/likes.ts";
import { type Moment, MomentItem, momentOf, zeroOf } from "../../../domain/audience/moment.ts";
import type { ShownSums } from "../../../domain/log/recovery.ts";
import {
  isReachedIn,
  type LogMoment,
  type LogState,
  likesSum,
  openIn,
  type Sums,
} from "../../../domain/log/sums.ts";
import {
  isOpenTrain,
  isTrain,
  type LogTrain,
  trainItemOf,
} from "../../../domain/log/train-progress.ts";
import { setting } from "../../runtime/env.ts";
import { triesMax } from "../../table/conflicts.ts";
import { getItem, listItems, reviseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { readHead } from "../log/frames.ts";
import { findLog } from "../log/logs.ts";

/**
 * A moment as viewers see it: the log's state knows first when an open train ends, its level, and
 * whether a goal was reached.
 */
export const showMoment = (item: MomentItem, { moments = [] }: LogState): Moment => {
  const known = moments.find((one) => one.id === item.id);
  const isOpen = known !== undefined && isOpenTrain(known) && item.status === "open";
  const shown = isOpen ? { ...item, endsAt: known.endsAt, level: known.train.level } : item;
  return momentOf(shown, setting("DEFAULT_PICTURE"), isReachedIn({ moments }, item.id));
};

/** Moments as viewers see them. */
export const showMoments = (items: readonly MomentItem[], state: LogState): Moment[] =>
  items.map((item) => showMoment(item, state));

/** The state of a stream's log as of its newest posted frame. */
export const readState = async (streamId: string): Promise<LogState> =>
  (await findLog(streamId)) ?? {};

/**
 * The state of a stream's log as of its newest stored frame, which some viewers may have before all
 * posts are made.
 */
export async function readNewestState(streamId: string): Promise<LogState> {
  const log = await findLog(streamId);
  return log === undefined ? {} : readHead(streamId, log);
}

/**
 * The sums that viewers start from: the likes, and those of the open moments, zero if the log has
 * not reached them yet.
 */
export function shownSums(items: readonly MomentItem[], { sums = {} }: LogState): Sums {
  const open = items.filter(({ status }) => status === "open");
  const ofMoments = open.map((item) => [item.id, sums[item.id] ?? zeroOf(item)]);
  return { [likesSum]: sums[likesSum] ?? 0, ...Object.fromEntries(ofMoments) };
}

/** What viewers see at a position of a log: its likes, and its open moments with their sums. */
export async function showState(streamId: string, state: LogState): Promise<ShownSums> {
  const keys = openIn(state).map(({ id }) => key.moment(streamId, id));
  const items = keys.length === 0 ? [] : await listItems(MomentItem, keys, { consistent: true });
  const open = items.filter(({ status }) => status === "open");
  return { sums: shownSums(open, state), moments: showMoments(open, state) };
}

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
  status: "cancelled",
  endedAt,
  isCancelledByLog: true,
});

/**
 * The room waits for this write, and a lost race means that another call made progress: retries do
 * not pause.
 */
const unpaused = { fresh: triesMax };

/** Creates the item of a train, or writes what has changed; nothing once the train is over. */
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

const Likers = z.object({ top: z.array(Liker), revision: z.number().int() });

/** The users who like a stream most, highest first. */
export const findLikers = async (streamId: string): Promise<Liker[]> =>
  (await getItem(Likers, key.likers(streamId)))?.top ?? [];

/**
 * Merges users' likes into the top list, which is one item: the result does not depend on the order
 * or repetition of merges. Written only if it changes.
 */
export const noteLikers = (streamId: string, likers: readonly Liker[]): Promise<void> =>
  changeLikers(streamId, (top) =>
    entersLikers(top, likers) ? mergeLikers(top, likers) : undefined,
  );

/** Removes an erased user from the users who like a stream most. */
export const removeLiker = (streamId: string, erasedId: string): Promise<void> =>
  changeLikers(streamId, (top) => {
    const rest = top.filter(({ userId }) => userId !== erasedId);
    return rest.length < top.length ? rest : undefined;
  });

const changeLikers = (
  streamId: string,
  decide: (top: readonly Liker[]) => Liker[] | undefined,
): Promise<void> =>
  reviseItem(
    Likers,
    key.likers(streamId),
    (was) => {
      const top = decide(was?.top ?? []);
      return top && { top };
    },
    unpaused,
  );
