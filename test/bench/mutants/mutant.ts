import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One line of the code as it must not be, and the tests that have to see it. */
export type Mutant = {
  /** What would be wrong, for a person. */
  says: string;
  file: string;
  /** Stands in the file exactly once. */
  line: string;
  /** What stands there instead. */
  fault: string;
  /** Files of tests of which one at least has to turn red. */
  tests: readonly string[];
  /**
   * The tests of these files whose names have this, where all of them would take too long: a part
   * of a title, or of a row of `test.each`.
   */
  only?: string;
};

/**
 * The text of the mutant's file with the fault.
 *
 * @throws Error when the line is not there exactly once: the list has to follow the code.
 */
export function plant(text: string, { file, line, fault }: Mutant): string {
  const places = text.split(line).length - 1;
  if (places !== 1) throw new Error(`${file} has ${places} places of: ${line}`);
  return text.replace(line, () => fault);
}

/** Texts in quotes: titles of tests, and the rows that `test.each` puts into them. */
const quoted = /(["`])((?:\\.|(?!\1).)*)\1/g;

/** Whether a test file has a title, or a row of one, with this part of a name. */
const hasTest = (text: string, only: string | undefined) =>
  only === undefined ||
  [...text.matchAll(quoted)].some(([, , words = ""]) => new RegExp(only, "i").test(words));

/** Why a mutant cannot be planted into the project in this folder; undefined when it can. */
export function problemOf(root: string, mutant: Mutant): string | undefined {
  const missing = [mutant.file, ...mutant.tests].find((file) => !existsSync(join(root, file)));
  if (missing !== undefined) return `${missing} is not there: ${mutant.says}`;
  if (mutant.fault === mutant.line) return `There is no fault in: ${mutant.says}`;
  const texts = mutant.tests.map((file) => readFileSync(join(root, file), "utf8"));
  if (!texts.some((text) => hasTest(text, mutant.only)))
    return `No test is named "${mutant.only}": ${mutant.says}`;
  try {
    plant(readFileSync(join(root, mutant.file), "utf8"), mutant);
    return undefined;
  } catch (error) {
    return `${(error as Error).message} (${mutant.says})`;
  }
}
