import { reaction } from "../../platform/reaction.ts";
import { awaitCombos } from "../../platform/store/money/combos.ts";
import { settleAll } from "../../platform/store/money/settle-all.ts";
import { queueNewUsers } from "../../platform/store/people/first-sights.ts";
import { readKey } from "../../platform/table/keys.ts";
import { plain } from "../../platform/table/table.ts";

/**
 * Credits hosts: every gift that was made is settled from its own record, exactly once. It is also
 * the reader that sees new users, since a table's stream carries no third.
 */
export const { contract, handler } = reaction(
  {
    says: "Credit hosts for gifts and superlikes, and count them",
    on: { stream: "table", kinds: ["gift", "profile"], batchSize: 100 },
    grants: {
      read: ["WALLET"],
      write: ["WALLET", "LEDGER", "STREAM", "PARKED"],
      queues: ["combos", "users"],
    },
    timeoutSeconds: 60,
  },
  async (records, now) => {
    const made = records.filter(({ eventName }) => eventName === "INSERT");
    const images = made.flatMap(({ dynamodb }) => plain(dynamodb?.NewImage) ?? []);
    const gifts = images.filter((image) => readKey(image).kind === "gift");
    await settleAll(gifts, now);
    await awaitCombos(gifts, now);
    await queueNewUsers(records, now);
  },
);
