import {
  countMetric,
  gatherMetrics,
  measureMetric,
  withMetrics,
} from "../../platform/runtime/metrics.ts";
import { published } from "./published-metrics.ts";

const resume = withMetrics(async () => {
  countMetric("Resumes");
  measureMetric("RelayDelay", 5);
});

test("metrics are published at the end of each event", async () => {
  const lines = await published(async () => {
    await resume();
    await resume();
  });
  expect(lines).toMatchObject([{ Resumes: 1 }, { Resumes: 1 }]);
});

test("a process that gathers them publishes when it wants to, and drops no value", async () => {
  const lines = await published(async () => {
    const gathering = gatherMetrics();
    for (let n = 0; n < 150; n++) await resume();
    gathering.publish();
    await resume();
    gathering.stop();
    await resume();
  });
  expect(lines.map(({ Resumes }) => Resumes)).toEqual([100, 50, 1, 1]);
  const delays = lines.flatMap(({ RelayDelay }) => RelayDelay);
  expect(delays).toHaveLength(152);
});
