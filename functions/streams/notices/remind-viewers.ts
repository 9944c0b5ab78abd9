import { consumer } from "../../../platform/lambda/consumer.ts";
import {
  queueNotice,
  sendReminder,
} from "../../../platform/live-notifications/live-notifications.ts";
import { logFault } from "../../../platform/runtime/log.ts";
import { listNotices } from "../../../platform/store/people/notices.ts";
import { listDueReminders } from "../../../platform/store/streams/reminders.ts";

/** Reminders per minute, in total and for one user (the rest wait), and how many at once. */
const bounds = { max: 1_000, ofOneMax: 20, togetherMax: 10 };

/** A notice without progress for this long was lost, and is sent again. */
const lateMilliseconds = 120_000;

export const { contract, handler } = consumer(
  {
    summary: "Remind viewers of streams that start soon, and repeat lost notices",
    on: { every: "rate(1 minute)" },
    grants: {
      read: ["STREAM", "REMINDER", "NOTICE"],
      write: ["USER", "REMINDER", "STREAM"],
      queues: ["notices"],
    },
    timeoutSeconds: 60,
  },
  async (_, now) => {
    const due = await listDueReminders(now, bounds.max, bounds.ofOneMax);
    for (let at = 0; at < due.length; at += bounds.togetherMax)
      await Promise.all(
        due.slice(at, at + bounds.togetherMax).map((reminder) =>
          sendReminder(reminder, now).catch((error: unknown) =>
            // A failing reminder must delay neither the others nor the notices.
            logFault("A reminder could not be sent", error, { streamId: reminder.streamId }),
          ),
        ),
      );
    for (const { streamId, step, startedAt, movedAt } of await listNotices(bounds.max))
      if (now.getTime() - Date.parse(movedAt ?? startedAt ?? "") > lateMilliseconds)
        await queueNotice({ streamId, step }, now);
  },
);
