import { expect, test } from "@jest/globals";
import { handler as join } from "../../functions/streams/join.ts";
import { audit } from "../../platform/audit/audit.ts";
import { continueErasure } from "../../platform/own-data/erasure.ts";
import { collectOwnData } from "../../platform/own-data/export.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { forfeitPass, refundPass } from "../../platform/store/money/passes.ts";
import { findGift } from "../../platform/store/money/refunds.ts";
import { settle } from "../../platform/store/money/settle.ts";
import { findTotals, listFans } from "../../platform/store/money/totals.ts";
import { payOut } from "../../platform/store/money/wallet-operations.ts";
import { findWallet, recordSpendLimit } from "../../platform/store/money/wallets.ts";
import { findMember } from "../../platform/store/streams/members.ts";
import { updateItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { scanTable } from "../../platform/table/query.ts";
import { callEndpoint } from "./api-call.ts";
import { atEachRequest } from "./interleaving.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { buyOne, forget, makeStream, makeUser, someone } from "./wallet-people.ts";

useOwnTable();
useQueue("ERASURES_QUEUE_URL");

const price = 30;
const newPaid = async () => makeStream(await makeUser(someone("host")), { price });

async function bought(credits = price) {
  const stream = await newPaid();
  const userId = await makeUser(someone("viewer"), credits);
  const giftId = (await buyOne(stream, userId))!;
  return { stream, userId, giftId };
}

async function settleCharge(streamId: string, giftId: string): Promise<void> {
  const { gift } = (await findGift(streamId, giftId))!;
  await settle(gift.due!, [gift], new Date());
}

const look = () =>
  audit({ read: scanTable, now: new Date(), patienceMilliseconds: 0, pause: async () => {} });
const problemsOf = async (text: string) =>
  (await look()).misfits.map(({ problem }) => problem).filter((one) => one.includes(text));

const refundOf = (streamId: string, userId: string) =>
  refundPass({ streamId, userId, adminId: "an-admin" }, new Date(), forget);

test.each([
  ["credits for one pass only", price, undefined],
  ["a spend limit of one pass", 3 * price, price],
])(
  "two joins at once by a user with %s are both answered, and one is charged",
  async (_, credits, spendLimit) => {
    await atEachRequest(async () => {
      const stream = await newPaid();
      const userId = await makeUser(someone("viewer"), credits);
      if (spendLimit !== undefined) await recordSpendLimit(userId, spendLimit);
      const call = () => callEndpoint(join, { as: userId, body: { liveStreamId: stream.id } });
      const statuses: number[] = [];
      const note = async () => void statuses.push((await call()).status);
      return {
        act: note,
        meanwhile: note,
        check: async () => {
          expect(statuses).toEqual([200, 200]);
          expect(await findWallet(userId)).toMatchObject({ balance: credits - price });
        },
      };
    });
  },
);

test("a pass's price is settled once, and is not shown as a gift in the stream", async () => {
  const { stream, giftId } = await bought();
  for (let time = 0; time < 2; time++) {
    const { gift } = (await findGift(stream.id, giftId))!;
    await settle(stream.hostId, [{ ...gift, due: stream.hostId }], new Date());
  }
  expect(await findWallet(stream.hostId)).toMatchObject({ balance: price });
  expect(await findTotals(stream.id)).toMatchObject({ gifts: 0, count: 0, credits: 0 });
  expect(await listFans(stream.id)).toEqual([]);
  expect(await problemsOf(stream.id)).toEqual([]);
});

test("a refund takes back pending and spent credits; what the host lacks becomes debt", async () => {
  for (const isSettled of [false, true]) {
    const { stream, userId, giftId } = await bought();
    if (isSettled) await settleCharge(stream.id, giftId);
    const { hostId } = stream;
    const out = { userId: hostId, amount: price, reference: "out", now: new Date() };
    if (isSettled) await payOut(out, forget);
    await refundOf(stream.id, userId);
    expect(await findWallet(userId)).toMatchObject({ balance: price });
    expect(await findWallet(hostId)).toMatchObject({ balance: 0, owed: isSettled ? price : 0 });
    expect(await findMember(stream.id, userId)).not.toHaveProperty("pass");
  }
  expect((await look()).misfits).toEqual([]);
});

test("one of ten concurrent refunds moves credits", async () => {
  const { stream, userId } = await bought();
  const refunds = Array.from({ length: 10 }, () => refundOf(stream.id, userId));
  const results = await Promise.allSettled(refunds);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await findWallet(userId)).toMatchObject({ balance: price });
});

