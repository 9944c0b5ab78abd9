import { randomUUID } from "node:crypto";
import type { Invoke, Stage } from "../model.ts";
import { parseSchedule } from "./cron.ts";

/** The longest delay of a timer; longer ones are waited for in parts. */
const timerMillisecondsMax = 2 ** 31 - 1;

/**
 * Calls the functions of the stage's schedules at their times, in UTC, by this machine's clock.
 * Times that pass while the runner is stopped, or the machine sleeps, are skipped: a night would
 * otherwise end with hundreds of calls at once. Throws for an unsupported expression.
 */
export function createSchedules(
  stage: Stage,
  invoke: Invoke,
  log: (line: string) => void,
): { start(): void; stop(): void } {
  const schedules = stage.schedules.map((schedule) => ({
    ...schedule,
    findNext: parseSchedule(schedule.expression),
  }));
  const timers = new Map<string, NodeJS.Timeout>();
  let running = false;

  const wait = (schedule: (typeof schedules)[number], time: number | undefined) => {
    if (!running || time === undefined) return;
    const milliseconds = Math.min(Math.max(0, time - Date.now()), timerMillisecondsMax);
    const timer = setTimeout(() => {
      const now = Date.now();
      const next = schedule.findNext(now);
      // It is too early after a part of a long wait, or if the clock was set back.
      if (now < time) return wait(schedule, Math.min(time, next ?? time));
      wait(schedule, next);
      void call(schedule, time);
    }, milliseconds);
    timer.unref();
    timers.set(schedule.id, timer);
  };
  const call = async (schedule: (typeof schedules)[number], time: number) => {
    const event = schedule.input ? JSON.parse(schedule.input) : eventOf(stage, schedule.id, time);
    try {
      const result = await invoke(schedule.functionName, event);
      if (!result.ok)
        log(`${schedule.functionName}: schedule failed: ${result.error.errorMessage}`);
    } catch (error) {
      log(`${schedule.functionName}: schedule failed: ${error}`);
    }
  };
  return {
    start() {
      running = true;
      for (const schedule of schedules) wait(schedule, schedule.findNext(Date.now()));
    },
    stop() {
      running = false;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}

/** The default event of a rule without an input. */
function eventOf(stage: Stage, id: string, time: number): Record<string, unknown> {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: stage.account,
    time: new Date(time).toISOString(),
    region: stage.region,
    resources: [`arn:aws:events:${stage.region}:${stage.account}:rule/${id}`],
    detail: {},
  };
}
