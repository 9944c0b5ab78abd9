import * as z from "zod";
import { StreamId, UserId } from "../id.ts";
import { refuse } from "../refusal.ts";
import { Timestamp } from "../text.ts";
import type { Stream } from "./stream.ts";

/** The largest number of minutes from a reminder to the start: four weeks. */
const minutesMax = 40_320;

/** When a caller wants to be reminded. */
export const NewReminder = z.object({
  minute: z
    .number({ error: "expected a whole number of minutes, or null" })
    .int("expected a whole number of minutes, or null")
    .min(0, "expected at least 0")
    .max(minutesMax, `expected at most ${minutesMax}`)
    .nullish()
    .meta({
      description: "Minutes before the planned start; null or 0: when the stream goes live",
    }),
});

/** A user's only reminder of a stream. */
export const Reminder = z.object({
  streamId: StreamId,
  userId: UserId,
  minute: z.number().int().nullable(),
  /**
   * The planned start, or `minute` minutes before it. A reminder with minutes is sent then, or when
   * the stream goes live if that is earlier; one without minutes only when the stream goes live.
   */
  scheduledFor: Timestamp,
  /**
   * `scheduledFor`, or the time of the request if that was later.
   */
  dueAt: Timestamp,
});
export type Reminder = z.infer<typeof Reminder>;

/**
 * A reminder as stored. Once it was sent it no longer counts; its item stays as long as the
 * notification, so that the host's name can be found there when the host deletes their account.
 */
export const StoredReminder = Reminder.extend({
  savedAt: Timestamp.optional(),
  sentAt: Timestamp.optional(),
});
export type StoredReminder = z.infer<typeof StoredReminder>;

export const ShownReminder = z
  .object({
    streamId: StreamId,
    minute: z.number().int().nullable(),
    mode: z.enum(["ON_START", "BEFORE_START"]),
    scheduledFor: Timestamp,
    status: z.enum(["ARMED_ON_START", "SCHEDULED"]),
  })
  .meta({ id: "Reminder" });

export const isOnStart = ({ minute }: Pick<Reminder, "minute">) => minute === null || minute === 0;

/**
 * A new reminder. Refuses with `stream_not_scheduled`, and with `request_invalid` if its time has
 * passed; one at the actual start can still be sent after the planned one.
 */
export function makeReminder(
  stream: Stream,
  userId: string,
  minute: number | null,
  now: Date,
): Reminder {
  const { id: streamId, status, plannedStartDate } = stream;
  if (status !== "scheduled" || plannedStartDate === null)
    refuse("stream_not_scheduled", { status });
  const at = new Date(Date.parse(plannedStartDate) - (minute ?? 0) * 60_000);
  if (!isOnStart({ minute }) && at <= now)
    refuse("request_invalid", {
      problem: `minute: expected a time to come, found ${at.toISOString()}`,
    });
  const dueAt = at > now ? at : now;
  return { streamId, userId, minute, scheduledFor: at.toISOString(), dueAt: dueAt.toISOString() };
}

/** The reminder as the API shows it. */
export function shownReminderOf(reminder: Reminder): z.infer<typeof ShownReminder> {
  const { streamId, minute, scheduledFor } = reminder;
  return isOnStart(reminder)
    ? { streamId, minute, mode: "ON_START", scheduledFor, status: "ARMED_ON_START" }
    : { streamId, minute, mode: "BEFORE_START", scheduledFor, status: "SCHEDULED" };
}

/** The notification about a stream that is live, or will be soon. */
export function noticeOf(stream: Stream, userId: string) {
  const { host, title, status, id: streamId } = stream;
  const name = `${host.name} ${host.surname}`.trim() || host.username || "A streamer";
  return {
    userId,
    type: "system" as const,
    category: "live_stream" as const,
    title: status === "active" ? `${name} is live` : `${name} goes live soon`,
    message: title,
    metadata: { streamId },
  };
}
