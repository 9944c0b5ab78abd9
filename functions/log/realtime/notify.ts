import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { ownPoster } from "../../../platform/push/gateway.ts";
import { ownGovernors } from "../../../platform/push/governor.ts";
import { MissedNotification, sendMissed } from "../../../platform/push/notify.ts";

/** A notification has no frame that would show a hole, so what did not arrive is sent again. */
export const { contract, handler } = consumer(
  {
    summary: "Send notifications again that did not arrive",
    on: { queue: "notifications", batchSize: 10 },
    grants: {
      read: ["USER", "CONN"],
      write: ["USER", "CONN", "STREAM", "RATE", "SUB"],
      queues: ["notifications"],
      connections: true,
    },
  },
  perMessage(MissedNotification, (missed, now) => {
    const outlet = { poster: ownPoster(), governor: ownGovernors().others };
    return sendMissed(outlet, missed, now);
  }),
);
