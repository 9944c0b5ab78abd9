import * as z from "zod";
import { MomentId, StreamId } from "../id.ts";
import { type Person, Person as PersonItem } from "../people/person.ts";
import { StreamUser, summaryOf } from "../people/user.ts";
import { refuse } from "../refusal.ts";
import { nameText, rowsOf, shownText, Timestamp } from "../text.ts";

/** What a moment can be. */
export const MomentKind = z.enum(["poll", "goal", "train"]);
export const MomentStatus = z.enum(["open", "ended", "cancelled"]);
/** What a goal counts. */
const GoalOf = z.enum(["credits", "gifts", "likes"]);

/** The largest number of options in a poll. */
export const optionsMax = 10;

/** The largest number of polls and goals open in a stream at once, not counting a train. */
export const openMax = 10;

/** One number, or several that belong together: a poll's votes by option, or a `trainSum`. */
export const Sum = z.union([z.number().int(), rowsOf(z.number().int().nullable(), optionsMax)]);
export type Sum = z.infer<typeof Sum>;

/** A poll's result: votes by option, the number of voters, the option with the most votes. */
export const PollResult = z
  .object({
    votes: rowsOf(z.number().int(), optionsMax),
    voters: z.number().int(),
    winner: z.number().int().nullable().meta({ description: "The winning option; null: a tie" }),
  })
  .meta({ id: "PollResult" });
export type PollResult = z.infer<typeof PollResult>;

export const GoalResult = z
  .object({ amount: z.number().int(), reached: z.boolean() })
  .meta({ id: "GoalResult" });
export type GoalResult = z.infer<typeof GoalResult>;

/** The result of a hype train: the senders who gave most, highest first. */
export const TrainResult = z
  .object({
    level: z.number().int(),
    credits: z.number().int(),
    top: rowsOf(z.object({ user: StreamUser, credits: z.number().int() }), 3),
  })
  .meta({ id: "TrainResult" });
export type TrainResult = z.infer<typeof TrainResult>;

const MomentResult = z.union([PollResult, GoalResult, TrainResult]);
export type MomentResult = z.infer<typeof MomentResult>;

/** A moment as viewers see it; fields that its kind lacks are null. */
export const Moment = z
  .object({
    id: MomentId,
    streamId: StreamId,
    kind: MomentKind,
    status: MomentStatus,
    title: shownText(200).nullable().meta({ description: "Null for a hype train" }),
    options: rowsOf(shownText(80), optionsMax).nullable().meta({ description: "A poll's options" }),
    choices: z.number().int().nullable().meta({ description: "Options per vote, at most" }),
    of: GoalOf.nullable().meta({ description: "What a goal counts" }),
    target: z.number().int().nullable(),
    level: z.number().int().nullable().meta({ description: "A hype train's level, from 0" }),
    reached: z.boolean().nullable().meta({ description: "Whether a goal was reached" }),
    by: StreamUser.nullable().meta({ description: "Null for a hype train" }),
    startedAt: Timestamp,
    endsAt: Timestamp.nullable().meta({ description: "Null: ended manually" }),
    endedAt: Timestamp.nullable(),
    spreadSeconds: z.number().int().nullable().meta({
      description: "Clients send votes at a random time within this many seconds",
    }),
    result: MomentResult.nullable().meta({ description: "Null if open, cancelled or uncounted" }),
  })
  .meta({ id: "Moment" });
export type Moment = z.infer<typeof Moment>;

/** A moment with the caller's own vote. */
export const OwnMoment = Moment.extend({
  own: z
    .object({ options: rowsOf(z.number().int(), optionsMax) })
    .nullable()
    .meta({ description: "The caller's vote; null without a token or a vote" }),
}).meta({ id: "OwnMoment" });

/** A moment as stored; `result` is present once it was counted. */
export const MomentItem = z.object({
  id: MomentId,
  streamId: StreamId,
  kind: MomentKind,
  status: MomentStatus,
  /** Absent for a train, as is `by`. */
  title: z.string().optional(),
  options: z.array(z.string()).optional(),
  choices: z.number().int().optional(),
  of: GoalOf.optional(),
  target: z.number().int().optional(),
  by: PersonItem.optional(),
  /** For a train: its settings when it began, and the level that its log has shown. */
  train: z.object({ levels: z.array(z.number().int()), levelSeconds: z.number() }).optional(),
  level: z.number().int().optional(),
  /** A cancelled goal that had been reached. */
  isReached: z.boolean().optional(),
  /** A train that its log has cancelled and already shown as cancelled. */
  isCancelledByLog: z.literal(true).optional(),
  startedAt: Timestamp,
  endsAt: Timestamp.nullable(),
  endedAt: Timestamp.nullable(),
  spreadSeconds: z.number().int().optional(),
  result: MomentResult.optional(),
  revision: z.number().int(),
});
export type MomentItem = z.infer<typeof MomentItem>;

const whole = (min: number, max: number) =>
  z
    .number({ error: `expected ${min} to ${max}` })
    .int()
    .min(min)
    .max(max);

