import { setTimeout as pause } from "node:timers/promises";
import { getPackage } from "../../domain/money/credit-package.ts";
import { personOf } from "../../domain/people/person.ts";
import { profileOf } from "../../domain/people/user.ts";
import { Refusal } from "../../domain/refusal.ts";
import { endStream } from "../../domain/streams/stream-lifecycle.ts";
import { handler as remove } from "../../functions/people/users/delete-me.ts";
import { handler as exportData } from "../../functions/people/users/export.ts";
import { handler as transactions } from "../../functions/people/users/transactions.ts";
import { audit } from "../../platform/audit/audit.ts";
import { continueErasure } from "../../platform/own-data/erasure.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { markOf, refuseCall } from "../../platform/store/money/call-marks.ts";
import { getGift, refund } from "../../platform/store/money/refunds.ts";
import { settleAll } from "../../platform/store/money/settle.ts";
import { payOut, purchase, topUp, transfer } from "../../platform/store/money/wallet-operations.ts";
import { findWallet, recordSpendLimit } from "../../platform/store/money/wallets.ts";
import { listNotifications } from "../../platform/store/people/notification-lists.ts";
import { findProfile } from "../../platform/store/people/users.ts";
import { changeStream } from "../../platform/store/streams/stream-changes.ts";
import {
  claimCall,
  findMarked,
  keyedCall,
  markerAction,
} from "../../platform/table/idempotency.ts";
import { getRawItem, updateItem } from "../../platform/table/items.ts";
import { dueIndex, key } from "../../platform/table/keys.ts";
import { scanTable } from "../../platform/table/query.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { commitTransaction } from "../../platform/table/transact.ts";
import { callEndpoint } from "./api-call.ts";
import { atEachRequest } from "./interleaving.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import {
  byAdmin,
  forget,
  giftTypeOf,
  hostThousand,
  makeStream,
  makeUser,
  readGift,
  sendOne,
  someone,
} from "./wallet-people.ts";

/*
 * A user leaves, and a new user has the same sub: the second must not get data of the first.
 */

useOwnTable();
useQueue("ERASURES_QUEUE_URL");

/** Runs with an index that does not contain the latest writes yet. */
async function withLaggingIndex<A>(act: () => Promise<A>): Promise<A> {
  const client = table();
  const send = (command: { input: { IndexName?: string } }) =>
    command.input.IndexName === dueIndex.name
      ? Promise.resolve({ Items: [] })
      : client.send(command as never);
  useTable({ send } as unknown as typeof client);
  try {
    return await act();
  } finally {
    useTable(client);
  }
}

const leave = (userId: string) => callEndpoint(remove, { as: userId, query: { forfeit: "true" } });

const entriesOf = async (userId: string) => {
  const { body } = await callEndpoint(transactions, { as: userId });
  const { list } = body.data as { list: { type: string; amount: number }[] };
  return list.map(({ type, amount }) => `${type} ${amount}`);
};

async function expectProven() {
  const pause = async () => {};
  const report = await audit({
    read: scanTable,
    now: new Date(),
    patienceMilliseconds: 0,
    pause,
  });
  expect(report.misfits.filter((misfit) => !/event/.test(JSON.stringify(misfit)))).toEqual([]);
}

test.each([
  ["the index does not show them yet", false],
  ["it does not, and their stream is older than a thousand others of the host", true],
])("pending credits prevent a host's deletion, even if %s", async (_, isOld) => {
  const [sender, host] = [await makeUser(someone("sender"), 100), await makeUser(someone("host"))];
  const stream = await makeStream(host);
  if (isOld) await hostThousand(host, new Date(Date.now() - 3_600_000));
  const giftId = await sendOne(stream, sender, giftTypeOf(10));
  const now = new Date();
  await changeStream(stream, (current) => endStream(current, now, current.hostId), now);
  const early = await withLaggingIndex(() => leave(host));
  expect(early.status).toBe(409);
  expect(JSON.stringify(early.body)).toContain("10 credits are still on their way to you");
  await settleAll([await readGift(stream.id, giftId)], new Date());
  expect((await withLaggingIndex(() => leave(host))).status).toBe(204);
});

