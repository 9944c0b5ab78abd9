import fc from "fast-check";
import { type Person, personOf } from "../../../domain/people/person.ts";
import { profileOf } from "../../../domain/people/user.ts";
import { Refusal } from "../../../domain/refusal.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import {
  cancelStream,
  deleteStream,
  startStream,
} from "../../../domain/streams/stream-lifecycle.ts";
import { applyDueTime } from "../../../platform/planned-streams/due-times.ts";
import { sumPending } from "../../../platform/store/money/due.ts";
import { refundPass } from "../../../platform/store/money/passes.ts";
import { findGift, getGift, refund } from "../../../platform/store/money/refunds.ts";
import { settle } from "../../../platform/store/money/settle.ts";
import { payOut, topUp, transfer } from "../../../platform/store/money/wallet-operations.ts";
import { findWallet } from "../../../platform/store/money/wallets.ts";
import { EscrowPart } from "../../../platform/store/streams/escrow.ts";
import { findMember } from "../../../platform/store/streams/members.ts";
import { changeStream } from "../../../platform/store/streams/stream-changes.ts";
import { getItem } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { auditTable, giveTo, plannedStream, settleProceeds } from "../fundings.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";
import {
  buyOne,
  byHost,
  forget,
  giftTypeOf,
  makeStream,
  makeUser,
  sendOne,
  someone,
} from "../wallet-people.ts";

/*
 * Accounts are free, and one person may have as many as they like: whatever those do with each
 * other must not make credits, and only an admin's refund may leave a debt. Each of them hosts a
 * stream of their own and may refund as its host, a paid one, and one that asks for funds, which
 * the host pays out at once. Planted faults that turn it red: a host's refund that takes what is
 * there and owes the rest; a return without the condition that there was none; a return of what is
 * the host's.
 */
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.COLLUSION_RUNS ?? (process.env.CI ? 40 : 15));

useOwnTable();
useQueue("PLANS_QUEUE_URL");

type Ring = {
  accounts: string[];
  streams: Stream[];
  paid: Stream[];
  /** Planned streams, the newest of each host last; those before it are decided. */
  funded: Stream[][];
  gifts: string[];
  together: number;
  /** What an admin's refunds took, by host: all that they may owe. */
  refunded: number[];
};

const type = giftTypeOf(10);
const person = (userId: string): Person => personOf(profileOf(userId, {}, new Date()));

/** The sum of all balances less debts, of credits not settled yet, and of held contributions. */
async function togetherOf({ accounts, funded }: Ring): Promise<number> {
  const shares = accounts.map(async (userId) => {
    const pending = await sumPending(userId);
    const { balance, owed } = await findWallet(userId);
    const held = funded.flat().map((stream) => heldBy(stream, userId));
    return (await Promise.all(held)).reduce((sum, one) => sum + one, pending + balance - owed);
  });
  return (await Promise.all(shares)).reduce((sum, one) => sum + one, 0);
}

/** What a stream holds that a user contributed. */
async function heldBy({ id }: Stream, userId: string): Promise<number> {
  const member = await findMember(id, userId, { consistent: true });
  const part = await getItem(EscrowPart, key.escrowOf(id, userId), { consistent: true });
  const isHeld = member?.returnedAt === undefined && part?.outcome !== "host";
  return isHeld ? (member?.contributed ?? 0) : 0;
}

async function settleGift(id: string): Promise<void> {
  const { gift, shares } = await getGift(id);
  for (const due of [gift, ...shares])
    if (due.due !== undefined) await settle(due.due, [due], new Date());
}

/** A refusal is a normal answer: only the balances afterwards count. */
const unlessRefused = async (act: Promise<unknown>) => {
  await act.catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
  });
};

type Deed = {
  name: string;
  issues?: number;
  act: (ring: Ring) => Promise<unknown>;
  [fc.toStringMethod]?: () => string;
};

const who = fc.nat(2);
/** Credits of one movement; `all` is what the wallet has. */
const amounts = fc.constantFrom<number | "all">(1, 7, 10, 30, "all");
let count = 0;

async function bookingOf(userId: string, wanted: number | "all") {
  const amount = wanted === "all" ? (await findWallet(userId)).balance : wanted;
  return { userId, amount, reference: `ring-${++count}`, now: new Date() };
}

