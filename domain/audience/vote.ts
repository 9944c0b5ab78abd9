import * as z from "zod";
import { MomentId, StreamId, UserId } from "../id.ts";
import { refuse } from "../refusal.ts";
import { rowsOf, Timestamp } from "../text.ts";
import { type MomentItem, optionsMax, type PollResult } from "./moment.ts";

const Options = rowsOf(z.number().int().min(0), optionsMax);

/** A user's vote in a poll; only the latest counts. */
export const VoteItem = z.object({
  streamId: StreamId,
  momentId: MomentId,
  userId: UserId,
  options: Options,
  at: Timestamp,
  /** Identifies this change of the vote: the id of its record. */
  change: z.string(),
});
export type VoteItem = z.infer<typeof VoteItem>;

/** The body of a vote: positions of options, from 0. */
export const NewVote = z.object({
  options: z
    .array(
      z
        .number({ error: "expected an option's place, from 0" })
        .int("expected an option's place, from 0")
        .min(0, "expected an option's place, from 0")
        .max(optionsMax - 1, "expected an option of the poll"),
      { error: "expected a list of options" },
    )
    .min(1, "expected an option")
    .max(optionsMax, "expected no more options than the poll takes")
    .refine((all) => new Set(all).size === all.length, "expected each option once")
    .meta({ description: "Positions of options, from 0: each once, at most `choices`" }),
});

/** Refuses options that the poll lacks or does not allow, with `request_invalid`. */
export function assertOptions(
  { options = [], choices = 1 }: MomentItem,
  chosen: readonly number[],
) {
  const invalid = (problem: string) => refuse("request_invalid", { problem });
  if (chosen.some((place) => place >= options.length))
    invalid(`options: expected places from 0 to ${options.length - 1}`);
  if (chosen.length > choices) invalid(`options: expected at most ${choices}`);
}

/** Whether two votes choose the same options. */
export const isSameVote = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((place) => b.includes(place));

/** What a vote adds to each option, up to the last one that it changes. */
export function addedVotes(is: readonly number[], was: readonly number[] = []): number[] {
  const length = Math.max(-1, ...is, ...was) + 1;
  const count = (all: readonly number[], place: number) => Number(all.includes(place));
  return Array.from({ length }, (_, place) => count(is, place) - count(was, place));
}

/** Votes by option, and the number of voters. */
export type Count = { votes: number[]; voters: number };

/** The count with one more vote. */
export function countVote({ votes, voters }: Count, options: readonly number[]): Count {
  return { votes: votes.map((n, at) => n + Number(options.includes(at))), voters: voters + 1 };
}

/** The result of a poll: there is no winner after a tie or without votes. */
export function pollResultOf({ votes, voters }: Count): PollResult {
  const most = Math.max(...votes);
  const isTie = votes.filter((n) => n === most).length > 1;
  return { votes, voters, winner: most === 0 || isTie ? null : votes.indexOf(most) };
}
