import { jest } from "@jest/globals";
import { parseSchedule } from "../../local/sources/cron.ts";
import { createSchedules } from "../../local/sources/schedules.ts";
import { makeStage } from "./sample-stage.ts";

const from = Date.parse("2026-01-30T10:15:30Z");
const next = (expression: string, after = from) => {
  const time = parseSchedule(expression)(after);
  return time === undefined ? undefined : new Date(time).toISOString();
};

test.each([
  ["rate(1 minute)", "2026-01-30T10:16:30.000Z"],
  ["rate(2 hours)", "2026-01-30T12:15:30.000Z"],
  ["cron(* * * * ? *)", "2026-01-30T10:16:00.000Z"],
  ["cron(0 12 * * ? *)", "2026-01-30T12:00:00.000Z"],
  ["cron(0/20 * * * ? *)", "2026-01-30T10:20:00.000Z"],
  ["cron(15 10 ? * MON-FRI *)", "2026-02-02T10:15:00.000Z"],
  ["cron(0 8 1 * ? *)", "2026-02-01T08:00:00.000Z"],
  ["cron(0 0 29 FEB ? *)", "2028-02-29T00:00:00.000Z"],
  ["cron(0 0 1 1 ? 2026)", undefined],
])("%s comes next at %s", (expression, expected) => {
  expect(next(expression)).toBe(expected);
});

test.each(["rate(0 minutes)", "cron(0 12 * *)", "cron(0 0 L * ? *)", "cron(61 * * * ? *)", "soon"])(
  "%s is refused",
  (expression) => {
    expect(() => parseSchedule(expression)).toThrow(/schedule/);
  },
);

test("a schedule calls its function each time, with EventBridge's event or its own", async () => {
  jest.useFakeTimers({ now: from });
  const calls: [string, unknown][] = [];
  const stage = makeStage({
    schedules: [
      { id: "every", expression: "rate(1 minute)", functionName: "sample-worker" },
      {
        id: "own",
        expression: "rate(2 minutes)",
        functionName: "sample-reader",
        input: '{"kind":"sweep"}',
      },
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
  expect(calls.filter(([name]) => name === "sample-reader")).toEqual([
    ["sample-reader", { kind: "sweep" }],
  ]);
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
  expect(await callsAfterJump(-8 * 3_600_000)).toBe(4);
});
