import { admin, call, eventually, rich, topUp, walletOf } from "../../api/people.ts";
import { callbackQuery, timed } from "../../api/tencent-callback.ts";
import {
  type Aimed,
  becomes,
  charged,
  expectProven,
  ofGift,
  ofMark,
  ofWallet,
  play,
  receiver,
  refused,
  type Scene,
  scene,
  useReceiver,
} from "./callback-scenes.ts";
import { clearFaults, injectFault, settledBalance } from "./running.ts";

const { ask, host, giftsOf, kill, start } = useReceiver();

/** A timed call of a new sender, again with another one after a standstill of the machine. */
async function askTimed() {
  for (let left = 20; ; left--) {
    const sender = await rich(10);
    const asked = await timed(ask(sender));
    if (left === 0 || !asked.stoodStill) return { sender, ...asked };
  }
}

test("a gift is charged within Tencent's two seconds", async () => {
  const { sender, answer, milliseconds } = await askTimed();
  expect([answer.body.ErrorCode, milliseconds < 2000]).toEqual([0, true]);
  expect(await walletOf(sender)).toMatchObject({ balance: 0 });
});

test("twenty concurrent calls on a wallet for seven: seven are charged, or fewer and reported as such", async () => {
  const sender = await rich(70);
  const calls = await Promise.all(Array.from({ length: 20 }, () => timed(ask(sender))));
  const codes = calls.map(({ answer }) => answer.body.ErrorCode);
  expect(calls.every(({ answer }) => answer.status === 200)).toBe(true);
  for (const code of codes) expect([0, 1, 102101]).toContain(code);
  const charged = codes.filter((code) => code === 0).length;
  expect(charged).toBeLessThanOrEqual(7);
  // If no call timed out, everyone who could pay has paid.
  if (!codes.includes(1)) expect(charged).toBe(7);
  const { balance } = await eventually(
    () => walletOf(sender),
    (wallet) => wallet.balance === 70 - 10 * charged,
  );
  const kept = (await giftsOf(sender)).filter(({ refundedAt }) => refundedAt === null);
  expect({ balance, kept: kept.length }).toEqual({ balance: 70 - 10 * charged, kept: charged });
  await settledBalance(host());
  expectProven();
});

/** Every call to AWS that a callback's gift takes, by a key of one case, and how each can fail. */
const steps: [string, (one: Scene) => string][] = [
  ["BatchGetItem", ofWallet],
  ["GetItem", ({ sender }) => `USER#${sender.id}`],
  ["BatchGetItem", ({ room }) => `USER#${room.host.id}`],
  ["UpdateItem", ofMark],
  ["TransactWriteItems", ofWallet],
];
const kinds = [
  ...["timeout", "timeout_after_commit", "silence", "silence_after_commit"],
  ...["error_before", "error_after_commit", "throttle", "conflict"],
];

/** Gifts of the failed calls. Held ones are decided after ten seconds; one test waits for all. */
const failed: Scene[] = [];

test.each(steps)(
  "%s fails in every way until the end: the response is in time",
  async (operation, keyOf) => {
    // Only a refusal of an unknown gift writes a mark alone.
    const before: Aimed[] =
      operation === "UpdateItem" ? [["TransactWriteItems", "silence_after_commit", ofWallet]] : [];
    const cases = kinds.map((kind) => ({
      name: kind,
      faults: [...before, [operation, kind, keyOf] as Aimed],
    }));
    const played = await play(cases);
    for (const [name, { one, code, status, inTime }] of played) {
      expect([name, status, code, inTime]).toEqual([name, 200, 1, true]);
      failed.push(one);
    }
  },
);

