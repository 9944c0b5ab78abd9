import { consumer, imagesOf } from "../../platform/lambda/consumer.ts";
import { queuePictures } from "../../platform/pictures/remote.ts";
import { queueDueTimes } from "../../platform/planned-streams/due-times.ts";
import { queueFollowUps } from "../../platform/realtime/follow-ups.ts";
import { waitForAll } from "../../platform/runtime/deadline.ts";
import { queueEndings } from "../../platform/store/audience/endings.ts";
import { queueComboEnds } from "../../platform/store/money/combos.ts";
import { resolveHeldGifts } from "../../platform/store/money/held-gifts.ts";
import { settleAll } from "../../platform/store/money/settle.ts";
import { queueNewUsers } from "../../platform/store/people/new-users.ts";

/**
 * Credits hosts: every gift is settled from its own record, exactly once. This reader also follows
 * held gifts and handles new users, pictures of other hosts, revoked rights, bans, channels,
 * moments that will end and planned streams, since a table's stream should not have a third reader.
 */
export const { contract, handler } = consumer(
  {
    summary: "Credit hosts for gifts and superlikes, and count them",
    on: {
      stream: "table",
      kinds: [
        ...(["gift", "profile", "revocation", "overlay_key", "call"] as const),
        ...(["member", "channel", "channel_member", "moment", "stream"] as const),
      ],
      batchSize: 100,
    },
    grants: {
      read: ["WALLET", "CALL"],
      write: ["WALLET", "LEDGER", "STREAM", "PARKED", "CALL"],
      queues: ["combos", "endings", "users", "moments", "fetches", "plans", "reversals"],
    },
    memoryMegabytes: 512,
    timeoutSeconds: 60,
  },
  async (records, now) => {
    const inserts = records.filter(({ eventName }) => eventName === "INSERT");
    const gifts = imagesOf(inserts, "gift");
    const settled = settleAll(gifts, now).then(() => queueComboEnds(gifts, now));
    const followed = resolveHeldGifts(imagesOf(records, "call"), now);
    // In parallel: none waits for the wallets or the queue of another.
    const ending = queueEndings(imagesOf(records, "moment"), imagesOf(records, "stream"), now);
    const others = [
      ...[queueNewUsers(records, now), queueFollowUps(records, now), queueDueTimes(records, now)],
      queuePictures(records),
    ];
    await waitForAll([settled, followed, ending, ...others]);
  },
);
