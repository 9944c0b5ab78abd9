import { decideGift } from "../../domain/money/gift.ts";
import { credit, draftOf } from "../../domain/money/wallet.ts";
import { getGiver, giftContext, recordGift } from "../../platform/store/money/gifts.ts";
import { payOut, topUp, transfer } from "../../platform/store/money/wallet-operations.ts";
import { commit, findWallet, recordSpendLimit } from "../../platform/store/money/wallets.ts";
import { whileBusy } from "./busy-wallet.ts";
import { useOwnTable } from "./table.ts";
import { forget, giftTypeOf, makeStream, makeUser, sendOne, someone } from "./wallet-people.ts";

useOwnTable();

const now = new Date();
const rich = (credits = 100) => makeUser(someone("rich"), credits);

test("a reference is used once in a wallet, by a top-up or a payout, and again in another", async () => {
  const [ann, bob] = [await rich(), await rich()];
  const booking = { userId: ann, amount: 10, reference: "invoice-1", now };
  await topUp(booking, forget);
  for (const book of [topUp, payOut])
    await expect(book(booking, forget)).rejects.toMatchObject({ code: "reference_exists" });
  await topUp({ ...booking, userId: bob }, forget);
  const together = Array.from({ length: 5 }, () =>
    topUp({ ...booking, reference: "invoice-2" }, forget),
  );
  const done = (await Promise.allSettled(together)).filter(({ status }) => status === "fulfilled");
  expect(done).toHaveLength(1);
  expect(await findWallet(ann)).toMatchObject({ balance: 120, seq: 3 });
  expect(await findWallet(bob)).toMatchObject({ balance: 110, seq: 2 });
});

test("transfers take from one wallet what the other gets, however many cross each other", async () => {
  const [ann, bob] = [await rich(), await rich()];
  const send = (senderId: string, recipientId: string) =>
    transfer({ senderId, recipientId, amount: 7, now }, forget);
  await Promise.all([send(ann, bob), send(bob, ann), send(ann, bob)]);
  expect(await findWallet(ann)).toMatchObject({ balance: 93, seq: 4 });
  expect(await findWallet(bob)).toMatchObject({ balance: 107, seq: 4 });
});

test("transfers and gifts of a day count towards one daily limit", async () => {
  const [ann, bob] = [await rich(), await rich()];
  await recordSpendLimit(ann, 30);
  await transfer({ senderId: ann, recipientId: bob, amount: 20, now }, forget);
  const stream = await makeStream(bob);
  const limited = { code: "spend_limit_reached" };
  await expect(sendOne(stream, ann, giftTypeOf(11), { now })).rejects.toMatchObject(limited);
  await sendOne(stream, ann, giftTypeOf(10), { now });
  const more = transfer({ senderId: ann, recipientId: bob, amount: 1, now }, forget);
  await expect(more).rejects.toMatchObject(limited);
  expect(await findWallet(ann)).toMatchObject({ balance: 70 });
});

test("a limit that is set while credits arrive holds, even against a decision made before it", async () => {
  const ann = await rich();
  await recordSpendLimit(ann, 50);
  const before = await findWallet(ann);
  await recordSpendLimit(ann, 5);
  const movement = { type: "top_up", amount: 10, occurredAt: now.toISOString() } as const;
  await commit([before], ([wallet]) => ({
    drafts: [credit(draftOf(wallet!), movement)],
    reply: forget("done"),
  }));
  expect(await findWallet(ann)).toMatchObject({ balance: 110, spendLimit: 5 });
});

test("a sender whose wallet changes between all retries succeeds at the first read afterwards", async () => {
  const ann = await rich();
  const stream = await makeStream(someone("host"));
  // Read before the others begin, so the sender decides on a stale wallet.
  const giver = await getGiver(stream.id, ann);
  const receivers = [(await getGiver(stream.id, await rich())).sender];
  const request = { giftType: giftTypeOf(10), receivers, count: 1, charged: true };
  await whileBusy(ann, { spares: true }, async () => {
    const decision = decideGift(giftContext(stream, giver, now), request);
    expect(await recordGift(decision, () => forget("given"))).toBe("given");
  });
  expect(await findWallet(ann)).toMatchObject({ balance: 90, seq: 2 });
});
