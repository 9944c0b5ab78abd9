/** A plugin of Stryker: writes each mutant as a line of JSON when it was tried (mutants.ts). */
import { appendFileSync } from "node:fs";

class LineReporter {
  onMutantTested(mutant: object): void {
    appendFileSync(process.env.MUTANTS_FILE!, `${JSON.stringify(mutant)}\n`);
  }
}

export const strykerPlugins = [{ kind: "Reporter", name: "lines", injectableClass: LineReporter }];
