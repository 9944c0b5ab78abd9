import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterEach, expect, test } from "@jest/globals";
import * as z from "zod";
import { conflicted, retryOnConflict, triesMax } from "../../platform/table/conflicts.ts";
import {
  getItem,
  getItems,
  keyText,
  putItem,
  reviseItem,
  writeItems,
} from "../../platform/table/items.ts";
import { type Key, key } from "../../platform/table/keys.ts";
import { queryItems } from "../../platform/table/query.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { atEachRequest } from "./interleaving.ts";
import { useOwnTable } from "./table.ts";

type Input = { RequestItems: Record<string, { Keys: object[] }>; Limit?: number };
type Answer = (input: Input) => Record<string, unknown>;

let real: DynamoDBDocumentClient;
useOwnTable();
beforeAll(() => {
  real = table();
});
afterEach(() => useTable(real));

/** Makes `answer` respond instead of the table; returns the requests. */
function speakFor(answer: Answer): Input[] {
  const asked: Input[] = [];
  const send = async ({ input }: { input: Input }) => {
    asked.push(input);
    return answer(input);
  };
  useTable({ send } as unknown as DynamoDBDocumentClient);
  return asked;
}

const keysOf = (count: number) =>
  Array.from({ length: count }, (_, at) => key.profile(`user-${at}`));

test("items with any number of keys are found, each once, without missing ones", async () => {
  const keys = keysOf(230);
  for (const one of keys.slice(0, 205)) await putItem({ ...one, is: keyText(one) });
  const found = await getItems([...keys, ...keys.slice(0, 5)], { consistent: true });
  expect(found.size).toBe(205);
  expect(found.get(keyText(keys[204]!))?.is).toBe(keyText(keys[204]!));
});

test("unprocessed keys of a batch are requested again", async () => {
  const asked = speakFor(({ RequestItems }) => {
    const [[name, { Keys }]] = Object.entries(RequestItems) as [[string, { Keys: object[] }]];
    const left = asked.length < 3 ? Keys.slice(40) : [];
    return {
      Responses: { [name]: Keys.slice(0, Keys.length - left.length) },
      ...(left.length > 0 && { UnprocessedKeys: { [name]: { Keys: left } } }),
    };
  });
  expect((await getItems(keysOf(120))).size).toBe(120);
  expect(asked).toHaveLength(3);
});

test("a table that never answers a batch is asked a limited number of times", async () => {
  const asked = speakFor(({ RequestItems }) => ({ UnprocessedKeys: RequestItems }));
  await expect(getItems(keysOf(1))).rejects.toMatchObject({ code: "unavailable" });
  expect(asked).toHaveLength(triesMax);
});

test("any number of items are put, and others deleted", async () => {
  const keys = keysOf(60).map(({ PK }) => ({ PK, SK: "batch" }));
  await writeItems(keys.map((one) => ({ ...one, is: keyText(one) })));
  await writeItems([{ ...keys[0]!, is: "again" }], keys.slice(1, 40));
  const found = await getItems(keys, { consistent: true });
  expect(found.size).toBe(21);
  expect(found.get(keyText(keys[0]!))?.is).toBe("again");
});

test("unprocessed writes are repeated", async () => {
  type Writes = { PutRequest?: { Item: Item }; DeleteRequest?: { Key: Item } }[];
  type Item = { PK: string; SK: string };
  const written: string[] = [];
  const asked = speakFor(({ RequestItems }) => {
    const [[name, writes]] = Object.entries(RequestItems) as unknown as [[string, Writes]];
    const left = asked.length < 3 ? writes.slice(10) : [];
    for (const { PutRequest, DeleteRequest } of writes.slice(0, writes.length - left.length))
      written.push(keyText(PutRequest?.Item ?? DeleteRequest!.Key));
    return { UnprocessedItems: left.length > 0 ? { [name]: left } : {} };
  });
  const [put, remove] = [keysOf(30), keysOf(40).slice(30)];
  await writeItems(put, remove);
  expect(written.sort()).toEqual(keysOf(40).map(keyText).sort());
  expect(asked).toHaveLength(3);
});

test("a table that never writes a batch is asked a limited number of times", async () => {
  const asked = speakFor(({ RequestItems }) => ({ UnprocessedItems: RequestItems }));
  await expect(writeItems(keysOf(2))).rejects.toMatchObject({ code: "unavailable" });
  expect(asked).toHaveLength(triesMax);
});

test("a list continues after a truncated page, and reads no more than its limit", async () => {
  const item = (at: number) => ({ ...key.notification("u", String(at)), at });
  const asked = speakFor(({ Limit }) => ({
    Items: Array.from({ length: Math.min(Limit!, 3) }, (_, at) => item(asked.length * 10 + at)),
    LastEvaluatedKey: item(0),
  }));
  const items = await queryItems(key.notification("u", ""), "", { limit: 8 });
  expect(items).toHaveLength(8);
  expect(asked.map(({ Limit }) => Limit)).toEqual([8, 5, 2]);
});

test("a write that conflicts each time is refused after the last attempt", async () => {
  let tries = 0;
  const deciding = retryOnConflict(
    async () => {
      tries++;
      return conflicted;
    },
    { tries: 5, fresh: 5 },
  );
  await expect(deciding).rejects.toMatchObject({ code: "unavailable" });
  expect(tries).toBe(5);
});

test("a write that conflicts is decided again, and the second decision is the result", async () => {
  const answers = [conflicted, conflicted, "done"];
  expect(await retryOnConflict(async () => answers.shift()!)).toBe("done");
});

test.each([true, false])(
  "two revisions at one moment both count (the item is there: %s)",
  (isThere) => {
    const Tally = z.object({ names: z.array(z.string()), revision: z.number() });
    let n = 0;
    const add = (place: Key, name: string) =>
      reviseItem(Tally, place, (was) => ({ names: [...(was?.names ?? []), name] }));
    return atEachRequest(async () => {
      const place = { PK: `TALLY${isThere}#${++n}`, SK: "TALLY" };
      if (isThere) await add(place, "first");
      return {
        act: () => add(place, "one"),
        meanwhile: () => add(place, "other"),
        async check() {
          const { names, revision } = (await getItem(Tally, place, { consistent: true }))!;
          expect(names.filter((name) => name !== "first").sort()).toEqual(["one", "other"]);
          expect(revision).toBe(names.length);
        },
      };
    });
  },
);
