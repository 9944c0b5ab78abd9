import { join } from "node:path";
import { mutants } from "../bench/mutants/list.ts";
import { problemOf } from "../bench/mutants/mutant.ts";

const root = join(import.meta.dirname, "../..");

test("every fault that the tests are tried with can still be planted", () => {
  expect(mutants.flatMap((mutant) => problemOf(root, mutant) ?? [])).toEqual([]);
});

test("each fault says something else", () => {
  const said = mutants.map(({ says }) => says);
  expect(said.filter((one, at) => said.indexOf(one) !== at)).toEqual([]);
});
