/** Queues and a bucket like the runner's, with its faults, on a clock that the test advances. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jest } from "@jest/globals";
import type { SQSRecord } from "aws-lambda";
import { startEndpoint } from "../../local/aws/endpoint.ts";
import { createFaults } from "../../local/aws/faults.ts";
import { createMeter } from "../../local/aws/meter.ts";
import { createObjectCalls, createObjects } from "../../local/aws/objects.ts";
import { createSqs } from "../../local/aws/sqs.ts";
import type { Stage } from "../../local/model.ts";
import { createQueueStore } from "../../local/sources/queue-store.ts";
import { openState } from "../../local/state.ts";
import { makeQueue } from "../local/sample-stage.ts";
import { setClock } from "./clock.ts";

/** Calls the function that reads a queue; returns the ids of the messages to be redelivered. */
type Reader = (records: readonly SQSRecord[]) => Promise<readonly string[]>;

/** The delay before messages are redelivered: longer than any of their readers may run. */
const visibilitySeconds = 360;

/** The bucket of the stage. */
export const bucketName = "pictures";

/** Gives the tests of one file these queues, each with its reader, and a bucket. */
export function useFaultyAws<Name extends string>(readers: Record<Name, Reader>) {
  const names = Object.keys(readers) as Name[];
  const nameOf = (name: Name) => (/^(posts|deliveries|rooms)$/.test(name) ? `${name}.fifo` : name);
  const made = names.map((name) => {
    const part = { visibilitySeconds, retentionSeconds: 345_600 };
    return [name, makeQueue(nameOf(name), part)] as const;
  });
  const queues = Object.fromEntries(made) as Record<Name, ReturnType<typeof makeQueue>>;
  const stage = {
    queues: Object.values(queues),
    buckets: [{ name: bucketName, arn: `arn:aws:s3:::${bucketName}` }],
  } as Pick<Stage, "queues" | "buckets"> as Stage;
  const directory = mkdtempSync(join(tmpdir(), "ovation-test-"));
  const state = openState(directory);
  const store = createQueueStore(
    state,
    () => undefined,
    () => Date.now(),
  );
  const objects = createObjects(directory);
  const faults = createFaults();
  let endpoint: Awaited<ReturnType<typeof startEndpoint>>;

  beforeAll(async () => {
    endpoint = await startEndpoint({
      iam: { knows: () => true, isAllowed: () => true, mayBelow: () => true, check: () => {} },
      faults,
      runnerSecret: "",
      log: console.error,
      services: {
        sqs: createSqs({ stage, store, meter: createMeter(), onSend: () => {} }),
        s3: createObjectCalls(stage, objects, { isAllowed: () => true }),
      },
    });
    process.env.AWS_ENDPOINT_URL = endpoint.url;
    for (const name of names)
      process.env[`${name.toUpperCase()}_QUEUE_URL`] = `${endpoint.url}/0/${nameOf(name)}`;
    setClock(Date.now());
  });
  afterAll(async () => {
    jest.useRealTimers();
    await endpoint.stop();
    state.close();
    rmSync(directory, { recursive: true });
  });

  /** Receives visible messages; from a FIFO queue, those of one group. */
  const take = (name: Name) => store.receive(queues[name], 100);

  return {
    faults,
    objects,
    /** Puts a message into a queue, whatever faults there are. */
    put(name: Name, body: object): void {
      const fifo = queues[name].fifo && { groupId: "one", deduplicationId: JSON.stringify(body) };
      store.send(queues[name], { body: JSON.stringify(body), sender: "test", ...fifo });
    },
    /** Calls a queue's reader with all that is visible. Messages that failed stay. */
    async run(name: Name): Promise<void> {
      for (let taken = take(name); taken.length > 0; taken = take(name))
        for (const message of taken) {
          const { messageId, body, sentAt, receives } = message;
          const SentTimestamp = String(sentAt);
          const attributes = { SentTimestamp, ApproximateReceiveCount: String(receives) };
          const failed = await readers[name]([{ messageId, body, attributes } as SQSRecord]);
          if (failed.length === 0) store.remove([message]);
        }
    },
    /** The names of the queues that have messages which are not handled yet. */
    left: () =>
      names.filter((name) => {
        const { visible, delayed, inFlight } = store.count(queues[name]);
        return visible + delayed + inFlight > 0;
      }),
  };
}
