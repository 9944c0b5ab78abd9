import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { escrowMax } from "../../domain/streams/funding.ts";
import { Stream } from "../../domain/streams/stream.ts";
import { cancelStream, deleteStream, startStream } from "../../domain/streams/stream-lifecycle.ts";
import { handler as exportData } from "../../functions/people/users/export.ts";
import { applyDueTime, queueDueStreams } from "../../platform/planned-streams/due-times.ts";
import { beginInvocation, setDeadline } from "../../platform/runtime/deadline.ts";
import { contribute } from "../../platform/store/money/fundings.ts";
import { topUp } from "../../platform/store/money/wallet-operations.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { listDueStreams } from "../../platform/store/streams/escrow.ts";
import { changeStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { getItem, updateItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { whileBusy } from "./busy-wallet.ts";
import { auditTable, giveTo, plannedStream, settleProceeds } from "./fundings.ts";
import { intercept } from "./intercept.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { forget, makeUser, someone } from "./wallet-people.ts";

useOwnTable();
const queue = useQueue("PLANS_QUEUE_URL");

const hour = 3_600_000;
const later = (milliseconds: number) => new Date(Date.now() + milliseconds);
const current = (stream: Stream) => getStream(stream.id, { consistent: true });

async function start(stream: Stream, now = new Date()): Promise<Stream> {
  const is = await current(stream);
  return changeStream(is, (one) => startStream(one, one.host, now), now);
}

const balanceOf = async (userId: string) => (await findWallet(userId)).balance;

test("a goal reached in time goes to the host, whole and once", async () => {
  const stream = await plannedStream();
  const givers = [await giveTo(stream, 60), await giveTo(stream, 60)];
  expect(await auditTable()).toEqual([]);
  const { funding } = await start(stream);
  expect(funding).toMatchObject({ outcome: "host", collected: 120 });
  expect(await auditTable()).toEqual([]);
  expect(await settleProceeds(stream)).toBe(1);
  expect(await settleProceeds(stream)).toBe(0);
  expect(await balanceOf(stream.hostId)).toBe(120);
  for (const giver of givers) expect(await balanceOf(giver)).toBe(60);
  await applyDueTime({ streamId: stream.id }, later(30 * hour));
  for (const giver of givers) expect(await balanceOf(giver)).toBe(60);
  expect((await current(stream)).funding).toMatchObject({ outcome: "host" });
});

/*
 * Planted faults that turn this red: a closing that does not compare the amounts, and a
 * contribution that does not look whether its part is closed.
 */
test("contributions that race with the start are included or refused, never lost", async () => {
  const stream = await plannedStream({ fundingGoal: 1 });
  await giveTo(stream, 1);
  const givers = await Promise.all(Array.from({ length: 8 }, () => makeUser(someone("g"), 20)));
  const gifts = givers.map((giver) => giveTo(stream, 10, giver));
  const [started, ...given] = await Promise.allSettled([start(stream), ...gifts]);
  expect(started.status).toBe("fulfilled");
  const count = given.filter(({ status }) => status === "fulfilled").length;
  await settleProceeds(stream);
  expect(await balanceOf(stream.hostId)).toBe(1 + 10 * count);
  const codes = given.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
  for (const code of codes) expect(["funding_over", "stream_not_scheduled"]).toContain(code);
  expect(await auditTable()).toEqual([]);
});

test.each(["cancelled", "deleted", "late"])(
  "%s: everything is returned, once, however often it is requested",
  async (how) => {
    const stream = await plannedStream();
    const givers = [await giveTo(stream, 100), await giveTo(stream, 7)];
    if (how === "cancelled") await changeStream(await current(stream), cancelStream, new Date());
    if (how === "deleted")
      await changeStream(await current(stream), (one) => deleteStream(one, new Date()), new Date());
    const now = later(2 * hour + 1_000);
    expect(await listDueStreams(now)).toContain(stream.id);
    await Promise.all([1, 2, 3].map(() => applyDueTime({ streamId: stream.id }, now)));
    expect(await auditTable()).toEqual([]);
    for (let time = 0; time < 3; time++) await applyDueTime({ streamId: stream.id }, now);
    expect([await balanceOf(givers[0]!), await balanceOf(givers[1]!)]).toEqual([200, 14]);
    const { status, funding } = (await getItem(Stream, key.stream(stream.id)))!;
    expect(status).toBe(how === "cancelled" ? "cancelled_by_host" : "scheduled");
    expect(funding).toMatchObject({ outcome: "back", returnedAt: expect.any(String) });
    expect(await auditTable()).toEqual([]);
    if (how === "late") {
      const { funding: decided } = await start(stream);
      expect(decided).toMatchObject({ outcome: "back" });
      expect(await settleProceeds(stream)).toBe(0);
    }
  },
);

test("a stream that goes live after its hour returns everything, even with its goal reached and no sweep before", async () => {
  const stream = await plannedStream();
  const giver = await giveTo(stream, 100);
  expect((await start(stream, later(2 * hour + 1))).funding).toMatchObject({ outcome: "back" });
  await applyDueTime({ streamId: stream.id }, later(2 * hour + 1));
  expect(await balanceOf(giver)).toBe(200);
});

test("a planned stream that never begins expires a day after its start, not before", async () => {
  const stream = await plannedStream({ fundingGoal: null });
  await applyDueTime({ streamId: stream.id }, later(24 * hour));
  expect((await current(stream)).status).toBe("scheduled");
  queue.take();
  await queueDueStreams(later(25 * hour + 60_000));
  const ours = queue.take().filter(({ body }) => body.includes(stream.id));
  expect(ours).toHaveLength(1);
  await applyDueTime(JSON.parse(ours[0]!.body), later(25 * hour + 60_000));
  expect((await current(stream)).status).toBe("expired");
  expect(await listDueStreams(later(50 * hour))).not.toContain(stream.id);
});

test("more than one entry can hold is credited in full", async () => {
  const stream = await plannedStream();
  const most = 1_000_000_000;
  for (let n = 0; n < 2; n++) await giveTo(stream, most, await makeUser(someone("g"), most));
  await giveTo(stream, 5);
  await start(stream);
  expect(await settleProceeds(stream)).toBe(3);
  expect(await balanceOf(stream.hostId)).toBe(2_000_000_005);
  expect(escrowMax).toBe(10_000_000_000);
  expect(await auditTable()).toEqual([]);
});

test("more than one entry can hold is returned in full", async () => {
  const stream = await plannedStream();
  const most = 1_000_000_000;
  const giver = await makeUser(someone("giver"), most);
  await giveTo(stream, most, giver);
  const reference = `again-${giver}`;
  await topUp({ userId: giver, amount: 7, reference, now: new Date() }, forget);
  await giveTo(stream, 7, giver);
  await changeStream(await current(stream), cancelStream, new Date());
  await applyDueTime({ streamId: stream.id }, new Date());
  expect(await balanceOf(giver)).toBe(most + 7);
  expect(await auditTable()).toEqual([]);
  const { status, body } = await callEndpoint(exportData, { as: giver });
  expect([status, body.data]).toEqual([
    200,
    expect.objectContaining({ contributions: [expect.objectContaining({ amount: most + 7 })] }),
  ]);
});

test("contributions that never stop do not keep a host from going live", async () => {
  const stream = await plannedStream({ fundingGoal: 1 });
  await giveTo(stream, 1);
  const waiting: Promise<unknown>[] = [];
  // One arrives between each read and write of the decision, except while they are paused.
  const undo = intercept(async ({ name, input }, next) => {
    const text = JSON.stringify(input);
    const isDecision = name === "TransactWriteCommand" && text.includes('":outcome":"host"');
    if (isDecision && text.includes(stream.id)) {
      const given = giveTo(stream, 1, await makeUser(someone("g"), 20));
      waiting.push(given.catch((error: unknown) => error));
      await Promise.race([given.catch(() => {}), pause(300)]);
    }
    return next();
  });
  const { funding } = await start(stream).finally(undo);
  const outcomes = await Promise.all(waiting);
  const given = outcomes.filter((one) => typeof one === "string").length;
  expect(funding).toMatchObject({ outcome: "host", collected: 1 + given });
  for (const one of outcomes)
    if (typeof one !== "string") expect(one).toMatchObject({ code: "funding_over" });
  expect(await auditTable()).toEqual([]);
});

test("contributions of one user at the same time get totals that include each other", async () => {
  const stream = await plannedStream();
  const giver = await makeUser(someone("giver"), 20);
  const wish = { stream: await current(stream), userId: giver, amount: 1, now: new Date() };
  const answers = await Promise.all(Array.from({ length: 8 }, () => contribute(wish, forget)));
  const totals = answers.map(({ collectedFunding }) => collectedFunding);
  expect(totals.sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

/*
 * Planted fault that turns this red: facts of an escrow that leave out what it holds, or what goes
 * back.
 */
test("the audit reports an escrow that does not hold the contributions", async () => {
  const stream = await plannedStream();
  const giver = await giveTo(stream, 50);
  const change = (by: number) =>
    updateItem({
      Key: key.member(stream.id, giver),
      UpdateExpression: "ADD contributed :by",
      ExpressionAttributeValues: { ":by": by },
    });
  await change(1);
  expect((await auditTable()).sort()).toEqual([
    `contribution of ${giver} to stream ${stream.id}: 1 missing`,
    `escrow of stream ${stream.id}: 1 too much`,
  ]);
  await change(-1);
  expect(await auditTable()).toEqual([]);
});

/*
 * Planted faults that turn this red: a walk that ends with the first who cannot be returned to, and
 * one that is finished though a contributor was left.
 */
test("a contributor whose return fails delays no other, and is retried", async () => {
  const stream = await plannedStream();
  const givers = await Promise.all(Array.from({ length: 110 }, () => giveTo(stream, 2)));
  const [busy, unfit, ...others] = givers.sort() as [string, string, ...string[]];
  const setContribution = (credits: unknown) =>
    updateItem({
      Key: key.member(stream.id, unfit),
      UpdateExpression: "SET contributed = :credits",
      ExpressionAttributeValues: { ":credits": credits },
    });
  await setContribution("two");
  await changeStream(await current(stream), cancelStream, new Date());
  const follow = () => applyDueTime({ streamId: stream.id }, new Date());
  await whileBusy(busy, { spares: false }, () => expect(follow()).rejects.toThrow());
  expect(await Promise.all(others.map(balanceOf))).toEqual(others.map(() => 4));
  expect(await Promise.all([busy, unfit].map(balanceOf))).toEqual([2, 2]);
  await expect(follow()).rejects.toThrow();
  expect(await Promise.all([busy, unfit].map(balanceOf))).toEqual([4, 2]);
  // An invocation that has no time for a second page has another one go on.
  queue.take();
  setDeadline(14_000);
  await follow().finally(() => beginInvocation(undefined));
  const [rest] = queue.take().filter(({ body }) => body.includes(stream.id));
  expect(JSON.parse(rest!.body)).toMatchObject({ after: expect.any(String), isLeft: true });
  await expect(applyDueTime(JSON.parse(rest!.body), new Date())).rejects.toThrow(
    "were not returned",
  );
  expect((await current(stream)).funding).not.toHaveProperty("returnedAt");
  expect(await listDueStreams(new Date())).toContain(stream.id);
  await setContribution(2);
  await follow();
  expect(await balanceOf(unfit)).toBe(4);
  expect((await current(stream)).funding).toHaveProperty("returnedAt");
  expect(await auditTable()).toEqual([]);
});
