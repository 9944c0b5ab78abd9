import type { EventSource, Invoke, Table } from "../model.ts";
import { passesFilters } from "./event-filter.ts";
import { chooseBatch, type Pending } from "./stream-batch.ts";
import { pageRecordsMax } from "./stream-calls.ts";
import type { GiveUpReason } from "./stream-destination.ts";
import type { StreamFeed } from "./stream-feed.ts";
import {
  createProgress,
  finishBatch,
  goBack,
  noteFailure,
  type Progress,
} from "./stream-progress.ts";
import {
  chooseShard,
  countAcknowledged,
  isChange,
  type StreamRecord,
  streamRecordOf,
} from "./stream-records.ts";
import type { StreamReader } from "./stream-report.ts";
import { offsetsOf, type StreamSwitches } from "./stream-switches.ts";
import { createWakeup } from "./wakeup.ts";

/** The time between polls without a trigger; only writes that bypass the endpoint need them. */
const idleMilliseconds = 1000;
const longIdleMilliseconds = 5000;
const retryMillisecondsMin = 100;
/** Each retry waits this much longer: 100 of them take about an hour, the age of a record. */
const retryMillisecondsMore = 700;
/** Errors of Lambda itself, which use up no retry. */
const notStarted = new Set(["TooManyRequestsException", "ServiceException"]);

/** The dependencies of the reader of one shard. */
type StreamReaderOptions = {
  source: EventSource;
  table: Table;
  region: string;
  shard: number;
  /** The number of readers of the mapping. */
  shardCount: number;
  feed: StreamFeed;
  invoke: Invoke;
  switches: StreamSwitches;
  position: string | undefined;
  saveReached(position: string): void;
  giveUp(records: StreamRecord[], reason: GiveUpReason, invokeCount: number): void;
  log(line: string): void;
  random(): number;
};

type Reader = {
  options: StreamReaderOptions;
  wakeup: ReturnType<typeof createWakeup>;
  at: Progress;
  isRunning: boolean;
  /** In whole seconds since 1970, as the creation times of records. */
  startedAt: number;
};

/** Creates a reader at its saved position; it reads nothing before `start`. */
export function createStreamReader(options: StreamReaderOptions): StreamReader {
  const at = createProgress(options.position);
  const reader: Reader = { options, wakeup: createWakeup(), at, isRunning: false, startedAt: 0 };
  let loop: Promise<void> | undefined;
  return {
    wake() {
      at.isIdle = false;
      reader.wakeup.set();
    },
    redeliver(count) {
      at.rewind = count;
      reader.wakeup.set();
    },
    report: () => ({
      function: options.source.functionName,
      table: options.table.name,
      shard: options.shard,
      position: at.position ?? null,
      pending: at.pending.length,
      batches: at.batches,
      delivered: at.delivered,
      failures: at.failures,
      idle: at.isIdle && at.pending.length === 0,
    }),
    start() {
      reader.isRunning = true;
      reader.startedAt = Math.floor(Date.now() / 1000);
      loop = run(reader);
    },
    async stop() {
      reader.isRunning = false;
      reader.wakeup.end();
      await loop;
    },
  };
}

async function run(reader: Reader): Promise<void> {
  const { options, wakeup } = reader;
  let hasTold = false;
  while (reader.isRunning) {
    try {
      await step(reader);
      hasTold = false;
    } catch (error) {
      // Logged once per outage; the next attempt follows in a second.
      if (reader.isRunning && !hasTold)
        options.log(`The stream of ${options.table.name} cannot be read: ${error}`);
      hasTold = true;
      await wakeup.pause(idleMilliseconds);
    }
  }
}

async function step(reader: Reader): Promise<void> {
  const { at, wakeup } = reader;
  const { source, switches } = reader.options;
  if (at.rewind > 0) goBack(at);
  if (switches.paused) {
    at.hasMore = true;
    return wakeup.wait(idleMilliseconds);
  }
  if (at.pending.length < source.batchSize && (at.hasMore || wakeup.take()))
    await fetchMore(reader);
  if (at.pending.length === 0) return waitForMore(reader);
  const lag = at.pending[0]!.readyAt - performance.now();
  if (lag > 0) {
    await wakeup.wait(lag);
    at.hasMore = true;
    return;
  }
  if (reader.isRunning && !switches.paused) await deliver(reader);
}

