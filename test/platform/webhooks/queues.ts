/** The runner's own queues between the functions of webhooks, on a clock that the test moves. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jest } from "@jest/globals";
import * as deliverFunction from "../../../functions/webhooks/deliver.ts";
import * as retryFunction from "../../../functions/webhooks/retry.ts";
import { createQueueStore, type Message, receiptOf } from "../../../local/sources/queue-store.ts";
import { openState } from "../../../local/state.ts";
import { makeQueue } from "../../local/sample-stage.ts";
import { setClock } from "../clock.ts";
import { type Entry, openQueue } from "../queue-double.ts";

const queues = {
  /** Redelivers a message when the function's 75 s are surely over, as in lib/data/queues.ts. */
  deliveries: makeQueue("deliveries.fifo", { visibilitySeconds: 90, retentionSeconds: 345_600 }),
  retries: makeQueue("retries", { visibilitySeconds: 60, retentionSeconds: 345_600 }),
};

/** Gives the tests of one file both queues, empty for each test. Needs `useReceivers`. */
export function useQueues() {
  let directory: string;
  let state: ReturnType<typeof openState>;
  let store: ReturnType<typeof createQueueStore>;
  /** Whether SQS refuses what is sent. */
  let isRefusing = false;
  /** Whether SQS stores each message of a standard queue twice, as after a lost response. */
  let isStoringTwice = false;

  /** Answers a queue's calls with the runner's own queue. */
  const open = (setting: string, queue: (typeof queues)["retries"]) => {
    const accept = ({ MessageBody: body, DelaySeconds, ...entry }: Entry) => {
      const message = {
        body,
        delaySeconds: DelaySeconds,
        groupId: entry.MessageGroupId,
        deduplicationId: entry.MessageDeduplicationId,
        sender: "test",
      };
      return store.send(queue, message).messageId;
    };
    openQueue(setting, {
      isRefusing: () => isRefusing,
      accept(entry) {
        if (isStoringTwice) accept(entry);
        return accept(entry);
      },
      postpone(changes) {
        for (const { ReceiptHandle, VisibilityTimeout } of changes)
          store.postpone(queue, ReceiptHandle, Date.now() + VisibilityTimeout * 1000);
      },
    });
  };

  beforeAll(() => {
    open("DELIVERIES_QUEUE_URL", queues.deliveries);
    open("RETRIES_QUEUE_URL", queues.retries);
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

  /** Calls a function with messages, as their mapping does; returns those that it has handled. */
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
   * Runs `webhooks/deliver` on the next message; undefined if none is visible. `done` removes the
   * message if it was handled.
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
    /** Runs `webhooks/retry` on what is visible; returns how many messages it handled. */
    async runRetries(): Promise<number> {
      const handled = await call(retryFunction.handler, store.receive(queues.retries, 10));
      store.remove(handled);
      return handled.length;
    },
    startDelivery,
    /** Runs `webhooks/deliver` on all that is visible; returns how many messages it handled. */
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
