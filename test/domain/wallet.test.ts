import fc from "fast-check";
import { type Combo, comboGapMilliseconds, countCombo, keptMax } from "../../domain/money/combo.ts";
import { Gift } from "../../domain/money/gift-item.ts";
import { releaseHeldGift } from "../../domain/money/held-gift.ts";
import {
  clawBack,
  countSpending,
  credit,
  creditFormerUser,
  type Draft,
  debit,
  draftOf,
  emptyWallet,
  forfeit,
} from "../../domain/money/wallet.ts";
import { gift as giftItem } from "./frame-samples.ts";

const at = "2026-05-01T12:00:00.000Z";
const now = new Date(at);
const move = (type: "top_up" | "gift_spend" | "gift_refund_reversal", amount: number) =>
  ({ type, amount, occurredAt: at }) as const;

const amounts = fc.integer({ min: 1, max: 1_000_000_000 });
const moves = fc.array(fc.tuple(fc.constantFrom("in", "out", "back"), amounts), { maxLength: 40 });

/** Plays the moves; a debit that is refused changes nothing. */
function play(wanted: readonly (readonly [string, number])[]): { draft: Draft; put: number } {
  let draft = draftOf(emptyWallet("u"));
  let put = 0;
  for (const [kind, amount] of wanted) {
    if (kind === "in") draft = credit(draft, move("top_up", amount));
    if (kind === "back") draft = clawBack(draft, move("gift_refund_reversal", amount));
    if (kind === "out" && draft.after.balance >= amount)
      draft = debit(draft, move("gift_spend", amount));
    if (kind === "in") put += amount;
    if (kind === "back") put -= amount;
  }
  return { draft, put };
}

