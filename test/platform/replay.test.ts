import { GetCommand } from "@aws-sdk/lib-dynamodb";
import {
  callIdOf,
  claimCall,
  externalIdOf,
  findAnswered,
  findMarked,
  keyedCall,
  markerAction,
  releaseKey,
} from "../../platform/table/idempotency.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { commitTransaction } from "../../platform/table/transact.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();

const then = new Date("2026-03-01T12:00:00.500Z");
const later = (hours: number, milliseconds = 0) =>
  new Date(then.getTime() + hours * 3_600_000 + milliseconds);
const day = 24;

async function remember(name: string) {
  const call = keyedCall("ann", "POST /api/v1/gifts/create", name, { wish: 1 });
  expect(await commitTransaction([markerAction(call, 201, { id: name }, then)])).toBeUndefined();
  return call;
}

test("a key is remembered for a day: the same response, with its original time", async () => {
  const call = await remember("kept");
  for (const now of [later(0), later(1, 1), later(12), later(day)])
    expect(await findAnswered(call, now)).toEqual({
      status: 201,
      answer: { id: "kept" },
      answeredAt: then,
    });
  expect(await findAnswered({ ...call, fingerprint: "other" }, later(day))).toBe("another_request");
});

test("for a day nobody else can use the key, even if the table deletes expired items", async () => {
  const call = await remember("held");
  const again = (now: Date) => commitTransaction([markerAction(call, 201, { id: "other" }, now)]);
  await expect(again(later(1, 1))).rejects.toThrow();
  await expect(again(later(day))).rejects.toThrow();
  const Key = key.marker(call.owner, call.hash);
  const { Item } = await table().send(new GetCommand({ TableName: tableName(), Key }));
  expect(Item?.expiresAt).toBeGreaterThanOrEqual(later(day).getTime() / 1000);
});

test("an expired marker is ignored, even while the table still has it", async () => {
  const call = await remember("old");
  const now = later(2 * day);
  const Key = key.marker(call.owner, call.hash);
  const { Item } = await table().send(new GetCommand({ TableName: tableName(), Key }));
  expect(Item?.expiresAt).toBeLessThan(now.getTime() / 1000);
  expect(await findAnswered(call, now)).toBeUndefined();
  expect(await findAnswered({ ...call, fingerprint: "other" }, now)).toBeUndefined();
  // So the key is free: the next request with it is executed and stored.
  expect(await commitTransaction([markerAction(call, 201, { id: "new" }, now)])).toBeUndefined();
  expect(await findAnswered(call, now)).toMatchObject({ answer: { id: "new" } });
});

test("a key is freed from its own request, not from a later one", async () => {
  const call = await remember("freed");
  const marked = (await findMarked(call, then))!;
  await releaseKey(call, marked);
  expect(await findAnswered(call, then)).toBeUndefined();
  const again = markerAction(call, 201, { id: "next" }, then);
  expect(await commitTransaction([again])).toBeUndefined();
  await releaseKey(call, marked);
  expect(await findAnswered(call, then)).toMatchObject({ answer: { id: "next" } });
});

test.each<[one: unknown, other: unknown, isSame: boolean]>([
  [{ a: 1, b: [{ c: null, d: "x" }] }, { b: [{ d: "x", c: null }], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: undefined }, true],
  [{ a: 1 }, { a: 2 }, false],
  [{ a: 1 }, { b: 1 }, false],
  [{ a: 1 }, { a: "1" }, false],
  [{ a: null }, {}, false],
  [{ a: [] }, { a: {} }, false],
  [[1, 2], [2, 1], false],
  [[1, 2], [12], false],
  [new Uint8Array([1]), new Uint8Array([2]), false],
  [new Uint8Array([1]), { 0: 1 }, false],
])("%j and %j are one request: %j", (one, other, isSame) => {
  const [a, b] = [one, other].map((wish) => keyedCall("ann", "POST /", "name", wish).fingerprint);
  expect(a === b).toBe(isSame);
});

test("the ids of a call are the same for a repetition, and no other call's", () => {
  const callOf = (...[owner, route, name, wish = 1]: [string, string, string, number?]) =>
    keyedCall(owner, route, name, { wish });
  const calls = [
    callOf("ann", "POST /a", "x"),
    callOf("ben", "POST /a", "x"),
    callOf("ann", "POST /b", "x"),
    callOf("ann", "POST /a", "y"),
  ];
  const again = callOf("ann", "POST /a", "x");
  for (const idOf of [callIdOf, externalIdOf]) {
    expect(new Set(calls.map(idOf)).size).toBe(4);
    expect(idOf(again)).toBe(idOf(calls[0]!));
  }
  // A key that nothing is stored under is free for another request.
  const other = callOf("ann", "POST /a", "x", 2);
  expect(callIdOf(other)).toBe(callIdOf(again));
  expect(externalIdOf(other)).not.toBe(externalIdOf(again));
});

test("a claim holds for 15 s or until its own call releases it", async () => {
  const call = keyedCall("ann", "POST /api/v1/webhooks", "claimed", {});
  const claim = (seconds: number) => claimCall(call, new Date(then.getTime() + seconds * 1000));
  const first = await claim(0);
  await expect(claim(14)).rejects.toMatchObject({ code: "key_in_progress" });
  const second = await claim(15);
  await first();
  await expect(claim(16)).rejects.toMatchObject({ code: "key_in_progress" });
  await second();
  await claim(16);
});
