import { dataWithoutText, type LogRecord, messageIn } from "../../domain/log/event.ts";
import { type FrameBody, idOfEvent } from "../../domain/log/frame.ts";
import type { UserEvent } from "../../domain/log/user-event.ts";
import { profileOf } from "../../domain/people/user.ts";
import { isSubscribedTo, type OutgoingEvent } from "../../domain/webhooks/webhook.ts";
import { hashOf } from "../aws/sign.ts";
import type { EventQueue, FramedRecords } from "../push/audience.ts";
import { lazy } from "../runtime/caches.ts";
import { waitForAll } from "../runtime/deadline.ts";
import { listFrames } from "../store/log/frames.ts";
import { findProfiles, userSummary } from "../store/people/users.ts";
import { listWebhooks, recordDeletion } from "../store/webhooks/webhooks.ts";
import { queueDeletions, queueEvents, queueRoom, type Sending } from "./jobs.ts";

/**
 * The event queue of one call. The webhooks are read once for all streams of a batch, and after its
 * records were written: a webhook whose creation was acknowledged gets all later events.
 */
export function createEventQueue(): EventQueue {
  const webhooks = lazy(listWebhooks);
  return {
    async queueRecords({ streamId, now }, records, framed) {
      for (const { room } of records)
        if (room !== undefined) await queueRoom({ ...room, streamId });
      const all = await webhooks();
      if (all.length === 0) return;
      const deletions = records.flatMap(({ deletes }) => deletes ?? []);
      const deleted = new Set(deletions.map(({ messageId }) => messageId));
      // First, because an earlier delivery may be sending the text now.
      await waitForAll([...deleted].map((messageId) => recordDeletion(streamId, messageId, now)));
      if (typesOf(records).some((type) => isWanted(all, type))) {
        const events = await eventsOf(streamId, records, framed, deleted);
        await queueEvents(streamId, sendingsTo(all, events));
      }
      // After the events, so that deliveries that contain the text have ended.
      const receivers = all.map(({ id }) => id);
      await queueDeletions(streamId, receivers, deletions);
    },
    async queueUserEvents(events, now) {
      const all = await webhooks();
      const wanted = events.filter(({ type }) => isWanted(all, type));
      const rows = await rowsOf(wanted, now);
      await waitForAll([...rows].map(([row, events]) => queueEvents(row, sendingsTo(all, events))));
    },
  };
}

type Webhooks = Awaited<ReturnType<typeof listWebhooks>>;

const sendingsTo = (webhooks: Webhooks, events: readonly OutgoingEvent[]): Sending[] =>
  webhooks.map((webhook) => ({
    receiver: webhook,
    events: events.filter(({ type }) => isSubscribedTo(webhook, type)),
  }));

const isWanted = (webhooks: Webhooks, type: string) =>
  webhooks.some((webhook) => isSubscribedTo(webhook, type));

/** The types of the events that these records cause, including those that the log may derive. */
const typesOf = (records: readonly LogRecord[]): string[] => [
  ...records.flatMap(({ events }) => events.map(({ type }) => type)),
  ...(records.some(mayCause) ? momentTypes : []),
];

/**
 * Event types that only the log derives: reached goals, and the course of hype trains except for
 * their regular end.
 */
const momentTypes = ["moment.started", "moment.changed", "moment.ended"] as const;

/** Whether a record may have caused such an event. */
const mayCause = ({ adds, gift, trains }: LogRecord) =>
  [adds, gift, trains].some((cause) => cause !== undefined);

/**
 * The records' events, each once, as the frames show them, with `streamId` in their data. Events
 * that the log derived are inserted where the frames have them.
 */
async function eventsOf(
  streamId: string,
  records: readonly LogRecord[],
  framed: FramedRecords,
  deleted: ReadonlySet<string>,
): Promise<OutgoingEvent[]> {
  const unique = [...new Map(records.map((record) => [record.id, record])).values()];
  const { totals, foundBehind } = await shownOf(streamId, unique, framed);
  const events = unique.flatMap((record) =>
    record.events.map(({ type, at, data }, place) => {
      const id = idOfEvent(record.id, place);
      const own = { ...data, streamId };
      const corrected = totals.has(id) ? { ...own, totals: totals.get(id) } : own;
      const message = messageIn({ type, data }) as { _id: string } | undefined;
      const isDeleted = message !== undefined && deleted.has(message._id);
      const final = isDeleted ? dataWithoutText({ type, data: corrected }) : corrected;
      return { id, type, at, data: final };
    }),
  );
  const first = foundBehind.get(undefined) ?? [];
  return [...first, ...events.flatMap((event) => [event, ...(foundBehind.get(event.id) ?? [])])];
}

/**
 * What only the frames contain: the totals after gifts and refunds, by event id, and the events
 * that the log derived, by the id of the record's event that precedes them.
 */
async function shownOf(
  streamId: string,
  records: readonly LogRecord[],
  { newFrames, covering }: FramedRecords,
): Promise<{
  totals: Map<string, unknown>;
  foundBehind: Map<string | undefined, OutgoingEvent[]>;
}> {
  const wanted = records.filter(mayCause);
  const own = new Set(
    records.flatMap(({ id, events }) => events.map((_, place) => idOfEvent(id, place))),
  );
  const numbers = new Set(wanted.flatMap(({ id }) => covering.get(id) ?? []));
  const totals = new Map<string, unknown>();
  const foundBehind = new Map<string | undefined, OutgoingEvent[]>();
  let last: string | undefined;
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const known = newFrames.find((one) => one.n === n);
    const frame = known ?? (await listFrames(streamId, n, n))[0];
    if (frame === undefined) continue;
    for (const { id, type, at, data } of (JSON.parse(frame.body) as FrameBody).events) {
      if (data.totals !== undefined) totals.set(id, data.totals);
      if (own.has(id)) last = id;
      else if (isFound(type, data))
        foundBehind.set(last, [...(foundBehind.get(last) ?? []), { id, type, at, data }]);
    }
  }
  return { totals, foundBehind };
}

/** Whether the log may have derived this event. A cancelled train may also be in a record. */
const isFound = (type: string, data: Record<string, unknown>) =>
  type === "moment.changed" ||
  (data.kind === "train" && (type === "moment.started" || data.status === "cancelled"));

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
    return profile === undefined ? null : userSummary(profile);
  };
  const show = (userId: string) => find(userId) ?? userSummary(profileOf(userId, {}, now));
  for (const { id, type, at, userId, dataOf } of events) {
    const row = `users:${hashOf(userId)[0]}`;
    const event = { id, type, at, data: dataOf({ find, show }) };
    rows.set(row, [...(rows.get(row) ?? []), event]);
  }
  return rows;
}
