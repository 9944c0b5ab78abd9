import { removeUser } from "../../platform/own-data/removal.ts";
import { type Call, callOf, refuseCall } from "../../platform/store/money/call-marks.ts";
import { ComboEnd, endCombo } from "../../platform/store/money/combos.ts";
import { sumHeld, sumPending } from "../../platform/store/money/due.ts";
import { listGifts } from "../../platform/store/money/gifts.ts";
import {
  applyDecision,
  confirmHeldGift,
  heldMilliseconds,
  releaseHold,
  resolveHeldGifts,
} from "../../platform/store/money/held-gifts.ts";
import { sweepOverdue } from "../../platform/store/money/sweep.ts";
import { findTotals } from "../../platform/store/money/totals.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { useOwnTable } from "./table.ts";
import {
  ask,
  beforeNextWrite,
  type Fate,
  knownGiftType,
  marksOf,
  sweepLater,
  takeMessages,
  useCallbackGifts,
} from "./tencent/callback-gifts.ts";
import { makeStream, makeUser, someone } from "./wallet-people.ts";

useOwnTable();
useCallbackGifts();

let GiftId: string;
beforeAll(async () => {
  ({ giftId: GiftId } = await knownGiftType(10));
});

async function scene() {
  const [sender, host] = [await makeUser(someone("sender"), 100), await makeUser(someone("host"))];
  const stream = await makeStream(host);
  const askFor = (wish = {}, ...fates: Fate[]) =>
    ask(stream, sender, { GiftId, ...wish }, ...fates);
  const marks = async () => (await marksOf([sender])).map(callOf);
  const balance = async () => (await findWallet(sender)).balance;
  const gifts = async () => (await listGifts(stream.id, { limit: 10 })).gifts;
  return { sender, host, stream, askFor, marks, balance, gifts };
}

/** A committed gift whose call was answered without recording anything. */
async function held() {
  const one = await scene();
  expect(await one.askFor({}, "lost", "none")).toBe(1);
  takeMessages();
  const [call] = (await one.marks()) as [Call];
  expect(call).toMatchObject({ held: { price: 10 } });
  expect(call.outcome).toBeUndefined();
  return { ...one, call };
}

test("a held gift exists only in its call's mark, and its credits belong to nobody", async () => {
  const { sender, host, stream, balance, gifts } = await held();
  expect(await balance()).toBe(90);
  expect([await sumHeld(sender), await sumPending(host)]).toEqual([10, 0]);
  expect(await gifts()).toEqual([]);
  expect(await findTotals(stream.id)).toMatchObject({ gifts: 0 });
  const leaving = { userId: sender, isForfeit: true, now: new Date() };
  await expect(removeUser(leaving)).rejects.toMatchObject({ code: "account_in_use" });
});

test("an unconfirmed gift is released whole: credits, daily limit and combo", async () => {
  const { sender, call, balance, gifts, marks, askFor } = await held();
  expect(await findWallet(sender)).toMatchObject({
    spent: { credits: 10 },
    combos: [{ count: 1 }],
  });
  await sweepOverdue(new Date(call.calledAt + heldMilliseconds - 1));
  expect(await balance()).toBe(90);
  await sweepLater();
  expect(await sweepLater()).toMatchObject({ released: 0 });
  expect(await findWallet(sender)).toMatchObject({
    balance: 100,
    spent: { credits: 0 },
    combos: [],
  });
  expect(await gifts()).toEqual([]);
  expect(await marks()).toEqual([expect.objectContaining({ outcome: "refused" })]);
  expect(await askFor()).toBe(0);
  expect(await gifts()).toMatchObject([{ combo: 1 }]);
  expect(await balance()).toBe(90);
});

