import { logFault } from "../../platform/log.ts";
import { sendNotice, tellReminder } from "../../platform/notices.ts";
import { reaction } from "../../platform/reaction.ts";
import { listNotices } from "../../platform/store/people/notices.ts";
import { listDueReminders } from "../../platform/store/streams/reminders.ts";

/** What one minute takes on, of all and of one user; the rest is there in the next one. */
const taken = { max: 1_000, ofOneMax: 20, togetherMax: 10 };

/** A notice that has not moved for so long was lost on its way, and is asked for again. */
const lateMilliseconds = 120_000;

export const { contract, handler } = reaction(
  {
    says: "Remind viewers of streams that begin soon, and ask again for notices that were lost",
    on: { every: "rate(1 minute)" },
    grants: {
      read: ["STREAM", "CATALOGUE"],
      write: ["USER", "CATALOGUE"],
      queues: ["notices"],
    },
    timeoutSeconds: 60,
  },
  async (_, now) => {
    const due = await listDueReminders(now, taken.max, taken.ofOneMax);
    for (let at = 0; at < due.length; at += taken.togetherMax)
      await Promise.all(
        due.slice(at, at + taken.togetherMax).map((reminder) =>
          tellReminder(reminder, now).catch((error: unknown) =>
            // One that cannot be told must not hold up the others, nor the notices.
            logFault("A reminder could not be told", error, { streamId: reminder.streamId }),
          ),
        ),
      );
    for (const { streamId, step, startedAt, movedAt } of await listNotices(taken.max))
      if (now.getTime() - Date.parse(movedAt ?? startedAt ?? "") > lateMilliseconds)
        await sendNotice({ streamId, step }, now);
  },
);
