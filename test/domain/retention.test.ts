import * as fc from "fast-check";
import { lastExpired } from "../../domain/streams/retention.ts";

/** A chat: of each number whether the table has a message still; those up to `old` are too old. */
const chats = fc
  .array(fc.boolean(), { maxLength: 300 })
  .chain((present) =>
    fc.record({ present: fc.constant(present), old: fc.nat({ max: present.length }) }),
  );
type Chat = { present: boolean[]; old: number };

/** Looks as the table answers, and how many there were. */
function table({ present, old }: Chat) {
  const looks: number[] = [];
  const look = async (n: number) => {
    looks.push(n);
    const at = present.findIndex((isThere, index) => isThere && index + 1 >= n);
    return at < 0 ? undefined : { n: at + 1, isKept: at + 1 > old };
  };
  return { looks, look };
}

const firstKept = ({ present, old }: Chat) =>
  present.findIndex((isThere, index) => isThere && index + 1 > old);

test("everything before the first kept message is hidden, even if it still exists", async () => {
  const property = fc.asyncProperty(chats, fc.nat({ max: 300 }), async (chat, seen) => {
    const at = firstKept(chat);
    const last = at < 0 ? chat.present.length : at;
    const from = Math.min(seen, chat.old);
    const found = await lastExpired(chat.present.length, table(chat).look, from);
    expect(found.last).toBe(last);
    // What is remembered has been seen: a number that is not given out yet is never called old.
    expect(found.old).toBeGreaterThanOrEqual(from);
    expect(found.old).toBeLessThanOrEqual(chat.old);
  });
  await fc.assert(property);
});

test("if nothing has expired since, one read is enough", async () => {
  const present = Array.from({ length: 100_000 }, () => true);
  const first = table({ present, old: 70_000 });
  const { last, old } = await lastExpired(present.length, first.look);
  expect([last, old]).toEqual([70_000, 70_000]);
  expect(first.looks.length).toBeLessThan(20);
  const again = table({ present, old: 70_000 });
  expect(await lastExpired(present.length, again.look, old)).toEqual({ last, old });
  expect(again.looks).toEqual([70_001]);
});

test("the number of reads depends on how much has expired, not on the chat's length", async () => {
  const present = Array.from({ length: 100_000 }, () => true);
  for (const fresh of [1, 10, 100]) {
    const { looks, look } = table({ present, old: 70_000 + fresh });
    expect((await lastExpired(present.length, look, 70_000)).last).toBe(70_000 + fresh);
    expect(looks.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(fresh + 1)) + 2);
  }
});