describe("a gift that is settled after its receiver was deleted", () => {
  /** A user leaves while a gift to them in another's stream is pending. */
  async function leftBehind(leavesAt?: Date) {
    const [sender, host] = [await makeUser(someone("sender"), 100), await makeUser(someone("h"))];
    const guest = await makeUser(someone("guest"), 7);
    const stream = await makeStream(host);
    const receivers = [personOf(profileOf(guest, {}, new Date()))];
    const giftId = await sendOne(stream, sender, giftTypeOf(10), { receivers });
    const now = leavesAt ?? new Date();
    await withLaggingIndex(() => removeUser({ userId: guest, isForfeit: true, now }));
    const settleNow = async () => settleAll([await readGift(stream.id, giftId)], new Date());
    return { guest, settleNow };
  }

  test("is forfeited, and the next user with that sub sees nothing of it", async () => {
    const { guest, settleNow } = await leftBehind();
    await settleNow();
    await settleNow();
    await makeUser(guest);
    expect(await findWallet(guest)).toMatchObject({ balance: 0, seq: 4, since: 4 });
    expect(await entriesOf(guest)).toEqual([]);
    await expectProven();
  });

  test("does not go to a new user who signed up before it either", async () => {
    const { guest, settleNow } = await leftBehind();
    await makeUser(guest, 3);
    await settleNow();
    expect(await findWallet(guest)).toMatchObject({ balance: 3 });
    expect(await entriesOf(guest)).toEqual(["payout 10", "gift_revenue 10", "top_up 3"]);
    await expectProven();
  });

  test("stays with the next user if it was sent to them, a millisecond later", async () => {
    const second = Math.ceil(Date.now() / 1000) * 1000;
    const { guest } = await leftBehind(new Date(second + 100));
    const [sender, host] = [await makeUser(someone("sender"), 100), await makeUser(someone("h"))];
    await makeUser(guest);
    const stream = await makeStream(host);
    const receivers = [personOf(profileOf(guest, {}, new Date()))];
    const { leftAt = "" } = await findWallet(guest);
    const now = new Date(Date.parse(leftAt) + 1);
    const giftId = await sendOne(stream, sender, giftTypeOf(10), { receivers, now });
    await settleAll([await readGift(stream.id, giftId)], now);
    expect(await findWallet(guest)).toMatchObject({ balance: 10 });
  });
});

test("a refund of a deleted sender's gift is forfeited, and the next user with that sub is not told", async () => {
  const [sender, host] = [await makeUser(someone("sender"), 100), await makeUser(someone("host"))];
  const giftId = await sendOne(await makeStream(host), sender, giftTypeOf(10));
  await removeUser({ userId: sender, isForfeit: true, now: new Date() });
  await makeUser(sender, 3);
  await refund(await getGift(giftId), byAdmin, new Date());
  expect(await findWallet(sender)).toMatchObject({ balance: 3 });
  expect(await listNotifications(sender, {}, 10)).toEqual([]);
  expect(await listNotifications(host, {}, 10)).toHaveLength(1);
  await expectProven();
});

test("a user who signs up again sees no forfeited credits and no earlier entries, on any page", async () => {
  const user = await makeUser(someone("user"), 50);
  expect((await leave(user)).status).toBe(204);
  await makeUser(user, 5);
  expect(await entriesOf(user)).toEqual(["top_up 5"]);
  const types = { types: "payout,top_up" };
  const { body } = await callEndpoint(transactions, { as: user, query: types });
  expect((body.data as { list: unknown[] }).list).toHaveLength(1);
  const exported = await callEndpoint(exportData, { as: user });
  expect((exported.body.data as { transactions: unknown[] }).transactions).toHaveLength(1);
});

