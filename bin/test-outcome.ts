/** As much of jest's report as is counted. A file that does not load has no failed tests. */
export type Report = {
  numPassedTests: number;
  numFailedTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: {
    /** The path of the file. */
    name: string;
    status: string;
    assertionResults: { fullName: string; status: string }[];
  }[];
};

export type Outcome = { passed: number; failed: number };

/** What a run of jest came to; without a report nothing is known but that it failed. */
export const outcomeOf = ({
  numPassedTests: passed,
  numFailedTests,
  numRuntimeErrorTestSuites,
}: Report): Outcome => ({ passed, failed: numFailedTests + numRuntimeErrorTestSuites });

/** More files than these fail for one reason, and do not pass because they are tried again. */
const filesMax = 4;

const failedIn = ({ testResults }: Report) =>
  testResults.filter(({ status }) => status === "failed");

/** The files that may be tried a second time: those that failed, if they are few. */
export function filesToRepeat(report: Report): string[] {
  const files = failedIn(report).map(({ name }) => name);
  return files.length <= filesMax ? files : [];
}

/** A run and the second try of its failed files, as one: each test counts as it ended last. */
export function withSecondTry(first: Report, second: Report): Outcome {
  const [all, again] = [outcomeOf(first), outcomeOf(second)];
  const repeated = failedIn(first).flatMap(({ assertionResults }) => assertionResults);
  const passedBefore = repeated.filter(({ status }) => status === "passed").length;
  return { passed: all.passed - passedBefore + again.passed, failed: again.failed };
}

/** The tests, or files that did not load, that failed in a run. */
export const failuresOf = (report: Report): string[] =>
  failedIn(report).flatMap(({ name, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === "failed");
    return failed.length === 0 ? [name] : failed.map(({ fullName }) => fullName);
  });
