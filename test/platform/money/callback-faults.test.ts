import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { call, eventually, giftType, liveStream, type Person, topUp } from "../../api/people.ts";
import { callBack, callbackQuery, giftAsked, timed } from "../../api/tencent-callback.ts";
import type { System } from "../../system.ts";
import {
  auditOf,
  clearFaults,
  injectFault,
  rich,
  settledBalance,
  startOwn,
  walletOf,
} from "./running.ts";

let system: System;
let host: Person;
let streamId: string;
let GiftId: string;

beforeAll(async () => {
  process.env.TENCENT_CALLBACK_KEY = randomBytes(16).toString("hex");
  system = await startOwn();
  ({ host, id: streamId } = await liveStream());
  GiftId = await giftType(10);
  // Nobody has been called yet, and a first call takes longer than the others.
  for (let n = 0; n < 3; n++) await ask(await rich(10));
});
afterAll(async () => {
  const { dataDir } = system;
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});
afterEach(() => clearFaults());

const receiver = "tencent-callbacks-receive";

const ask = (from: Person, more = {}, query = callbackQuery()) =>
  callBack(giftAsked(streamId, { From_Account: from.id, To_Account: [host.id], GiftId, ...more }), {
    query,
  });

/** The gifts of the stream that somebody sent, each with whether it was refunded. */
async function giftsOf(sender: Person): Promise<{ refundedAt: string | null }[]> {
  const found = await call(`GET /api/v1/live-stream/${streamId}/gifts?limit=100`, { as: host });
  return found.body.data.list.filter((gift: { sender: { _id: string } }) => {
    return gift.sender._id === sender.id;
  });
}

const expectProven = () =>
  expect(auditOf(system.dataDir)).toMatchObject({ code: 0, says: expect.any(String) });

test("twenty at once on a wallet for seven: seven are charged, or fewer are answered as such", async () => {
  const sender = await rich(70);
  const calls = await Promise.all(Array.from({ length: 20 }, () => timed(ask(sender))));
  const codes = calls.map(({ answer }) => answer.body.ErrorCode);
  expect(calls.every(({ answer }) => answer.status === 200)).toBe(true);
  for (const code of codes) expect([0, 1, 102101]).toContain(code);
  const charged = codes.filter((code) => code === 0).length;
  expect(charged).toBeLessThanOrEqual(7);
  // Where nobody had to be told that it took too long, whoever could pay has paid.
  if (!codes.includes(1)) expect(charged).toBe(7);
  const { balance } = await eventually(
    () => walletOf(sender),
    (wallet) => wallet.balance === 70 - 10 * charged,
  );
  const kept = (await giftsOf(sender)).filter(({ refundedAt }) => refundedAt === null);
  expect({ balance, kept: kept.length }).toEqual({ balance: 70 - 10 * charged, kept: charged });
  await settledBalance(host);
  expectProven();
});

/** Every call to AWS that a callback's gift takes, and how each of them can fail to be answered. */
const steps = ["GetItem", "BatchGetItem", "PutItem", "TransactWriteItems"];
const kinds = [
  ...["timeout", "timeout_after_commit", "silence", "silence_after_commit"],
  ...["error_before", "error_after_commit", "throttle", "conflict"],
];

test.each(steps.flatMap((operation) => kinds.map((kind) => [operation, kind] as const)))(
  "%s, %s to the end: answered in time, and the money is where the answer says",
  async (operation, kind) => {
    const sender = await rich(100);
    const before = await settledBalance(host);
    const fault = { caller: receiver, service: "dynamodb", count: 1000 };
    // A single item is put only by who takes back a gift of which nobody knows.
    if (operation === "PutItem")
      await injectFault({
        ...fault,
        operation: "TransactWriteItems",
        kind: "silence_after_commit",
      });
    await injectFault({ ...fault, operation, kind });
    const { answer, milliseconds } = await timed(ask(sender));
    expect(await clearFaults()).toBeGreaterThan(0);
    expect({ status: answer.status, inTime: milliseconds < 2000 }).toEqual({
      ...{ status: 200, inTime: true },
    });
    expect(answer.body.ErrorCode).toBe(1);
    await eventually(
      () => walletOf(sender),
      ({ balance }) => balance === 100,
    );
    const kept = (await giftsOf(sender)).filter(({ refundedAt }) => refundedAt === null);
    expect(kept).toEqual([]);
    expect(await settledBalance(host)).toBe(before);
  },
);

test("what was injected so far left nothing that does not add up", () => expectProven());

test("a delay that fits is waited for, and one that does not is answered before it ends", async () => {
  for (const [delayMilliseconds, code] of [
    [300, 0],
    [2500, 1],
  ] as const) {
    const sender = await rich(10);
    const operation = "TransactWriteItems";
    const kind = "delay";
    await injectFault({ caller: receiver, operation, kind, delayMilliseconds, count: 10 });
    const { answer, milliseconds } = await timed(ask(sender));
    expect([answer.body.ErrorCode, milliseconds < 2000]).toEqual([code, true]);
    // What was answered as too late may be done only now.
    await new Promise((done) => setTimeout(done, delayMilliseconds));
    await eventually(
      () => walletOf(sender),
      ({ balance }) => balance === (code === 0 ? 0 : 10),
    );
    await clearFaults();
  }
});

test("a gift that was committed and not answered is refunded although the table stays silent", async () => {
  const sender = await rich(10);
  // The transaction and everything after it: only the queue hears of it.
  for (const operation of ["TransactWriteItems", "PutItem"])
    await injectFault({ caller: receiver, operation, kind: "silence_after_commit", count: 100 });
  expect((await ask(sender)).body.ErrorCode).toBe(1);
  await clearFaults();
  await eventually(
    () => walletOf(sender),
    ({ balance }) => balance === 10,
  );
});

test("a repetition of a call that took too long is answered as that was", async () => {
  const sender = await rich(20);
  const query = callbackQuery({ dedupe: "60" });
  const Time = 1703589922;
  const operation = "TransactWriteItems";
  await injectFault({ caller: receiver, operation, kind: "silence_after_commit", count: 100 });
  expect((await ask(sender, { Time }, query)).body.ErrorCode).toBe(1);
  await clearFaults();
  const second = await ask(sender, { Time }, query);
  expect(second.body.ErrorCode).toBe(1);
  await eventually(
    () => walletOf(sender),
    ({ balance }) => balance === 20,
  );
});

test("a key that cannot be read lets nobody in, and the answer is in time", async () => {
  const sender = await rich(10);
  await topUp(host, 1);
  // Six minutes would pass before a key that is held is read again: a wrong one asks for it.
  await injectFault({ caller: receiver, service: "secretsmanager", kind: "silence", count: 100 });
  const query = callbackQuery({ key: "0".repeat(48) });
  const { answer, milliseconds } = await timed(ask(sender, {}, query));
  expect([answer.body.ErrorCode, milliseconds < 2000]).toEqual([1, true]);
  expect(await walletOf(sender)).toMatchObject({ balance: 10 });
  await clearFaults();
  expectProven();
});
