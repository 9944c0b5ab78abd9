import { makeFrame } from "../../../domain/log/frame.ts";
import {
  addFrame,
  cacheOf,
  type LogCache,
  loadLog,
  newRecordsIn,
} from "../../../platform/push/push-cache.ts";
import { useTable } from "../../../platform/table/table.ts";
import { chatRecord, now, streamId } from "../../domain/frame-samples.ts";
import { createTable } from "./table-double.ts";

process.env.TABLE_NAME ??= "ovation-test";
beforeAll(() =>
  useTable(
    createTable(
      async () => undefined,
      () => undefined,
    ).client,
  ),
);

const end = { epoch: "e1", posted: 0, newest: 0, totals: { count: 0, credits: 0 } };
const frameAt = (n: number, createdAt: number) =>
  makeFrame({ ...end, head: n - 1 }, [chatRecord(n, "x", createdAt)], { streamId, viewers: 0 }, now)
    .frame;
/** Whether the cache answers for records created at `oldest`; otherwise the table is read. */
async function isEnough(log: LogCache | undefined, oldest: number, at = now): Promise<boolean> {
  const logs = new Map(log && [[streamId, log]]);
  return (await loadLog({ streamId, now: at, cache: { logs } }, oldest)) === log;
}
const later = (milliseconds: number) => new Date(now.getTime() + milliseconds);

test("the cache decides on records that are newer than those that it has not read", async () => {
  const log = cacheOf(end, [frameAt(3, 300), frameAt(2, 200)], 100, now);
  expect(await isEnough(log, 101)).toBe(true);
  expect(await isEnough(log, 100)).toBe(false);
  expect(log.head).toBe(3);
});

test("a cache that was idle for a minute is read again", async () => {
  const log = cacheOf(end, [], undefined, now);
  expect(await isEnough(log, 1, later(59_000))).toBe(true);
  expect(await isEnough(log, 1, later(61_000))).toBe(false);
  expect(await isEnough(undefined, 1)).toBe(false);
});

test("a log whose frames have expired continues after its newest posted frame", () => {
  const log = cacheOf(
    { ...end, posted: 57, newest: 900, totals: { count: 4, credits: 40 } },
    [],
    undefined,
    now,
  );
  expect(log).toMatchObject({ head: 57, newest: 900, totals: { count: 4, credits: 40 } });
});

test("a record counts as new once, even if a batch contains it twice", () => {
  const log = cacheOf(end, [frameAt(1, 100)], undefined, now);
  const records = [chatRecord(1), chatRecord(2), chatRecord(2), chatRecord(3)];
  expect(newRecordsIn(log, records).map(({ id }) => id)).toEqual([records[1]!.id, records[3]!.id]);
});

test("the cache evicts its oldest records, and knows that it lacks them", async () => {
  const log = cacheOf(end, [], undefined, now);
  const covers = Array.from({ length: 2_000 }, (_, n) => `r${n}`).join(" ");
  for (let n = 1; n <= 4; n++)
    addFrame(log, { ...frameAt(n, n * 100), covers: covers.replaceAll("r", `${n}-`) }, now);
  expect(log.frames.map(({ n }) => n)).toEqual([3, 4]);
  expect(await isEnough(log, 200)).toBe(false);
  expect(await isEnough(log, 201)).toBe(true);
  expect(log.covered.has("2-5")).toBe(false);
  expect(log.covered.get("3-5")).toBe(3);
});

test("the cache keeps the newest of the frames that it has read", async () => {
  const log = cacheOf(end, [frameAt(2, 200), frameAt(1, 100)], undefined, now);
  addFrame(log, frameAt(3, 300), now, 2);
  expect(log.frames.map(({ n }) => n)).toEqual([2, 3]);
  expect(await isEnough(log, 101)).toBe(true);
});