test("a pass that an erasure forfeits during its refund is refunded, or there is none", async () => {
  await atEachRequest(async () => {
    const { stream, userId, giftId } = await bought();
    await settleCharge(stream.id, giftId);
    let outcome = "refunded";
    return {
      act: () =>
        refundOf(stream.id, userId).catch((error: { code?: string }) => {
          outcome = `${error.code}`;
        }),
      meanwhile: () => forfeitPass(stream.id, userId, giftId),
      async check() {
        const { gift } = (await findGift(stream.id, giftId))!;
        const isRefunded = gift.refundedAt !== undefined;
        expect([outcome, isRefunded]).toEqual(
          isRefunded ? ["refunded", true] : ["pass_not_found", false],
        );
        expect((await findWallet(userId)).balance).toBe(isRefunded ? price : 0);
      },
    };
  });
});

test("the audit reports a pass that nobody paid for, and a charge without its pass", async () => {
  const { stream, userId, giftId } = await bought();
  const thief = someone("thief");
  const steal = (pass: object | undefined, of: string) =>
    updateItem({
      Key: key.member(stream.id, of),
      UpdateExpression: pass === undefined ? "REMOVE pass" : "SET userId = :user, pass = :pass",
      ...(pass && { ExpressionAttributeValues: { ":user": of, ":pass": pass } }),
    });
  const pass = { giftId, at: new Date().toISOString() };
  await steal(pass, thief);
  expect(await problemsOf(thief)).toEqual([
    `pass of ${thief} in stream ${stream.id} by charge ${giftId}: 1 missing`,
  ]);
  await steal(undefined, thief);
  await steal(undefined, userId);
  expect(await problemsOf(userId)).toEqual([
    `pass of ${userId} in stream ${stream.id} by charge ${giftId}: 1 too much`,
  ]);
  await steal(pass, userId);
  expect(await problemsOf(userId)).toEqual([]);
});

/** Planted fault that turns this red: a pass that is taken whatever charge it is of. */
test("an erasure leaves the pass that the next user of the sub has bought meanwhile", async () => {
  const { stream, userId, giftId } = await bought();
  await settleCharge(stream.id, giftId);
  await refundOf(stream.id, userId);
  await removeUser({ userId, isForfeit: true, now: new Date() });
  await makeUser(userId, price);
  const again = await buyOne(stream, userId);
  await continueErasure(userId, 50);
  expect((await findMember(stream.id, userId))?.pass).toMatchObject({ giftId: again });
  expect(await problemsOf(stream.id)).toEqual([]);
});

test("deleted users lose their passes and names; a new user of the sub has to buy", async () => {
  const { stream, userId, giftId } = await bought();
  await settleCharge(stream.id, giftId);
  const { passes } = await collectOwnData(userId, new Date());
  expect(passes).toEqual([{ streamId: stream.id, at: expect.any(String) }]);
  await removeUser({ userId, isForfeit: false, now: new Date() });
  await continueErasure(userId, 50);
  expect((await findMember(stream.id, userId))?.pass).toBeUndefined();
  const { gift } = (await findGift(stream.id, giftId))!;
  expect(gift).toMatchObject({ isForfeit: true, sender: { userId, name: "", username: "" } });
  expect(await problemsOf(stream.id)).toEqual([]);
  await makeUser(userId, price);
  expect((await collectOwnData(userId, new Date())).passes).toEqual([]);
  expect(await buyOne(stream, userId)).not.toBe(giftId);
  expect(await problemsOf(stream.id)).toEqual([]);
});
