import { stderr } from "node:process";

/** Whether these tests run against a deployed stage, given by its URLs. */
export const isElsewhere = process.env.OWN_SYSTEM !== "on";

/**
 * `test` for cases that only work with a system on this machine; against a stage they are skipped,
 * and one line says so.
 */
export function testHere(reason: string): typeof test {
  if (!isElsewhere) return test;
  const file = expect.getState().testPath?.replace(/.*[\\/]test[\\/]/, "test/");
  stderr.write(`Not against a stage: ${file}: ${reason}\n`);
  return test.skip as typeof test;
}
