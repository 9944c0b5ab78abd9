import { ErasureMessage, goOnErasing } from "../../platform/own-data/erasure.ts";
import { erasureGrants } from "../../platform/own-data/grants.ts";
import { each, reaction } from "../../platform/reaction.ts";

/** Page by page, each invocation as far as its time goes: nobody's data is too large for it. */
export const { contract, handler } = reaction(
  {
    says: "Erase what lies elsewhere of users who were deleted",
    on: { queue: "erasures", batchSize: 1 },
    grants: erasureGrants,
    timeoutSeconds: 60,
  },
  each(ErasureMessage, ({ userId }) => goOnErasing(userId)),
);
