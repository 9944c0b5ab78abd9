import { type Moment, type MomentItem, momentOf, trainSum } from "../audience/moment.ts";
import { addToWindow, rescaleWindow, secondsAfter, startsTrain } from "../audience/train.ts";
import type { LogRecord, StreamEvent, TrainsChange } from "./event.ts";
import type { LogMoment, LogTrains, Sums } from "./sums.ts";

/** An event that only the log can derive, with its own id. */
export type DerivedEvent = StreamEvent & { id: string };

/** The state of a log while one record is added to it. */
export type Folding = {
  sums: Sums;
  moments: LogMoment[];
  trains?: LogTrains | undefined;
  changed: Sums;
  events: DerivedEvent[];
};

/** A gift or its refund, from its record. */
export type Gift = NonNullable<LogRecord["gift"]>;

/** A log's copy of a train. */
export type LogTrain = LogMoment & { train: NonNullable<LogMoment["train"]>; endsAt: string };

/** Whether this is a train whose levels are still in the log. */
export const isTrain = (moment: LogMoment): moment is LogTrain =>
  moment.train !== undefined && moment.endsAt !== null;

/** Whether this is a train without a result yet. */
export const isOpenTrain = (moment: LogMoment): moment is LogTrain =>
  isTrain(moment) && moment.over === undefined;

/** The item of a train, built from the log's copy. */
export function trainItemOf(streamId: string, known: LogTrain): MomentItem {
  const { id, startedAt, endsAt, train } = known;
  const { level, levels, levelSeconds } = train;
  return {
    id,
    streamId,
    kind: "train",
    status: "open",
    startedAt,
    endsAt,
    endedAt: null,
    level,
    train: { levels, levelSeconds },
    revision: 1,
  };
}

const shown = (streamId: string, known: LogTrain, more: Partial<Moment> = {}): Moment => ({
  ...momentOf(trainItemOf(streamId, known), ""),
  ...more,
});

/** The credits of a train, as counted by the log. */
export function creditsIn(sums: Sums | undefined, id: string): number {
  const sum = sums?.[id];
  return (Array.isArray(sum) ? sum[1] : undefined) ?? 0;
}

/**
 * Adds a gift or its refund to the trains that were open at its time, and to what may start the
 * next one. A train's time follows the times of gifts, regardless of their order in the log: a gift
 * after its end waits for an earlier gift that extends the train.
 */
export function addToTrains(folding: Folding, gift: Gift): void {
  for (const train of folding.moments.filter(isOpenTrain)) addToTrain(folding, train, gift);
  startTrain(folding, gift);
}

function addToTrain(folding: Folding, known: LogTrain, { at, undoneAt, credits }: Gift): void {
  const { id, startedAt, endsAt, train } = known;
  const { level, levels, levelSeconds, isSealed, late = [] } = train;
  const time = undoneAt ?? at;
  if (at < startedAt || credits === 0) return;
  if (time < endsAt) {
    climb(folding, known, creditsIn(folding.sums, id) + credits, time);
    return;
  }
  const place = Math.floor((Date.parse(time) - Date.parse(endsAt)) / (levelSeconds * 1000));
  if (isSealed === true || place >= levels.length - level) return;
  const waiting = Array.from(
    { length: Math.max(late.length, place + 1) },
    (_, n) => (late[n] ?? 0) + (n === place ? credits : 0),
  );
  replace(folding, { ...known, train: { ...train, late: waiting } });
}

/** Sets the credits of a train, which may raise it by one or more levels. */
function climb(folding: Folding, known: LogTrain, credits: number, at: string): void {
  const { levels, levelSeconds, isSealed } = known.train;
  const { streamId = "" } = folding.trains ?? {};
  let [is, sum] = [known, credits];
  const next = () => levels[is.train.level] ?? Number.POSITIVE_INFINITY;
  while (sum >= next()) {
    const [absorbed = 0, ...late] = is.train.late ?? [];
    const { late: _, ...train } = { ...is.train, level: is.train.level + 1 };
    is = { ...is, train: late.length > 0 ? { ...train, late } : train };
    if (isSealed !== true) {
      is = { ...is, endsAt: secondsAfter(is.endsAt, levelSeconds) };
      sum += absorbed;
      // The window's gifts came after the former end, which has moved: they belong to this train.
      if (folding.trains !== undefined) folding.trains = withoutWindow(folding.trains);
    }
    const id = `moment:${is.id}:level:${is.train.level}`;
    folding.events.push({ id, type: "moment.changed", at, data: shown(streamId, is) });
  }
  replace(folding, is);
  const shownSum = trainSum(is.train.level, sum, levels);
  folding.sums[is.id] = shownSum;
  folding.changed[is.id] = shownSum;
}

