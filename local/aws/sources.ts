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
  return {
    store,
    streams,
    wakeQueue,
    async start() {
      store.release();
      await streams.start();
      for (const { source } of queues) source.start();
      schedules.start();
    },
    async stop() {
      schedules.stop();
      const all = [streams.stop(), ...queues.map(({ source }) => source.stop())];
      const late = new Promise((resolve) => setTimeout(resolve, stopMilliseconds).unref());
      await Promise.race([Promise.allSettled(all), late]);
    },
  };
}
