import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { continueErasure, ErasureMessage } from "../../../platform/own-data/erasure.ts";
import { erasureGrants } from "../../../platform/own-data/grants.ts";

/** Page by page, each invocation as far as its time goes: nobody's data is too large for it. */
export const { contract, handler } = consumer(
  {
    summary: "Erase the remaining data of deleted users",
    on: { queue: "erasures", batchSize: 1 },
    grants: erasureGrants,
    timeoutSeconds: 60,
  },
  perMessage(ErasureMessage, ({ userId }) => continueErasure(userId)),
);
