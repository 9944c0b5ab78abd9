import {
  type Deletion,
  dataWithoutText,
  type LogRecord,
  messageIn,
} from "../../domain/log/event.ts";
import { type Frame, type FrameBody, idOfEvent } from "../../domain/log/frame.ts";
import type { UserEvent } from "../../domain/log/user-event.ts";
import type { OutgoingEvent } from "../../domain/webhooks/webhook.ts";
import { listFrames } from "../store/log/frames.ts";

/** Receivers outside the system (webhooks, Tencent callbacks), as an environment reaches them. */
export type Feed = {
  /** `isThere`: there is a receiver. `wants`: one of them is subscribed to one of these types. */
  asks(types: ReadonlySet<string>): Promise<{ isThere: boolean; wants: boolean }>;
  /** Sends events of one stream, in order, to all receivers that want them. */
  send(streamId: string, events: readonly OutgoingEvent[]): Promise<void>;
  /** Records that the texts of these messages must no longer be sent. */
  recordDeletions(streamId: string, deletions: readonly Deletion[], now: Date): Promise<void>;
  /** Removes these texts from stored deliveries, once attempts to send them have ended. */
  forget(streamId: string, deletions: readonly Deletion[]): Promise<void>;
  /** Sends events about users to all receivers that want them, each user's events in order. */
  sendAboutUsers(events: readonly UserEvent[], now: Date): Promise<void>;
  /** Reports that a Tencent room began or ended. */
  sendRoom(record: LogRecord, streamId: string): Promise<void>;
};

/** The records' stream, and the time of the call. */
type Place = { streamId: string; now: Date };

/** The frames that were just appended, and the number of each record's frame by record id. */
type Shown = { newFrames: readonly Frame[]; covering: ReadonlyMap<string, number> };

/**
 * Sends records to webhooks once they are in the log, which determines the gifts' totals. Sends all
 * records, including those dropped from frames by the post rate, and those that an earlier call
 * appended, because it may have died before sending them. So each is sent at least once.
 */
export async function feedRecords(
  feed: Feed | undefined,
  { streamId, now }: Place,
  records: readonly LogRecord[],
  shown: Shown,
): Promise<void> {
  if (feed === undefined) return;
  for (const record of records)
    if (record.room !== undefined) await feed.sendRoom(record, streamId);
  const types = new Set(records.flatMap(({ events }) => events.map(({ type }) => type)));
  if (records.some(mayCause)) for (const type of momentTypes) types.add(type);
  const deletions = records.flatMap(({ deletes }) => deletes ?? []);
  const deleted = new Set(deletions.map(({ messageId }) => messageId));
  const { isThere, wants } = await feed.asks(types);
  // First, because an earlier delivery may be sending the text now.
  if (isThere) await feed.recordDeletions(streamId, deletions, now);
  if (wants) await feed.send(streamId, await eventsOf(streamId, records, shown, deleted));
  // After the events, so that deliveries that contain the text have ended.
  if (isThere) await feed.forget(streamId, deletions);
}

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
  shown: Shown,
  deleted: ReadonlySet<string>,
): Promise<OutgoingEvent[]> {
  const unique = [...new Map(records.map((record) => [record.id, record])).values()];
  const { totals, foundBehind } = await shownOf(streamId, unique, shown);
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
  { newFrames, covering }: Shown,
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

/** Whether the log derived this event. A train that was ended by hand is in its record as well. */
const isFound = (type: string, data: Record<string, unknown>) =>
  type === "moment.changed" ||
  (data.kind === "train" && (type === "moment.started" || data.status === "cancelled"));
