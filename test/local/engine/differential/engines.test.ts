import { findDynoxide, startDynoxide } from "./dynoxide.ts";
import { compareEngines } from "./run.ts";

const file = findDynoxide();
const name = "our engine and another one answer generated sequences of operations alike";

// `npm run bench:engine` compares a hundred times as many.
if (file === undefined) test.skip(`${name} (@dynoxide/linux-x64 is not installed)`, () => {});
else {
  test(name, async () => {
    const other = await startDynoxide(file);
    try {
      const seed = Number(process.env.SEED ?? Math.trunc(Math.random() * 1e9));
      // Differences are reported with their seed.
      const report = await compareEngines({ operations: 1000, seed, other });
      expect(report.operations).toBeGreaterThanOrEqual(1000);
    } finally {
      await other.stop();
    }
  });
}