const topUps = fc.tuple(who, fc.constantFrom(1, 10, 30)).map(
  ([n, credits]): Deed => ({
    name: `topUp(${n}, ${credits})`,
    issues: credits,
    act: async ({ accounts }) => topUp(await bookingOf(accounts[n]!, credits), forget),
  }),
);
const payOuts = fc.tuple(who, amounts).map(
  ([n, wanted]): Deed => ({
    name: `payOut(${n}, ${wanted})`,
    act: async ({ accounts }) => {
      const booking = await bookingOf(accounts[n]!, wanted);
      if (booking.amount > 0) await payOut(booking, forget);
    },
  }),
);
const transfers = fc.tuple(who, who, amounts).map(
  ([from, to, wanted]): Deed => ({
    name: `transfer(${from} to ${to}, ${wanted})`,
    act: async ({ accounts }) => {
      const { userId: senderId, amount, now } = await bookingOf(accounts[from]!, wanted);
      if (from === to || amount === 0) return;
      await transfer({ senderId, recipientId: accounts[to]!, amount, now }, forget);
    },
  }),
);
/** To the host alone, or to others, or to several, as an application may send it. */
const gifts = fc.tuple(who, who, fc.constantFrom(0, 0, 0, 1, 2, 4, 6)).map(
  ([n, host, guests]): Deed => ({
    name: `gift(${n} in the stream of ${host}, to ${guests})`,
    act: async (ring) => {
      const chosen = ring.accounts.filter((_, at) => (guests >> at) & 1);
      const receivers = (chosen.length > 0 ? chosen : [ring.accounts[host]!]).map(person);
      ring.gifts.push(await sendOne(ring.streams[host]!, ring.accounts[n]!, type, { receivers }));
    },
  }),
);
const toOneGift = (name: string, act: (id: string) => Promise<unknown>) =>
  fc.nat(20).map(
    (pick): Deed => ({
      name: `${name}(${pick})`,
      act: async ({ gifts: sent }) => sent.length > 0 && act(sent[pick % sent.length]!),
    }),
  );
const settlements = toOneGift("settle", settleGift);
const refunds = toOneGift("refundByHost", async (id) =>
  refund(await getGift(id), byHost, new Date()),
);

/** A pass for a paid stream of one of them, which only an admin could refund. */
const passes = fc.tuple(who, who).map(
  ([n, host]): Deed => ({
    name: `buyPass(${n} for the stream of ${host})`,
    act: async ({ accounts, paid }) => {
      if (n === host) return;
      const { id: streamId } = paid[host]!;
      const charge = await buyOne(paid[host]!, accounts[n]!);
      const { gift } = (charge && (await findGift(streamId, charge))) || {};
      if (gift !== undefined) await settle(accounts[host]!, [gift], new Date());
    },
  }),
);

const passRefunds = fc.tuple(who, who).map(
  ([n, host]): Deed => ({
    name: `refundPassByAdmin(${n} of the stream of ${host})`,
    act: async ({ accounts, paid, refunded }) => {
      const whose = { streamId: paid[host]!.id, userId: accounts[n]!, adminId: "an-admin" };
      const { credits } = await refundPass(whose, new Date(), forget);
      refunded[host]! += credits;
    },
  }),
);

const newest = ({ funded }: Ring, host: number) => funded[host]!.at(-1)!;
const contributions = fc.tuple(who, who, amounts).map(
  ([n, host, wanted]): Deed => ({
    name: `contribute(${n} to the stream of ${host}, ${wanted})`,
    act: async (ring) => {
      const { userId, amount } = await bookingOf(ring.accounts[n]!, wanted);
      if (n !== host && amount > 0) await giveTo(newest(ring, host), amount, userId);
    },
  }),
);

/** The host's ways to end a funding, and time's; then they plan another stream. */
const endings = {
  live: (stream: Stream) => change(stream, (one) => startStream(one, one.host, new Date())),
  cancelled: (stream: Stream) => change(stream, cancelStream),
  deleted: (stream: Stream) => change(stream, (one) => deleteStream(one, new Date())),
  late: ({ id }: Stream) => applyDueTime({ streamId: id }, new Date(Date.now() + 3 * 3_600_000)),
};
const change = (stream: Stream, decide: Parameters<typeof changeStream>[1]) =>
  changeStream(stream, decide, new Date());
const decisions = fc
  .tuple(who, fc.constantFrom<keyof typeof endings>("live", "live", "cancelled", "deleted", "late"))
  .map(
    ([host, how]): Deed => ({
      name: `endFunding(of ${host}: ${how})`,
      act: async (ring) => {
        const stream = newest(ring, host);
        await endings[how](stream);
        if (how === "live") await settleProceeds(stream);
        ring.funded[host]!.push(await plannedBy(ring.accounts[host]!));
      },
    }),
  );
const plannedBy = (hostId: string) =>
  plannedStream({ fundingGoal: 15, price: 7 }, new Date(), hostId);
