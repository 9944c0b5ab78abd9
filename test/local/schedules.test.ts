import { jest } from "@jest/globals";
import { createSchedules, periodOf } from "../../local/sources/schedules.ts";
import { makeInvoke, makeStage } from "./sample-stage.ts";

const from = Date.parse("2026-01-30T10:15:30Z");

test.each([
  ["rate(1 minute)", 60_000],
  ["rate(2 hours)", 7_200_000],
  ["rate(3 days)", 259_200_000],
])("%s is a period of %d ms", (expression, expected) => {
  expect(periodOf(expression)).toBe(expected);
});

test.each([
  ...["rate(0 minutes)", "rate(1 week)", "rate(25 days)", "cron(0 12 * * ? *)", "soon"],
  ...["rate(1 minutes)", "rate(2 hour)"],
])("a stage with the schedule %s is refused", (expression) => {
  const stage = makeStage({
    schedules: [{ id: "one", expression, functionName: "sample-worker" }],
  });
  const create = () => createSchedules(stage, makeInvoke({}), () => {});
  expect(create).toThrow(`The runner does not support the schedule ${expression}`);
});

test("a schedule calls its function each time, with EventBridge's event", async () => {
  jest.useFakeTimers({ now: from });
  const calls: [string, unknown][] = [];
  const stage = makeStage({
    schedules: [
      { id: "every", expression: "rate(1 minute)", functionName: "sample-worker" },
      { id: "other", expression: "rate(2 minutes)", functionName: "sample-reader" },
    ],
  });
  const schedules = createSchedules(
    stage,
    async (name, event) => {
      calls.push([name, event]);
      return { ok: true, payload: null };
    },
    () => {},
  );
  schedules.start();
  await jest.advanceTimersByTimeAsync(2 * 60_000 + 10);
  schedules.stop();
  await jest.advanceTimersByTimeAsync(10 * 60_000);
  jest.useRealTimers();
  expect(calls.filter(([name]) => name === "sample-worker")).toHaveLength(2);
  expect(calls.filter(([name]) => name === "sample-reader")).toHaveLength(1);
  expect(calls[0]?.[1]).toMatchObject({
    source: "aws.events",
    "detail-type": "Scheduled Event",
    time: "2026-01-30T10:16:30.000Z",
  });
});

/** The calls of a schedule every minute whose machine's clock jumps by this, in five minutes. */
async function callsAfterJump(milliseconds: number): Promise<number> {
  jest.useFakeTimers({ now: from });
  let calls = 0;
  const schedules = createSchedules(
    makeStage({
      schedules: [{ id: "every", expression: "rate(1 minute)", functionName: "sample-worker" }],
    }),
    async () => {
      calls++;
      return { ok: true, payload: null };
    },
    () => {},
  );
  schedules.start();
  jest.setSystemTime(from + milliseconds);
  await jest.advanceTimersByTimeAsync(5 * 60_000 + 100);
  schedules.stop();
  jest.useRealTimers();
  return calls;
}

test("the times of a night in which the machine slept are skipped", async () => {
  expect(await callsAfterJump(8 * 3_600_000)).toBe(5);
});

test("a clock that is set back does not stop the schedules", async () => {
  expect(await callsAfterJump(-8 * 3_600_000)).toBe(5);
});
