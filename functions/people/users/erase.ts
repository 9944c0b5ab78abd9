import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { continueErasure, ErasureMessage } from "../../../platform/own-data/erasure.ts";
import { erasureGrants } from "../../../platform/own-data/grants.ts";

/** Runs page by page, each invocation within its time limit, so no user has too much data. */
export const { contract, handler } = consumer(
  {
    summary: "Erase the remaining data of deleted users",
    on: { queue: "erasures", batchSize: 1 },
    grants: erasureGrants,
    timeoutSeconds: 60,
  },
  perMessage(ErasureMessage, ({ userId }) => continueErasure(userId)),
);
