import { wants } from "../../domain/webhooks/webhook.ts";
import type { Feed } from "../push/feed.ts";
import { lazy } from "../runtime/init.ts";
import { allDone } from "../runtime/waiting.ts";
import { listWebhooks, recordDeletion } from "../store/webhooks/webhooks.ts";
import { queueDeletions, queueEvents, queueRoom } from "./jobs.ts";

/**
 * The way of one call to those outside. The webhooks are read once for all streams of a batch, and
 * after its records were written: a webhook whose making was answered is sent what follows.
 */
export function createFeed(): Feed {
  const webhooks = lazy(listWebhooks);
  return {
    async asks(types) {
      const all = await webhooks();
      const isWanted = (type: string) => all.some((webhook) => wants(webhook, type));
      return { isThere: all.length > 0, wants: [...types].some(isWanted) };
    },
    async send(streamId, events) {
      const sendings = (await webhooks()).map((webhook) => ({
        receiver: webhook,
        events: events.filter(({ type }) => wants(webhook, type)),
      }));
      await queueEvents(streamId, sendings);
    },
    async noteDeletions(streamId, deletions, now) {
      await allDone(deletions.map(({ messageId }) => recordDeletion(streamId, messageId, now)));
    },
    async forget(streamId, deletions) {
      const receivers = (await webhooks()).map(({ id }) => id);
      await queueDeletions(streamId, receivers, deletions);
    },
    async sendRoom({ room }, streamId) {
      if (room !== undefined) await queueRoom({ ...room, streamId });
    },
  };
}
