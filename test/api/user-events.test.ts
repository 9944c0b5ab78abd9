/** Events outside of streams, which a customer's back end receives like those of streams. */
import { testHere } from "./elsewhere.ts";
import { call, eventually, freshId, known, type Person, service } from "./people.ts";
import { createWebhooks, type Received, startReceiver } from "./receiver.ts";

const testHeard = testHere("a deployed stage cannot call receivers on this machine");
const hooks = createWebhooks();
afterEach(() => hooks.removeAll());

const outside = ["notification.created", "wallet.credited", "wallet.debited", "follow.created"];
const types = [...outside, "user.renamed", "user.deleted"];

/** The events about a user, without repetitions, in order of first arrival. */
function about(received: readonly Received[], { id }: Person): { type: string; data: object }[] {
  const mine = received.filter(({ text, headers }) =>
    [text, String(headers["webhook-id"])].some((one) => one.includes(id)),
  );
  return [...new Map(mine.map((one) => [one.headers["webhook-id"], one.body])).values()];
}

testHeard("a back end receives notifications, wallets, follows, names and deletions", async () => {
  const inbox = await startReceiver();
  try {
    await hooks.make(inbox.url, types);
    const [ann, bob, backEnd] = await Promise.all([known(), known(), service()]);
    const book = async (kind: "top-ups" | "payouts", amount: number) => {
      const body = { amount, reference: `${kind}-${amount}` };
      const route = `POST /api/v1/wallets/${ann.id}/${kind}`;
      const answer = await call(route, { as: backEnd, key: freshId(), body });
      expect(answer.status).toBe(201);
    };
    await book("top-ups", 5);
    const transfer = { recipientId: bob.id, amount: 2 };
    await call("POST /api/v1/messages/credit-transfer", { as: ann, body: transfer });
    await book("payouts", 3);
    await call(`POST /api/v1/follow/${ann.id}`, { as: bob });
    await call("PUT /api/v1/users/me", { as: ann, body: { name: "Ann", bio: "b" } });
    await call("PUT /api/v1/users/me", { as: ann, body: { bio: "c" } });
    const note = { type: "system", category: "payments", title: "Paid", message: "3 credits" };
    await call("POST /api/v1/notifications", {
      as: backEnd,
      body: { ...note, userId: ann.id, metadata: { n: 1 } },
    });
    // An event sent after Ann's deletion no longer names her.
    const credited = await eventually(
      async () => about(inbox.received, bob).find(({ type }) => type === "wallet.credited"),
      (event) => event !== undefined,
    );
    await call("DELETE /api/v1/users/me", { as: ann });

    const sent = await eventually(
      async () => about(inbox.received, ann),
      (all) => all.some(({ type }) => type === "user.deleted"),
    );
    const of = (...wanted: string[]) => sent.filter(({ type }) => wanted.includes(type));
    const userId = ann.id;
    const wallet = of("wallet.credited", "wallet.debited");
    expect(
      wallet.filter(({ data }) => (data as { userId: string }).userId === userId),
    ).toMatchObject([
      { type: "wallet.credited", data: { userId, type: "top_up", amount: 5, balanceAfter: 5 } },
      {
        type: "wallet.debited",
        data: { userId, type: "credit_transfer_sent", amount: 2, counterpart: { _id: bob.id } },
      },
      { type: "wallet.debited", data: { userId, type: "payout", amount: 3, balanceAfter: 0 } },
    ]);
    expect(
      of("follow.created", "user.renamed", "notification.created", "user.deleted"),
    ).toMatchObject([
      { type: "follow.created", data: { follower: { _id: bob.id }, followed: { _id: ann.id } } },
      { type: "user.renamed", data: { userId, before: { name: userId }, after: { name: "Ann" } } },
      { type: "notification.created", data: { ...note, userId, metadata: { n: 1 }, read: false } },
      { type: "user.deleted", data: { userId } },
    ]);
    expect(credited).toMatchObject({
      data: { userId: bob.id, type: "credit_transfer_received", counterpart: { _id: ann.id } },
    });
  } finally {
    await inbox.stop();
  }
});

testHeard("a webhook gets the events outside of streams that it lists, and no others", async () => {
  const inbox = await startReceiver();
  try {
    await hooks.make(inbox.url, ["user.renamed"]);
    const ann = await known();
    const rename = (name: string) => call("PUT /api/v1/users/me", { as: ann, body: { name } });
    await rename("One");
    const note = { type: "system", category: "payments", title: "t", message: "m" };
    await call("POST /api/v1/notifications", { as: ann, body: { ...note, userId: ann.id } });
    await rename("Two");
    const sent = await eventually(
      async () => about(inbox.received, ann),
      (all) => all.length >= 2,
    );
    expect(sent.map(({ data }) => (data as { after: { name: string } }).after.name)).toEqual([
      ...["One", "Two"],
    ]);
  } finally {
    await inbox.stop();
  }
});
