import * as z from "zod";
import { refuse } from "../../domain/refusal.ts";
import type { Grants } from "../lambda/grants.ts";
import { isRecent } from "../runtime/caches.ts";
import { parseItem } from "../table/items.ts";
import { key } from "../table/keys.ts";
import { queryWhole } from "../table/query.ts";
import type { Caller } from "./caller.ts";

/*
 * The list of recent revocations (docs/decisions/authentication.md), which each environment keeps
 * and reads again every few seconds: the gateway caches the authorizer's result, and meanwhile only
 * the function itself can refuse.
 */

/** Grants of functions that refuse callers with a revoked token. */
export const withRevocations = (grants: Grants): Grants => ({
  ...grants,
  read: [...(grants.read ?? []), "REVOKED"],
});

/**
 * Grants of functions that read streams for their callers: bans are copied to the senders' items.
 */
export const withBans = <G extends Pick<Grants, "read">>(grants: G): G =>
  grants.read?.includes("STREAM") ? { ...grants, read: [...grants.read, "SENDER"] } : grants;

/** Seconds for which a revocation is listed: longer than the gateway remembers an authorizer. */
export const listedSeconds = 600;

/** The largest difference between the clocks of two environments. */
const clocksMilliseconds = 30_000;

/**
 * The age in milliseconds at which the list is refreshed in parallel to the call, and the age at
 * which effects may no longer rely on it. With the time of a read, both stay below the promised 10
 * s.
 */
const standard = { fresh: 4_000, usable: 8_000 };
let ages = standard;

/** Replaces these ages, or with undefined restores them: for tests that count calls. */
export function useRevocationAges(others: typeof standard | undefined): void {
  ages = others ?? standard;
  known = {
    marks: new Map(),
    readAt: others === undefined ? Number.NEGATIVE_INFINITY : Date.now(),
  };
  reading = undefined;
}

/** A listed revocation: of a user's tokens up to a second (of `iat`), or of one token. */
const Listed = z.object({
  user: z.string().optional(),
  token: z.string().optional(),
  second: z.number().optional(),
  /** Milliseconds since 1970. */
  at: z.number(),
});
export type ListedRevocation = z.infer<typeof Listed>;

type Known = { marks: Map<string, ListedRevocation>; readAt: number };

let known: Known = { marks: new Map(), readAt: Number.NEGATIVE_INFINITY };
let reading: { promise: Promise<void>; since: number } | undefined;

/** A read that takes longer is abandoned: its environment was frozen meanwhile. */
const readMillisecondsMax = 2_000;

/** What identifies a caller's token. */
export type Session = Pick<Caller, "userId" | "issuedAt" | "tokenId">;

/** When the list was read; -Infinity if that is too far ahead, since our clock was set back. */
const lastRead = (now: number) =>
  known.readAt > now + clocksMilliseconds ? Number.NEGATIVE_INFINITY : known.readAt;

/** Whether the list is recent enough; `refreshed` settles after a refresh, if one is due. */
function checkRevocations(now: Date): { isRecent: boolean; refreshed: Promise<void> } {
  const age = now.getTime() - lastRead(now.getTime());
  const isDue = age > ages.fresh;
  return { isRecent: age <= ages.usable, refreshed: isDue ? refresh(now) : Promise.resolve() };
}

/** Refuses a caller whose token is in the list with `token_invalid`. */
function assertNotRevoked({ userId, issuedAt, tokenId }: Session): void {
  const second = known.marks.get(`user ${userId}`)?.second;
  const isOver = second !== undefined && Math.floor(issuedAt) <= second;
  if (isOver || (tokenId !== "" && known.marks.has(`token ${tokenId}`))) refuse("token_invalid");
}

/**
 * Refuses a revoked token with `token_invalid`, by a list that is recent enough however long the
 * call has taken.
 */
export async function assertSession(session: Session, now: Date): Promise<void> {
  await checkRevocations(now).refreshed;
  assertNotRevoked(session);
}

function refresh(now: Date): Promise<void> {
  const at = now.getTime();
  if (reading !== undefined && isRecent(reading.since, at, readMillisecondsMax))
    return reading.promise;
  const promise = readList(at).finally(() => {
    if (reading?.promise === promise) reading = undefined;
  });
  reading = { promise, since: at };
  return promise;
}

/** Reads entries added since the last read, and drops those that are too old to matter. */
async function readList(at: number): Promise<void> {
  const oldest = at - listedSeconds * 1000;
  const from = Math.max(oldest, lastRead(at)) - clocksMilliseconds;
  const low = new Date(from).toISOString();
  const items = await queryWhole(key.recentRevocation("", ""), { low, high: "~" });
  const marks = new Map([...known.marks].filter(([, mark]) => mark.at > oldest));
  for (const item of items) addMark(marks, parseItem(Listed, item));
  known = { marks, readAt: Math.max(at, lastRead(at)) };
}

function addMark(marks: Map<string, ListedRevocation>, mark: ListedRevocation): void {
  const name = mark.user === undefined ? `token ${mark.token}` : `user ${mark.user}`;
  const second = Math.max(mark.second ?? 0, marks.get(name)?.second ?? 0);
  marks.set(name, { ...mark, second });
}

/** Adds a revocation that this environment has just made, without waiting for a refresh. */
export const rememberRevocation = (mark: ListedRevocation): void => addMark(known.marks, mark);

/**
 * Runs a caller's request unless their token was revoked. An effect requires a recent list; if it
 * is not recent, the read comes first. A read-only request runs in parallel to that read, and its
 * result is discarded if the new list has the user. While the list is recent, it is refreshed in
 * parallel to the call, so no call waits for it.
 */
export async function inSession<T>(
  caller: Caller | undefined,
  { isRead, now }: { isRead: boolean; now: Date },
  act: () => Promise<T>,
): Promise<T> {
  if (caller === undefined) return act();
  const { isRecent, refreshed } = checkRevocations(now);
  if (isRecent) {
    // If the list cannot be read now, the next call reads it or is refused.
    const later = refreshed.catch(() => {});
    assertNotRevoked(caller);
    const [done] = await Promise.all([act(), later]);
    return done;
  }
  if (!isRead) await refreshed;
  const [done] = await Promise.allSettled([isRead ? act() : undefined, refreshed]);
  await refreshed;
  assertNotRevoked(caller);
  if (!isRead) return act();
  if (done.status === "rejected") throw done.reason;
  return done.value as T;
}
