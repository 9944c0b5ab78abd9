import { failuresOf, filesToRepeat, type Report, withSecondTry } from "../../bin/test-outcome.ts";

type File = { name: string; passed?: string[]; failed?: string[]; unloaded?: true };

/** What jest reports of these files. */
function reportOf(...files: File[]): Report {
  const testResults = files.map(({ name, passed = [], failed = [], unloaded }) => ({
    name,
    status: failed.length > 0 || unloaded ? "failed" : "passed",
    assertionResults: [
      ...passed.map((fullName) => ({ fullName, status: "passed" })),
      ...failed.map((fullName) => ({ fullName, status: "failed" })),
    ],
  }));
  const count = (of: "passed" | "failed") => files.flatMap((file) => file[of] ?? []).length;
  return {
    numPassedTests: count("passed"),
    numFailedTests: count("failed"),
    numRuntimeErrorTestSuites: files.filter(({ unloaded }) => unloaded).length,
    testResults,
  };
}

const good = { name: "good", passed: ["a", "b"] };

test("what failed once and passed alone has passed, and each test counts once", () => {
  const first = reportOf(good, { name: "bad", passed: ["c"], failed: ["d", "e"] });
  const second = reportOf({ name: "bad", passed: ["c", "d", "e"] });
  expect(filesToRepeat(first)).toEqual(["bad"]);
  expect(failuresOf(first)).toEqual(["d", "e"]);
  expect(withSecondTry(first, second)).toEqual({ passed: 5, failed: 0 });
});

test("what fails twice has failed, also where it passed at first", () => {
  const first = reportOf(good, { name: "bad", passed: ["c"], failed: ["d"] });
  const second = reportOf({ name: "bad", passed: ["d"], failed: ["c"] });
  expect(withSecondTry(first, second)).toEqual({ passed: 3, failed: 1 });
});

test("a file that does not load is a failure until it loads", () => {
  const first = reportOf(good, { name: "bad", unloaded: true });
  expect(failuresOf(first)).toEqual(["bad"]);
  const again = reportOf({ name: "bad", unloaded: true });
  expect(withSecondTry(first, again)).toEqual({ passed: 2, failed: 1 });
  const loaded = reportOf({ name: "bad", passed: ["c"] });
  expect(withSecondTry(first, loaded)).toEqual({ passed: 3, failed: 0 });
});

test("where many files fail none is tried again", () => {
  const files = ["1", "2", "3", "4", "5"].map((name) => ({ name, failed: [name] }));
  expect(filesToRepeat(reportOf(...files.slice(1)))).toHaveLength(4);
  expect(filesToRepeat(reportOf(...files))).toEqual([]);
});
