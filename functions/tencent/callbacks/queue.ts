import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { queueCallback } from "../../../platform/tencent/room-callback.ts";
import { RoomChange } from "../../../platform/webhooks/jobs.ts";

/** Queues the callback if the application configured it. This function itself makes no calls. */
export const { contract, handler } = consumer(
  {
    summary: "Queue the callback after a room was created or destroyed",
    on: { queue: "rooms", batchSize: 1 },
    grants: { read: ["STREAM", "SUB", "CROWD", "CALLBACKS"], queues: ["deliveries"] },
    timeoutSeconds: 60,
  },
  perMessage(RoomChange, queueCallback),
);
