import { findListedMember } from "../../platform/store/streams/stream-access.ts";
import { putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { useOwnTable } from "./table.ts";

useOwnTable({});

let streams = 0;

/** A stream with its own host. */
async function newStream() {
  const streamId = (++streams).toString(16).padStart(24, "a");
  const hostId = streams.toString(16).padStart(24, "b");
  await putItem({ ...key.stream(streamId), hostId });
  return { streamId, hostId };
}

const nth = (n: number) => n.toString(16).padStart(24, "0");
const ban = { id: "1", actionType: "BLOCK", endsAt: null };

const put = (place: ReturnType<typeof key.member>, userId: string) =>
  putItem({ ...place, userId, ban });

/** Counts the calls to the table while something is done. */
async function countCalls(act: () => Promise<unknown>): Promise<number> {
  const client = table();
  let calls = 0;
  useTable({
    send(command: never) {
      calls += 1;
      return client.send(command);
    },
  } as unknown as typeof client);
  await act();
  useTable(client);
  return calls;
}

test("for a thousand users who arrive at once two lists are read", async () => {
  const { streamId, hostId } = await newStream();
  await put(key.member(streamId, nth(7)), nth(7));
  await put(key.channelMember(hostId, nth(8)), nth(8));
  await findListedMember(streamId, nth(0));
  let found: Awaited<ReturnType<typeof findListedMember>>[] = [];
  const calls = await countCalls(async () => {
    const users = Array.from({ length: 1_000 }, (_, n) => nth(n));
    found = await Promise.all(users.map((userId) => findListedMember(streamId, userId)));
  });
  expect(calls).toBe(2);
  expect(found.flatMap((member, n) => (member ? [n] : []))).toEqual([7, 8]);
  expect(found[7]).toMatchObject({ ban });
  expect(found[8]).toMatchObject({ channelBan: ban });
});

test("a ban is seen by every later call, even while an earlier list is being read", async () => {
  const { streamId } = await newStream();
  await findListedMember(streamId, nth(0));
  const before = findListedMember(streamId, nth(1));
  // The first read is in progress and may miss this write.
  await new Promise((done) => setImmediate(done));
  await put(key.member(streamId, nth(1)), nth(1));
  expect(await findListedMember(streamId, nth(1))).toMatchObject({ ban });
  await before;
});

test("instead of a long list each user's own item is read", async () => {
  const { streamId } = await newStream();
  for (let n = 1; n <= 202; n++) await put(key.member(streamId, nth(n)), nth(n));
  // The last member is beyond the items that are read to detect a list that is too long.
  expect(await findListedMember(streamId, nth(202))).toMatchObject({ ban });
  expect(await findListedMember(streamId, nth(203))).toBeUndefined();
  // One item in each of two lists, of which the channel's is short.
  expect(await countCalls(() => findListedMember(streamId, nth(5)))).toBe(2);
});
