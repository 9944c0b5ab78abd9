import { randomUUID } from "node:crypto";
import type { Invoke, Stage } from "../model.ts";
import { parseSchedule } from "./cron.ts";

/** The longest wait that a timer takes; longer ones are waited for in parts. */
const timerMillisecondsMax = 2 ** 31 - 1;

/**
 * Calls the functions of the stage's schedules when their time has come; in UTC, by this machine's
 * clock. A time that passed while nothing ran is not made up for, as EventBridge has it. Throws for
 * an expression that is not supported.
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
      if (Date.now() < time) return wait(schedule, time);
      wait(schedule, schedule.findNext(time));
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

/** The event that a rule without an input of its own sends. */
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