async function waitForMore({ options, at, wakeup }: Reader): Promise<void> {
  // Records that the filters dropped are done as soon as the records before them are.
  if (at.read !== undefined && at.read !== at.position) {
    at.position = at.read;
    options.saveReached(at.read);
  }
  if (at.hasMore || wakeup.isSet()) return;
  at.isIdle = true;
  at.emptyPolls++;
  await wakeup.wait(at.emptyPolls > 60 ? longIdleMilliseconds : idleMilliseconds);
  at.isIdle = false;
  // Always poll, since some writes bypass the runner.
  at.hasMore = true;
}

async function fetchMore({ options, at, startedAt }: Reader): Promise<void> {
  const { feed, shard, shardCount, switches, table, region, source } = options;
  const records = await feed.read(at.read);
  at.hasMore = records.length >= pageRecordsMax;
  for (const engineRecord of records) {
    at.read = engineRecord.dynamodb.SequenceNumber;
    if (chooseShard(engineRecord, shardCount) !== shard) continue;
    const { skew, lag } = offsetsOf(switches, shard);
    const record = streamRecordOf(engineRecord, table, region, skew);
    // Filters come first, since comparing images is the most work.
    if (!passesFilters(source.filters, record) || !isChange(engineRecord)) continue;
    const born = record.dynamodb.ApproximateCreationDateTime ?? 0;
    // A record that waited while the runner was stopped is not too old: on AWS, readers never stop.
    const agesFrom = born - skew < startedAt ? startedAt : born;
    at.pending.push({ sequence: at.read, record, readyAt: performance.now() + lag, agesFrom });
  }
  if (records.length > 0) at.emptyPolls = 0;
}

async function deliver(reader: Reader): Promise<void> {
  const { options, at } = reader;
  const { source, switches, feed } = options;
  const batch = chooseBatch(at.pending, planSize(options, at));
  const agesFrom = batch[0]?.agesFrom ?? 0;
  const ageSecondsMax = source.recordAgeSecondsMax;
  if (ageSecondsMax > 0 && Date.now() / 1000 - agesFrom > ageSecondsMax)
    return giveUp(reader, batch.slice(0, 1), "RecordAgeExceeded");
  at.batches++;
  const records = batch.map(({ record }) => record);
  const began = performance.now();
  const result = await options.invoke(source.functionName, { Records: records });
  feed.restAfter(performance.now() - began);
  if (!result.ok) {
    const { errorType, errorMessage } = result.error;
    return fail(reader, batch, 0, `${errorType}: ${errorMessage}`);
  }
  const done = countAcknowledged(records, result.payload);
  if (done < batch.length) return fail(reader, batch, done, "the function named the first of them");
  const last = batch.at(-1)!.sequence;
  const isSeen = at.doubledUntil !== undefined && BigInt(last) <= BigInt(at.doubledUntil);
  if (!isSeen && options.random() * 100 < switches.double) {
    at.doubledUntil = last;
    return;
  }
  finishBatch(at, batch.length);
  saveReached(options, at);
}

/** The size of the next batch. */
function planSize({ source, switches, random }: StreamReaderOptions, at: Progress): number {
  const most = Math.min(source.batchSize, at.pending.length);
  return switches.regroup ? 1 + Math.floor(random() * most) : (at.size ?? most);
}

/** A batch was partly processed: the rest is retried. */
async function fail(
  reader: Reader,
  batch: readonly Pending[],
  done: number,
  why: string,
): Promise<void> {
  const { options, at, wakeup } = reader;
  const { source } = options;
  if (notStarted.has(why.split(":")[0]!)) return wakeup.pause(retryMillisecondsMin);
  const left = batch.length - done;
  options.log(`${source.functionName}: ${left} of ${batch.length} stream records failed: ${why}`);
  noteFailure(at, done, left);
  if (done > 0) saveReached(options, at);
  if (source.retryAttemptsMax >= 0 && at.tries > source.retryAttemptsMax)
    return giveUp(reader, at.pending.slice(0, left), "RetryAttemptsExhausted");
  const soon = retryMillisecondsMin * 2 ** (at.tries - 1);
  await wakeup.pause(Math.min(soon, retryMillisecondsMore * at.tries));
}

/** Sends records to the mapping's destination and continues after them. */
function giveUp({ options, at }: Reader, batch: readonly Pending[], reason: GiveUpReason): void {
  options.giveUp(
    batch.map(({ record }) => record),
    reason,
    at.tries,
  );
  finishBatch(at, batch.length);
  saveReached(options, at);
}

function saveReached(options: StreamReaderOptions, { position }: Progress): void {
  if (position !== undefined) options.saveReached(position);
}
