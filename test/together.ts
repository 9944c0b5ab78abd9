import { createRequire } from "node:module";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, jest, test } from "@jest/globals";

const require = createRequire(import.meta.url);

function setEnvironment(wanted: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in wanted)) delete process.env[name];
  Object.assign(process.env, wanted);
}

/**
 * Runs several test files as one, so that jest loads their common modules once. Each file has its
 * own hooks, environment, clock and spies; what modules keep in memory is shared.
 */
export function runTogether(files: readonly string[]): void {
  const given = { ...process.env };
  for (const file of files)
    describe(file, () => {
      let own = given;
      beforeAll(() => setEnvironment(own));
      afterAll(() => {
        jest.useRealTimers();
        jest.restoreAllMocks();
      });
      try {
        require(resolve(import.meta.dirname, "..", file));
      } catch (error) {
        test("loads", () => {
          throw error;
        });
      }
      own = { ...process.env };
      setEnvironment(given);
    });
}
