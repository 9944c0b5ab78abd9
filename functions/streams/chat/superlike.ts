import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import { decideSuperlike } from "../../../domain/money/gift.ts";
import { type Gift, Superlike, superlikeBy } from "../../../domain/money/gift-item.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { getGiver, giftContext, recordGift } from "../../../platform/store/money/gifts.ts";
import { getStream } from "../../../platform/store/streams/streams.ts";

/** Everybody in the stream sees a superlike, and the host receives its price. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/chat/superlike",
    summary: "Send a superlike to a live stream",
    tag: "Live Stream Chat",
    caller: "user",
    isBare: true,
    path: z.object({ streamId: StreamId }),
    answer: [201, Superlike],
    rate: "money",
    cost: { read: 8, write: 25, kilobytes: 2 },
    refusals: [
      "stream_not_found",
      "user_not_found",
      "member_blocked",
      "pass_required",
      "gift_to_oneself",
      "stream_not_live",
      "credits_too_low",
      "spend_limit_reached",
    ],
    grants: {
      read: ["STREAM", "USER", "WALLET"],
      write: ["WALLET", "LEDGER", "STREAM", "GIFT"],
    },
  },
  async ({ path: { streamId }, caller, now, idempotentReply }) => {
    const [stream, giver] = await Promise.all([
      getStream(streamId, { consistent: true }),
      getGiver(streamId, caller.userId, caller),
    ]);
    const [price, defaultPicture] = [setting("SUPERLIKE_PRICE"), setting("DEFAULT_PICTURE")];
    const reply = ({ sender }: Gift) =>
      idempotentReply(superlikeBy(sender, { streamId, price, now }, defaultPicture));
    const terms = { price, defaultPicture };
    return recordGift(decideSuperlike(giftContext(stream, giver, now), terms), reply);
  },
);
