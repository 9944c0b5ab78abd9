/** The part of jest's report that is counted. A file that does not load has no results. */
export type Report = {
  numRuntimeErrorTestSuites: number;
  testResults: { assertionResults: { fullName: string; status: string }[] }[];
};

/** The number of test files that ran, and the numbers of tests by result. */
export type Outcome = { files: number; passed: number; failed: number; skipped: number };

/** A run of jest that ended without a report, or left files out. */
export const broken: Outcome = { files: 0, passed: 0, failed: 1, skipped: 0 };

/**
 * The outcome of a jest run. A file that does not load counts as one failure. With `pattern`, the
 * value of `-t`, tests with other names are not counted.
 */
export function outcomeOf({ testResults, ...report }: Report, pattern?: string): Outcome {
  const isWanted = pattern === undefined ? undefined : new RegExp(pattern, "i");
  const failed = report.numRuntimeErrorTestSuites;
  const outcome = { files: testResults.length, passed: 0, failed, skipped: 0 };
  for (const { fullName, status } of testResults.flatMap((file) => file.assertionResults)) {
    if (isWanted?.test(fullName) === false) continue;
    if (status === "passed") outcome.passed++;
    else if (status === "failed") outcome.failed++;
    else outcome.skipped++;
  }
  return outcome;
}

/** The sum of several runs. */
export const sumOf = (outcomes: readonly Outcome[]): Outcome => ({
  files: outcomes.reduce((sum, { files }) => sum + files, 0),
  passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
  failed: outcomes.reduce((sum, { failed }) => sum + failed, 0),
  skipped: outcomes.reduce((sum, { skipped }) => sum + skipped, 0),
});

/** Whether a run is green: at least one test ran, and none failed. */
export const isGreen = ({ passed, failed }: Outcome) => passed > 0 && failed === 0;

/** The last line of every run. */
export const lineOf = ({ passed, failed, skipped }: Outcome) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;
