import type { LogRecord, Totals } from "./event.ts";
import type { Frame, LogEnd } from "./frame.ts";

/** What is remembered of a frame: never its bytes, which a deletion may change. */
type KnownFrame = Pick<Frame, "n" | "newest"> & { covers: readonly string[] };

/**
 * What one environment knows of a stream's log. It is complete for records made after `knownAfter`:
 * every frame whose `newest` is later than that is here. Times are the records' own, so there is
 * one clock and no margin.
 */
export type KnownLog = LogEnd & {
  knownAfter: number;
  frames: KnownFrame[];
  covered: Map<string, number>;
  /** When it was read or last proven right by a Put, in milliseconds of this environment. */
  usedAt: number;
};

/** An environment that has not used what it knows for so long reads it again. */
const idleMillisecondsMax = 60_000;

/** Records whose ids one environment remembers of one stream. */
export const coveredMax = 5_000;

/** The end of a log without any frame: it goes on from what was posted last. */
type PostedEnd = { epoch: string; posted: number; newest: number; totals: Totals };

/**
 * What a consistent reading, newest frame first, makes known. `before` is the `newest` of the first
 * frame that was not read, undefined when the reading came to the log's beginning.
 */
export function knownFrom(
  log: PostedEnd,
  frames: readonly Pick<Frame, "n" | "newest" | "covers" | "totals">[],
  before: number | undefined,
  now: Date,
): KnownLog {
  const top = frames[0];
  const fromFrame = top !== undefined && top.n >= log.posted;
  const known: KnownLog = {
    epoch: log.epoch,
    head: fromFrame ? top.n : log.posted,
    newest: fromFrame ? top.newest : log.newest,
    totals: fromFrame ? top.totals : log.totals,
    knownAfter: before ?? Number.NEGATIVE_INFINITY,
    frames: [],
    covered: new Map(),
    usedAt: now.getTime(),
  };
  for (const frame of frames.toReversed()) remember(known, frame);
  return known;
}

/** Whether a record of this time can be told from memory to be in a frame or in none. */
export function knows(log: KnownLog | undefined, createdAt: number, now: Date): log is KnownLog {
  if (log === undefined || now.getTime() - log.usedAt > idleMillisecondsMax) return false;
  return createdAt > log.knownAfter;
}

/** The records that are in no frame, each once, in their order. */
export function freshIn(log: KnownLog, records: readonly LogRecord[]): LogRecord[] {
  const seen = new Set<string>();
  return records.filter(({ id }) => {
    if (log.covered.has(id) || seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

/** Takes in a frame that was just put; what is oldest is forgotten beyond a bound. */
export function append(log: KnownLog, frame: Frame, now: Date, idsMax = coveredMax): void {
  log.head = frame.n;
  log.newest = frame.newest;
  log.totals = frame.totals;
  log.usedAt = now.getTime();
  remember(log, frame);
  while (log.covered.size > idsMax && log.frames.length > 1) forgetOldest(log);
}

function remember(log: KnownLog, frame: Pick<Frame, "n" | "newest" | "covers">): void {
  const covers = frame.covers === "" ? [] : frame.covers.split(" ");
  log.frames.push({ n: frame.n, newest: frame.newest, covers });
  for (const id of covers) log.covered.set(id, frame.n);
}

function forgetOldest(log: KnownLog): void {
  const oldest = log.frames.shift()!;
  for (const id of oldest.covers) log.covered.delete(id);
  log.knownAfter = Math.max(log.knownAfter, oldest.newest);
}