test("a call that a repetition refuses right before its gift is confirmed is refused, and charges nothing", async () => {
  const { askFor, marks, balance, gifts } = await scene();
  const refuse = async () => {
    const [call] = (await marks()) as [Call];
    expect(call.held).toMatchObject({ price: 10 });
    expect(await refuseCall(call)).toBe(true);
  };
  // The first write holds the gift, the second one confirms it.
  beforeNextWrite(async () => beforeNextWrite(refuse));
  expect(await askFor()).toBe(1);
  await sweepLater();
  expect([await balance(), await gifts()]).toEqual([100, []]);
});

/** Ends the combos of the queued messages, each twice. */
async function endCombos(later = new Date(Date.now() + 20_000)) {
  const moments = takeMessages().filter(({ comboId }) => comboId !== undefined);
  for (const moment of [...moments, ...moments]) await endCombo(ComboEnd.parse(moment), later);
}

test.each([
  ["the first gift is", [true, false, false], { count: 3, credits: 20 }],
  ["the second gift is", [false, true, false], { count: 2, credits: 20 }],
  ["the first two gifts are", [true, true, false], { count: 3, credits: 10 }],
])("a combo ends once if %s released", async (_, isHeld, ended) => {
  const { sender, askFor, gifts } = await scene();
  for (const one of isHeld) await askFor({}, ...(one ? (["lost", "none"] as const) : []));
  const comboId = (await findWallet(sender)).combos?.[0]?.id;
  takeMessages();
  await sweepLater();
  await endCombos();
  const marks = (await gifts()).filter(({ comboEnded }) => comboEnded !== undefined);
  expect(marks).toEqual([expect.objectContaining({ comboId, comboEnded: expect.anything() })]);
  expect(marks).toMatchObject([{ comboEnded: ended }]);
});

test("a combo ends once while its first gift is held, and a gift alone is no combo", async () => {
  const { call, sender, stream, askFor, gifts } = await held();
  await askFor();
  const comboId = (await gifts())[0]?.comboId;
  const moment = ComboEnd.parse({ comboId, streamId: stream.id, userId: sender });
  await endCombo(moment, new Date(Date.now() + 20_000));
  await applyDecision({ mark: call, outcome: "charged" }, new Date());
  await endCombo(moment, new Date(Date.now() + 20_000));
  expect((await gifts()).map(({ comboEnded }) => comboEnded?.count)).toEqual([2, undefined]);
  const other = await scene();
  await other.askFor();
  await other.askFor({}, "lost", "none");
  await sweepLater();
  await endCombos();
  expect((await other.gifts()).map(({ comboEnded }) => comboEnded)).toEqual([undefined]);
});

test("a gift is either confirmed or released, however often each is requested", async () => {
  for (const isConfirmed of [true, false]) {
    const { call, balance, gifts } = await held();
    const gift = call.held!;
    const first = isConfirmed
      ? () => confirmHeldGift(call, gift)
      : () => releaseHold(call, new Date());
    await first();
    await Promise.all([
      releaseHold(call, new Date()),
      confirmHeldGift(call, gift),
      releaseHold(call, new Date()),
    ]);
    expect(await confirmHeldGift(call, gift)).toBe(isConfirmed ? "charged" : "refused");
    await applyDecision({ mark: call, outcome: "refused" }, new Date());
    await applyDecision({ mark: call, outcome: "charged" }, new Date());
    expect(await balance()).toBe(isConfirmed ? 90 : 100);
    expect(await gifts()).toHaveLength(isConfirmed ? 1 : 0);
  }
});

test("a gift released between the read and the write is not released again", async () => {
  for (const isConfirmed of [true, false]) {
    const { call, balance, gifts } = await held();
    const gift = call.held!;
    beforeNextWrite(() =>
      isConfirmed ? confirmHeldGift(call, gift) : releaseHold(call, new Date()),
    );
    await releaseHold(call, new Date());
    expect([await balance(), (await gifts()).length]).toEqual(isConfirmed ? [90, 1] : [100, 0]);
  }
  const { call, balance, gifts } = await held();
  beforeNextWrite(() => releaseHold(call, new Date()));
  expect(await confirmHeldGift(call, call.held!)).toBe("refused");
  expect([await balance(), await gifts()]).toEqual([100, []]);
});

