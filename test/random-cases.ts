/**
 * fast-check, as every test file gets it (jest.config.json): fewer cases by hand than with `CI` set,
 * where a test names no number itself, and with `SEED` the cases of the run that printed it.
 */
import fc from "../node_modules/fast-check/lib/fast-check.js";

const { CI, SEED } = process.env;
fc.configureGlobal({ numRuns: CI ? 100 : 30, ...(SEED && { seed: Number(SEED) }) });

export * from "../node_modules/fast-check/lib/fast-check.js";
export default fc;
