import { held } from "./held.ts";
import { logs } from "./log.ts";
import { money } from "./money.ts";
import type { Mutant } from "./mutant.ts";
import { settlings } from "./settling.ts";
import { viewers } from "./viewers.ts";
import { writes } from "./writes.ts";

/** All faults that `npm run bench:mutants` plants. */
export const mutants: readonly Mutant[] = [
  ...[...money, ...held, ...settlings, ...writes],
  ...[...logs, ...viewers],
];