test("balance and debt are never below zero, and entries add up", () => {
  fc.assert(
    fc.property(moves, (wanted) => {
      const { after, entries } = play(wanted).draft;
      let balance = 0;
      for (const [index, entry] of entries.entries()) {
        balance += entry.amount;
        expect(entry).toMatchObject({ seq: index + 1, balanceAfter: balance });
        expect(balance).toBeGreaterThanOrEqual(0);
      }
      expect(after).toMatchObject({ balance, seq: entries.length });
      expect(after.owed).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("credits received, less those taken back and spent, are the balance or owed", () => {
  fc.assert(
    fc.property(moves, (wanted) => {
      const { draft, put } = play(wanted);
      const spent = draft.entries
        .filter(({ type }) => type === "gift_spend")
        .reduce((sum, { amount }) => sum - amount, 0);
      expect(draft.after.balance - draft.after.owed).toBe(put - spent);
    }),
  );
});

test("a wallet with a debt is empty until it has repaid", () => {
  const owing = clawBack(credit(draftOf(emptyWallet("u")), move("top_up", 5)), {
    ...move("gift_refund_reversal", 12),
  });
  expect(owing.after).toMatchObject({ balance: 0, owed: 7 });
  const partly = credit(owing, move("top_up", 3));
  expect(partly.after).toMatchObject({ balance: 0, owed: 4 });
  const whole = credit(partly, move("top_up", 10));
  expect(whole.after).toMatchObject({ balance: 6, owed: 0 });
  expect(whole.entries.slice(-2).map(({ type, amount }) => [type, amount])).toEqual([
    ["top_up", 10],
    ["gift_refund_reversal", -4],
  ]);
});

test("a debit of more than the balance is refused with both amounts", () => {
  const draft = credit(draftOf(emptyWallet("u")), move("top_up", 4));
  expect(() => debit(draft, move("gift_spend", 10))).toThrow(
    expect.objectContaining({ details: ["Insufficient credits: balance 4, price 10"] }),
  );
});

describe("the wallet of a deleted user", () => {
  const left = forfeit(credit(draftOf(emptyWallet("u")), move("top_up", 50)).after, at).after;
  const revenue = { type: "gift_revenue", amount: 10, occurredAt: at } as const;

  test("is empty, and its next entry is a new user's first", () => {
    expect(left).toMatchObject({ balance: 0, seq: 2, since: 2, leftAt: at });
  });

  test("forfeits late credits, unseen by a new user without entries", () => {
    const { after, entries } = creditFormerUser(draftOf(left), revenue);
    expect(entries.map(({ type, amount }) => [type, amount])).toEqual([
      ["gift_revenue", 10],
      ["payout", -10],
    ]);
    expect(after).toMatchObject({ balance: 0, seq: 4, since: 4 });
  });

  test("hides no entry of a new user, and does not repay their debt", () => {
    const topped = credit(draftOf(left), move("top_up", 5));
    expect(creditFormerUser(topped, revenue).after).toMatchObject({ balance: 5, seq: 5, since: 2 });
    const owing = clawBack(topped, move("gift_refund_reversal", 12));
    const { after } = creditFormerUser(owing, revenue);
    expect(after).toMatchObject({ balance: 0, owed: 7, since: 2 });
  });
});

describe("the spending limits of one user", () => {
  const limits = { giftsPerSecond: 3, spendLimit: 50 };
  const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
  const spend = (draft: Draft, price: number, when: Date) =>
    countSpending(draft, price, when, limits);

  test("gifts are counted per second", () => {
    let draft = draftOf(emptyWallet("u"));
    for (let n = 0; n < 3; n++) draft = spend(draft, 1, now);
    expect(() => spend(draft, 1, now)).toThrow(
      expect.objectContaining({ code: "too_many_requests" }),
    );
    expect(spend(draft, 1, later(1)).after.pace).toMatchObject({ gifts: 1 });
  });

  test("credits of one day are counted in UTC, up to the limit", () => {
    const draft = spend(draftOf(emptyWallet("u")), 30, now);
    expect(spend(draft, 20, later(5)).after.spent).toEqual({ day: "2026-05-01", credits: 50 });
    expect(() => spend(draft, 21, later(5))).toThrow(
      expect.objectContaining({ code: "spend_limit_reached" }),
    );
    expect(spend(draft, 50, later(12 * 3600)).after.spent).toEqual({
      day: "2026-05-02",
      credits: 50,
    });
  });

  test("a late commit from before midnight does not reset the new day's sum", () => {
    const midnight = later(12 * 3600);
    const before = new Date(midnight.getTime() - 1);
    let draft = spend(draftOf(emptyWallet("u")), 30, midnight);
    draft = spend(draft, 10, before);
    expect(draft.after.spent).toEqual({ day: "2026-05-02", credits: 40 });
    expect(() => spend(draft, 11, later(13 * 3600))).toThrow(
      expect.objectContaining({ code: "spend_limit_reached" }),
    );
    expect(() => spend(draft, 11, before)).toThrow(
      expect.objectContaining({ code: "spend_limit_reached" }),
    );
  });

  test("two clocks a second apart do not reset each other's count", () => {
    let draft = draftOf(emptyWallet("u"));
    for (const seconds of [1, 0, 1]) draft = spend(draft, 1, later(seconds));
    expect(() => spend(draft, 1, now)).toThrow(
      expect.objectContaining({ code: "too_many_requests" }),
    );
    const fast = spend(draftOf(emptyWallet("u")), 1, later(3600));
    expect(spend(fast, 1, now).after.pace).toEqual({ second: now.getTime() / 1000, gifts: 1 });
  });

  test("a user's own limit overrides the stage's, and 0 means none", () => {
    const own = (spendLimit: number) => draftOf({ ...emptyWallet("u"), spendLimit });
    expect(() => spend(own(10), 11, now)).toThrow(expect.objectContaining({ kind: "conflict" }));
    expect(spend(own(0), 1_000_000, now).after.spent).toMatchObject({ credits: 1_000_000 });
  });
});

describe("combos", () => {
  const gift = (id: string, giftTypeId: string, milliseconds: number) => ({
    id,
    streamId: "s",
    giftTypeId,
    price: 10,
    createdAt: new Date(now.getTime() + milliseconds).toISOString(),
  });

  test("a gift at exactly the gap continues the combo, a millisecond later it does not", () => {
    const { combos } = countCombo([], gift("a", "t", 0));
    const follows = countCombo(combos, gift("b", "t", comboGapMilliseconds));
    expect(follows.combo).toMatchObject({ id: "a", count: 2, credits: 20 });
    const next = countCombo(combos, gift("b", "t", comboGapMilliseconds + 1));
    expect(next.combo).toMatchObject({ id: "b", count: 1, credits: 10 });
  });

  test("a gift from a clock that lags continues the combo too, and the end never moves earlier", () => {
    const { combos } = countCombo([], gift("a", "t", 900));
    const { combo } = countCombo(combos, gift("b", "t", 0));
    expect(combo).toMatchObject({ count: 2, lastAt: gift("", "", 900).createdAt });
  });

  const started = (count: number) => {
    let combos: Combo[] = [];
    for (let n = 0; n < count; n++) ({ combos } = countCombo(combos, gift(`${n}`, `t${n}`, n)));
    return combos;
  };

  test("gifts of other types do not end a combo", () => {
    const { combo } = countCombo(started(8), gift("again", "t0", comboGapMilliseconds));
    expect(combo).toMatchObject({ id: "0", count: 2 });
  });

  test("a combo is kept once, however many gifts it has", () => {
    let combos = started(2);
    for (let n = 0; n < 9; n++) ({ combos } = countCombo(combos, gift(`more ${n}`, "t1", 10)));
    expect(combos.map(({ id, count }) => [id, count])).toEqual([
      ["1", 10],
      ["0", 1],
    ]);
  });

  test("beyond the newest four, those are kept that may continue at this moment", () => {
    const idsAt = (at: number) => countCombo(started(5), gift("a", "t", at)).combos.at(-1)!.id;
    expect(idsAt(comboGapMilliseconds)).toBe("0");
    expect(idsAt(comboGapMilliseconds + 1)).toBe("1");
  });

  test("the newest are kept, and those that may continue, both up to a limit", () => {
    const all = started(30);
    expect(all.map(({ id }) => id)).toEqual(Array.from({ length: keptMax }, (_, n) => `${29 - n}`));
    const { combos } = countCombo(all, gift("later", "t", 60_000));
    expect(combos.map(({ id }) => id)).toEqual(["later", "29", "28", "27"]);
  });
});

describe("a held gift that is released", () => {
  const held = Gift.parse(giftItem(7, { createdAt: at }));
  const combo = { streamId: held.streamId, giftTypeId: "t", lastAt: at };
  const wallet = (more: object) => ({ ...emptyWallet("ben"), ...more });

  test("frees the daily limit of the day on which it was sent, and of no other", () => {
    const spentAfter = (day: string) =>
      releaseHeldGift(wallet({ spent: { day, credits: 25 } }), held, now).after.spent?.credits;
    expect(spentAfter("2026-05-01")).toBe(15);
    expect(spentAfter("2026-05-02")).toBe(25);
  });

  test("leaves its combo without it, and other combos unchanged", () => {
    const combos = [
      { ...combo, id: held.comboId, count: 3, credits: 30 },
      { ...combo, id: "other", count: 2, credits: 20 },
    ];
    expect(releaseHeldGift(wallet({ combos }), held, now).after.combos).toEqual([
      { ...combo, id: held.comboId, count: 2, credits: 20 },
      { ...combo, id: "other", count: 2, credits: 20 },
    ]);
  });
});
