import {
  admitted,
  judge,
  type Rate,
  type RateKind,
  refused,
  type Sight,
  unseen,
  usedAfter,
  usedAtMost,
} from "../../domain/rate.ts";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { type Rates, setting } from "../env.ts";
import { key } from "./keys.ts";
import { writeOnce } from "./single-write.ts";

/** Read once from the setting's pairs. */
let rates: Rates | undefined;

function rateOf(kind: RateKind): Rate {
  if (rates === undefined) {
    const given = JSON.parse(setting("RATES")) as Record<string, [number, number]>;
    const entries = Object.entries(given).map(([name, [perSecond, burst]]) => [
      name,
      { perSecond, burst },
    ]);
    rates = Object.fromEntries(entries) as Rates;
  }
  return rates[kind];
}

/** Users and kinds that one environment remembers; then it forgets whom it saw longest ago. */
const sightsMax = 10_000;

let sights = new Map<string, Sight>();

/** Takes what another environment remembers in place of this one's: for tests of several. */
export function useSights(others: Map<string, Sight>): void {
  sights = others;
}

/**
 * Counts one thing of a kind that a user does, of weight `cost`, against the stage's rate, which
 * all environments share: each admits a little unasked, and asks the table where the user comes
 * near the rate in it (decision 50). Refuses with `too_many_requests` and the seconds to wait. A
 * user who keeps well below the rate costs no call to the table, and one who is refused at most one
 * a second.
 */
export async function countUse(kind: RateKind, userId: string, now: Date, cost = 1): Promise<void> {
  const rate = rateOf(kind);
  const at = now.getTime();
  const name = `${kind} ${userId}`;
  const judged = judge(sights.get(name) ?? unseen, rate, at, cost);
  remember(name, judged.sight);
  if (judged.verdict === "refuse") tooMany(judged.waitMilliseconds);
  if (judged.verdict !== "ask") return;
  const { sight, count, lent } = judged;
  // Others who come meanwhile must not count the same again.
  remember(name, { ...sight, untold: 0, lent: 0 });
  const { done, usedUntil } = await ask(kind, userId, { rate, count, sight }, at);
  remember(
    name,
    done ? admitted(sight, { usedUntil, lent }, rate, at) : refused(sight, usedUntil, rate, at),
  );
  const wait = sights.get(name)!.refusedUntil - at;
  if (!done) tooMany(wait);
}

/** Answers false where `countUse` refuses: for what is left out rather than refused. */
export async function tryUse(kind: RateKind, userId: string, now: Date): Promise<boolean> {
  try {
    await countUse(kind, userId, now);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === "too_many_requests") return false;
    throw error;
  }
}

function tooMany(waitMilliseconds: number): never {
  refuse("too_many_requests", { retryAfterSeconds: Math.ceil(waitMilliseconds / 1000) });
}

function remember(name: string, sight: Sight): void {
  // What is put again comes last, so the first is the one that was seen longest ago.
  sights.delete(name);
  if (sights.size >= sightsMax) sights.delete(sights.keys().next().value!);
  sights.set(name, sight);
}

/** Tries on what a refused write returned, since others write in between. */
const triesMax = 6;

/** How far a clock may be ahead; a number beyond that was written by one that is wrong. */
const skewMilliseconds = 60_000;

type Asked = { rate: Rate; count: number; sight: Sight };

/**
 * Counts in the table, if there is room for one more. The bucket is one number, which goes on from
 * itself or, where it lies in the past, from now. Which of the two is a guess, and a write that is
 * refused returns what is there.
 */
async function ask(
  kind: RateKind,
  userId: string,
  { rate, count, sight }: Asked,
  now: number,
): Promise<{ done: boolean; usedUntil: number }> {
  const most = usedAtMost(rate, now);
  const ahead = usedAfter(now, 2 * rate.burst, rate, now) + skewMilliseconds;
  let { usedUntil } = sight;
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

/** How long a bucket that is full again is kept. */
const keptSeconds = 60;
