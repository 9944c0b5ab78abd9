import { consumer, perMessage } from "../../../platform/lambda/consumer.ts";
import { indexUser, NewUser } from "../../../platform/store/people/first-sights.ts";

/** Lets the search find new users, apart from their first call, which must not wait for that. */
export const { contract, handler } = consumer(
  {
    summary: "Add new users to the search index",
    on: { queue: "users", batchSize: 10 },
    grants: { read: ["USER"], write: ["USER", "FIND"] },
  },
  perMessage(NewUser, indexUser, { inTurn: true }),
);
