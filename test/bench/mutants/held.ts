import type { Mutant } from "./mutant.ts";

const heldTest = ["test/platform/held-gifts.test.ts"];
const collusionTest = ["test/platform/money/callback-collusion.test.ts"];
const marks = "platform/store/money/call-marks.ts";

/** Faults of gifts that are held until the answer of their call is certain. */
export const held: Mutant[] = [
  {
    says: "a gift that was refused can be confirmed",
    file: marks,
    line: "attribute_exists(held) AND attribute_not_exists(outcome)",
    fault: "attribute_exists(held)",
    tests: heldTest,
    only: "that cannot wait",
  },
  {
    says: "a gift is taken back twice",
    file: marks,
    line: ': "callId = :callId AND attribute_exists(held)",',
    fault: ': "callId = :callId",',
    tests: heldTest,
    only: "not released once more",
  },
  {
    says: "a later call overwrites what an earlier one holds",
    file: marks,
    line: "freeAt <= :calledAt AND attribute_not_exists(held)",
    fault: "freeAt <= :calledAt",
    tests: heldTest,
    only: "does not overwrite",
  },
  {
    says: "a gift is confirmed though its payment was known too late",
    file: "platform/store/tencent/charged-gifts.ts",
    line: "gift !== undefined && millisecondsLeft() > confirmMilliseconds.least",
    fault: "gift !== undefined",
    tests: collusionTest,
    only: "known in time",
  },
  {
    says: "a repetition that cannot wait leaves the first call as it is",
    file: "platform/store/tencent/charged-gifts.ts",
    line: "mark = first ?? charge.mark;",
    fault: "return late;",
    tests: heldTest,
    only: "that cannot wait",
  },
  {
    says: "what nobody confirms stays held",
    file: "platform/store/money/held-gifts.ts",
    line: "if (call.held === undefined || (call.outcome === undefined && !isOver)) return;",
    fault: "if (call.held === undefined || call.outcome === undefined || !isOver) return;",
    tests: heldTest,
    only: "taken back whole",
  },
  {
    says: "nobody is reminded of an undecided gift",
    file: "platform/store/money/held-gifts.ts",
    line: 'await queueDecision({ mark: CallMark.parse(call), outcome: "refused" }, at, now);',
    fault: "void [at, now];",
    tests: heldTest,
    only: "reminds",
  },
  {
    says: "a gift that is taken back stays in the day's spending",
    file: "domain/money/held-gift.ts",
    line: "spent.credits - price",
    fault: "spent.credits + 0 * price",
    tests: heldTest,
    only: "taken back whole",
  },
];
