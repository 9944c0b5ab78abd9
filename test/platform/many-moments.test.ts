import { expect, test } from "@jest/globals";
import { recordOf } from "../../domain/log/change.ts";
import { applyRecord } from "../../domain/log/fold.ts";
import type { LogState } from "../../domain/log/sums.ts";
import { contract, handler as listAll } from "../../functions/audience/moments/list.ts";
import type { Caller } from "../../platform/auth/caller.ts";
import { countState } from "../../platform/store/audience/count-state.ts";
import {
  finishMoment,
  listMoments,
  recordResult,
  startMoment,
} from "../../platform/store/audience/moments.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { meterTable } from "./call-meter.ts";
import { useOwnTable } from "./table.ts";
import { forget, makeStream, makeUser, someone } from "./wallet-people.ts";

useOwnTable();

const polls = 1_000;
/** The longest that a poll can be: 200 code points of title, ten options of 80. */
const longest = {
  kind: "poll" as const,
  title: "𝓽".repeat(200),
  options: Array.from({ length: 10 }, (_, n) => `${n}${"𝓸".repeat(79)}`),
  seconds: 3_600,
  choices: 10,
};
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value ?? null));

test("a thousand started and ended polls make no item and no call grow", async () => {
  const host = await makeUser(someone("host"));
  const stream = await makeStream(host);
  const { id: streamId } = stream;
  const caller = { userId: host, roles: [], claims: {} } as unknown as Caller;
  const measure = meterTable();
  const list = (more = {}) =>
    callEndpoint(listAll, { as: host, path: { streamId }, query: { limit: "50", ...more } });
  let state: LogState = {};
  let newest = Math.floor(Date.now() / 1000);
  const added = (old: object | undefined, is: object) => {
    newest += 1;
    const change = { ...(old && { old: { ...old } }), new: { ...is } };
    const record = recordOf({ kind: "moment", streamId, createdAt: newest, ...change }, "")!;
    state = applyRecord(state, record, newest);
  };
  const playOne = async () => {
    const was = await startMoment(stream, longest, caller, forget);
    added(undefined, was);
    const endedAt = new Date();
    const is = await finishMoment(was, () => ({ status: "ended", endedAt }), forget);
    added(was, is);
    const result = { votes: Array(10).fill(0), voters: 0, winner: null };
    expect(await recordResult(is, endedAt.toISOString(), result)).toBe(true);
    added(is, { ...is, result, revision: is.revision + 1 });
  };
  const look = async () => ({
    log: bytesOf(state),
    open: bytesOf(await getRawItem(key.openMoments(streamId))),
    list: await measure(list),
    one: await measure(playOne),
  });
  for (let n = 0; n < 100; n++) await playOne();
  const before = await look();
  for (let n = 101; n < polls - 1; n++) await playOne();
  const after = await look();

  // Up to the digits of what is counted.
  expect(after.open).toBeLessThanOrEqual(before.open + 2);
  expect(after.log).toBeLessThanOrEqual(before.log + 2);
  expect(after.log).toBeLessThan(10_000);
  expect(after.list.read).toBeLessThanOrEqual(before.list.read);
  expect(after.list.read).toBeLessThanOrEqual(contract.cost.read);
  expect(after.one).toEqual(before.one);
  expect((await list()).bytes).toBeLessThanOrEqual(contract.cost.kilobytes * 1024);
  // None of them is open, and one call does not look for one in all of them.
  const none = await measure(() => list({ status: "open" }));
  expect(none.read).toBeLessThanOrEqual(contract.cost.read);
  // All pages list each moment once; none counts in a log that was reset.
  const found = new Set<string>();
  for (let from: string | undefined, isOver = false; !isOver; ) {
    const page = await listMoments(
      streamId,
      { limit: 100, ...(from && { after: from }) },
      new Date(),
    );
    for (const { id } of page.list) found.add(id);
    isOver = page.nextCursor === null;
    from = page.nextCursor ?? undefined;
  }
  expect(found.size).toBe(polls);
  // A page that ends with the oldest moment is the last, however many are read at once.
  const next = [...found].at(-27)!;
  const last = await listMoments(streamId, { limit: 26, after: next }, new Date());
  expect([last.list.length, last.nextCursor]).toEqual([26, null]);
  expect(await countState(streamId, "")).toEqual({ sums: {}, moments: [] });
}, 120_000);
