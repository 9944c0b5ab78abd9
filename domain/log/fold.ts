import type { Sum } from "../audience/moment.ts";
import type { LogRecord } from "./event.ts";
import { type LogMoment, type LogState, likesSum, type Sums, stateOf } from "./sums.ts";
import {
  addToTrains,
  afterGifts,
  changeTrains,
  type DerivedEvent,
  earlierOf,
  endedBy,
  type Folding,
  type Gift,
  isOpenTrain,
  noteLatest,
  noteTrainEnd,
} from "./train-progress.ts";

/** How long a log keeps a moment after its end, in seconds of the records' clock, and how many. */
const overSeconds = 600;
const overMax = 64;

/** The effect of one record: the new values of changed sums, and events that the log derives. */
type Folded = LogState & { changed: Sums; events: DerivedEvent[] };

/**
 * Adds one record to the sums; nothing else changes them. `newest` is the latest creation time of
 * the records before it. Reads nothing: whether a gift counts for a moment depends on the gift's
 * time and on the log's copy of the moment. Records come from several shards, so a vote may precede
 * its poll; it is counted under the poll's id until then. Actions that arrive after a moment's
 * result are ignored, because the result was counted from the items.
 */
export function applyRecord(state: LogState, record: LogRecord, newest: number): Folded {
  const { adds, gift, moment, trains } = record;
  if ([adds, gift, moment, trains].every((one) => one === undefined))
    return { ...stateOf(state), changed: {}, events: [] };
  const folding: Folding = { ...copyOf(state), changed: {}, events: [] };
  if (adds !== undefined)
    for (const [name, sum] of Object.entries(adds))
      if (belongs(folding, name, record, newest)) addSum(folding, name, sum, record.at);
  if (gift !== undefined) addToGoals(folding, gift);
  const reached = folding.events.splice(0);
  if (moment !== undefined) placeMoment(folding, moment, record);
  if (trains !== undefined) changeTrains(folding, trains, record.createdAt);
  if (gift !== undefined) {
    addToTrains(folding, gift);
    noteLatest(folding, gift);
  }
  const { sums, moments, changed, events, trains: known } = folding;
  const kept = moments.filter(({ over }) => over === undefined || over > newest - overSeconds);
  return {
    ...(Object.keys(sums).length > 0 && { sums }),
    ...(kept.length > 0 && { moments: kept }),
    ...(known && { trains: known }),
    changed,
    events: [...events, ...reached],
  };
}

const copyOf = ({ sums = {}, moments = [], trains }: LogState) => ({
  sums: { ...sums },
  moments: [...moments],
  trains,
});

/** Adds a gift or its refund to the goals that were open at its time. */
function addToGoals(folding: Folding, gift: Gift): void {
  for (const moment of folding.moments) {
    const { id, kind, of, startedAt, endsAt } = moment;
    const isCounted = kind === "goal" && isOfGifts(moment);
    const added = of === "credits" ? gift.credits : gift.gifts;
    // A superlike adds no gift, and a frame has only the sums that changed.
    if (!isCounted || added === 0) continue;
    if (isWithin(gift.at, startedAt, endsAt) && !isPast(gift.undoneAt, endsAt))
      addSum(folding, id, added, gift.undoneAt ?? gift.at);
  }
}

const isOfGifts = ({ of }: LogMoment) => of === "credits" || of === "gifts";

/** The start of a goal, after all gifts that the log has: these and their refunds do not count. */
const startOf = (folding: Folding, moment: LogMoment): string =>
  isOfGifts(moment) ? afterGifts(folding, moment.startedAt) : moment.startedAt;

/**
 * The end of a goal. If a call has ended the goal early, the end comes after all gifts that the log
 * has: these count, as viewers have seen.
 */
