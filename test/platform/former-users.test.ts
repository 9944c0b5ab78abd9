import { handler as transferCredits } from "../../functions/money/credits/transfer.ts";
import { handler as topUpWallet } from "../../functions/money/wallets/top-up.ts";
import { handler as remove } from "../../functions/people/users/delete-me.ts";
import { topUp } from "../../platform/store/money/bookings.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { findProfile } from "../../platform/store/people/users.ts";
import { callEndpoint } from "./api-call.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { forget, makeUser, someone } from "./wallet-people.ts";

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