test("an export has the newest thousand items of a kind, or 400 KB, and says which lists are cut", async () => {
  const devicesOf = async (count: number, bytes: number) => {
    const user = await makeUser(someone("user"));
    const ids = Array.from({ length: count }, (_, n) => String(n).padStart(4, "0"));
    const puts = ids.map((id) => ({
      Put: { Item: { ...key.device(user, id), token: id, model: "x".repeat(bytes) } },
    }));
    while (puts.length > 0) await commitTransaction(puts.splice(0, 100));
    const { body } = await callEndpoint(exportData, { as: user });
    const { devices, truncated } = body.data as {
      devices: { token: string }[];
      truncated: unknown;
    };
    const tokens = devices.map(({ token }) => token);
    return [tokens.length, tokens[0], truncated];
  };
  expect(await devicesOf(1_000, 0)).toEqual([1_000, "0999", []]);
  expect(await devicesOf(1_001, 0)).toEqual([1_000, "1000", ["devices"]]);
  expect(await devicesOf(1, 300_000)).toEqual([1, "0000", []]);
  expect(await devicesOf(3, 150_000)).toEqual([2, "0002", ["devices"]]);
});

describe("an erasure of remembered replies", () => {
  test("deletes earlier responses, and leaves marks, claims and later responses", async () => {
    const user = await makeUser(someone("user"));
    const at = new Date();
    const before = keyedCall(user, "POST /a", "before", {});
    const since = keyedCall(user, "POST /a", "since", {});
    const claimed = keyedCall(user, "POST /a", "claimed", {});
    const later = new Date(at.getTime() + 60_000);
    await commitTransaction([markerAction(before, 201, { name: "Zoe" }, at)]);
    await removeUser({ userId: user, isForfeit: false, now: at });
    await commitTransaction([markerAction(since, 201, { name: "Ann" }, later)]);
    await claimCall(claimed, later);
    const mark = markOf(user, "call-1", at, { identity: "the same gift", seconds: 60 });
    expect(await refuseCall(mark)).toBe(true);
    await continueErasure(user, 20);
    expect(await findMarked(before, later)).toBeUndefined();
    expect(await findMarked(since, later)).toMatchObject({ kept: { name: "Ann" } });
    const kept = [key.claim(user, claimed.hash), key.call(user, mark.hash)];
    for (const place of kept)
      expect(await getRawItem(place, { consistent: true })).toMatchObject(place);
  });

  test("deletes responses beyond one page", async () => {
    const user = await makeUser(someone("user"));
    const at = new Date();
    const calls = Array.from({ length: 130 }, (_, n) => keyedCall(user, "POST /a", `${n}`, {}));
    for (const call of calls) await commitTransaction([markerAction(call, 201, {}, at)]);
    await removeUser({ userId: user, isForfeit: false, now: at });
    await continueErasure(user, 20);
    for (const call of calls) expect(await findMarked(call, at)).toBeUndefined();
  });
});

