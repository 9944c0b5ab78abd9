import { lineOf, outcomeOf } from "../bin/test/test-outcome.ts";

/** As much of jest's results as is counted. */
type Results = {
  numRuntimeErrorTestSuites: number;
  testResults: { testResults: { fullName: string; status: string }[] }[];
};

/** Ends each run of `npm test -- --watch` with the line that every other run ends with. */
export default class CountLine {
  onRunComplete(_: unknown, { numRuntimeErrorTestSuites, testResults }: Results): void {
    const files = testResults.map((file) => ({ assertionResults: file.testResults }));
    console.log(lineOf(outcomeOf({ numRuntimeErrorTestSuites, testResults: files })));
  }
}