test("the table's stream releases refused gifts, and sets timers for undecided ones", async () => {
  const refused = await held();
  await refuseCall(refused.call);
  await resolveHeldGifts(await marksOf([refused.sender]), new Date());
  expect(await refused.balance()).toBe(100);

  const { sender, balance } = await held();
  takeMessages();
  await resolveHeldGifts(await marksOf([sender]), new Date());
  expect(await balance()).toBe(90);
  const [message] = takeMessages();
  expect(message).toMatchObject({ outcome: "refused" });
  await applyDecision(message, new Date());
  expect(await balance()).toBe(100);

  const charged = await scene();
  const before = await charged.askFor();
  await resolveHeldGifts(await marksOf([charged.sender]), new Date());
  expect([before, takeMessages()]).toEqual([0, []]);
});

test("a gift to several receivers is held and sent as one", async () => {
  const { askFor, stream, host, balance, gifts } = await scene();
  const other = await makeUser(someone("other"));
  const to = [host, other];
  expect(await askFor({ to }, "lost", "none")).toBe(1);
  expect([await balance(), await sumPending(other), await gifts()]).toEqual([80, 0, []]);
  await sweepLater();
  expect([await balance(), await sumPending(other)]).toEqual([100, 0]);
  expect(await askFor({ to })).toBe(0);
  expect([await balance(), await sumPending(host), await sumPending(other)]).toEqual([80, 10, 10]);
  expect((await listGifts(stream.id, { limit: 10 })).gifts).toHaveLength(1);
});

describe("a repetition", () => {
  const repeated = { Time: 1703589922, dedupeSeconds: 60 };
  /** How long a call may wait for an earlier one. */
  const within = 1_500;

  test("gets the first call's outcome, charged or refused", async () => {
    const charged = await scene();
    expect(await charged.askFor(repeated)).toBe(0);
    expect(await charged.askFor(repeated)).toBe(0);
    expect([await charged.balance(), (await charged.gifts()).length]).toEqual([90, 1]);
    const refused = await scene();
    expect(await refused.askFor(repeated, "lost", "done")).toBe(1);
    expect(await refused.askFor(repeated)).toBe(1);
    await sweepLater();
    expect(await refused.askFor(repeated)).toBe(1);
    expect([await refused.balance(), (await refused.gifts()).length]).toEqual([100, 0]);
  });

  /*
   * The first call is killed once its gift is held. Planted fault that turns it red: a repetition
   * that answers without refusing the first call.
   */
  test("that cannot wait refuses the first call, which can no longer be confirmed", async () => {
    const { askFor, marks, balance, gifts } = await scene();
    expect(await askFor(repeated, "lost", "none")).toBe(1);
    const [first] = (await marks()) as [Call];
    takeMessages();
    // The hold meets the mark of the first call; then its time is over.
    expect(await askFor({ ...repeated, within })).toBe(1);
    expect(await confirmHeldGift(first, first.held!)).toBe("refused");
    await sweepLater();
    expect([await balance(), await gifts()]).toEqual([100, []]);
  });

  test("after its seconds does not overwrite a gift that an earlier call still holds", async () => {
    const { askFor, balance, gifts } = await scene();
    const early = { ...repeated, dedupeSeconds: 1, now: new Date(Date.now() - 5_000) };
    expect(await askFor(early, "lost", "none")).toBe(1);
    expect(await askFor({ ...repeated, dedupeSeconds: 1, within })).toBe(1);
    await sweepLater();
    expect([await balance(), await gifts()]).toEqual([100, []]);
    expect(await askFor({ ...repeated, dedupeSeconds: 1 })).toBe(0);
    expect([await balance(), (await gifts()).length]).toEqual([90, 1]);
  });
});
