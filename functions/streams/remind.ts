import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import {
  makeReminder,
  NewReminder,
  ShownReminder,
  shownReminderOf,
} from "../../domain/streams/reminder.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { saveReminder } from "../../platform/store/streams/reminders.ts";
import { getStreamWithoutPass } from "../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/reminder",
    summary: "Set a reminder for a scheduled stream, at its start or some minutes before",
    tag: "Live Streams",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    body: NewReminder,
    answer: [200, ShownReminder],
    cost: { read: 20, write: 27, kilobytes: 1 },
    refusals: ["stream_not_found", "member_blocked", "stream_not_scheduled"],
    grants: { read: ["STREAM"], write: ["STREAM", "REMINDER", "TRACE"] },
  },
  async ({ path: { streamId }, body: { minute = null }, caller, now, idempotentReply }) => {
    const { stream } = await getStreamWithoutPass(streamId, caller, now, { consistent: true });
    const reminder = makeReminder(stream, caller.userId, minute, now);
    const reply = idempotentReply(shownReminderOf(reminder));
    await saveReminder(reminder, now, reply);
    return reply.answer;
  },
);
