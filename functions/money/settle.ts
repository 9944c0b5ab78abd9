import { reaction } from "../../platform/reaction.ts";
import { awaitCombos } from "../../platform/store/money/combos.ts";
import { settleAll } from "../../platform/store/money/settle.ts";
import { queueNewUsers } from "../../platform/store/people/first-sights.ts";
import { readKey } from "../../platform/table/item-kinds.ts";
import { plain } from "../../platform/table/table.ts";

/**
 * Credits hosts: every gift is settled from its own record, exactly once. This reader also notices
 * new users, since a table's stream should not have a third one.
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
    memoryMegabytes: 512,
    timeoutSeconds: 60,
  },
  async (records, now) => {
    const inserts = records.filter(({ eventName }) => eventName === "INSERT");
    const images = inserts.flatMap(({ dynamodb }) => plain(dynamodb?.NewImage) ?? []);
    const gifts = images.filter((image) => readKey(image).kind === "gift");
    await settleAll(gifts, now);
    await awaitCombos(gifts, now);
    await queueNewUsers(records, now);
  },
);
