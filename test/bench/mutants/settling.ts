import type { Mutant } from "./mutant.ts";

const walletTest = ["test/domain/wallet.test.ts"];
const giftsTest = ["test/platform/gifts.test.ts"];
const busyTest = ["test/platform/busy-host.test.ts"];
const settleTest = ["test/platform/settle.test.ts"];
const combosTest = ["test/platform/combos.test.ts"];
const endsTest = ["test/platform/combo-ends.test.ts"];
const auditTest = ["test/platform/audit.test.ts"];

const settling: Mutant[] = [
  {
    says: "a gift is settled twice",
    file: "platform/store/money/settle.ts",
    line: '"#due = :receiver"',
    fault: '"attribute_exists(PK) OR #due = :receiver"',
    tests: giftsTest,
    only: "settling the same gift again",
  },
  {
    says: "the first gift is dropped instead of the one that another process settled",
    file: "platform/store/money/settle.ts",
    line: "waiting = waiting.filter((due) => !settled.has(labelOf(due)));",
    fault: "waiting = waiting.slice(settled.size);",
    tests: busyTest,
    only: "another process settled",
  },
  {
    says: "settle decides on a wallet that it read before its pause",
    file: "platform/store/money/settle.ts",
    line: "      wallet = await findWallet(receiverId);",
    fault: "      [wallet] = renew([wallet], failed) as [Wallet];",
    tests: busyTest,
    only: "in every pause",
  },
  {
    says: "settle puts more into a transaction than it takes",
    file: "platform/store/money/settle.ts",
    line: "if (actions.length <= actionsMax)",
    fault: "if (actions.length > 0)",
    tests: settleTest,
    only: "two entries",
  },
  {
    says: "what is settled is not counted",
    file: "platform/store/money/settle.ts",
    line: "...foldActions(folds),",
    fault: "",
    tests: settleTest,
  },
  {
    says: "gifts of a busy host do not come again",
    file: "platform/store/money/settle.ts",
    line: "else passing.push(error);",
    fault: "else outcome.left += works.length;",
    tests: busyTest,
    only: "has a few seconds first",
  },
  {
    says: "a busy host holds up the shard forever",
    file: "platform/store/money/settle.ts",
    line: "secondsOfGift(id) > patienceSeconds",
    fault: "secondsOfGift(id) < 0",
    tests: busyTest,
    only: "holds up nobody",
  },
  {
    says: "gifts of a busy host are put aside as if they were broken",
    file: "platform/store/money/settle.ts",
    line: "if (isPassing(error)) throw error;",
    fault: "",
    tests: busyTest,
    only: "holds up nobody",
  },
  {
    says: "one gift that cannot be settled takes its host's others with it",
    file: "platform/store/money/settle.ts",
    line: "if (works.length === 1) return setAside(works[0]!.image, error);",
    fault: "for (const { image } of works.splice(0)) await setAside(image, error);",
    tests: settleTest,
  },
];

const sweeping: Mutant[] = [
  {
    says: "a sweep looks at one page",
    file: "platform/store/money/sweep.ts",
    line: "place !== undefined && Date.now() < until",
    fault: "place === null",
    tests: busyTest,
    only: "two thousand",
  },
  {
    says: "each sweep begins at the beginning",
    file: "platform/store/money/sweep.ts",
    line: "let place = await findPlace();",
    fault: "let place = (await findPlace()) && undefined;",
    tests: busyTest,
    only: "of little time",
  },
  {
    says: "a sweep does not note how far it came",
    file: "platform/store/money/sweep.ts",
    line: "if (isMoved || next !== undefined) await recordPlace(next);",
    fault: "",
    tests: busyTest,
    only: "of little time",
  },
  {
    says: "a heap of one receiver takes all turns of the sweep",
    file: "platform/store/money/due.ts",
    line: "const next = isOne && last !== undefined ? { ...last, SK: behindGifts } : last;",
    fault: "const next = last;",
    tests: busyTest,
    only: "a heap takes one turn",
  },
  {
    says: "the sweep settles what the consumer is at",
    file: "platform/store/money/sweep.ts",
    line: "const overdueSeconds = 30;",
    fault: "const overdueSeconds = 0;",
    tests: settleTest,
    only: "the sweep",
  },
  {
    says: "the sweep does not ask for the ends of combos",
    file: "platform/store/money/sweep.ts",
    line: "await awaitCombos(overdue, now);",
    fault: "",
    tests: endsTest,
  },
];

const combos: Mutant[] = [
  {
    says: "a gift at the gap begins another combo",
    file: "domain/money/combo.ts",
    line: "Date.parse(gift.createdAt) <= comboEndsAt(last)",
    fault: "Date.parse(gift.createdAt) < comboEndsAt(last)",
    tests: walletTest,
  },
  {
    says: "a clock that is behind moves a combo's end back",
    file: "domain/money/combo.ts",
    line: "lastAt: latest([last.lastAt, createdAt])",
    fault: "lastAt: createdAt",
    tests: walletTest,
  },
  {
    says: "a combo ends twice",
    file: "platform/store/money/combos.ts",
    line: '"attribute_exists(PK) AND attribute_not_exists(comboEnded)"',
    fault: '"attribute_exists(PK)"',
    tests: combosTest,
  },
  {
    says: "a combo ends while it goes on",
    file: "platform/store/money/combos.ts",
    line: "if (isKept && now <= endsAt)",
    fault: "if (!isKept && now <= endsAt)",
    tests: endsTest,
  },
  {
    says: "a combo that the wallet keeps no more never ends",
    file: "platform/store/money/combos.ts",
    line: "const combo = kept ?? (await readCombo(moment));",
    fault: "const combo = kept;",
    tests: combosTest,
  },
  {
    says: "an end that could not be written does not come again",
    file: "platform/lambda/consumer.ts",
    line: "failures.set(error, [...(failures.get(error) ?? []), messageId]);",
    fault: "void [error, messageId];",
    tests: endsTest,
  },
];

const audits: Mutant[] = [
  {
    says: "the audit leaves payouts out",
    file: "domain/money/audit.ts",
    line: 'isIssued || entry.type === "payout"',
    fault: "isIssued",
    tests: auditTest,
    only: "a sound table",
  },
  {
    says: "the audit leaves debts out",
    file: "domain/money/audit.ts",
    line: "fact(conservation, -balance + owed)",
    fault: "fact(conservation, -balance)",
    tests: auditTest,
    only: "a sound table",
  },
  {
    says: "the audit leaves out what is pending",
    file: "domain/money/audit.ts",
    line: "fact(conservation, -credits),",
    fault: "",
    tests: auditTest,
    only: "a sound table",
  },
];

/** Faults of what comes after a gift: its credit, its combo's end, and the audit of all of it. */
export const settlings: Mutant[] = [...settling, ...sweeping, ...combos, ...audits];
