import { setImmediate as nextTurn } from "node:timers/promises";
import type { BatchGetCommand, GetCommand } from "@aws-sdk/lib-dynamodb";
import { getRawItem, putItem } from "../../platform/table/items.ts";
import type { Key } from "../../platform/table/keys.ts";
import { coalesce, share } from "../../platform/table/query.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { useOwnTable } from "./table.ts";

useOwnTable({});

describe("equal reads", () => {
  /** A read that returns the value that was written when it began. */
  function readWritten() {
    const asked: string[] = [];
    let written = 0;
    const read = coalesce(async (name: string, n: number) => {
      asked.push(`${name} ${n}`);
      return written;
    });
    const write = () => {
      written += 1;
    };
    return { asked, read, write };
  }

  test("in one turn of the event loop are made once, others separately", async () => {
    const { asked, read } = readWritten();
    await Promise.all([read("a", 1), read("a", 1), read("a", 2), read("b", 1)]);
    expect(asked).toEqual(["a 1", "a 2", "b 1"]);
  });

  test("begin after the last caller asked, however deep in promises", async () => {
    const { asked, read, write } = readWritten();
    const first = read("a", 1);
    const later = (async () => {
      for (let n = 0; n < 20; n++) await undefined;
      write();
      return read("a", 1);
    })();
    expect(await Promise.all([first, later])).toEqual([1, 1]);
    expect(asked).toEqual(["a 1"]);
  });

  test("that begin later are not shared: a later caller gets a new read", async () => {
    const { asked, read, write } = readWritten();
    const first = read("a", 1);
    await nextTurn();
    write();
    expect([await first, await read("a", 1)]).toEqual([0, 1]);
    expect(asked).toHaveLength(2);
  });

  test("fail for all callers, and are tried again by the next", async () => {
    let tries = 0;
    const read = coalesce(async () => {
      tries += 1;
      if (tries === 1) throw new Error("lost");
      return tries;
    });
    const both = await Promise.allSettled([read(), read()]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await read()).toBe(2);
  });
});

test("items requested in one turn of the event loop are read by one call, and each caller gets its own", async () => {
  const keys = ["a", "b", "none"].map((name): Key => ({ PK: `JOINED#${name}`, SK: "ITEM" }));
  for (const Key of keys.slice(0, 2)) await putItem({ ...Key, name: Key.PK });
  const client = table();
  const calls: string[] = [];
  useTable({
    send(command: GetCommand | BatchGetCommand) {
      const { input } = command;
      const reading = "RequestItems" in input ? Object.values(input.RequestItems ?? {})[0] : input;
      calls.push(`${command.constructor.name} ${reading?.ConsistentRead}`);
      return client.send(command as never);
    },
  } as unknown as typeof client);
  const consistent = { consistent: true };
  const found = await Promise.all([
    ...[...keys, keys[0]!].map((Key) => getRawItem(Key, consistent)),
    getRawItem(keys[1]!),
  ]);
  expect(found.map((item) => item?.name)).toEqual([
    ...["JOINED#a", "JOINED#b", undefined, "JOINED#a", "JOINED#b"],
  ]);
  expect((await getRawItem(keys[1]!, consistent))?.name).toBe("JOINED#b");
  // A consistent reading costs twice, and is never made of one that need not be.
  expect(calls).toEqual([...["BatchGetCommand true", "GetCommand false", "GetCommand true"]]);
});

test("a caller who asks during a read gets the result of the next read", async () => {
  const readings: PromiseWithResolvers<number>[] = [];
  const ask = share((_: string) => {
    const reading = Promise.withResolvers<number>();
    readings.push(reading);
    return reading.promise;
  });
  const first = ask("one");
  await Promise.resolve();
  const behind = [ask("one"), ask("one")];
  await new Promise((done) => setImmediate(done));
  expect(readings).toHaveLength(1);
  // A failed read delays no other.
  readings[0]?.reject(new Error("throttled"));
  await expect(first).rejects.toThrow("throttled");
  await new Promise((done) => setImmediate(done));
  expect(readings).toHaveLength(2);
  readings[1]?.resolve(2);
  expect(await Promise.all(behind)).toEqual([2, 2]);
});

test("reads with different names run at the same time", async () => {
  const names: string[] = [];
  const ask = share((name: string) => {
    names.push(name);
    return new Promise<never>(() => undefined);
  });
  void ask("one");
  void ask("two");
  await new Promise((done) => setImmediate(done));
  expect(names).toEqual(["one", "two"]);
});