const returns = fc.tuple(who, fc.nat(5)).map(
  ([host, pick]): Deed => ({
    name: `applyDueTime(of ${host}, ${pick})`,
    act: async ({ funded }) => {
      const { id: streamId } = funded[host]![pick % funded[host]!.length]!;
      await applyDueTime({ streamId }, new Date());
    },
  }),
);

const deeds = fc.oneof(
  { weight: 2, arbitrary: passes },
  { weight: 1, arbitrary: passRefunds },
  { weight: 4, arbitrary: contributions },
  { weight: 3, arbitrary: decisions },
  { weight: 2, arbitrary: returns },
  { weight: 1, arbitrary: topUps },
  { weight: 2, arbitrary: payOuts },
  { weight: 4, arbitrary: transfers },
  { weight: 5, arbitrary: gifts },
  { weight: 3, arbitrary: settlements },
  { weight: 4, arbitrary: refunds },
);
const told = deeds.map((deed): Deed => ({ ...deed, [fc.toStringMethod]: () => deed.name }));
const plans = fc.array(told, { minLength: 20, maxLength: 30 });

test("the total of free accounts grows only through top-ups", async () => {
  console.log(`collusion: SEED=${seed} COLLUSION_RUNS=${runs}`);
  const property = fc.asyncProperty(plans, async (plan) => {
    const accounts = ["ann", "bob", "cid"].map(someone);
    for (const userId of accounts) await makeUser(userId, 20);
    const streams = await Promise.all(accounts.map((userId) => makeStream(userId)));
    const paid = await Promise.all(accounts.map((userId) => makeStream(userId, { price: 7 })));
    const funded = await Promise.all(accounts.map(async (userId) => [await plannedBy(userId)]));
    const refunded = [0, 0, 0];
    const ring: Ring = { accounts, streams, paid, funded, gifts: [], together: 60, refunded };
    for (const { name, issues = 0, act } of plan) {
      await unlessRefused(act(ring));
      const together = await togetherOf(ring);
      expect({ name, grew: Math.max(0, together - ring.together - issues) }).toEqual({
        name,
        grew: 0,
      });
      ring.together = together;
    }
    for (const [n, userId] of accounts.entries())
      expect((await findWallet(userId)).owed).toBeLessThanOrEqual(refunded[n]!);
    // What was given to streams that still wait is returned to its givers.
    for (const stream of funded.flat()) {
      await endings.late(stream);
      await applyDueTime({ streamId: stream.id }, new Date());
    }
    expect(await togetherOf(ring)).toBe(ring.together);
    expect(await auditTable()).toEqual([]);
  });
  await fc.assert(property, { seed, numRuns: runs, endOnFailure: true });
});

test("three accounts cannot get a gift twice: the host's refund needs the credits that it returns", async () => {
  const [ann, bob, cid] = ["ann", "bob", "cid"].map(someone) as [string, string, string];
  await makeUser(ann, 10);
  await makeUser(bob);
  await makeUser(cid);
  const id = await sendOne(await makeStream(bob), ann, type);
  await settleGift(id);
  const now = new Date();
  await transfer({ senderId: bob, recipientId: cid, amount: 10, now }, forget);
  const refused = { code: "refund_not_covered", kind: "conflict" };
  await expect(getGift(id).then((gift) => refund(gift, byHost, now))).rejects.toMatchObject(
    refused,
  );
  expect(await findWallet(ann)).toMatchObject({ balance: 0 });
  expect(await findWallet(bob)).toMatchObject({ balance: 0, owed: 0 });
  expect((await getGift(id)).gift.refundedAt).toBeUndefined();

  await transfer({ senderId: cid, recipientId: bob, amount: 10, now }, forget);
  await refund(await getGift(id), byHost, now);
  expect(await findWallet(ann)).toMatchObject({ balance: 10 });
  expect(await findWallet(bob)).toMatchObject({ balance: 0, owed: 0 });
});

test("a host cannot refund a gift of which a guest has received a share", async () => {
  const [ann, bob, cid] = ["ann", "bob", "cid"].map(someone) as [string, string, string];
  await makeUser(ann, 100);
  const stream = await makeStream(bob);
  for (const receivers of [[person(cid)], [person(bob), person(cid)]]) {
    const id = await sendOne(stream, ann, type, { receivers });
    await settleGift(id);
    const refused = { code: "refund_not_yours", kind: "forbidden" };
    const now = new Date();
    await expect(getGift(id).then((gift) => refund(gift, byHost, now))).rejects.toMatchObject(
      refused,
    );
    expect((await getGift(id)).gift.refundedAt).toBeUndefined();
  }
  expect(await findWallet(cid)).toMatchObject({ balance: 20 });
});
