import fc from "fast-check";
import type { LogRecord } from "../../../domain/log/event.ts";
import { type Frame, makeFrame } from "../../../domain/log/frame.ts";
import { recover } from "../../../domain/log/recovery.ts";
import {
  addFrame,
  cacheOf,
  isCompleteFor,
  type LogCache,
  newRecordsIn,
} from "../../../platform/push/memory.ts";
import { chatRecord, giftRecord, streamId } from "../../domain/frame-samples.ts";

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

/** The table: frames by number; a put fails if the number is taken. */
function createLog() {
  const frames: Frame[] = [];
  const end = { epoch: "e1", posted: 0, newest: 0, totals: { count: 0, credits: 0 } };
  return {
    frames,
    put(frame: Frame): boolean {
      if (frames.some(({ n }) => n === frame.n)) return false;
      frames.push(frame);
      return true;
    },
    read(oldest: number, now: Date): LogCache {
      const newestFirst = frames.toSorted((a, b) => b.n - a.n);
      const stop = newestFirst.findIndex(({ newest }, at) => at > 0 && newest < oldest);
      if (stop < 0) return cacheOf(end, newestFirst, undefined, now);
      return cacheOf(end, newestFirst.slice(0, stop), newestFirst[stop]!.newest, now);
    },
  };
}

/** The consumer's first three steps, as far as they are pure; `frameMax` cuts small frames, `idsMax` small memories. */
function deliver(
  log: ReturnType<typeof createLog>,
  memory: LogCache | undefined,
  batch: readonly LogRecord[],
  { now, frameMax, idsMax }: { now: Date; frameMax: number; idsMax: number },
): LogCache {
  const oldest = Math.min(...batch.map(({ createdAt }) => createdAt));
  let known = isCompleteFor(memory, oldest, now) ? memory : log.read(oldest, now);
  let fresh = newRecordsIn(known, batch);
  while (fresh.length > 0) {
    const next = fresh.slice(0, frameMax);
    const { frame, taken } = makeFrame(known, next, { streamId, viewers: 0 }, now);
    if (log.put(frame)) {
      addFrame(known, frame, now, idsMax);
      fresh = fresh.slice(taken);
    } else {
      known = log.read(oldest, now);
      fresh = newRecordsIn(known, batch);
    }
  }
  return known;
}

test("whatever the schedule, each record in one frame, numbers dense, totals their fold", () => {
  fc.assert(
    fc.property(
      records,
      fc.array(turn, { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 60 }),
      (wishes, turns, frameMax, idsMax) => {
        const all = wishes.map(({ isGift, at }, n) =>
          isGift ? giftRecord(n, {}, at) : chatRecord(n, "x", at),
        );
        const log = createLog();
        const memories: (LogCache | undefined)[] = [undefined, undefined, undefined];
        let now = new Date("2026-01-15T10:30:00Z");
        const play = (which: number, batch: readonly LogRecord[]) => {
          memories[which] = deliver(log, memories[which], batch, { now, frameMax, idsMax });
        };
        for (const one of turns) {
          if (one.turn === "wait") now = new Date(now.getTime() + one.seconds * 1000);
          else if (one.turn === "forget") memories[one.environment] = undefined;
          else if (one.turn === "deliver")
            play(one.environment, all.slice(one.from, one.from + one.count));
          // Two independent shards at once, each with every second record.
          else
            for (const shard of [0, 1]) {
              const batch = all.slice(one.from, one.from + one.count);
              const own = batch.filter((_, at) => at % 2 === shard);
              if (own.length > 0) play(shard, own);
            }
        }
        play(0, all);
        const frames = log.frames.toSorted((a, b) => a.n - b.n);
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
