import { endStream } from "../../domain/streams/stream-lifecycle.ts";
import { handler as transferCredits } from "../../functions/money/credits/transfer.ts";
import { handler as topUpWallet } from "../../functions/money/wallets/top-up.ts";
import { handler as remove } from "../../functions/people/users/delete-me.ts";
import { getGift, refund } from "../../platform/store/money/refunds.ts";
import { settleAll } from "../../platform/store/money/settle.ts";
import { topUp } from "../../platform/store/money/wallet-operations.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { findProfile } from "../../platform/store/people/users.ts";
import { changeStream } from "../../platform/store/streams/stream-changes.ts";
import { updateItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { auditTable } from "./fundings.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import {
  byAdmin,
  byHost,
  forget,
  giftTypeOf,
  makeStream,
  makeUser,
  readGift,
  sendOne,
  someone,
} from "./wallet-people.ts";

/*
 * What happens to a user who has deleted their account, and to the next user with the same sub,
 * when calls about the former one arrive.
 */

useOwnTable();
useQueue("ERASURES_QUEUE_URL");

const leave = async (userId: string) =>
  expect((await callEndpoint(remove, { as: userId, query: { forfeit: "true" } })).status).toBe(204);

test("a repeated or refused top-up does not bring a deleted user back", async () => {
  const [user, ann] = [await makeUser(someone("user")), await makeUser(someone("ann"), 50)];
  const body = { amount: 10, reference: "invoice-1" };
  const top = (key: string) =>
    callEndpoint(topUpWallet, { as: "svc", roles: ["service"], path: { userId: user }, body, key });
  const first = await top("first");
  await leave(user);
  expect(await top("first")).toMatchObject({ status: 201, body: first.body });
  expect(await top("other")).toMatchObject({ status: 409, body: { code: "reference_exists" } });
  expect(await findProfile(user, { consistent: true })).toBeUndefined();
  const wish = { as: ann, body: { recipientId: user, amount: 5 } };
  expect(await callEndpoint(transferCredits, wish)).toMatchObject({ status: 404 });
});

test("a user who becomes known through several top-ups at once gets all of them", async () => {
  const user = someone("new");
  const book = (reference: string) =>
    topUp({ userId: user, amount: 10, reference, now: new Date() }, forget);
  await Promise.all(["a", "b", "c"].map(book));
  expect(await findProfile(user, { consistent: true })).toMatchObject({ mentioned: true });
  expect(await findWallet(user)).toMatchObject({ balance: 30 });
});

describe("money of a former user", () => {
  /** A settled gift of 10 credits, and its stream. */
  async function giveTen(sender: string, host: string) {
    const stream = await makeStream(host);
    const id = await sendOne(stream, sender, giftTypeOf(10));
    await settleAll([await readGift(stream.id, id)], new Date());
    return { stream, id };
  }
  /** Without missing events: nothing appends to the logs here. */
  const misfits = async () => (await auditTable()).filter((problem) => !/event/.test(problem));

  test.each([
    ["a new user has credits", 100],
    ["nobody has the sub", 0],
  ])(
    "a gift to a host who left is not refunded, whether by an admin or a host: %s",
    async (_, n) => {
      const [sender, host] = [
        await makeUser(someone("sender"), 100),
        await makeUser(someone("host")),
      ];
      const { stream, id } = await giveTen(sender, host);
      await changeStream(stream, (current) => endStream(current, new Date(), host), new Date());
      await leave(host);
      if (n > 0) await makeUser(host, n);
      const refused = { code: "refund_not_covered" };
      for (const by of [byAdmin, byHost])
        await expect(refund(await getGift(id), by, new Date())).rejects.toMatchObject(refused);
      expect(await findWallet(host)).toMatchObject({ balance: n, owed: 0 });
      expect(await findWallet(sender)).toMatchObject({ balance: 90 });
      expect(await misfits()).toEqual([]);
    },
  );

  test("a refund to a sender who left does not repay the debt of the next user", async () => {
    const [sender, host] = [
      await makeUser(someone("sender"), 100),
      await makeUser(someone("host")),
    ];
    const { stream, id } = await giveTen(sender, host);
    await leave(sender);
    await makeUser(sender);
    const own = await giveTen(await makeUser(someone("fan"), 10), sender);
    await sendOne(stream, sender, giftTypeOf(8));
    await refund(await getGift(own.id), byAdmin, new Date());
    expect(await findWallet(sender)).toMatchObject({ balance: 0, owed: 8 });
    await refund(await getGift(id), byAdmin, new Date());
    expect(await findWallet(sender)).toMatchObject({ balance: 0, owed: 8 });
    expect(await misfits()).toEqual([]);
  });

  test("an audit reports a user who pays or owes for a gift of the former user of their sub", async () => {
    const sender = await makeUser(someone("sender"), 100);
    const [payer, debtor] = [await makeUser(someone("payer")), await makeUser(someone("debtor"))];
    for (const host of [payer, debtor]) {
      const { id } = await giveTen(sender, host);
      if (host === debtor) await sendOne(await makeStream(sender), host, giftTypeOf(10));
      await refund(await getGift(id), byAdmin, new Date());
      // As if the account had been deleted after the gift and before its refund.
      await updateItem({
        Key: key.wallet(host),
        UpdateExpression: "SET leftAt = :at, since = :seq",
        ExpressionAttributeValues: { ":at": new Date().toISOString(), ":seq": 1 },
      });
    }
    expect((await misfits()).sort()).toEqual([
      `entry 2 is about a gift of the former user of ${payer}`,
      "owes 10, of which no admin's refund explains 10",
    ]);
  });
});
