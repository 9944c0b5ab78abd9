import { randomUUID } from "node:crypto";
import type { Invoke, Stage } from "../model.ts";

/** The longest period of a timer. */
const timerMillisecondsMax = 2 ** 31 - 1;
const units: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * The period in milliseconds of `rate(n minutes|hours|days)`, of which only `1` has a singular, as
 * in EventBridge. Throws for everything else.
 */
export function periodOf(expression: string): number {
  const form = /^rate\((\d+) (minute|hour|day)(s?)\)$/;
  const [, count, unit = "", plural] = form.exec(expression) ?? [];
  const period = Number(count) * (units[unit] ?? 0);
  const isSpelled = (count === "1") === (plural === "");
  if (isSpelled && period > 0 && period <= timerMillisecondsMax) return period;
  throw new Error(
    `The runner does not support the schedule ${expression}, only rate(...) of at most 24 days`,
  );
}

/**
 * Calls the functions of the stage's schedules, each after its period. Times that pass while the
 * runner is stopped, or the machine sleeps, are skipped: a night would otherwise end with hundreds
 * of calls at once. Throws for an unsupported expression.
 */
export function createSchedules(
  stage: Stage,
  invoke: Invoke,
  log: (line: string) => void,
): { start(): void; stop(): void } {
  const schedules = stage.schedules.map(({ id, functionName, expression }) => {
    const period = periodOf(expression);
    return { id, functionName, period };
  });
  let timers: NodeJS.Timeout[] = [];

  const call = async ({ id, functionName }: (typeof schedules)[number]) => {
    try {
      const result = await invoke(functionName, eventOf(stage, id));
      if (!result.ok) log(`${functionName}: schedule failed: ${result.error.errorMessage}`);
    } catch (error) {
      log(`${functionName}: schedule failed: ${error}`);
    }
  };
  return {
    start() {
      timers = schedules.map((one) => setInterval(call, one.period, one).unref());
    },
    stop() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** The event of a rule. */
function eventOf(stage: Stage, id: string): Record<string, unknown> {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: stage.account,
    time: new Date().toISOString(),
    region: stage.region,
    resources: [`arn:aws:events:${stage.region}:${stage.account}:rule/${id}`],
    detail: {},
  };
}
