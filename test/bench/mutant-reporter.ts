/** A Stryker plugin that writes each tested mutant as a line of JSON (read by mutants.ts). */
import { appendFileSync } from "node:fs";

class LineReporter {
  onMutantTested(mutant: object): void {
    appendFileSync(process.env.MUTANTS_FILE!, `${JSON.stringify(mutant)}\n`);
  }
}

export const strykerPlugins = [{ kind: "Reporter", name: "lines", injectableClass: LineReporter }];
