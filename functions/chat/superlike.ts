import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { decideSuperlike } from "../../domain/money/gift.ts";
import { Superlike, superlikeBy } from "../../domain/money/gift-event.ts";
import type { Gift } from "../../domain/money/gift-item.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { commitGift, getGiver } from "../../platform/store/money/gifts.ts";
import { getStream } from "../../platform/store/streams/streams.ts";

/** Paid attention: everybody in the stream sees it and the host gets its price. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/chat/superlike",
    says: "Send a superlike to a live stream",
    tag: "Live Stream Chat",
    caller: "user",
    shape: "bare",
    path: z.object({ streamId: StreamId }),
    answer: [201, Superlike],
    rate: "money",
    refusals: [
      "stream_not_found",
      "user_not_found",
      "member_blocked",
      "gift_to_oneself",
      "stream_not_live",
      "credits_too_low",
      "spend_limit_reached",
    ],
    grants: {
      read: ["STREAM", "USER", "WALLET", "REPLAY"],
      write: ["WALLET", "LEDGER", "STREAM", "GIFT", "REPLAY"],
    },
  },
  async ({ path: { streamId }, caller, now, once }) => {
    const [stream, giver] = await Promise.all([
      getStream(streamId, { consistent: true }),
      getGiver(streamId, caller.userId),
    ]);
    const price = setting("SUPERLIKE_PRICE");
    const picture = setting("DEFAULT_PICTURE");
    const reply = ({ sender }: Gift) =>
      once(superlikeBy(sender, { streamId, price, now }, picture));
    return commitGift({ stream, giver, now }, (context) => decideSuperlike(context, price), reply);
  },
);
