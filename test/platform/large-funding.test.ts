import { expect, test } from "@jest/globals";
import type { Stream } from "../../domain/streams/stream.ts";
import { cancelStream, startStream } from "../../domain/streams/stream-lifecycle.ts";
import { applyDueTime } from "../../platform/planned-streams/due-times.ts";
import { returnPage } from "../../platform/store/money/fundings.ts";
import { chain, readEntries } from "../../platform/store/money/ledger.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { changeStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { type Item, putItem, writeItems } from "../../platform/table/items.ts";
import { key, prefix } from "../../platform/table/keys.ts";
import { queryAll, scanTable } from "../../platform/table/query.ts";
import { auditTable, giveTo, plannedStream, settleProceeds } from "./fundings.ts";
import { useOwnTable } from "./table.ts";
import { makeUser } from "./wallet-people.ts";

useOwnTable();

const contributors = 10_000;
const credits = 2;

const nameAt = (place: number) => `giver-${String(place).padStart(5, "0")}`;

/** Copies of the items that a user's calls wrote, for another user. */
function copyFor(user: string, items: readonly Item[], of: string): Item[] {
  const copies: Item[] = JSON.parse(JSON.stringify(items).replaceAll(of, user));
  const { chained, head } = chain("", copies.filter(isEntry).flatMap(readEntries));
  return copies.map((item) => {
    if (isEntry(item)) return { ...item, ...chained.find(({ seq }) => seq === item.seq) };
    return "head" in item ? { ...item, head } : item;
  });
}
const isEntry = (item: Item) => "previous" in item;

/** One user gives by calls; the others have copies of what that wrote. */
async function fundByMany(streams: readonly Stream[]): Promise<string[]> {
  const users = Array.from({ length: contributors }, (_, place) => nameAt(place));
  const [first, ...others] = users as [string, ...string[]];
  await makeUser(first, streams.length * credits);
  for (const stream of streams) await giveTo(stream, credits, first);
  const items: Item[] = [];
  for await (const item of scanTable()) if (JSON.stringify(item).includes(first)) items.push(item);
  for (let at = 0; at < others.length; at += 100)
    await writeItems(others.slice(at, at + 100).flatMap((user) => copyFor(user, items, first)));
  for (const { id } of streams) {
    const parts = Map.groupBy(users, (user) => key.escrowOf(id, user).SK);
    for (const part of parts.values())
      await putItem({
        ...key.escrowOf(id, part[0]!),
        streamId: id,
        amount: part.length * credits,
      });
  }
  return users;
}

/*
 * Planted faults that turn this red: a return without the condition that there was none, and a
 * page that ends the walk where it is not the last.
 */
test("10,000 contributors: all to one host, all returned by the other, however the process dies", async () => {
  const [won, lost] = [await plannedStream({ fundingGoal: 20_000 }), await plannedStream()];
  const users = await fundByMany([won, lost]);
  const now = new Date();
  const begun = await getStream(won.id, { consistent: true });
  await changeStream(begun, (stream) => startStream(stream, stream.host, now), now);
  await settleProceeds(won);
  expect(await findWallet(won.hostId)).toMatchObject({ balance: 20_000 });
  await changeStream(await getStream(lost.id, { consistent: true }), cancelStream, now);
  // Some pages were returned by calls that died before they could say so.
  let after: string | undefined;
  for (let page = 0; page < 7; page++) after = (await returnPage(lost.id, after, now)).next;
  const isHalf = await auditTable();
  expect(isHalf).toEqual([]);
  await Promise.all([1, 2].map(() => applyDueTime({ streamId: lost.id }, now)));
  let returned = 0;
  const members = queryAll(key.member(lost.id, ""), { prefix: prefix.members }, {});
  for await (const { returnedAt } of members) if (returnedAt !== undefined) returned++;
  expect(returned).toBe(contributors);
  for (const userId of [users[0]!, users[5_000]!, users.at(-1)!])
    expect(await findWallet(userId)).toMatchObject({ balance: 2 });
  expect(await auditTable()).toEqual([]);
}, 1_800_000);
