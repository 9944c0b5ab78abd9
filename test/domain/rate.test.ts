import fc from "fast-check";
import {
  afterAdmission,
  afterRefusal,
  decideUse,
  type LocalUsage,
  type Rate,
  unusedUsage,
  usedAfter,
  usedAtMost,
  waitFor,
} from "../../domain/rate.ts";

const rates = fc.record({
  perSecond: fc.integer({ min: 1, max: 100 }),
  burst: fc.integer({ min: 1, max: 200 }),
});

/** Calls by their pauses in milliseconds and their environments. */
const callsIn = (environments: number, pauseMax: number) =>
  fc.array(
    fc.record({
      pause: fc.integer({ min: 0, max: pauseMax }),
      at: fc.integer({ min: 0, max: environments - 1 }),
    }),
    { minLength: 1, maxLength: 600 },
  );

type Call = { pause: number; at: number };

/** Plays one user's calls in several environments with one number in a table between them. */
function play(calls: readonly Call[], rate: Rate, table = { used: 0, asked: 0 }) {
  const usages = new Map<number, LocalUsage>();
  const begin = 1_000_000;
  let now = begin;
  const passed: number[] = [];
  let refusals = 0;
  for (const { pause, at } of calls) {
    now += pause;
    const decision = decideUse(usages.get(at) ?? unusedUsage, rate, now);
    usages.set(at, decision.usage);
    let isIn = decision.verdict === "admit";
    if (decision.verdict === "ask") {
      table.asked++;
      isIn = waitFor(table.used, rate, now) <= 0;
      if (isIn) table.used = usedAfter(table.used, decision.count, rate, now);
      const told = { usedUntil: table.used, reserved: decision.reserved };
      const { usage } = decision;
      usages.set(
        at,
        isIn ? afterAdmission(usage, told, rate, now) : afterRefusal(usage, table.used, rate, now),
      );
    }
    if (isIn) passed.push(now);
    else refusals++;
  }
  return { passed, refusals, asked: table.asked, seconds: (now - begin) / 1000 };
}

test("the bucket itself never admits more, in any span of time, than its burst and its rate", () => {
  fc.assert(
    fc.property(rates, callsIn(1, 200), (rate, calls) => {
      let used = 0;
      let now = 1_000_000;
      const passed: number[] = [];
      for (const { pause } of calls) {
        now += pause;
        if (waitFor(used, rate, now) > 0) continue;
        used = usedAfter(used, 1, rate, now);
        passed.push(now);
      }
      for (const [from, begin] of passed.entries())
        for (const [to, end] of passed.slice(from).entries())
          expect(to + 1).toBeLessThanOrEqual(
            rate.burst + ((end - begin) * rate.perSecond) / 1000 + 1e-6,
          );
    }),
    { numRuns: 30 },
  );
});

test("a call fits exactly when the wait is over", () => {
  fc.assert(
    fc.property(rates, fc.integer({ min: 0, max: 300 }), (rate, before) => {
      const now = 1_000_000;
      const used = usedAfter(0, before, rate, now);
      const wait = waitFor(used, rate, now);
      expect(wait > 0).toBe(before >= rate.burst);
      expect(used).toBeLessThanOrEqual(usedAtMost(rate, now + Math.max(0, Math.ceil(wait))) + 1e-6);
    }),
  );
});

test("in several environments the excess is bounded by what each admits locally", () => {
  fc.assert(
    fc.property(rates, callsIn(20, 20), (rate, calls) => {
      const { passed, seconds } = play(calls, rate);
      const environments = new Set(calls.map(({ at }) => at)).size;
      const unasked = rate.burst < 20 ? 0 : Math.max(1, Math.floor(rate.burst / 32));
      const refilled = rate.burst < 20 ? 0 : (rate.perSecond / 200) * seconds;
      const may = rate.burst + rate.perSecond * seconds;
      // What was reserved is used within the time in which the bucket fills: at most once more a
      // burst.
      expect(passed.length).toBeLessThanOrEqual(
        may + environments * (unasked + refilled) + rate.burst,
      );
    }),
    { numRuns: 200 },
  );
});

test("a caller at half the rate is never refused, and one environment rarely asks the table", () => {
  fc.assert(
    fc.property(rates, callsIn(10, 0), fc.integer({ min: 1, max: 10 }), (rate, calls, count) => {
      const pause = Math.ceil(2000 / rate.perSecond);
      const steady = calls.map(({ at }) => ({ at: at % count, pause }));
      expect(play(steady, rate).refusals).toBe(0);
    }),
    { numRuns: 200 },
  );
});

test("a flood is refused at the rate, in any number of environments, and asks once a second in each", () => {
  const rate = { perSecond: 50, burst: 100 };
  for (const environments of [1, 10]) {
    const calls = Array.from({ length: 20_000 }, (_, n) => ({ pause: 1, at: n % environments }));
    const { passed, asked } = play(calls, rate);
    expect(passed.length).toBeLessThan(1.1 * (rate.burst + rate.perSecond * 20));
    expect(passed.length).toBeGreaterThan(0.9 * (rate.burst + rate.perSecond * 20));
    expect(asked).toBeLessThan(1_000);
  }
});

test("rare and costly calls ask the table each time", () => {
  const rate = { perSecond: 1 / 60, burst: 3 };
  expect(decideUse(unusedUsage, rate, 1_000_000)).toMatchObject({
    verdict: "ask",
    count: 1,
    reserved: 0,
  });
});

test("a call with a larger weight is counted with it", () => {
  const rate = { perSecond: 4, burst: 80 };
  const { verdict, ...decision } = decideUse(unusedUsage, rate, 1_000_000, 20);
  expect({ verdict, ...decision }).toMatchObject({ verdict: "ask", count: 20, reserved: 0 });
});

test("a user who was refused may call again after the wait, and then every call asks the table", () => {
  const rate = { perSecond: 10, burst: 100 };
  const now = 1_000_000;
  expect(decideUse(unusedUsage, rate, now).verdict).toBe("admit");
  const usedUntil = usedAtMost(rate, now) + 3_000;
  const usage = afterRefusal(unusedUsage, usedUntil, rate, now);
  expect(decideUse(usage, rate, now + 2_999)).toMatchObject({
    verdict: "refuse",
    waitMilliseconds: 1,
  });
  for (const later of [3_000, 12_999])
    expect(decideUse(usage, rate, now + later).verdict).toBe("ask");
  expect(decideUse(usage, rate, now + 13_000).verdict).toBe("admit");
});
