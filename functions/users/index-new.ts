import { logFault } from "../../platform/log.ts";
import { reaction } from "../../platform/reaction.ts";
import { indexUser, NewUser } from "../../platform/store/people/first-sights.ts";

/** Lets the search find new users: apart from their first call, which must not wait for it. */
export const { contract, handler } = reaction(
  {
    says: "Let the search find users who were seen for the first time",
    on: { queue: "users", batchSize: 10 },
    grants: { read: ["USER"], write: ["USER", "FIND"] },
  },
  async (records) => {
    const failed: string[] = [];
    for (const { messageId, body } of records)
      try {
        await indexUser(NewUser.parse(JSON.parse(body)));
      } catch (error) {
        logFault("A user could not be put into the search", error, { messageId });
        failed.push(messageId);
      }
    return failed;
  },
);
