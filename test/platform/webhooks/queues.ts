/** The runner's own queues between the functions of webhooks, on a clock that the test moves. */

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jest } from "@jest/globals";
import * as deliverFunction from "../../../functions/webhooks/deliver.ts";
import * as retryFunction from "../../../functions/webhooks/retry.ts";
import { createQueueStore, type Message, receiptOf } from "../../../local/sources/queue-store.ts";
import { openState } from "../../../local/state.ts";
import { makeQueue } from "../../local/sample-stage.ts";
import { setClock } from "../clock.ts";

const queues = {
  /** Its messages come again when the function's 75 s are surely over, as in lib/data/queues.ts. */
  deliveries: makeQueue("deliveries.fifo", { visibilitySeconds: 90, retentionSeconds: 345_600 }),
  retries: makeQueue("retries", { visibilitySeconds: 60, retentionSeconds: 345_600 }),
};

type Entry = {
  Id: string;
  MessageBody: string;
  DelaySeconds?: number;
  MessageGroupId?: string;
  MessageDeduplicationId?: string;
};

/** Gives the tests of one file both queues, empty for each test. Needs `useReceivers` before it. */
export function useQueues() {
  let server: Server;
  let directory: string;
  let state: ReturnType<typeof openState>;
  let store: ReturnType<typeof createQueueStore>;
  /** Whether SQS refuses what is sent. */
  let isRefusing = false;
  /** Whether SQS stores each message of a standard queue twice, as after a lost response. */
  let isStoringTwice = false;

  const queueOf = (name: string) =>
    name.startsWith("retries") ? queues.retries : queues.deliveries;
  const accept = (name: string, entry: Entry) =>
    store.send(queueOf(name), {
      body: entry.MessageBody,
      delaySeconds: entry.DelaySeconds,
      groupId: entry.MessageGroupId,
      deduplicationId: entry.MessageDeduplicationId,
      sender: "test",
    });

  beforeAll(async () => {
    server = createServer(async (request, answer) => {
      const text = Buffer.concat(await request.toArray()).toString();
      const sent = JSON.parse(text) as Entry & { QueueUrl: string; Entries?: Entry[] };
      answer.setHeader("content-type", "application/x-amz-json-1.0");
      if (isRefusing) {
        answer.writeHead(400).end(JSON.stringify({ __type: "com.amazonaws.sqs#AccessDenied" }));
        return;
      }
      const name = sent.QueueUrl.split("/").at(-1)!;
      if (`${request.headers["x-amz-target"]}`.endsWith("ChangeMessageVisibilityBatch")) {
        for (const { ReceiptHandle, VisibilityTimeout } of JSON.parse(text).Entries)
          store.postpone(queueOf(name), ReceiptHandle, Date.now() + VisibilityTimeout * 1000);
        answer.end("{}");
        return;
      }
      if (isStoringTwice) for (const entry of sent.Entries ?? [sent]) accept(name, entry);
      const Successful = (sent.Entries ?? [sent]).map((entry) => ({
        Id: entry.Id,
        MessageId: accept(name, entry).messageId,
        MD5OfMessageBody: createHash("md5").update(entry.MessageBody).digest("hex"),
      }));
      answer.end(JSON.stringify(sent.Entries ? { Successful, Failed: [] } : Successful[0]));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env.AWS_ENDPOINT_URL_SQS = origin;
    process.env.DELIVERIES_QUEUE_URL = `${origin}/000000000000/${queues.deliveries.name}`;
    process.env.RETRIES_QUEUE_URL = `${origin}/000000000000/${queues.retries.name}`;
  });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "ovation-test-"));
    state = openState(directory);
    store = createQueueStore(
      state,
      () => undefined,
      () => Date.now(),
    );
    isRefusing = false;
    isStoringTwice = false;
    setClock(Date.now());
  });
  afterEach(() => {
    jest.useRealTimers();
    state.database.close();
    rmSync(directory, { recursive: true });
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  /** Calls a function with messages, as their mapping does; answers those that it has handled. */
  async function call(handler: unknown, messages: readonly Message[]): Promise<Message[]> {
    const Records = messages.map((message) => ({
      messageId: message.messageId,
      receiptHandle: receiptOf(message),
      body: message.body,
      attributes: {
        SentTimestamp: String(message.sentAt),
        ApproximateReceiveCount: String(message.receives),
      },
    }));
    const answer = await (handler as typeof deliverFunction.handler)({ Records });
    const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    return messages.filter(({ messageId }) => !failed.has(messageId));
  }

  /**
   * Runs `webhooks/deliver` on the next message; undefined where none is visible. Unless it failed,
   * `done` removes the message.
   */
  async function startDelivery(): Promise<{ handled: number; done: () => void } | undefined> {
    const messages = store.receive(queues.deliveries, 1);
    if (messages.length === 0) return undefined;
    const handled = await call(deliverFunction.handler, messages);
    return { handled: handled.length, done: () => store.remove(handled) };
  }

  return {
    store: () => store,
    queues,
    /** Refuses everything that is sent from now on, or accepts it again. */
    refuse(isSo: boolean): void {
      isRefusing = isSo;
    },
    /** Stores everything that is sent from now on twice; a FIFO queue drops the repetition. */
    storeTwice(): void {
      isStoringTwice = true;
    },
    /** Runs `webhooks/retry` on what is visible; how many messages it handled. */
    async runRetries(): Promise<number> {
      const handled = await call(retryFunction.handler, store.receive(queues.retries, 10));
      store.remove(handled);
      return handled.length;
    },
    startDelivery,
    /** Runs `webhooks/deliver` on all that is visible; how many messages it handled. */
    async runDeliveries(): Promise<number> {
      let count = 0;
      for (let one = await startDelivery(); one; one = await startDelivery()) {
        one.done();
        count += one.handled;
      }
      return count;
    },
    /** Messages that are not handled yet, of both queues. */
    left: () =>
      Object.values(queues).reduce((sum, queue) => {
        const { visible, delayed, inFlight } = store.count(queue);
        return sum + visible + delayed + inFlight;
      }, 0),
  };
}
