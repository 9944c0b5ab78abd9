import type { Mutant } from "./mutant.ts";

const walletTest = ["test/domain/wallet.test.ts"];
const refundsTest = ["test/platform/refunds.test.ts"];
const giftsTest = ["test/platform/gifts.test.ts"];
const bookingsTest = ["test/platform/bookings.test.ts"];
const collusionTest = ["test/platform/money/collusion.test.ts"];
const callbacksTest = ["test/platform/tencent/callbacks.test.ts"];

/** Decisions on a wallet. */
const wallet: Mutant[] = [
  {
    says: "a wallet that owes repays nothing",
    file: "domain/money/wallet.ts",
    line: "const repaid = Math.min(owed, movement.amount);",
    fault: "const repaid = 0 * owed;",
    tests: walletTest,
  },
  {
    says: "a purchase repays no debt",
    file: "domain/money/wallet.ts",
    line: "if (repaid === 0) return credited;",
    fault: 'if (repaid === 0 || movement.type === "credit_purchase") return credited;',
    tests: refundsTest,
    only: "what is owed is repaid",
  },
  {
    says: "a debit may go below zero",
    file: "domain/money/wallet.ts",
    line: "if (balance < movement.amount) refuse(",
    fault: "if (balance < 0) refuse(",
    tests: walletTest,
  },
  {
    says: "what a refund cannot take is not owed",
    file: "domain/money/wallet.ts",
    line: "owed: owed + movement.amount - taken",
    fault: "owed",
    tests: walletTest,
  },
  {
    says: "a day's limit is one credit less than it says",
    file: "domain/money/wallet.ts",
    line: "spentToday + price > spendLimit",
    fault: "spentToday + price >= spendLimit",
    tests: walletTest,
  },
  {
    says: "a call from before midnight resets the new day",
    file: "domain/money/wallet.ts",
    line: "spent.day > today ? spent.day : today",
    fault: "spent.day > today ? today : today",
    tests: walletTest,
  },
  {
    says: "a clock that is behind resets the second",
    file: "domain/money/wallet.ts",
    line: "pace.second >= clock",
    fault: "pace.second === clock",
    tests: walletTest,
  },
  {
    says: "one gift more than the rate goes in a second",
    file: "domain/money/wallet.ts",
    line: "gifts > limits.giftsPerSecond",
    fault: "gifts > limits.giftsPerSecond + 1",
    tests: walletTest,
  },
  {
    says: "a user's own limit of none counts as not set",
    file: "domain/money/wallet.ts",
    line: "wallet.spendLimit ?? limits.spendLimit",
    fault: "wallet.spendLimit || limits.spendLimit",
    tests: walletTest,
  },
  {
    says: "a wallet overwrites a concurrent write",
    file: "platform/store/money/wallets.ts",
    line: ': "#revision = :before"',
    fault: ': "#revision >= :before"',
    tests: refundsTest,
    only: "at the same moment",
  },
  {
    says: "a movement sets the user's own limit back to what it was when it was read",
    file: "platform/store/money/wallets.ts",
    line: "const { spendLimit: _, ...decided } = after;",
    fault: "const decided = after;",
    tests: bookingsTest,
    only: "limit",
  },
  {
    says: "a wallet is decided on after a pause as it was before",
    file: "platform/store/money/wallets.ts",
    line: "current = await reread(current);",
    fault: "current = renew(current, failed);",
    tests: bookingsTest,
    only: "in every pause",
  },
  {
    says: "who has repaid stays among the debtors",
    file: "platform/store/money/wallets.ts",
    line: "const isOwing = after.owed > 0;",
    fault: "const isOwing = true;",
    tests: refundsTest,
    only: "published each minute",
  },
];

const bookings: Mutant[] = [
  {
    says: "a reference is used twice",
    file: "platform/store/money/bookings.ts",
    line: '"attribute_not_exists(PK)"',
    fault: '"attribute_not_exists(nothing)"',
    tests: bookingsTest,
    only: "reference",
  },
  {
    says: "transfers do not count towards the daily limit",
    file: "platform/store/money/bookings.ts",
    line: "debit(countSpending(draftOf(from), amount, now, spendLimits()), {",
    fault: "debit(draftOf(from), {",
    tests: bookingsTest,
    only: "daily limit",
  },
  {
    says: "a transfer is credited to nobody",
    file: "platform/store/money/bookings.ts",
    line: "drafts: [sender, recipient]",
    fault: "drafts: [sender]",
    tests: bookingsTest,
    only: "transfer",
  },
];

