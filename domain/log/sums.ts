import * as z from "zod";
import { Moment, Sum } from "../audience/moment.ts";
import { TrainWindow } from "../audience/train.ts";
import { TrainSettings } from "../streams/stream.ts";

/** Counters of a log by name: `likes`, or the id of a moment. */
export const Sums = z.record(z.string(), Sum);
export type Sums = z.infer<typeof Sums>;

/** The name of the sum of a stream's likes. */
export const likesSum = "likes";

/** A log's copy of a moment: enough to decide, without a read, which actions count for it. */
export const LogMoment = z.object({
  id: z.string(),
  kind: Moment.shape.kind,
  /** For a goal of gifts or credits: later than each gift that the log had before the goal. */
  startedAt: z.string(),
  /** If a call ended a train or a goal of gifts or credits: later than any gift in the log then. */
  endsAt: z.string().nullable(),
  /** A call ended the goal: `endsAt` is not its planned end, though it may be the same time. */
  isEnded: z.literal(true).optional(),
  of: Moment.shape.of.optional(),
  target: z.number().int().nullish(),
  /** A goal that was reached stays reached, whatever happens to its sum. */
  isReached: z.boolean().optional(),
  /** The data of the `moment.changed` that will show the goal as reached; absent after that. */
  shown: Moment.optional(),
  train: z
    .object({
      levels: z.array(z.number().int()),
      levelSeconds: z.number(),
      level: z.number().int(),
      /**
       * The train cannot be extended: it was ended by hand or with its stream, or another train
       * has started.
       */
      isSealed: z.literal(true).optional(),
      /**
       * Credits given after the train's end, by the level that would extend it far enough. They
       * count if it is extended, because a gift may reach the log after a later one.
       */
      late: z.array(z.number().int()).optional(),
    })
    .optional(),
  /** A train that ended because trains were switched off. */
  isCancelled: z.literal(true).optional(),
  /**
   * When the record of the moment's end was made, in seconds since 1970. Its result includes
   * actions that arrive later.
   */
  over: z.number().optional(),
});
export type LogMoment = z.infer<typeof LogMoment>;

/** What a log keeps for future trains and goals of the stream. */
export const LogTrains = z.object({
  streamId: z.string(),
  /** The revision of the stream that the settings come from. */
  revision: z.number().int(),
  /** If absent, no train starts. */
  settings: TrainSettings.optional(),
  /**
   * Gifts before this time (ISO 8601) start no train: the end of the last train, or just after the
   * newest gift that arrived without settings.
   */
  from: z.string().optional(),
  window: TrainWindow.optional(),
  /** The time of the newest gift or refund (ISO 8601). */
  latest: z.string().optional(),
});
export type LogTrains = z.infer<typeof LogTrains>;

/** The counted state of a log: sums, and known moments. Absent if there are none. */
export type LogState = {
  sums?: Sums | undefined;
  moments?: LogMoment[] | undefined;
  trains?: LogTrains | undefined;
};

/** The state of a log, picked from a larger object. */
export const stateOf = ({ sums, moments, trains }: LogState): LogState => ({
  ...(sums && { sums }),
  ...(moments && { moments }),
  ...(trains && { trains }),
});

/** The likes counted by a log. */
export const likesIn = ({ sums = {} }: LogState): number => {
  const likes = sums[likesSum];
  return typeof likes === "number" ? likes : 0;
};

/** The moments that are open in a log. */
export const openIn = ({ moments = [] }: LogState): LogMoment[] =>
  moments.filter(({ over }) => over === undefined);

/** The times of a moment as its item has them. */
type ItemTimes = Pick<LogMoment, "id" | "startedAt" | "endsAt"> & { endedAt: string | null };

/**
 * The moment with its times in the log, which decide: an item has the times at which its call read
 * the clock. A log that knows only the planned end has not received an earlier end yet.
 */
export function timedIn<A extends ItemTimes>(moment: A, { moments = [] }: LogState): A {
  const known = moments.find(({ id }) => id === moment.id);
  if (known === undefined) return moment;
  const { startedAt, endsAt, train, isEnded = endsAt !== moment.endsAt } = known;
  const hasEnd = train === undefined ? isEnded : train.isSealed === true;
  const endedAt = moment.endedAt !== null && hasEnd ? endsAt : moment.endedAt;
  return { ...moment, startedAt, endedAt };
}

/** Whether a log has shown a goal as reached, which stays so. */
export const isReachedIn = ({ moments = [] }: LogState, goalId: string): boolean =>
  moments.some(({ id, isReached }) => id === goalId && isReached === true);
