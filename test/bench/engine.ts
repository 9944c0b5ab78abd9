/**
 * `npm run bench:engine [operations] [seed]`: runs generated sequences of `operations` operations
 * (default 100,000) on our engine and on Dynoxide. Stops at the first difference that is not listed
 * in `test/local/engine/differential/differences.ts`.
 */
import { findDynoxide, startDynoxide } from "../local/engine/differential/dynoxide.ts";
import { compareEngines, type Report } from "../local/engine/differential/run.ts";
import { readCommand } from "./command.ts";
import { print, round } from "./figures.ts";

const { names } = readCommand("npm run bench:engine -- [operations] [seed]", {});
const [operations = 100_000, seed = Date.now() % 1e9] = names.map(Number);
const file = findDynoxide();
if (file === undefined) {
  console.error("Nothing to compare with: @dynoxide/linux-x64 is not installed");
  process.exit(2);
}
const other = await startDynoxide(file);
const start = performance.now();
let saidAt = 0;
const progress = (report: Report) => {
  if (report.operations < saidAt + 10_000) return;
  saidAt = report.operations;
  console.log(
    `${report.operations} operations after ${round((performance.now() - start) / 1000)} s`,
  );
};
try {
  const report = await compareEngines({ operations, seed, other, progress });
  print(`Our engine and Dynoxide, seed ${seed}`, [
    {
      sequences: report.sequences,
      operations: report.operations,
      "refused by one or both": report.refused,
      "unlisted differences": 0,
    },
  ]);
  print(
    "Listed differences",
    [...report.listed].map(([{ what }, times]) => ({ what, times })),
  );
} catch (error) {
  const { message, cause } = error as Error;
  for (const text of [message, (cause as Error | undefined)?.message ?? ""]) {
    console.error(text.replace(/x{20,}/g, "x…x").slice(0, 5000));
  }
  process.exitCode = 1;
} finally {
  await other.stop();
}
