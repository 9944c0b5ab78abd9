import * as z from "zod";
import { shownId, UserId } from "../id.ts";
import { wholeNumber } from "../page.ts";
import { UserSummary } from "../people/user.ts";
import { rowsOf, Timestamp } from "../text.ts";

const Session = z.object({ id: z.string(), total: z.number().int() });

/** What one user has tapped in a stream. */
export const LikeItem = z.object({
  userId: UserId,
  streamId: shownId,
  /** In all sessions together. */
  likes: z.number().int(),
  /** When that number was reached. */
  at: Timestamp,
  /** The sessions used last, the newest first. */
  sessions: z.array(Session),
  /** Taps that were left of the allowance at `filledAt` (milliseconds since 1970). */
  allowance: z.number(),
  filledAt: z.number(),
  /** What counted for goals that were open then, by the id of the goal. */
  goals: z.record(z.string(), z.number().int()).optional(),
  /** Names this change and no other: the id of its record. */
  change: z.string(),
});
export type LikeItem = z.infer<typeof LikeItem>;

const totalMax = 100_000_000;

/** The body of a like: how often a session has tapped so far. */
export const Taps = z.object({
  session: z
    .string({ error: "expected 8 to 32 of A-Z a-z 0-9 _ -" })
    .regex(/^[A-Za-z0-9_-]{8,32}$/, "expected 8 to 32 of A-Z a-z 0-9 _ -")
    .meta({
      description: "A name that the client generates once per page load or app start",
      example: "my-page-1",
    }),
  total: z
    .number({ error: `expected a whole number from 0 to ${totalMax}` })
    .int(`expected a whole number from 0 to ${totalMax}`)
    .min(0, `expected a whole number from 0 to ${totalMax}`)
    .max(totalMax, `expected a whole number from 0 to ${totalMax}`),
});
type Taps = z.infer<typeof Taps>;

/** The answer to a like. */
export const Tapped = z.object({
  total: z.number().int().meta({
    description: "The taps accepted for this session so far; continue counting from here",
  }),
  next: z.number().int().meta({ description: "Seconds to wait before the next request" }),
});

/** A bucket of taps for each user and stream: how many it holds, and how many come in a second. */
const allowance = { most: 100, perSecond: 20 };
/** Sessions of a user that a stream remembers. */
const sessionsMax = 4;

/** What a call makes of a user's likes; `item` is undefined where nothing is to be written. */
type Decision = { total: number; item?: LikeItem };

/** Whose likes, when, and under which name of the change; `goals`: the open ones of likes. */
type Tapping = { userId: string; streamId: string; change: string; goals: readonly string[] };

/**
 * Adds what a session has tapped since its last call, as far as the allowance goes. A call that is
 * repeated adds nothing, so an answer that was lost does no harm.
 */
export function tap(was: LikeItem | undefined, taps: Taps, by: Tapping, now: Date): Decision {
  const { session: id, total } = taps;
  const sessions = was?.sessions ?? [];
  const before = sessions.find((one) => one.id === id)?.total ?? 0;
  const milliseconds = now.getTime();
  const since = Math.max(0, milliseconds - (was?.filledAt ?? 0));
  const left = was?.allowance ?? allowance.most;
  const full = Math.min(allowance.most, left + (since * allowance.perSecond) / 1000);
  const added = Math.min(Math.max(0, total - before), Math.floor(full));
  const own = { id, total: before + added };
  const isNewest = sessions[0]?.id === id;
  if (added === 0 && isNewest) return { total: own.total };
  const others = sessions.filter((one) => one.id !== id);
  const goals = { ...was?.goals };
  for (const goal of added > 0 ? by.goals : []) goals[goal] = (goals[goal] ?? 0) + added;
  const at = now.toISOString();
  return {
    total: own.total,
    item: {
      ...{ userId: by.userId, streamId: by.streamId, change: by.change },
      likes: (was?.likes ?? 0) + added,
      at: added === 0 ? (was?.at ?? at) : at,
      sessions: [own, ...others].slice(0, sessionsMax),
      ...{ allowance: full - added, filledAt: Math.max(milliseconds, was?.filledAt ?? 0) },
      ...(Object.keys(goals).length > 0 && { goals }),
    },
  };
}

/** Viewers of whom one a second calls, and the longest that a client waits. */
const viewersPerSecond = 1_000;
const nextSecondsMax = 30;

/** Seconds until the next call of a client is of use, in a room of so many viewers. */
export const nextSeconds = (viewers: number) =>
  Math.min(nextSecondsMax, Math.max(1, Math.ceil(viewers / viewersPerSecond)));

/** A place in the list of those who like most. */
export const Liker = z.object({ userId: UserId, likes: z.number().int(), at: Timestamp });
export type Liker = z.infer<typeof Liker>;

/** How many the list holds. */
const likersMax = 100;

/**
 * The list with others merged into it: of each user the larger number, the most first, of equal
 * ones whoever got there first. Merging the same again changes nothing.
 */
export function mergeLikers(top: readonly Liker[], more: readonly Liker[]): Liker[] {
  const best = new Map(top.map((liker) => [liker.userId, liker]));
  for (const liker of more) {
    const known = best.get(liker.userId);
    if (known === undefined || known.likes < liker.likes) best.set(liker.userId, liker);
  }
  return [...best.values()].sort(byRank).slice(0, likersMax);
}

const byRank = (a: Liker, b: Liker) =>
  b.likes - a.likes || compare(a.at, b.at) || compare(a.userId, b.userId);
const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** Whether one of them would change the list. */
export function entersLikers(top: readonly Liker[], more: readonly Liker[]): boolean {
  const last = top.length < likersMax ? undefined : top.at(-1);
  return more.some((liker) => {
    const known = top.find(({ userId }) => userId === liker.userId);
    if (known !== undefined) return known.likes < liker.likes;
    return last === undefined || byRank(liker, last) < 0;
  });
}

/** The query and the answer of a stream's likes. */
export const LikesQuery = z.object({
  limit: wholeNumber(1, 100)
    .default(10)
    .meta({ description: "The number of top likers to return" }),
});
export const Likes = z
  .object({
    total: z.number().int(),
    top: rowsOf(z.object({ rank: z.number().int(), user: UserSummary, likes: z.number().int() })),
  })
  .meta({ id: "Likes", description: "May be up to 5 s old" });
