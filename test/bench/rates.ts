import {
  afterAdmission,
  afterRefusal,
  decideUse,
  type LocalUsage,
  type Rate,
  unusedUsage,
  usedAfter,
  waitFor,
} from "../../domain/rate.ts";
import { prices } from "../../local/aws/prices.ts";
import { createRandom } from "../platform/push/random.ts";
import { print, round } from "./figures.ts";

/** The simulated rate: that of most kinds in prod. */
const rate: Rate = { perSecond: 50, burst: 100 };

const environments = [1, 10, 200];

/** Calls per second that one user attempts, from a viewer to a flood. */
const tried = [0.2, 1, 5, 25, 45, 60, 100, 500, 2_000];

const seconds = 60;

/** Calls of a part of the simulation, how many passed, and how many wrote to the table. */
type Count = { calls: number; passed: number; writes: number };

/**
 * Simulates one user's calls at random times in random environments, which decide by `decideUse`
 * and share one counter in a table. Returns the counts of the first ten seconds, and of the rest.
 */
function simulate(count: number, perSecond: number): { first: Count; later: Count } {
  const random = createRandom(count * 1000 + perSecond);
  const usages: LocalUsage[] = Array.from({ length: count }, () => unusedUsage);
  const first = { calls: 0, passed: 0, writes: 0 };
  const later = { calls: 0, passed: 0, writes: 0 };
  const begin = 1_000_000;
  let used = 0;
  for (let now = begin; ; ) {
    now += (-Math.log(1 - random()) * 1000) / perSecond;
    if (now > begin + seconds * 1000) return { first, later };
    const total = now < begin + 10_000 ? first : later;
    const at = Math.floor(random() * count);
    const decision = decideUse(usages[at]!, rate, now);
    usages[at] = decision.usage;
    total.calls++;
    if (decision.verdict === "admit") total.passed++;
    if (decision.verdict !== "ask") continue;
    total.writes++;
    if (waitFor(used, rate, now) > 0) {
      usages[at] = afterRefusal(decision.usage, used, rate, now);
      continue;
    }
    used = usedAfter(used, decision.count, rate, now);
    usages[at] = afterAdmission(
      decision.usage,
      { usedUntil: used, reserved: decision.reserved },
      rate,
      now,
    );
    total.passed++;
  }
}

/**
 * Accuracy and price of the rate limits, from a simulation of the product's rule: how many of one
 * user's calls pass in N environments, compared with the limit (docs/decisions/rate-limits.md).
 */
export async function benchRates(): Promise<void> {
  for (const count of environments) {
    const rows = tried.map((perSecond) => {
      const { first, later } = simulate(count, perSecond);
      const may = Math.min(perSecond, rate.perSecond);
      const passed = later.passed / (seconds - 10);
      const writes = (first.writes + later.writes) / (first.calls + later.calls);
      return {
        "attempts/s": perSecond,
        "passed in the first 10 s": first.passed,
        "allowed in 10 s": Math.min(perSecond * 10, rate.perSecond * 10 + rate.burst),
        "passed/s afterwards": round(passed),
        "refused %": round((1 - (first.passed + later.passed) / (first.calls + later.calls)) * 100),
        "over or under the rate %":
          perSecond <= rate.perSecond ? undefined : round((passed / may - 1) * 100),
        "writes/call": round(writes),
        "$/hour": round(writes * perSecond * 3600 * prices.dynamodb_write_units),
      };
    });
    print(`One user, ${rate.perSecond}/s and ${rate.burst} at once, ${count} environments`, rows);
  }
}
