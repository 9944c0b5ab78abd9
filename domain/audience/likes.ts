import * as z from "zod";
import { shownId, UserId } from "../id.ts";
import { StreamUser } from "../people/user.ts";
import { rowsOf, Timestamp } from "../text.ts";

const Session = z.object({ id: z.string(), total: z.number().int() });

/** The taps of one user in a stream. */
export const LikeItem = z.object({
  userId: UserId,
  streamId: shownId,
  /** The total of all sessions. */
  likes: z.number().int(),
  /** When the user reached that total. */
  at: Timestamp,
  /** When the user first liked the stream; absent in items of versions that did not store it. */
  begunAt: Timestamp.optional(),
  /** The sessions used most recently, newest first. */
  sessions: z.array(Session),
  /** Taps left in the allowance at `filledAt` (milliseconds since 1970). */
  allowance: z.number(),
  filledAt: z.number(),
  /** Taps counted for goals, by goal id: of the open goals and of the newest past ones. */
  goals: z.record(z.string(), z.number().int()).optional(),
  /** Identifies this change: the id of its record. */
  change: z.string(),
});
export type LikeItem = z.infer<typeof LikeItem>;

const totalMax = 100_000_000;

/** The body of a like: the number of taps in a session so far. */
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
    .max(totalMax, `expected a whole number from 0 to ${totalMax}`)
    .meta({ description: "All taps in `session` so far, not only those since the last request" }),
});
type Taps = z.infer<typeof Taps>;

/** The answer to a like. */
export const Tapped = z.object({
  total: z.number().int().meta({
    description: "The number of taps accepted in `session`; the next `total` continues from it",
  }),
  next: z.number().int().meta({ description: "Seconds to wait before the next request" }),
});

/**
 * The token bucket of each user and stream: its size in taps, and how many taps refill a second.
 */
const allowance = { most: 100, perSecond: 20 };
/** How many sessions of a user a stream remembers. */
const sessionsMax = 4;

/**
 * The number of past goals whose likes stay in an item, so that the audit can compare them with the
 * results; those of older goals leave it once they are counted.
 */
export const pastGoalsMax = 64;

/** The goals whose likes are still in all items: each stream's newest goals that count likes. */
export function newestGoals(
  moments: readonly { id: string; streamId: string; of?: string | undefined }[],
): string[] {
  const ids = Map.groupBy(
    moments.filter(({ of }) => of === "likes"),
    ({ streamId }) => streamId,
  );
  return [...ids.values()].flatMap((goals) =>
    goals
      .map(({ id }) => id)
      .sort()
      .slice(-pastGoalsMax),
  );
}

/** The effect of a call on a user's likes; `item` is undefined if there is nothing to write. */
type Decision = { total: number; item?: LikeItem };

/**
 * The user, the stream and the id of the change; `goals`: the open goals that count likes; `spent`:
 * past goals whose likes are removed from the item.
 */
type Tapping = {
  userId: string;
  streamId: string;
  change: string;
  goals: readonly string[];
  spent?: readonly string[];
};

/**
 * Adds a session's taps since its last call, up to the allowance. A repeated call adds nothing, so
 * a lost response does no harm.
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
  for (const goal of by.spent ?? []) delete goals[goal];
  for (const goal of added > 0 ? by.goals : []) goals[goal] = (goals[goal] ?? 0) + added;
  const at = now.toISOString();
  const begunAt = was === undefined ? at : was.begunAt;
  return {
    total: own.total,
    item: {
      userId: by.userId,
      streamId: by.streamId,
      change: by.change,
      likes: (was?.likes ?? 0) + added,
      at: added === 0 ? (was?.at ?? at) : at,
      sessions: [own, ...others].slice(0, sessionsMax),
      ...(begunAt !== undefined && { begunAt }),
      allowance: full - added,
      filledAt: Math.max(milliseconds, was?.filledAt ?? 0),
      ...(Object.keys(goals).length > 0 && { goals }),
    },
  };
}

/** For each of this many viewers, clients wait one second between calls, up to a limit. */
const viewersPerSecond = 1_000;
const nextSecondsMax = 30;

/**
 * Seconds that a client should wait before its next call, in a room with this number of viewers.
 */
export const nextSeconds = (viewers: number) =>
  Math.min(nextSecondsMax, Math.max(1, Math.ceil(viewers / viewersPerSecond)));

/** An entry in the list of users who liked most. */
export const Liker = z.object({ userId: UserId, likes: z.number().int(), at: Timestamp });
export type Liker = z.infer<typeof Liker>;

/** The largest number of entries in the list of users who liked most. */
const likersMax = 100;

/**
 * Merges more entries into the list of users who liked most: the larger number of each user,
 * highest first, ties in favour of the user who got there first. The merge is idempotent.
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

/** Whether any of these entries would change the list of users who liked most. */
export function entersLikers(top: readonly Liker[], more: readonly Liker[]): boolean {
  const last = top.length < likersMax ? undefined : top.at(-1);
  return more.some((liker) => {
    const known = top.find(({ userId }) => userId === liker.userId);
    if (known !== undefined) return known.likes < liker.likes;
    return last === undefined || byRank(liker, last) < 0;
  });
}

/** The likes of a stream, and who likes it most. */
export const Likes = z
  .object({
    total: z.number().int(),
    top: rowsOf(z.object({ rank: z.number().int(), user: StreamUser, likes: z.number().int() })),
  })
  .meta({ id: "Likes", description: "May be up to 5 s old" });
