import { stderr } from "node:process";

/** Whether these tests run against a stage elsewhere, which was given by its URLs. */
export const isElsewhere = process.env.OWN_SYSTEM !== "on";

/**
 * `test`, for what only a system on this machine lets be tried; elsewhere such tests are skipped,
 * and one line says so.
 */
export function testHere(reason: string): typeof test {
  if (!isElsewhere) return test;
  const file = expect.getState().testPath?.replace(/.*[\\/]test[\\/]/, "test/");
  stderr.write(`Not against a stage: ${file}: ${reason}\n`);
  return test.skip as typeof test;
}
