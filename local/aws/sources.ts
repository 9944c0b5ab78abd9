import type { Invoke, Stage } from "../model.ts";
import { createQueueStore, type QueueStore } from "../sources/queue-store.ts";
import { createQueueSource } from "../sources/queues.ts";
import { createSchedules } from "../sources/schedules.ts";
import { createStreams, type Streams } from "../sources/streams.ts";
import type { State } from "../state.ts";
import type { EngineCall } from "./engine-call.ts";
import type { Meter } from "./meter.ts";
import type { Objects } from "./objects.ts";

/** How long batches in progress may delay a stop. */
const stopMilliseconds = 2000;
/** The time between looks at the item that pauses deliveries. */
const pauseLookMilliseconds = 1000;

/** The key of an item in the engine's form: while it exists, streams and queues wait. */
export type PauseKey = Record<string, { S: string }>;

/** Everything that triggers functions without a request: streams, queues and schedules. */
type Sources = {
  store: QueueStore;
  streams: Streams;
  /** Makes a queue's reader poll now. */
  wakeQueue(name: string): void;
  start(): Promise<void>;
  /** Waits for batches in progress, for a limited time. */
  stop(): Promise<void>;
};

type SourcesOptions = {
  stage: Stage;
  state: State;
  call: EngineCall;
  objects: Pick<Objects, "put">;
  invoke: Invoke;
  meter: Meter;
  log: (line: string) => void;
  pauseKey?: PauseKey | undefined;
};

/** Creates the sources of the stage's mappings and rules; they run after `start`. */
export function createSources(options: SourcesOptions): Sources {
  const { stage, state, call, objects, invoke, meter, log } = options;
  const findQueue = (queueArn: string) => stage.queues.find(({ arn }) => arn === queueArn);
  const store = createQueueStore(state, findQueue);
  const queues = stage.eventSources.flatMap((source) => {
    const queue = findQueue(source.sourceArn);
    if (queue === undefined) return [];
    const made = { source, queue, region: stage.region, store, invoke, meter, log };
    return [{ queue, source: createQueueSource(made) }];
  });
  const wakeQueue = (name: string) => {
    for (const { queue, source } of queues) if (queue.name === name) source.wake();
  };
  const putObject = objects.put;
  const streams = createStreams({ stage, call, state, invoke, putObject, log });
  const schedules = createSchedules(stage, invoke, log);
  const startReaders = async () => {
    await streams.start();
    for (const { source } of queues) source.start();
  };
  const stopReaders = () =>
    Promise.allSettled([streams.stop(), ...queues.map(({ source }) => source.stop())]);
  const pausing = createPausing(options, startReaders, stopReaders);
  return {
    store,
    streams,
    wakeQueue,
    async start() {
      store.release();
      await pausing.start();
      schedules.start();
    },
    async stop() {
      schedules.stop();
      const late = new Promise((resolve) => setTimeout(resolve, stopMilliseconds).unref());
      await Promise.race([pausing.stop(), late]);
    },
  };
}

/**
 * Runs the readers of streams and queues, except while an item with the key exists. What waits then
 * counts no attempt, as with disabled event source mappings: no pause makes it a dead letter.
 */
function createPausing(
  { stage, call, log, pauseKey }: SourcesOptions,
  startReaders: () => Promise<void>,
  stopReaders: () => Promise<unknown>,
) {
  let isRunning = false;
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const isPaused = async () => {
    const [TableName] = stage.tables.map(({ name }) => name);
    if (pauseKey === undefined || TableName === undefined) return false;
    const read = { TableName, Key: pauseKey, ConsistentRead: true };
    return (await call("DynamoDB_20120810.GetItem", read)).body.Item !== undefined;
  };
  const look = async () => {
    const isWanted = !(await isPaused());
    if (isWanted !== isRunning) await (isWanted ? startReaders() : stopReaders());
    isRunning = isWanted;
  };
  const lookLater = () => {
    timer = setTimeout(() => {
      looking = look()
        .catch((error) => log(`The table cannot be read: ${error}`))
        .then(lookLater);
    }, pauseLookMilliseconds).unref();
  };
  return {
    async start() {
      await look();
      if (pauseKey !== undefined) lookLater();
    },
    async stop() {
      clearTimeout(timer);
      await looking;
      clearTimeout(timer);
      await stopReaders();
    },
  };
}
