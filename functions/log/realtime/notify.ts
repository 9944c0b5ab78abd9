import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { ownPoster } from "../../../platform/push/gateway.ts";
import { ownGovernors } from "../../../platform/push/governor.ts";
import { MissedNotification, sendMissed } from "../../../platform/push/notify.ts";
import { findNotification } from "../../../platform/store/people/notification-lists.ts";

/**
 * Retries notifications: they have no frame numbers, so a client cannot detect that one is missing.
 */
export const { contract, handler } = consumer(
  {
    summary: "Resend notifications that did not arrive",
    on: { queue: "notifications", batchSize: 10 },
    grants: {
      read: ["USER", "CONN", "SUB"],
      write: ["USER", "CONN", "TOKEN", "STREAM", "RATE", "SUB"],
      queues: ["notifications"],
      connections: true,
    },
  },
  perMessage(MissedNotification, async (missed, now) => {
    const stored = await findNotification(missed.userId, missed.notificationId);
    if (stored === undefined) return;
    const outlet = { poster: ownPoster(), governor: ownGovernors().others };
    await sendMissed(outlet, stored, missed, now);
  }),
);
