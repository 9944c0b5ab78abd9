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
  type State,
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

/*
 * Planted fault that turns it red: resolveHeldGifts() without awaitDecision(). What rests on the
 * mark alone then waits for the sweep.
 */
test("whatever happens to the transaction, the mark and the message: all 32 gifts are refused and released whole", async () => {
  const all: Scene[] = [];
  for (const message of fates) {
    const cases = lostKinds.flatMap((kind) =>
      fates.map((mark) => ({
        name: `${kind}, ${mark}`,
        faults: [
          ["TransactWriteItems", kind, ofWallet] as Aimed,
          ...unlessDone(mark, "UpdateItem", ofMark),
        ],
      })),
    );
    for (const { one, code } of (await play(cases, queueFaultOf(message))).values()) {
      expect(code).toBe(1);
      all.push(one);
    }
  }
  expect(all).toHaveLength(32);
  // The sweep would find them within a minute: without it, what follows the marks has to.
  await injectFault({ ...ofSweep, kind: "error_before", count: 1_000 });
  for (const one of all) await becomes(one, refused);
  for (const one of all) expect(await stateOf(one)).toEqual(refused);
});

test("after a lost confirmation the gift is charged, or released whole if nobody could write it", async () => {
  const wanted: [Scene, State][] = [];
  const isDone = (fate: string) => fate === "done" || fate === "silence_after_commit";
  for (const message of fates) {
    const cases = fates.map((fate) => ({
      name: fate,
      faults: unlessDone(fate, "TransactWriteItems", ofGift),
    }));
    for (const [fate, { one, code }] of await play(cases, queueFaultOf(message))) {
      expect([message, fate, code]).toEqual([message, fate, 0]);
      wanted.push([one, isDone(fate) || isDone(message) ? charged : refused]);
    }
  }
  for (const [one, state] of wanted) await becomes(one, state);
});

test("all injected faults left consistent books", () => expectProven());
