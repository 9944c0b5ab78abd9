import type { EngineCall } from "../aws/engine-call.ts";
import type { PutObject } from "../aws/objects.ts";
import { checkBody } from "../bad-runner-request.ts";
import type { EventSource, Invoke, Stage, Table } from "../model.ts";
import type { State } from "../state.ts";
import { pollMilliseconds, relayPollMilliseconds, watchLoad } from "./poll-limiter.ts";
import { failedBatchOf } from "./stream-destination.ts";
import { createStreamFeed } from "./stream-feed.ts";
import { createPositions, forgetOtherReaders } from "./stream-positions.ts";
import { createStreamReader } from "./stream-reader.ts";
import type { StreamReader, StreamReaderReport } from "./stream-report.ts";
import { normalSwitches, StreamCommand, type StreamSwitches } from "./stream-switches.ts";

/** The table streams of the stage and their event source mappings. */
export type Streams = {
  /** Something was written: poll now. */
  wake(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Rejects with a `ZodError` for an invalid switch. */
  command(wanted: unknown): Promise<void>;
  report(): { switches: StreamSwitches; readers: StreamReaderReport[]; idle: boolean };
};

/** The dependencies of the streams. */
type StreamsOptions = {
  stage: Stage;
  call: EngineCall;
  state: State;
  invoke: Invoke;
  putObject: PutObject;
  log: (line: string) => void;
  random?: () => number;
  /** How busy the machine is, 0 to 1. */
  load?: () => number;
};

/**
 * Runs the mappings of table streams. Positions are stored after each batch, so after a kill the
 * batch in progress is redelivered and nothing is lost.
 */
export function createStreams(options: StreamsOptions): Streams {
  const { stage, state, log } = options;
  const sources = stage.eventSources.flatMap((source) => {
    const table = stage.tables.find((one) => one.streamArn === source.sourceArn);
    return table ? [{ source, table }] : [];
  });
  const load = options.load ?? watchLoad();
  const poll = stage.relay === undefined ? pollMilliseconds : relayPollMilliseconds;
  let switches: StreamSwitches = { ...normalSwitches };
  let readers: StreamReader[] = [];
  let running = false;

  const open = async ({ source, table }: { source: EventSource; table: Table }) => {
    const shardCount = switches.shards;
    const feed = createStreamFeed(options.call, table, load, poll);
    const stream = await feed.findStreamArn();
    const ids = sources.map((one) => one.source.id);
    forgetOtherReaders(state, stream, ids);
    const own = createPositions(state, source.id, stream);
    own.prepare(shardCount);
    return Array.from({ length: shardCount }, (_, shard) =>
      createStreamReader({
        source,
        table,
        region: stage.region,
        shard,
        shardCount,
        feed: createStreamFeed(options.call, table, load, poll),
        invoke: options.invoke,
        switches,
        position: own.find(shard),
        saveReached: (sequence) => own.save(shard, sequence),
        giveUp: (records, reason, invokeCount) => {
          const shardId = `shardId-${String(shard).padStart(20, "0")}`;
          const called = stage.functions[source.functionName];
          const failed = failedBatchOf(source, called, shardId, records, reason, invokeCount);
          log(`${source.functionName}: ${records.length} stream records given up: ${reason}`);
          const bucket = stage.buckets.find(({ arn }) => arn === source.failuresBucketArn);
          if (bucket) options.putObject(bucket.name, failed.key, failed.body);
        },
        log,
        random: options.random ?? Math.random,
      }),
    );
  };
  const startReaders = async () => {
    running = true;
    readers = (await Promise.all(sources.map(open))).flat();
    for (const reader of readers) reader.start();
  };
  const stopReaders = async () => {
    running = false;
    await Promise.all(readers.map((reader) => reader.stop()));
  };
  return {
    wake() {
      for (const reader of readers) reader.wake();
    },
    start: startReaders,
    stop: stopReaders,
    async command(wanted) {
      const { pause, redeliver, ...changes } = checkBody(StreamCommand, wanted);
      // JSON has no undefined members.
      const given = changes as Partial<StreamSwitches>;
      const next = { ...switches, ...given, paused: pause ?? switches.paused };
      if (next.shards !== switches.shards && running) {
        await stopReaders();
        switches = next;
        await startReaders();
      }
      // Readers refer to this object, so it is changed in place.
      Object.assign(switches, next);
      for (const reader of readers) redeliver ? reader.redeliver(redeliver) : reader.wake();
    },
    report() {
      const reports = readers.map((reader) => reader.report());
      return { switches, readers: reports, idle: reports.every((report) => report.idle) };
    },
  };
}
