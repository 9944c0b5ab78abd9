import type { EventSource, Invoke, Table } from "../model.ts";
import { createAlarm } from "./alarm.ts";
import { passesFilters } from "./event-filter.ts";
import { chooseBatch, type Pending } from "./stream-batch.ts";
import type { GiveUpReason } from "./stream-destination.ts";
import type { StreamFeed } from "./stream-feed.ts";
import {
  chooseShard,
  countDone,
  isChange,
  makeStreamRecord,
  type StreamRecord,
} from "./stream-records.ts";
import type { StreamReader } from "./stream-report.ts";
import { offsetsOf, type StreamSwitches } from "./stream-switches.ts";

/** A look at the stream without a reason: only writes past the endpoint need it. */
const idleMilliseconds = 1000;
const longIdleMilliseconds = 5000;
const retryMillisecondsMin = 100;
const retryMillisecondsMax = 5000;
/** Errors of Lambda itself, after which a batch comes again without having used a try. */
const notStarted = new Set(["TooManyRequestsException", "ServiceException"]);
/** Delivered sequence numbers that are kept for `redeliver`. */
const historyMax = 1000;

/** What one reader of one shard is made from. */
type StreamReaderOptions = {
  source: EventSource;
  table: Table;
  region: string;
  shard: number;
  /** Readers that the items are cut over: shards times the mapping's parallelization factor. */
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

/** A reader that stands at its position; nothing is read before its start. */
export function createStreamReader(options: StreamReaderOptions): StreamReader {
  const { source, table, switches, shard } = options;
  const alarm = createAlarm();
  const pending: Pending[] = [];
  const history: (string | undefined)[] = [];
  /** Everything up to here is done; everything up to `read` has been taken from the engine. */
  let position = options.position;
  let read = options.position;
  let more = true;
  let running = false;
  let idle = false;
  let quietLooks = 0;
  let rewind = 0;
  /** Borders that a failed batch keeps when it is tried again. */
  let sizes: number[] = [];
  let tries = 0;
  let doubledUntil: string | undefined;
  const counts = { batches: 0, delivered: 0, failures: 0 };
  let loop: Promise<void> | undefined;

  /** Filtered records count as done as soon as those before them are. */
  const reach = (sequence: string | undefined) => {
    if (sequence === undefined || sequence === position) return;
    position = sequence;
    options.saveReached(sequence);
  };
  const fetchMore = async () => {
    const records = await options.feed.read(read);
    more = records.length >= 1000;
    for (const engineRecord of records) {
      read = engineRecord.dynamodb.SequenceNumber;
      if (!isChange(engineRecord)) continue;
      if (chooseShard(engineRecord, options.shardCount) !== shard) continue;
      const { skew, lag } = offsetsOf(switches, shard);
      const record = makeStreamRecord(engineRecord, table, options.region, skew);
      if (!passesFilters(source.filters, record)) continue;
      pending.push({ sequence: read, record, readyAt: Date.now() + lag });
    }
    if (records.length > 0) quietLooks = 0;
  };
  const goBack = () => {
    const first = Math.max(0, history.length - rewind);
    rewind = 0;
    if (history.length === 0) return;
    position = history[first];
    read = position;
    history.length = first;
    pending.length = 0;
    sizes = [];
    tries = 0;
    more = true;
  };
  const plan = () => {
    const most = Math.min(source.batchSize, pending.length);
    return switches.regroup ? 1 + Math.floor(options.random() * most) : (sizes[0] ?? most);
  };
  const advance = (done: number) => {
    for (const { sequence } of pending.splice(0, done)) {
      history.push(position);
      if (history.length > historyMax) history.shift();
      position = sequence;
    }
    position = pending.length === 0 ? read : position;
    if (position !== undefined) options.saveReached(position);
    counts.delivered += done;
  };
  const giveUp = (batch: Pending[], reason: GiveUpReason) => {
    const records = batch.map((one) => one.record);
    options.giveUp(records, reason, tries);
    advance(batch.length);
    sizes.shift();
    tries = 0;
  };
  const fail = async (batch: Pending[], done: number, why: string) => {
    if (notStarted.has(why.split(":")[0]!)) return alarm.pause(retryMillisecondsMin);
    counts.failures += 1;
    const left = batch.length - done;
    options.log(`${source.functionName}: ${left} of ${batch.length} stream records failed: ${why}`);
    if (done > 0) {
      advance(done);
      tries = 0;
    }
    sizes = [left, ...sizes.slice(1)];
    if (source.bisectOnError && left > 1) {
      // A split is not counted as a try.
      const half = Math.ceil(left / 2);
      sizes = [half, left - half, ...sizes.slice(1)];
      tries = 0;
    } else {
      tries += 1;
      if (source.retryAttemptsMax >= 0 && tries > source.retryAttemptsMax) {
        return giveUp(pending.slice(0, left), "RetryAttemptsExhausted");
      }
    }
    await alarm.pause(
      Math.min(retryMillisecondsMin * 2 ** Math.max(0, tries - 1), retryMillisecondsMax),
    );
  };
  const deliver = async () => {
    const batch = chooseBatch(pending, plan());
    const born = batch[0]?.record.dynamodb.ApproximateCreationDateTime ?? 0;
    const ageSecondsMax = source.recordAgeSecondsMax;
    if (ageSecondsMax > 0 && Date.now() / 1000 - born > ageSecondsMax) {
      return giveUp(batch.slice(0, 1), "RecordAgeExceeded");
    }
    counts.batches += 1;
    const records = batch.map((one) => one.record);
    const began = Date.now();
    const result = await options.invoke(source.functionName, { Records: records });
    options.feed.restAfter(Date.now() - began);
    if (!result.ok) {
      return fail(batch, 0, `${result.error.errorType}: ${result.error.errorMessage}`);
    }
    const done = source.reportsItemFailures ? countDone(records, result.payload) : batch.length;
    if (done < batch.length) return fail(batch, done, "the function named the first of them");
    const last = batch.at(-1)!.sequence;
    const seen = doubledUntil !== undefined && BigInt(last) <= BigInt(doubledUntil);
    if (!seen && options.random() * 100 < switches.double) {
      doubledUntil = last;
      return;
    }
    advance(batch.length);
    sizes.shift();
    tries = 0;
  };
  const step = async () => {
    if (rewind > 0) goBack();
    if (switches.paused) {
      more = true;
      return alarm.wait(idleMilliseconds);
    }
    if (pending.length < source.batchSize && (more || alarm.take())) await fetchMore();
    if (pending.length === 0) {
      reach(read);
      if (more || alarm.isSet()) return;
      idle = true;
      quietLooks += 1;
      await alarm.wait(quietLooks > 60 ? longIdleMilliseconds : idleMilliseconds);
      idle = false;
      // Whether woken or not, the stream is looked at: some writes do not come through us.
      more = true;
      return;
    }
    const lag = pending[0]!.readyAt - Date.now();
    if (lag > 0) {
      await alarm.wait(lag);
      more = true;
      return;
    }
    if (source.batchingWindowSeconds > 0 && tries === 0 && pending.length < source.batchSize) {
      await alarm.pause(source.batchingWindowSeconds * 1000);
      await fetchMore();
    }
    if (running && !switches.paused) await deliver();
  };
  const run = async () => {
    let said = false;
    while (running) {
      try {
        await step();
        said = false;
      } catch (error) {
        // Once for a whole outage: the next try comes in a second.
        if (running && !said) options.log(`The stream of ${table.name} cannot be read: ${error}`);
        said = true;
        await alarm.pause(idleMilliseconds);
      }
    }
  };
  return {
    wake() {
      idle = false;
      alarm.set();
    },
    redeliver(count) {
      rewind = count;
      alarm.set();
    },
    report: () => ({
      function: source.functionName,
      table: table.name,
      shard,
      position: position ?? null,
      pending: pending.length,
      ...counts,
      idle: idle && pending.length === 0,
    }),
    start() {
      running = true;
      loop = run();
    },
    async stop() {
      running = false;
      alarm.end();
      await loop;
    },
  };
}
