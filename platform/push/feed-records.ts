import type { LogRecord } from "../../domain/log/event.ts";
import { type Frame, type FrameBody, idOfEvent } from "../../domain/log/frame.ts";
import type { OutgoingEvent } from "../../domain/webhooks/delivery.ts";
import { listFrames } from "../store/log/frames.ts";
import type { Audience } from "./audience.ts";
import { knownCovering } from "./log-cache.ts";

/**
 * Feeds records to those outside once they are in the log, which gives gifts their totals. All
 * records go, those too that the post rate left out of the frames, and those that an earlier call
 * brought into the log: it may have died before it came here, so each is sent at least once.
 */
export async function feedRecords(
  audience: Audience,
  records: readonly LogRecord[],
  newFrames: readonly Frame[],
): Promise<void> {
  const { streamId, now, outlet } = audience;
  const { feed } = outlet;
  if (feed === undefined) return;
  for (const record of records)
    if (record.room !== undefined) await feed.sendRoom(record, streamId);
  const types = new Set(records.flatMap(({ events }) => events.map(({ type }) => type)));
  const deletions = records.flatMap(({ deletes }) =>
    deletes ? [{ id: deletes.messageId, createdAt: deletes.createdAt }] : [],
  );
  const deleted = new Set(deletions.map(({ id }) => id));
  const { isThere, wants } = await feed.asks(types);
  // Before anything else of the batch: a text may be on its way already.
  if (isThere) await feed.noteDeletions(streamId, deletions, now);
  if (wants) await feed.send(streamId, await eventsOf(audience, records, newFrames, deleted));
  // Behind the events, so that the attempts that have the text are over.
  if (isThere) await feed.forget(streamId, deletions);
}

/** The events of records, each once, as the frames show them, with the stream in their data. */
async function eventsOf(
  audience: Audience,
  records: readonly LogRecord[],
  newFrames: readonly Frame[],
  deleted: ReadonlySet<string>,
): Promise<OutgoingEvent[]> {
  const unique = [...new Map(records.map((record) => [record.id, record])).values()];
  const totals = await totalsOf(audience, unique, newFrames);
  return unique.flatMap((record) =>
    record.events.map(({ type, at, data }, place) => {
      const id = idOfEvent(record.id, place);
      const own = { ...data, streamId: audience.streamId };
      const corrected = totals.has(id) ? { ...own, totals: totals.get(id) } : own;
      const isDeleted = type === "chat.message" && deleted.has(data._id);
      const shown = isDeleted ? { ...corrected, content: "", deleted: true } : corrected;
      return { id, type, at, data: shown };
    }),
  );
}

/** The totals that the frames show with gifts and refunds, by the ids of their events. */
async function totalsOf(
  audience: Audience,
  records: readonly LogRecord[],
  newFrames: readonly Frame[],
): Promise<Map<string, unknown>> {
  const wanted = records.filter(({ adds }) => adds !== undefined);
  const numbers = new Set(wanted.flatMap(({ id }) => knownCovering(audience, id) ?? []));
  const totals = new Map<string, unknown>();
  for (const n of numbers) {
    const known = newFrames.find((one) => one.n === n);
    const frame = known ?? (await listFrames(audience.streamId, n, n))[0];
    if (frame === undefined) continue;
    for (const { id, data } of (JSON.parse(frame.body) as FrameBody).events)
      if (data.totals !== undefined) totals.set(id, data.totals);
  }
  return totals;
}
