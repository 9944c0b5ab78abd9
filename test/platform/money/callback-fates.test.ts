/** Gifts whose payment, mark or message is lost or fails: refused or charged, and always whole. */
import {
  type Aimed,
  becomes,
  charged,
  expectProven,
  ofGift,
  ofMark,
  ofWallet,
  play,
  refused,
  type Scene,
  stateOf,
  useReceiver,
} from "./callback-scenes.ts";
import { injectFault } from "./running.ts";

useReceiver();

const ofSweep = { service: "lambda", operation: "Invoke", caller: "money-sweep" };

const lostKinds = ["silence", "silence_after_commit"];
const fates = ["done", "error_before", "silence", "silence_after_commit"];
const unlessDone = (fate: string, operation: string, keyOf: Aimed[2]): Aimed[] =>
  fate === "done" ? [] : [[operation, fate, keyOf]];
const queueFaultOf = (fate: string) => (fate === "done" ? undefined : fate);

/** Gifts whose transaction was lost, and those whose confirmation was, with the fates of each. */
const lost: { one: Scene; code: number }[] = [];
const confirmed: { one: Scene; code: number; fate: string; message: string }[] = [];

// All gifts are played before the first is waited for: a held one is decided after ten seconds.
beforeAll(async () => {
  const ofLost = lostKinds.flatMap((kind) =>
    fates.map((mark) => ({
      name: `${kind}, ${mark}`,
      faults: [
        ["TransactWriteItems", kind, ofWallet] as Aimed,
        ...unlessDone(mark, "UpdateItem", ofMark),
      ],
    })),
  );
  const ofConfirmed = fates.map((fate) => ({
    name: fate,
    faults: unlessDone(fate, "TransactWriteItems", ofGift),
  }));
  for (const message of fates) {
    const played = await play([...ofLost, ...ofConfirmed], queueFaultOf(message));
    lost.push(...ofLost.map(({ name }) => played.get(name)!));
    for (const fate of fates) confirmed.push({ ...played.get(fate)!, fate, message });
  }
});

/*
 * Planted fault that turns it red: resolveHeldGifts() without queueRelease(). What rests on the
 * mark alone then waits for the sweep.
 */
test("whatever happens to the transaction, the mark and the message: all 32 gifts are refused and released whole", async () => {
  expect(lost.map(({ code }) => code)).toEqual(Array(32).fill(1));
  // The sweep would find them within a minute: without it, what follows the marks has to.
  await injectFault({ ...ofSweep, kind: "error_before", count: 1_000 });
  for (const { one } of lost) await becomes(one, refused);
  for (const { one } of lost) expect(await stateOf(one)).toEqual(refused);
});

test("after a lost confirmation the gift is charged, or released whole if nobody could write it", async () => {
  expect(confirmed).toHaveLength(16);
  const isDone = (fate: string) => fate === "done" || fate === "silence_after_commit";
  for (const { message, fate, code } of confirmed)
    expect([message, fate, code]).toEqual([message, fate, 0]);
  for (const { one, fate, message } of confirmed)
    await becomes(one, isDone(fate) || isDone(message) ? charged : refused);
});

test("all injected faults left consistent books", () => expectProven());