const title = nameText(1, 200);
const options = z
  .array(nameText(1, 80), { error: `expected 2 to ${optionsMax} options` })
  .min(2, `expected 2 to ${optionsMax} options`)
  .max(optionsMax, `expected 2 to ${optionsMax} options`)
  .refine((all) => new Set(all).size === all.length, "expected options that differ")
  .meta({ description: "All different" });

const NewPoll = z.object({
  kind: z.literal("poll"),
  title,
  options,
  seconds: whole(10, 3600),
  choices: z.number().int().min(1).max(10).default(1).meta({
    description: "The number of options that a user may choose",
  }),
});
const NewGoal = z.object({
  kind: z.literal("goal"),
  title,
  of: GoalOf,
  target: whole(1, 1_000_000_000),
  seconds: whole(60, 86_400)
    .nullish()
    .meta({ description: "Without it, the goal is open until it or the stream is ended" }),
});

/** The body that starts a moment. */
export const NewMoment = z
  .discriminatedUnion("kind", [NewPoll, NewGoal], { error: "expected poll or goal" })
  .meta({
    example: { kind: "poll", title: "Which song next?", options: ["Blue", "Red"], seconds: 60 },
  });
export type NewMoment = z.output<typeof NewMoment>;

/** For each of this many viewers, votes are spread over one second, up to a limit. */
const viewersPerSecond = 1_500;
const spreadSecondsMax = 60;

/** A moment that begins now, in a room with this number of viewers. */
export function makeMoment(
  body: NewMoment,
  { id, streamId, by, viewers }: { id: string; streamId: string; by: Person; viewers: number },
  now: Date,
): MomentItem {
  const { seconds } = body;
  const endsAt = seconds == null ? null : new Date(now.getTime() + seconds * 1000).toISOString();
  const common = {
    id,
    streamId,
    status: "open" as const,
    title: body.title,
    by,
    startedAt: now.toISOString(),
    endsAt,
    endedAt: null,
    revision: 1,
  };
  if (body.kind === "goal") return { ...common, kind: "goal", of: body.of, target: body.target };
  const spread = Math.ceil(viewers / viewersPerSecond);
  const spreadSeconds = Math.min(spreadSecondsMax, Math.floor(body.seconds / 2), spread);
  return { ...common, kind: "poll", options: body.options, choices: body.choices, spreadSeconds };
}

/** Whether the moment is over at this time, even if that was not written yet. */
const isOver = ({ status, endsAt }: MomentItem, now: Date): boolean =>
  status !== "open" || (endsAt !== null && endsAt <= now.toISOString());

/** When a moment ended or will end; later than any time if only a user can end it. */
export const endOf = ({ endedAt, endsAt }: MomentItem): string => endedAt ?? endsAt ?? "9999";

/** Refuses a moment that is over at this time with `moment_over`. */
export function assertOpen(moment: MomentItem, now: Date): void {
  if (isOver(moment, now)) refuse("moment_over");
}

/** The moment at this time. A train stays open until it is counted, since a gift may extend it. */
export const momentAt = (moment: MomentItem, now: Date): MomentItem =>
  moment.status === "open" && moment.train === undefined && isOver(moment, now)
    ? { ...moment, status: "ended", endedAt: moment.endsAt }
    : moment;

/** The moment as viewers see it. `isReached`: the log has seen the goal reached. */
export function momentOf(item: MomentItem, defaultPicture: string, isReached = false): Moment {
  const { result = null, by } = item;
  const wasReached =
    item.isReached === true || (result !== null && "reached" in result && result.reached);
  return {
    id: item.id,
    streamId: item.streamId,
    kind: item.kind,
    status: item.status,
    title: item.title ?? null,
    options: item.options ?? null,
    choices: item.choices ?? null,
    of: item.of ?? null,
    target: item.target ?? null,
    level: item.level ?? null,
    reached: item.kind === "goal" ? isReached || wasReached : null,
    by: by === undefined ? null : summaryOf(by, defaultPicture),
    startedAt: item.startedAt,
    endsAt: item.endsAt,
    endedAt: item.endedAt,
    spreadSeconds: item.spreadSeconds ?? null,
    result,
  };
}

/** The sum of a train: its level, its credits, and the credits of the next level (null: none). */
export const trainSum = (
  level: number,
  credits: number,
  levels: readonly number[],
): (number | null)[] => [level, credits, levels[level] ?? null];

/** The sum of a moment before anything has happened in it. */
export function zeroOf({ options, train }: Pick<MomentItem, "options" | "train">): Sum {
  if (train !== undefined) return trainSum(0, 0, train.levels);
  return options === undefined ? 0 : options.map(() => 0);
}

/** The sum that corresponds to a result. */
export function sumOfResult(result: MomentResult, { train }: Pick<MomentItem, "train">): Sum {
  if ("votes" in result) return result.votes;
  if ("amount" in result) return result.amount;
  return trainSum(result.level, result.credits, train?.levels ?? []);
}
