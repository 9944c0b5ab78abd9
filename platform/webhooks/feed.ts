import type { UserEvent } from "../../domain/log/user-event.ts";
import { profileOf } from "../../domain/people/user.ts";
import { type OutgoingEvent, wants } from "../../domain/webhooks/webhook.ts";
import { hashOf } from "../aws/sign.ts";
import type { Feed } from "../push/feed.ts";
import { lazy } from "../runtime/init.ts";
import { allDone } from "../runtime/waiting.ts";
import { findProfiles, summary } from "../store/people/users.ts";
import { listWebhooks, recordDeletion } from "../store/webhooks/webhooks.ts";
import { queueDeletions, queueEvents, queueRoom, type Sending } from "./jobs.ts";

/**
 * The events of one call for webhooks. The webhooks are read once for all streams of a batch, and
 * after its records were written: a webhook whose creation was acknowledged gets all later events.
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
      await queueEvents(streamId, sendingsTo(await webhooks(), events));
    },
    async sendAboutUsers(events, now) {
      const all = await webhooks();
      const wanted = events.filter(({ type }) => all.some((webhook) => wants(webhook, type)));
      const rows = await rowsOf(wanted, now);
      await allDone([...rows].map(([row, events]) => queueEvents(row, sendingsTo(all, events))));
    },
    async recordDeletions(streamId, deletions, now) {
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

type Webhooks = Awaited<ReturnType<typeof listWebhooks>>;

const sendingsTo = (webhooks: Webhooks, events: readonly OutgoingEvent[]): Sending[] =>
  webhooks.map((webhook) => ({
    receiver: webhook,
    events: events.filter(({ type }) => wants(webhook, type)),
  }));

/**
 * Events about users in batches, by a digit of the user's hash: those of one user are in one batch,
 * in order, and many users' events share a message.
 */
async function rowsOf(
  events: readonly UserEvent[],
  now: Date,
): Promise<Map<string, OutgoingEvent[]>> {
  const rows = new Map<string, OutgoingEvent[]>();
  if (events.length === 0) return rows;
  const profiles = await findProfiles(events.flatMap((event) => event.people));
  const find = (userId: string) => {
    const profile = profiles.get(userId);
    return profile === undefined ? null : summary(profile);
  };
  const show = (userId: string) => find(userId) ?? summary(profileOf(userId, {}, now));
  for (const { id, type, at, userId, dataOf } of events) {
    const row = `users:${hashOf(userId)[0]}`;
    const event = { id, type, at, data: dataOf({ find, show }) };
    rows.set(row, [...(rows.get(row) ?? []), event]);
  }
  return rows;
}
