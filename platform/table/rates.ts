import {
  afterAdmission,
  afterRefusal,
  decideUse,
  type LocalUsage,
  latestUse,
  type Rate,
  type RateKind,
  refusedFor,
  remainingOf,
  unusedUsage,
  usedAfter,
  usedAtMost,
} from "../../domain/rate.ts";
import { Maintenance, Refusal, refuse } from "../../domain/refusal.ts";
import { BoundedMap } from "../runtime/caches.ts";
import { setting } from "../runtime/env.ts";
import { key, type Partition } from "./keys.ts";
import { writeOnce } from "./transact.ts";

const rateOf = (kind: RateKind): Rate => setting("RATES")[kind];

/** Grants of functions that count their callers' usage. */
export const withBucket = <G extends { write?: readonly Partition[] }>(grants: G) => ({
  ...grants,
  write: [...(grants.write ?? []), "BUCKET" as const],
});

/** Users and kinds that one environment remembers; the one seen longest ago is evicted. */
const usersMax = 10_000;

let usages: Map<string, LocalUsage> = new BoundedMap(usersMax);

/** Replaces the local usage by another environment's: for tests of several environments. */
export function useLocalUsage(others: Map<string, LocalUsage>): void {
  usages = others;
}

/**
 * Counts one call of a kind, of weight `cost`, against the stage's rate, which all environments
 * share: each admits some calls locally, and asks the table when the user comes near the local
 * share (docs/decisions/rate-limits.md). Refuses with `too_many_requests` and the seconds to wait.
 * A user well below the rate costs no call to the table, and a refused user at most one a second.
 */
export async function countUse(kind: RateKind, userId: string, now: Date, cost = 1): Promise<void> {
  const rate = rateOf(kind);
  const at = now.getTime();
  const name = usageKey(kind, userId);
  const decision = decideUse(usages.get(name) ?? unusedUsage, rate, at, cost);
  usages.set(name, decision.usage);
  if (decision.verdict === "refuse") tooMany(decision.waitMilliseconds);
  if (decision.verdict !== "ask") return;
  const { usage, count, reserved } = decision;
  // Concurrent calls must not report the same usage again.
  usages.set(name, { ...usage, unreported: 0, reserved: 0 });
  const reported = await ask(kind, userId, { rate, count, usage }, at).catch(unlessMaintenance);
  // While the table is read-only, environments cannot count together: each counts alone.
  if (reported === undefined) return;
  const { done, usedUntil } = reported;
  usages.set(
    name,
    done
      ? afterAdmission(usage, { usedUntil, reserved }, rate, at)
      : afterRefusal(usage, usedUntil, rate, at),
  );
  const wait = usages.get(name)!.refusedUntil - at;
  if (!done) tooMany(wait);
}

/** Charges a user's rate with the units that refill in `seconds`, unless none are left. */
export async function useSeconds(
  kind: RateKind,
  userId: string,
  now: Date,
  seconds: number,
): Promise<void> {
  await tryUse(kind, userId, now, Math.ceil(seconds * rateOf(kind).perSecond));
}

/**
 * Refuses, without counting, a caller whom this environment knows to be beyond a rate: for a call
 * whose units are known only after more work than a refusal is worth.
 */
export function assertNotRefused(kind: RateKind, userId: string, now: Date): void {
  const usage = usages.get(usageKey(kind, userId)) ?? unusedUsage;
  const wait = refusedFor(usage, rateOf(kind), now.getTime());
  if (wait > 0) tooMany(wait);
}

/**
 * The rate headers of a limited route's response, after the call was counted: the bucket's size and
 * the seconds in which it fills, and what is left in it.
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
export function rateHeaders(kind: RateKind, userId: string, now: Date): Record<string, string> {
  const rate = rateOf(kind);
  const usage = usages.get(usageKey(kind, userId)) ?? unusedUsage;
  const { left, resetSeconds } = remainingOf(usage, rate, now.getTime());
  return {
    "ratelimit-policy": `"${kind}";q=${rate.burst};w=${Math.ceil(rate.burst / rate.perSecond)}`,
    ratelimit: `"${kind}";r=${left};t=${resetSeconds}`,
  };
}

/** Like `countUse`, and reports what is left in the response headers of the call. */
export async function countCall(
  kind: RateKind,
  userId: string,
  { now, headers }: { now: Date; headers: Record<string, string> },
  units: number,
): Promise<void> {
  try {
    await countUse(kind, userId, now, units);
  } finally {
    Object.assign(headers, rateHeaders(kind, userId, now));
  }
}

const usageKey = (kind: RateKind, userId: string) => `${kind} ${userId}`;

/** Like `countUse`, but returns false instead of refusing: for work that may be skipped. */
export async function tryUse(
  kind: RateKind,
  userId: string,
  now: Date,
  cost = 1,
): Promise<boolean> {
  try {
    await countUse(kind, userId, now, cost);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === "too_many_requests") return false;
    throw error;
  }
}

function unlessMaintenance(error: unknown): undefined {
  if (!(error instanceof Maintenance)) throw error;
}

function tooMany(waitMilliseconds: number): never {
  refuse("too_many_requests", { retryAfterSeconds: Math.ceil(waitMilliseconds / 1000) });
}

/** The most attempts to count in the table, each with the item that a refused write returned. */
const triesMax = 6;

type RateQuery = { rate: Rate; count: number; usage: LocalUsage };

/**
 * Counts in the table, if one more call fits. The bucket is one number, a time: it increases from
 * its value, or from now if that is past. The first write guesses which of the two applies; a
 * refused write returns the item.
 */
async function ask(
  kind: RateKind,
  userId: string,
  { rate, count, usage }: RateQuery,
  now: number,
): Promise<{ done: boolean; usedUntil: number }> {
  const most = usedAtMost(rate, now);
  const ahead = latestUse(rate, now);
  let { usedUntil } = usage;
  for (let tries = 0; tries < triesMax; tries++) {
    const goesOn = usedUntil >= now && usedUntil <= ahead;
    if (goesOn && usedUntil > most && tries > 0) return { done: false, usedUntil };
    const next = usedAfter(goesOn ? usedUntil : now, count, rate, now);
    const { set, condition, values } = goesOn
      ? {
          set: "usedUntil = usedUntil + :share",
          condition: "usedUntil BETWEEN :now AND :most",
          values: { ":share": next - usedUntil, ":most": most },
        }
      : {
          set: "usedUntil = :next",
          condition: "attribute_not_exists(usedUntil) OR NOT usedUntil BETWEEN :now AND :ahead",
          values: { ":next": next, ":ahead": ahead },
        };
    const outcome = await writeOnce({
      Update: {
        Key: key.bucket(userId, kind),
        UpdateExpression: `SET ${set}, expiresAt = :expires`,
        ConditionExpression: condition,
        ExpressionAttributeValues: {
          ...values,
          ":now": now,
          ":expires": Math.ceil(next / 1000) + keptSeconds,
        },
        ReturnValues: "UPDATED_NEW",
      },
    });
    const item = outcome.done ? outcome.attributes : outcome.there;
    usedUntil = Number(item?.usedUntil ?? 0);
    if (outcome.done) return { done: true, usedUntil };
  }
  return { done: false, usedUntil };
}

/** How long a bucket is kept after it is full again. */
const keptSeconds = 60;
