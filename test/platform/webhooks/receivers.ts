/** Receivers and queue calls for tests of deliveries. */
import { makeWebhook } from "../../../domain/webhooks/webhook.ts";
import { listDeliveries } from "../../../platform/store/webhooks/deliveries.ts";
import { recordWebhook, removeWebhook } from "../../../platform/store/webhooks/webhooks.ts";
import { newSecret } from "../../../platform/webhooks/signature.ts";
import { type Received, type Reply, startReceiver } from "../../api/receiver.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";

let count = 0;
const freshId = () => (++count).toString(16).padStart(24, "6");

/** The stream of all messages here. */
export const streamId = "65a1234bcde5678f90123450";

/** The event of a new message. */
export const message = (content: string) => {
  const _id = freshId();
  const data = { _id, streamId, content };
  return { id: `message:${_id}`, type: "chat.message", at: new Date().toISOString(), data };
};
type Event = ReturnType<typeof message>;

/** A message of the queue that is due at once. */
export const atOnce = { waitedMilliseconds: 0, isRepeated: false };

/** The job of sending events to a receiver for the first time. */
export const events = (receiverId: string, ...all: Event[]) => ({
  kind: "events" as const,
  receiverId,
  streamId,
  events: all,
});

/** The job of a delivery's next attempt. */
export const retry = (receiverId: string, id: string, step: number) => ({
  kind: "retry" as const,
  receiverId,
  due: [{ id, step }],
});

/** The only delivery to a receiver. */
export async function theDelivery(receiverId: string) {
  const all = await listDeliveries(receiverId, 10);
  expect(all).toHaveLength(1);
  return all[0]!;
}

/** Gives the tests of one file a table, queues, and receivers that end with each test. */
export function useReceivers() {
  process.env.LOCAL = "on";
  useOwnTable();
  const queue = useQueue("DELIVERIES_QUEUE_URL", "RETRIES_QUEUE_URL");
  const started: Awaited<ReturnType<typeof startReceiver>>[] = [];
  const hooks: string[] = [];
  afterEach(async () => {
    for (const one of started.splice(0)) await one.stop();
    for (const id of hooks.splice(0)) await removeWebhook(id).catch(() => undefined);
    queue.take();
  });
  return {
    /** A receiver and its webhook, for all events. */
    async receiver(reply: (request: Received) => Reply | Promise<Reply> = () => 200) {
      const inbox = await startReceiver(reply);
      started.push(inbox);
      const receiverId = freshId();
      hooks.push(receiverId);
      const wish = { url: inbox.url, events: ["*"] };
      const webhook = makeWebhook(receiverId, wish, new Date());
      await recordWebhook(webhook, newSecret(), { answer: undefined, remember: [] });
      return { inbox, receiverId };
    },
    /** Takes the jobs that were queued. */
    retries: () => queue.take().map(({ body }) => JSON.parse(body)),
  };
}
