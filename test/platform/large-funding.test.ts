import { expect, test } from "@jest/globals";
import { cancel, goLive } from "../../domain/streams/stream-lifecycle.ts";
import { followPlan } from "../../platform/planned/plans.ts";
import { returnPage } from "../../platform/store/money/fundings.ts";
import { findWallet } from "../../platform/store/money/wallets.ts";
import { changeStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { key, prefix } from "../../platform/table/keys.ts";
import { queryAll } from "../../platform/table/query.ts";
import { auditTable, giveTo, plannedStream, settleProceeds } from "./fundings.ts";
import { useOwnTable } from "./table.ts";
import { makeUser, someone } from "./wallet-people.ts";

useOwnTable();

const contributors = 10_000;
const sideBySide = 4;

async function fundByMany(streams: readonly Awaited<ReturnType<typeof plannedStream>>[]) {
  const users = Array.from({ length: contributors }, () => someone("many"));
  const waiting = [...users];
  const giveNext = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await makeUser(next, 4);
      for (const stream of streams) await giveTo(stream, 2, next);
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, giveNext));
  return users;
}

/*
 * Planted faults that turn this red: a return without the condition that there was none, and a
 * page that ends the walk where it is not the last.
 */
test("10,000 contributors: all to the host of one, all back of the other, however it dies", async () => {
  const [won, lost] = [await plannedStream({ fundingGoal: 20_000 }), await plannedStream()];
  const users = await fundByMany([won, lost]);
  const now = new Date();
  const begun = await getStream(won.id, { consistent: true });
  await changeStream(begun, (stream) => goLive(stream, stream.host, now), now);
  await settleProceeds(won);
  expect(await findWallet(won.hostId)).toMatchObject({ balance: 20_000 });
  await changeStream(await getStream(lost.id, { consistent: true }), cancel, now);
  // Some pages were returned by calls that died before they could say so.
  let after: string | undefined;
  for (let page = 0; page < 7; page++) after = (await returnPage(lost.id, after, now)).next;
  const isHalf = await auditTable();
  expect(isHalf).toEqual([]);
  await Promise.all([1, 2].map(() => followPlan({ streamId: lost.id }, now)));
  let returned = 0;
  const members = queryAll(key.member(lost.id, ""), { prefix: prefix.members }, {});
  for await (const { returnedAt } of members) if (returnedAt !== undefined) returned++;
  expect(returned).toBe(contributors);
  for (const userId of [users[0]!, users[5_000]!, users.at(-1)!])
    expect(await findWallet(userId)).toMatchObject({ balance: 2 });
  expect(await auditTable()).toEqual([]);
}, 1_800_000);
