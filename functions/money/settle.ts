import { reaction } from "../../platform/reaction.ts";
import { awaitCombos } from "../../platform/store/money/combos.ts";
import { settleAll } from "../../platform/store/money/settle-all.ts";
import { plain } from "../../platform/table/table.ts";

/** Credits hosts: every gift that was made is settled from its own record, exactly once. */
export const { contract, handler } = reaction(
  {
    says: "Credit hosts for gifts and superlikes, and count them",
    on: { stream: "table", kinds: ["gift"], batchSize: 100 },
    grants: {
      read: ["WALLET"],
      write: ["WALLET", "LEDGER", "STREAM", "PARKED"],
      queues: ["combos"],
    },
    timeoutSeconds: 60,
  },
  async (records, now) => {
    const made = records.filter(({ eventName }) => eventName === "INSERT");
    const images = made.map(({ dynamodb }) => plain(dynamodb?.NewImage) ?? {});
    await settleAll(images, now);
    await awaitCombos(images, now);
  },
);
