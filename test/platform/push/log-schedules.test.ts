import fc from "fast-check";
import type { LogRecord } from "../../../domain/log/event.ts";
import { type Frame, makeFrame } from "../../../domain/log/frame.ts";
import { recover } from "../../../domain/log/recovery.ts";
import {
  addFrame,
  evictLog,
  type LogCache,
  loadLog,
  newRecordsIn,
} from "../../../platform/push/push-cache.ts";
import { putFrame } from "../../../platform/store/log/frames.ts";
import { key } from "../../../platform/table/keys.ts";
import { useTable } from "../../../platform/table/table.ts";
import { chatRecord, giftRecord, streamId } from "../../domain/frame-samples.ts";
import { createTable } from "./table-double.ts";

process.env.TABLE_NAME ??= "ovation-test";

/** One thing that happens: a consumer is given some records, or forgets, or time passes. */
type Turn =
  | { turn: "deliver"; environment: number; from: number; count: number }
  | { turn: "race"; from: number; count: number }
  | { turn: "forget"; environment: number }
  | { turn: "wait"; seconds: number };

const environment = fc.integer({ min: 0, max: 2 });
const span = { from: fc.nat(39), count: fc.integer({ min: 1, max: 12 }) };
const turn: fc.Arbitrary<Turn> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ turn: fc.constant("deliver"), environment, ...span }) },
  { weight: 3, arbitrary: fc.record({ turn: fc.constant("race"), ...span }) },
  { weight: 1, arbitrary: fc.record({ turn: fc.constant("forget"), environment }) },
  { weight: 1, arbitrary: fc.record({ turn: fc.constant("wait"), seconds: fc.nat(90) }) },
) as fc.Arbitrary<Turn>;

/** Records by a clock that goes back and forth, as those of two shards do. */
const records = fc.array(fc.record({ isGift: fc.boolean(), at: fc.nat(400) }), {
  minLength: 40,
  maxLength: 40,
});

/** An empty log in a table in memory. Answers its frames, in the order of their numbers. */
function createLog() {
  const table = createTable(
    async () => undefined,
    () => undefined,
  );
  useTable(table.client);
  const end = { epoch: "e1", posted: 0, newest: 0, totals: { count: 0, credits: 0 } };
  table.put({ ...key.log(streamId), ...end });
  const { PK } = key.frame(streamId, 1);
  return () =>
    ([...table.items.values()] as unknown as (Frame & { PK: string })[])
      .filter((item) => item.PK === PK && item.n !== undefined)
      .toSorted((one, other) => one.n - other.n);
}

/** What an environment remembers of the log. */
type Logs = Map<string, LogCache>;

/** The consumer's first three steps; `frameMax` cuts small frames, `idsMax` small caches. */
async function deliver(
  logs: Logs,
  batch: readonly LogRecord[],
  { now, frameMax, idsMax }: { now: Date; frameMax: number; idsMax: number },
): Promise<void> {
  const query = { streamId, now, cache: { logs } };
  const oldest = Math.min(...batch.map(({ createdAt }) => createdAt));
  let known = await loadLog(query, oldest);
  let fresh = newRecordsIn(known, batch);
  while (fresh.length > 0) {
    const next = fresh.slice(0, frameMax);
    const { frame, taken } = makeFrame(known, next, { streamId, viewers: 0 }, now);
    if (await putFrame(streamId, frame)) {
      addFrame(known, frame, now, idsMax);
      fresh = fresh.slice(taken);
    } else {
      evictLog(query);
      known = await loadLog(query, oldest);
      fresh = newRecordsIn(known, batch);
    }
  }
}

test("whatever the schedule, each record is in one frame, numbers have no gaps, and totals are right", async () => {
  await fc.assert(
    fc.asyncProperty(
      records,
      fc.array(turn, { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 60 }),
      async (wishes, turns, frameMax, idsMax) => {
        const all = wishes.map(({ isGift, at }, n) =>
          isGift ? giftRecord(n, {}, at) : chatRecord(n, "x", at),
        );
        const listFrames = createLog();
        const caches: Logs[] = [new Map(), new Map(), new Map()];
        let now = new Date("2026-01-15T10:30:00Z");
        const play = (which: number, batch: readonly LogRecord[]) =>
          deliver(caches[which]!, batch, { now, frameMax, idsMax });
        for (const one of turns) {
          if (one.turn === "wait") now = new Date(now.getTime() + one.seconds * 1000);
          else if (one.turn === "forget") caches[one.environment]!.clear();
          else if (one.turn === "deliver")
            await play(one.environment, all.slice(one.from, one.from + one.count));
          // Two independent shards at once, each with every second record.
          else
            for (const shard of [0, 1]) {
              const batch = all.slice(one.from, one.from + one.count);
              const own = batch.filter((_, at) => at % 2 === shard);
              if (own.length > 0) await play(shard, own);
            }
        }
        await play(0, all);
        const frames = listFrames();
        expect(frames.map(({ n }) => n)).toEqual(frames.map((_, at) => at + 1));
        const covered = frames.flatMap(({ covers }) => covers.split(" "));
        expect(covered.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
        let newest = 0;
        let count = 0;
        for (const frame of frames) {
          count += frame.covers.split(" ").filter((id) => id.startsWith("gift:")).length;
          expect(frame.totals.count).toBe(count);
          expect(frame.newest).toBeGreaterThanOrEqual(newest);
          newest = frame.newest;
        }
        const end = { epoch: "e1", head: frames.length };
        for (let frame = 0; frame <= frames.length; frame++) {
          const next = frames.find(({ n }) => n === frame + 1);
          expect(recover({ epoch: "e1", frame }, end, next, now)).toEqual({ from: frame + 1 });
        }
      },
    ),
    { numRuns: process.env.CI ? 2_000 : 300 },
  );
});
