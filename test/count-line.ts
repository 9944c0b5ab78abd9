import { lineOf, outcomeOf } from "../bin/test/test-outcome.ts";

/** The part of jest's results that is counted. */
type Results = {
  numRuntimeErrorTestSuites: number;
  testResults: { testResults: { fullName: string; status: string }[] }[];
};

/** Ends each run of `npm test -- --watch` with the same line as other runs. */
export default class CountLine {
  onRunComplete(_: unknown, { numRuntimeErrorTestSuites, testResults }: Results): void {
    const files = testResults.map((file) => ({ assertionResults: file.testResults }));
    console.log(lineOf(outcomeOf({ numRuntimeErrorTestSuites, testResults: files })));
  }
}
