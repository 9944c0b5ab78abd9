import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { indexUser, NewUser } from "../../../platform/store/people/new-users.ts";

/** Adds new users to the search index, outside of their first call, which must not wait for it. */
export const { contract, handler } = consumer(
  {
    summary: "Add new users to the search index",
    on: { queue: "users", batchSize: 10 },
    grants: { read: ["USER"], write: ["USER", "FIND"] },
  },
  perMessage(NewUser, indexUser, { inTurn: true }),
);