const gifts: Mutant[] = [
  {
    says: "a gift is made at another price than the sender expects",
    file: "domain/money/gift.ts",
    line: "expectedPrice !== undefined && expectedPrice !== price",
    fault: "expectedPrice !== undefined && expectedPrice < 0",
    tests: giftsTest,
    only: "another price",
  },
  {
    says: "a gift to several receivers costs what one costs",
    file: "domain/money/gift.ts",
    line: "const price = share * receivers.length;",
    fault: "const price = share;",
    tests: giftsTest,
    only: "several receivers",
  },
  {
    says: "credits move though a webhook has decided",
    file: "domain/money/gift.ts",
    line: "const dueCredits = charged ? share : 0;",
    fault: "const dueCredits = share;",
    tests: giftsTest,
    only: "callback",
  },
  {
    says: "the application is asked again for a call that was answered",
    file: "platform/tencent/command.ts",
    line: "if ((await findAnswered(keyed, now)) !== undefined) throw new DuplicateKeyError();",
    fault: "",
    tests: callbacksTest,
    only: "nor again",
  },
  {
    says: "two calls with one key ask the application twice",
    file: "platform/table/idempotency.ts",
    line: 'if (taken !== undefined) refuse("key_in_progress");',
    fault: "",
    tests: callbacksTest,
    only: "at once ask once",
  },
  {
    says: "the application cannot know a question again",
    file: "platform/tencent/callback.ts",
    line: "outsideId ?? id, question",
    fault: "id, question",
    tests: callbacksTest,
    only: "asks with the same id",
  },
  {
    says: "a typing error in an account sends credits to nobody",
    file: "functions/tencent/gifts/send.ts",
    line: "charged ? getKnownAccounts : getAccounts",
    fault: "charged ? getAccounts : getAccounts",
    tests: ["test/platform/tencent/gifts.test.ts"],
    only: "unknown receiver",
  },
];

const refunds: Mutant[] = [
  {
    says: "a host takes back what a guest was given",
    file: "domain/money/refund.ts",
    line: 'role === "host" && !isOwn',
    fault: "receivers.length === 0 && !isOwn",
    tests: collusionTest,
    only: "what a guest was given",
  },
  {
    says: "a host's refund may leave a debt",
    file: "domain/money/refund.ts",
    line: 'by.role === "host" && balance < amount',
    fault: "balance < 0",
    tests: collusionTest,
    only: "three accounts",
  },
  {
    says: "an admin's refund needs what it takes back",
    file: "domain/money/refund.ts",
    line: 'by.role === "host" && balance < amount',
    fault: "balance < amount",
    tests: refundsTest,
    only: "is owed, and repaid",
  },
  {
    says: "a refund leaves what further receivers got",
    file: "domain/money/refund.ts",
    line: "shares.find(({ part }) => part === at)?.dueCredits ?? 0",
    fault: "0 * shares.length",
    tests: refundsTest,
    only: "most receivers",
  },
  {
    says: "a refund says that credits were returned where none had moved",
    file: "domain/money/gift-event.ts",
    line: "charged ? price : 0",
    fault: "charged ? price : price",
    tests: refundsTest,
    only: "callback",
  },
  {
    says: "a gift is refunded twice",
    file: "platform/store/money/refunds.ts",
    line: "attribute_not_exists(#due) AND attribute_not_exists(refundedAt)",
    fault: "attribute_not_exists(#due)",
    tests: refundsTest,
    only: "many refunds",
  },
  {
    says: "shares of a gift are not settled before it is refunded",
    file: "platform/store/money/refunds.ts",
    line: "for (const due of [gift, ...shares])",
    fault: "for (const due of [gift])",
    tests: refundsTest,
    only: "most receivers",
  },
  {
    says: "a refunded gift stays in the totals",
    file: "platform/store/money/refunds.ts",
    line: '(gift.kind === "gift" ? foldActions([unfoldOf(gift)]) : [])',
    fault: "[]",
    tests: refundsTest,
    only: "both sides",
  },
];

/** Faults of what is decided about money: who has it, how often, and what they may do with it. */
export const money: Mutant[] = [...wallet, ...bookings, ...gifts, ...refunds];