function endOf(folding: Folding, moment: LogMoment, before: LogMoment | undefined): string | null {
  const { endsAt } = moment;
  const isMoved = before !== undefined && endsAt !== before.endsAt;
  return isMoved && endsAt !== null && isOfGifts(moment)
    ? earlierOf(afterGifts(folding, endsAt), before.endsAt)
    : endsAt;
}

/** Whether a time is within a span: from the start, inclusive, to the end, exclusive. */
const isWithin = (at: string, startedAt: string, endsAt: string | null) =>
  at >= startedAt && !isPast(at, endsAt);

const isPast = (at: string | undefined, endsAt: string | null) =>
  at !== undefined && endsAt !== null && at >= endsAt;

/**
 * Whether likes or a vote count for a moment. Their items are stored only while it is open, and its
 * result counts them all, so they count until the result is known, even if they arrive after the
 * end.
 */
function belongs(
  { moments }: Folding,
  name: string,
  { createdAt }: LogRecord,
  newest: number,
): boolean {
  if (name === likesSum) return true;
  const moment = moments.find(({ id }) => id === name);
  return moment === undefined ? createdAt >= newest - overSeconds : moment.over === undefined;
}

function addSum(folding: Folding, name: string, sum: Sum, at: string | undefined): void {
  const { sums, moments, changed, events } = folding;
  const value = plus(sums[name] ?? 0, sum);
  sums[name] = value;
  const place = moments.findIndex(({ id }) => id === name);
  const moment = moments[place];
  if (name !== likesSum && moment === undefined) return;
  changed[name] = value;
  if (moment?.shown === undefined || typeof value !== "number") return;
  if (value < (moment.target ?? Number.POSITIVE_INFINITY)) return;
  const { shown, ...rest } = moment;
  moments[place] = { ...rest, isReached: true };
  const data = { ...shown, reached: true };
  const id = `moment:${moment.id}:reached`;
  events.push({ id, type: "moment.changed", at: at ?? shown.startedAt, data });
}

function plus(a: Sum, b: Sum): Sum {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const [left, right] = [[a].flat(), [b].flat()];
  const length = Math.max(left.length, right.length);
  return Array.from({ length }, (_, at) => (left[at] ?? 0) + (right[at] ?? 0));
}

/**
 * Opens, changes or closes a moment. An opening moment starts with the sum counted for it so far,
 * usually zero; a closing moment ends with its result.
 */
function placeMoment(folding: Folding, moment: LogMoment, { final }: LogRecord): void {
  const { sums, moments, changed } = folding;
  const before = moments.find(({ id }) => id === moment.id);
  if (before?.over !== undefined) return;
  if (moment.train !== undefined && moment.endsAt !== null) {
    if (moment.over !== undefined) folding.trains = noteTrainEnd(folding, moment.endsAt);
    else if (before !== undefined && isOpenTrain(before))
      moments[moments.indexOf(before)] = endedBy(before, afterGifts(folding, moment.endsAt));
    if (moment.over === undefined) return;
  }
  folding.moments = moments.filter((one) => one !== before);
  if (moment.over !== undefined) {
    const { id, kind, startedAt, endsAt, over } = moment;
    folding.moments.push({ id, kind, startedAt, endsAt, over });
    const closed = folding.moments.filter((one) => one.over !== undefined);
    const forgotten = closed.slice(0, Math.max(0, closed.length - overMax));
    folding.moments = folding.moments.filter((one) => !forgotten.includes(one));
    delete sums[id];
    if (final !== undefined) changed[id] = final;
    return;
  }
  const startedAt = before?.startedAt ?? startOf(folding, moment);
  const begun = { ...moment, startedAt, endsAt: endOf(folding, moment, before) };
  const { shown, ...rest } = begun;
  const isReached = before?.isReached === true;
  folding.moments.push(isReached ? { ...rest, isReached } : begun);
  if (before !== undefined) return;
  const early = sums[moment.id];
  const value = early === undefined ? (final ?? 0) : plus(final ?? 0, early);
  sums[moment.id] = value;
  changed[moment.id] = value;
}
