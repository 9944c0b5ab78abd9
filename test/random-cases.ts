/**
 * fast-check for every test file (jest.config.json): fewer cases without `CI`, unless a test sets a
 * number itself; `SEED` repeats the cases of the run that printed it.
 */
import fc from "../node_modules/fast-check/lib/fast-check.js";

const { CI, SEED } = process.env;
fc.configureGlobal({ numRuns: CI ? 100 : 30, ...(SEED && { seed: Number(SEED) }) });

export * from "../node_modules/fast-check/lib/fast-check.js";
export default fc;