const replace = ({ moments }: Folding, known: LogMoment): void => {
  moments[moments.findIndex(({ id }) => id === known.id)] = known;
};

const withoutWindow = ({ window: _, ...trains }: LogTrains): LogTrains => trains;

/**
 * Adds a gift to the window; the gift that fills it starts a train. A gift that arrives before the
 * settings belongs to no train, and no later train may start before it, because its sum would lack
 * that gift.
 */
function startTrain(folding: Folding, { id, by, at, credits }: Gift): void {
  const { trains } = folding;
  const { settings, streamId = "", from = "" } = trains ?? {};
  const ends = folding.moments.filter(isOpenTrain).map(({ endsAt }) => endsAt);
  if (credits === 0) return;
  if (trains === undefined || settings === undefined) {
    const behind = justAfter(at);
    const known = trains ?? { streamId, revision: 0 };
    if (behind > from) folding.trains = { ...known, from: behind };
    return;
  }
  if ([from, ...ends].some((end) => at < end)) return;
  const window = addToWindow(trains.window, { by, at, credits }, settings);
  folding.trains = { ...trains, window };
  if (credits < 0 || !startsTrain(window, settings)) return;
  const { latest: startedAt, latestCredits } = window;
  const { levels, levelSeconds } = settings;
  folding.moments = folding.moments.map((one) => (isOpenTrain(one) ? sealed(one) : one));
  const known: LogTrain = {
    id,
    kind: "train",
    startedAt,
    endsAt: secondsAfter(startedAt, levelSeconds),
    train: { levels, levelSeconds, level: 0 },
  };
  folding.moments.push(known);
  folding.trains = withoutWindow(trains);
  const data = shown(streamId, known);
  folding.events.push({ id: `moment:${id}:started`, type: "moment.started", at: startedAt, data });
  climb(folding, known, latestCredits, startedAt);
}

/** The time one millisecond later. */
const justAfter = (at: string): string => new Date(Date.parse(at) + 1).toISOString();

/** Records the time of the newest gift or refund. */
export function noteLatest(folding: Folding, { at, undoneAt = at }: Gift): void {
  const { trains = { streamId: "", revision: 0 } } = folding;
  if (undoneAt > (trains.latest ?? "")) folding.trains = { ...trains, latest: undoneAt };
}

const sealed = (known: LogTrain): LogTrain => {
  const { late: _, ...train } = known.train;
  return { ...known, train: { ...train, isSealed: true } };
};

/** This time, or the one just after the newest gift or refund in the log, if that is later. */
export const afterGifts = ({ trains }: Pick<Folding, "trains">, at: string): string =>
  trains?.latest !== undefined && trains.latest >= at ? justAfter(trains.latest) : at;

/** The earlier of two times, of which the second may be open. */
export const earlierOf = (at: string, end: string | null | undefined): string =>
  end != null && end < at ? end : at;

/** The train with its end moved to this time, if that is earlier. */
export const endedBy = (known: LogTrain, at: string): LogTrain =>
  sealed({ ...known, endsAt: earlierOf(at, known.endsAt) });

/** Records the end of a train, which empties the window. */
export function noteTrainEnd({ trains }: Folding, endedAt: string): LogTrains | undefined {
  const isNew = trains !== undefined && endedAt > (trains.from ?? "");
  return isNew ? { ...trains, from: endedAt } : trains;
}

/** Applies new settings. Without settings, the running train ends or is cancelled. */
export function changeTrains(folding: Folding, change: TrainsChange, createdAt: number): void {
  const { streamId, revision, settings, at, endedAt } = change;
  const { trains } = folding;
  if (trains !== undefined && revision <= trains.revision) return;
  if (settings === undefined) {
    for (const known of folding.moments.filter(isOpenTrain))
      if (endedAt !== undefined) replace(folding, endedBy(known, afterGifts(folding, endedAt)));
      else if (at < known.endsAt) cancel(folding, { streamId, known, at, createdAt });
    const { from, latest } = folding.trains ?? {};
    folding.trains = { streamId, revision, from, latest };
    return;
  }
  const { windowSeconds } = settings;
  const window = rescaleWindow(
    trains?.window,
    trains?.settings?.windowSeconds ?? windowSeconds,
    windowSeconds,
  );
  folding.trains = { ...trains, streamId, revision, settings, window };
}

type Cancelling = { streamId: string; known: LogTrain; at: string; createdAt: number };

function cancel(folding: Folding, { streamId, known, at, createdAt }: Cancelling): void {
  const data = shown(streamId, known, { status: "cancelled", endedAt: at });
  folding.events.push({ id: `moment:${known.id}:ended`, type: "moment.ended", at, data });
  replace(folding, { ...endedBy(known, at), over: createdAt, isCancelled: true });
  delete folding.sums[known.id];
  folding.trains = noteTrainEnd(folding, at);
}
