import { isGreen, lineOf, outcomeOf, type Report, sumOf } from "../../bin/test/test-outcome.ts";

/** jest's report of one file with these tests and results. */
const reportOf = (results: Record<string, string>, broken = 0): Report => ({
  numRuntimeErrorTestSuites: broken,
  testResults: [
    {
      assertionResults: Object.entries(results).map(([fullName, status]) => ({ fullName, status })),
    },
  ],
});

test("each test is counted by its result, and as skipped if it did not run", () => {
  const report = reportOf({ a: "passed", b: "failed", c: "pending", d: "todo", e: "passed" });
  expect(outcomeOf(report)).toEqual({ files: 1, passed: 2, failed: 1, skipped: 2 });
  expect(lineOf(outcomeOf(report))).toBe("2 passed, 1 failed, 2 skipped");
});

test("a file that does not load is a failure", () => {
  expect(outcomeOf(reportOf({ a: "passed" }, 1))).toEqual({
    files: 1,
    passed: 1,
    failed: 1,
    skipped: 0,
  });
});

test("with a name filter only matching tests count", () => {
  const report = reportOf({ "A gift": "passed", "a gift too": "pending", other: "pending" });
  expect(outcomeOf(report, "a gift")).toEqual({ files: 1, passed: 1, failed: 0, skipped: 1 });
});

test("runs are added up; a run is green if tests passed and none failed", () => {
  const good = outcomeOf(reportOf({ a: "passed", b: "pending" }));
  const bad = outcomeOf(reportOf({ c: "failed" }));
  expect(sumOf([good, good])).toEqual({ files: 2, passed: 2, failed: 0, skipped: 2 });
  expect(isGreen(sumOf([good, good]))).toBe(true);
  expect(isGreen(sumOf([good, bad]))).toBe(false);
  expect(isGreen(outcomeOf(reportOf({})))).toBe(false);
  expect(isGreen(outcomeOf(reportOf({ a: "pending" })))).toBe(false);
});
