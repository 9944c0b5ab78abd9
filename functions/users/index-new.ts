import { each, reaction } from "../../platform/reaction.ts";
import { indexUser, NewUser } from "../../platform/store/people/first-sights.ts";

/** Lets the search find new users, apart from their first call, which must not wait for that. */
export const { contract, handler } = reaction(
  {
    says: "Let the search find users who were seen for the first time",
    on: { queue: "users", batchSize: 10 },
    grants: { read: ["USER"], write: ["USER", "FIND"] },
  },
  each(NewUser, indexUser, { inTurn: true }),
);
