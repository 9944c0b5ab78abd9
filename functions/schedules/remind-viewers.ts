import { sendNotice, tellReminder } from "../../platform/notices.ts";
import { reaction } from "../../platform/reaction.ts";
import { listDueReminders } from "../../platform/store/reminders.ts";
import { listNotices } from "../../platform/store/stream-lists.ts";

/** What one minute takes on; the rest is there in the next one. */
const takenMax = 1_000;

/** A notice that is open for so long was lost on its way, and is asked for again. */
const lateMilliseconds = 60_000;

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
    for (const reminder of await listDueReminders(now, takenMax)) await tellReminder(reminder, now);
    for (const { streamId, startedAt } of await listNotices(takenMax))
      if (now.getTime() - Date.parse(startedAt ?? "") > lateMilliseconds)
        await sendNotice({ streamId, to: "followers" }, now);
  },
);
