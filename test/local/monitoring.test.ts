import { readPattern } from "../../local/assembly/alarms.ts";
import { readAssembly } from "../../local/assembly/index.ts";
import type { Alarm } from "../../local/model.ts";
import { evaluateAlarm } from "../../local/monitoring/alarms.ts";
import { createMetrics } from "../../local/monitoring/metrics.ts";
import { writeSampleAssembly } from "./sample-assembly.ts";

const metric = { namespace: "Ovation", name: "Posts", dimensions: { stage: "dev" } };
const lasting: Alarm = {
  name: "posts",
  description: "",
  metric,
  statistic: "Sum",
  threshold: 10,
  periods: 5,
  datapoints: 3,
};
const once = { ...lasting, periods: 15, datapoints: 1 };
const lineOf = (Posts: number | number[]) =>
  JSON.stringify({
    level: "INFO",
    _aws: {
      Timestamp: 0,
      CloudWatchMetrics: [
        { Namespace: "Ovation", Dimensions: [["stage"]], Metrics: [{ Name: "Posts" }] },
      ],
    },
    stage: "dev",
    Posts,
  });

/** Metrics with their own clock; each element is the log lines of one minute. */
function after(minutes: readonly (readonly (number | number[])[])[]) {
  let now = 0;
  const metrics = createMetrics(
    () => [],
    () => now,
  );
  for (const lines of minutes) {
    now += 60_000;
    for (const line of lines) metrics.line(undefined, lineOf(line), "stdout");
  }
  return { metrics, later: (count: number) => (now += count * 60_000) };
}

test.each([
  ["two bad minutes of five", [[10], [], [10]], "OK"],
  ["three of five", [[10], [], [10], [], [10]], "ALARM"],
  ["three of six", [[10], [], [], [10], [], [10]], "OK"],
  ["three that only together reach it", [[4], [4], [4]], "OK"],
  [
    "minutes whose lines together reach it",
    [
      [5, 5],
      [3, 7],
      [9, 1],
    ],
    "ALARM",
  ],
])("a lasting state triggers its alarm after %s: %s is %s", (_, minutes, state) => {
  expect(evaluateAlarm(lasting, after(minutes).metrics).state).toBe(state);
});

test("a single event triggers its alarm for a quarter of an hour", () => {
  const { metrics, later } = after([[10]]);
  expect(evaluateAlarm(once, metrics).state).toBe("ALARM");
  later(14);
  expect(evaluateAlarm(once, metrics).state).toBe("ALARM");
  later(1);
  expect(evaluateAlarm(once, metrics).state).toBe("OK");
});

test("once a test ends a minute itself, minutes no longer end by the clock", () => {
  let now = 59_900;
  const metrics = createMetrics(
    () => [],
    () => now,
  );
  const say = () => metrics.line(undefined, lineOf(5), "stdout");
  const values = () => evaluateAlarm(once, metrics).values.slice(0, 2);
  say();
  metrics.reset();
  expect(values()).toEqual([null, null]);
  say();
  now += 3_600_000;
  say();
  expect(values()).toEqual([10, null]);
  metrics.nextMinute();
  say();
  expect(values()).toEqual([5, 10]);
});

test("statistics cover all values of a minute", () => {
  const { metrics } = after([[[1, 2, 3, 4, 5, 6, 7, 8, 9], 100]]);
  const valueBy = (statistic: string) => evaluateAlarm({ ...once, statistic }, metrics).values[0];
  expect(["Sum", "Maximum", "p50", "p90", "p99"].map(valueBy)).toEqual([145, 100, 5, 9, 100]);
});

test("alarms ignore other stages, other metrics, and those of AWS", () => {
  const { metrics } = after([[10]]);
  const of = (change: object) =>
    evaluateAlarm({ ...once, metric: { ...metric, ...change } }, metrics).state;
  expect(of({ dimensions: { stage: "prod" } })).toBe("OK");
  expect(of({ name: "Other" })).toBe("OK");
  expect(of({ namespace: "AWS/Lambda" })).toBe("NOT_MEASURED");
});

test("a line that only resembles a metric is none, as in CloudWatch", () => {
  const { metrics } = after([[1]]);
  const wrong = [{ _aws: null }, { _aws: {} }, { ...JSON.parse(lineOf(1)), Posts: "many" }];
  for (const line of wrong) metrics.line(undefined, JSON.stringify(line), "stdout");
  expect(metrics.list()).toEqual([{ metric, sum: 1, max: 1, count: 1 }]);
});

test("only log lines that a filter matches are counted", () => {
  const faults = { ...metric, name: "faults", dimensions: {} };
  const wanted = readPattern('{ ($.level = "ERROR") || ($.failure = "LATE") }');
  const metrics = createMetrics(() => [{ logGroup: "/a", wanted, metric: faults }]);
  const say = (group: string, text: string) => metrics.line(group, text, "stdout");
  say("/a", '{"level":"ERROR"}');
  say("/a", '{"level":"INFO","failure":"LATE"}');
  metrics.line("/a", "Error: it died", "stderr");
  for (const text of ['{"level":"INFO"}', "ERROR", "{broken", '{"failure":"LATER"}'])
    say("/a", text);
  say("/b", '{"level":"ERROR"}');
  expect(metrics.minutes(faults, 1)[0]?.sum).toBe(3);
});

test("a filter may have exceptions; other patterns are not understood", () => {
  const faults = { ...metric, name: "faults", dimensions: {} };
  const isOther = '(($.level = "ERROR") && ($.message.code != "known"))';
  const wanted = readPattern(
    `{ (($.level = "ERROR") && ($.message.code NOT EXISTS)) || ${isOther} }`,
  );
  const metrics = createMetrics(() => [{ logGroup: "/a", wanted, metric: faults }]);
  for (const message of ["known", { code: "known" }, { code: "other" }, { code: null }, {}])
    metrics.line("/a", JSON.stringify({ level: "ERROR", message }), "stdout");
  metrics.line("/a", '{"level":"INFO","message":{"code":"other"}}', "stdout");
  expect(metrics.minutes(faults, 1)[0]?.sum).toBe(4);
  for (const pattern of ["ERROR", "{ $.level = ERROR }", '{ $.level = "ERR*" }', "{ $.ms > 5 }"])
    expect(() => readPattern(pattern)).toThrow("does not support the filter pattern");
});

test("a template without alarms has none", () => {
  const sample = writeSampleAssembly();
  const stage = readAssembly({
    directory: sample.directory,
    stageName: "dev",
    parameters: { "/sample/issuer": "http://issuer" },
  });
  expect([stage.alarms, stage.metricFilters]).toEqual([[], []]);
  sample.remove();
});