test("without a response from the function a gift that was not begun is refused; one that was charged stays, and an admin can refund it", async () => {
  const [unbegun, done] = [await scene(), await scene()];
  const dies = (kind: string) =>
    injectFault({ service: "lambda", operation: "Invoke", caller: receiver, kind });
  const unanswered = { ErrorCode: 1, ErrorInfo: "No answer: the gift may have been charged" };
  for (const [kind, { callIt }] of [
    ["error_before", unbegun],
    ["error_after_commit", done],
  ] as const) {
    await dies(kind);
    const { answer } = await callIt();
    expect([answer.status, answer.headers.get("x-error-code")]).toEqual([200, null]);
    expect(answer.body).toMatchObject(unanswered);
  }
  await becomes(unbegun, refused);
  await becomes(done, charged);
  const { room, sender } = done;
  const list = await call(`GET /api/v1/live-stream/${room.id}/gifts`, { as: room.host });
  const as = await admin();
  const { status } = await call(`POST /api/v1/gifts/${list.body.data.list[0].id}/refund`, { as });
  expect(status).toBe(200);
  expect(await walletOf(sender)).toMatchObject({ balance: 10 });
  expect(await walletOf(room.host)).toMatchObject({ balance: 0, owed: 0 });
  expectProven();
});

test("a function that dies after the charge: with dedupe, the repetition gets 0", async () => {
  const [sender, query] = [await rich(20), callbackQuery({ dedupe: "60" })];
  const kind = "error_after_commit";
  await injectFault({ service: "lambda", operation: "Invoke", caller: receiver, kind });
  expect((await ask(sender, { Time: 1703589923 }, query)).body.ErrorCode).toBe(1);
  expect((await ask(sender, { Time: 1703589923 }, query)).body.ErrorCode).toBe(0);
  expect(await walletOf(sender)).toMatchObject({ balance: 10 });
});

test("after every failure the money is where the response says", async () => {
  expect(failed).toHaveLength(steps.length * kinds.length);
  for (const one of failed) await becomes(one, refused);
});

test("killed before a gift is confirmed, or before it is refused: released after the start", async () => {
  const [unconfirmed, unknown] = await Promise.all([scene(), scene()]);
  const faults = [
    { kind: "silence", keyPrefix: ofGift(unconfirmed) },
    { kind: "silence_after_commit", keyPrefix: ofWallet(unknown) },
  ];
  for (const fault of faults)
    await injectFault({ caller: receiver, operation: "TransactWriteItems", count: 1000, ...fault });
  const calls = [unconfirmed, unknown].map(({ callIt }) => callIt().catch(() => undefined));
  await eventually(
    () => call("GET /local/faults"),
    ({ body }) => body.faults.every(({ struck }: { struck: number }) => struck > 0),
  );
  await kill();
  await Promise.all(calls);
  await start();
  for (const one of [unconfirmed, unknown]) await becomes(one, refused);
});

test("all injected faults so far left consistent books", () => expectProven());

test("a delay within the limit is waited for, and a longer one gets a response before it ends", async () => {
  for (const [delayMilliseconds, code] of [
    [300, 0],
    [2500, 1],
  ] as const) {
    const operation = "TransactWriteItems";
    const kind = "delay";
    await injectFault({ caller: receiver, operation, kind, delayMilliseconds, count: 100 });
    const { sender, answer, milliseconds } = await askTimed();
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

test("a committed gift without a response is refunded although the table stays silent", async () => {
  const sender = await rich(10);
  // The transaction and everything after it: only the queue is notified.
  for (const operation of ["TransactWriteItems", "UpdateItem"])
    await injectFault({ caller: receiver, operation, kind: "silence_after_commit", count: 100 });
  expect((await ask(sender)).body.ErrorCode).toBe(1);
  await clearFaults();
  await eventually(
    () => walletOf(sender),
    ({ balance }) => balance === 10,
  );
});

test("a repetition of a call that timed out gets the same response", async () => {
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

test("without a readable key nobody is admitted, and the response is in time", async () => {
  const sender = await rich(10);
  await topUp(host(), 1);
  // Six minutes would pass before a key that is held is read again: a wrong one asks for it.
  await injectFault({ caller: receiver, service: "secretsmanager", kind: "silence", count: 100 });
  const query = callbackQuery({ key: "0".repeat(48) });
  const { answer, milliseconds } = await timed(ask(sender, {}, query));
  expect([answer.body.ErrorCode, milliseconds < 2000]).toEqual([1, true]);
  expect(await walletOf(sender)).toMatchObject({ balance: 10 });
  await clearFaults();
  expectProven();
});
