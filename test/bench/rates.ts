import {
  admitted,
  judge,
  type LocalUsage,
  type Rate,
  refused,
  unseen,
  usedAfter,
  waitFor,
} from "../../domain/rate.ts";
import { prices } from "../../local/aws/prices.ts";
import { createRandom } from "../platform/push/random.ts";
import { print, round } from "./figures.ts";

/** The rate that is simulated: that of most kinds in prod. */
const rate: Rate = { perSecond: 50, burst: 100 };

const environments = [1, 10, 200];

/** Calls a second that one user tries, from a viewer's to a flood. */
const tried = [0.2, 1, 5, 25, 45, 60, 100, 500, 2_000];

const seconds = 60;

/** What became of the calls in some seconds. */
type Count = { calls: number; passed: number; writes: number };

/**
 * One user's calls, at random moments and in random environments, which judge them by `judge` and ask
 * one number in a table. Answers what became of those in the first ten seconds, and in the others.
 */
function simulate(count: number, perSecond: number): { first: Count; later: Count } {
  const random = createRandom(count * 1000 + perSecond);
  const usages: LocalUsage[] = Array.from({ length: count }, () => unseen);
  const first = { calls: 0, passed: 0, writes: 0 };
  const later = { calls: 0, passed: 0, writes: 0 };
  const begin = 1_000_000;
  let used = 0;
  for (let now = begin; ; ) {
    now += (-Math.log(1 - random()) * 1000) / perSecond;
    if (now > begin + seconds * 1000) return { first, later };
    const total = now < begin + 10_000 ? first : later;
    const at = Math.floor(random() * count);
    const judged = judge(usages[at]!, rate, now);
    usages[at] = judged.usage;
    total.calls++;
    if (judged.verdict === "admit") total.passed++;
    if (judged.verdict !== "ask") continue;
    total.writes++;
    if (waitFor(used, rate, now) > 0) {
      usages[at] = refused(judged.usage, used, rate, now);
      continue;
    }
    used = usedAfter(used, judged.count, rate, now);
    usages[at] = admitted(judged.usage, { usedUntil: used, lent: judged.lent }, rate, now);
    total.passed++;
  }
}

/**
 * The error and the price of the rates, from a simulation of the rule that the product runs: what
 * passes of one user's calls in N environments, next to what may pass
 * (docs/decisions/rate-limits.md).
 */
export async function benchRates(): Promise<void> {
  for (const count of environments) {
    const rows = tried.map((perSecond) => {
      const { first, later } = simulate(count, perSecond);
      const may = Math.min(perSecond, rate.perSecond);
      const passed = later.passed / (seconds - 10);
      const writes = (first.writes + later.writes) / (first.calls + later.calls);
      return {
        "tried a second": perSecond,
        "passed in the first 10 s": first.passed,
        "may in 10 s": Math.min(perSecond * 10, rate.perSecond * 10 + rate.burst),
        "then a second": round(passed),
        "refused %": round((1 - (first.passed + later.passed) / (first.calls + later.calls)) * 100),
        "over or under the rate %":
          perSecond <= rate.perSecond ? undefined : round((passed / may - 1) * 100),
        "writes a call": round(writes),
        "$ an hour": round(writes * perSecond * 3600 * prices.dynamodb_write_units),
      };
    });
    print(`One user, ${rate.perSecond}/s and ${rate.burst} at once, ${count} environments`, rows);
  }
}