describe("credits that arrive while their user deletes the account", () => {
  const deletion = (userId: string) => removeUser({ userId, isForfeit: true, now: new Date() });
  /** No credits without a user, and none for the next one. */
  const expectNobodys = async (userId: string) => {
    if ((await findProfile(userId, { consistent: true })) === undefined)
      expect(await findWallet(userId)).toMatchObject({ balance: 0 });
    await expectProven();
  };

  const outcomeOf = (doing: Promise<unknown>) =>
    doing.then(
      () => "done",
      (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
    );

  test("a payout is made before the deletion, or refused", () =>
    atEachRequest(async () => {
      const bob = await makeUser(someone("bob"), 20);
      const booking = { userId: bob, amount: 10, reference: "paid", now: new Date() };
      let outcome = "";
      return {
        act: async () => {
          outcome = await outcomeOf(payOut(booking, forget));
        },
        meanwhile: () => deletion(bob),
        check: async () => {
          expect(["done", "user_not_found", "credits_too_low"]).toContain(outcome);
          await expectNobodys(bob);
        },
      };
    }));

  test("a gift to them in another's stream prevents the deletion, or is forfeited", () =>
    atEachRequest(async () => {
      const [ann, host] = [await makeUser(someone("ann"), 100), await makeUser(someone("host"))];
      const bob = await makeUser(someone("bob"));
      const stream = await makeStream(host);
      const receivers = [personOf(profileOf(bob, {}, new Date()))];
      let giftId = "";
      return {
        act: () => outcomeOf(deletion(bob)),
        meanwhile: async () => {
          if ((await findProfile(bob, { consistent: true })) === undefined) return;
          await pause(5);
          giftId = await sendOne(stream, ann, giftTypeOf(10), { receivers });
        },
        check: async () => {
          if (giftId !== "") await settleAll([await readGift(stream.id, giftId)], new Date());
          await expectNobodys(bob);
        },
      };
    }));

  test("a transfer is refused, or forfeited with the account", () =>
    atEachRequest(async () => {
      const [ann, bob] = [await makeUser(someone("ann"), 100), await makeUser(someone("bob"))];
      let outcome = "";
      const wish = { senderId: ann, recipientId: bob, amount: 7, now: new Date() };
      return {
        act: async () => {
          outcome = await outcomeOf(transfer(wish, forget));
        },
        meanwhile: () => deletion(bob),
        check: async () => {
          expect(["done", "user_not_found"]).toContain(outcome);
          await expectNobodys(bob);
          expect(await findWallet(ann)).toMatchObject({ balance: outcome === "done" ? 93 : 100 });
        },
      };
    }));

  test("a purchase is refused, and a later one by the next user is not", () =>
    atEachRequest(async () => {
      const bob = await makeUser(someone("bob"));
      const pack = getPackage("65b0000000000000000000a1");
      const now = new Date();
      let outcome = "";
      return {
        act: async () => {
          outcome = await outcomeOf(purchase(bob, pack, now, forget({})));
        },
        meanwhile: () => deletion(bob),
        check: async () => {
          expect(outcome).toBe("user_not_found");
          await expectNobodys(bob);
          const later = new Date(Date.now() + 1_000);
          expect(await outcomeOf(purchase(bob, pack, later, forget({})))).toBe("done");
        },
      };
    }));

  test("a top-up makes the user known again, or is forfeited with the account", () =>
    atEachRequest(async () => {
      const bob = await makeUser(someone("bob"), 5);
      const booking = { userId: bob, amount: 10, reference: "paid", now: new Date() };
      return {
        act: () => topUp(booking, forget),
        meanwhile: () => deletion(bob),
        check: () => expectNobodys(bob),
      };
    }));
});

test("a user's own spend limit outlives the account", async () => {
  const host = await makeStream(await makeUser(someone("host")));
  const user = await makeUser(someone("limited"), 100);
  await recordSpendLimit(user, 10);
  await sendOne(host, user, giftTypeOf(8));
  expect((await leave(user)).status).toBe(204);
  await makeUser(user, 100);
  const again = sendOne(host, user, giftTypeOf(3));
  await expect(again).rejects.toMatchObject({ code: "spend_limit_reached" });
});

test("a user can give up fifty billion credits at once, and keeps the account with more", async () => {
  const rich = await makeUser(someone("rich"), 1);
  const own = (balance: number) =>
    updateItem({
      Key: key.wallet(rich),
      UpdateExpression: "SET balance = :balance",
      ExpressionAttributeValues: { ":balance": balance },
    });
  await own(50_000_000_001);
  expect(await leave(rich)).toMatchObject({ status: 409, body: { code: "account_in_use" } });
  await own(50_000_000_000);
  expect((await leave(rich)).status).toBe(204);
  expect(await findWallet(rich)).toMatchObject({ balance: 0, since: 51 });
});
