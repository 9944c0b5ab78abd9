import { reaction } from "../../platform/reaction.ts";
import { giveBack } from "../../platform/webhooks/retry.ts";

/** Keeps deliveries until their next attempt is due. It calls nobody and reads nothing. */
export const { contract, handler } = reaction(
  {
    says: "Bring deliveries back whose next attempt is due",
    on: { queue: "retries", batchSize: 10 },
    grants: { queues: ["deliveries", "retries"] },
  },
  giveBack,
);
