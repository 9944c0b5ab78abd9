import * as z from "zod";
import { GiftId } from "../../../domain/id.ts";
import { decideGift, GiftToHost, giftRefusals } from "../../../domain/money/gift.ts";
import { personOfSummary } from "../../../domain/people/person.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { getGiftType } from "../../../platform/store/money/gift-types.ts";
import { getGiver, giftContext, recordGift } from "../../../platform/store/money/gifts.ts";
import { getStream } from "../../../platform/store/streams/streams.ts";

/** A gift to the host of a stream, at the price of its type. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/gifts/create",
    summary: "Send a gift to a live stream",
    tag: "Gifts",
    caller: "user",
    body: GiftToHost,
    answer: [201, z.object({ message: z.literal("Success"), id: GiftId })],
    rate: "money",
    cost: { read: 15, write: 25, kilobytes: 1 },
    refusals: giftRefusals,
    grants: {
      read: ["STREAM", "USER", "WALLET", "GIFTTYPE"],
      write: ["WALLET", "LEDGER", "STREAM", "GIFT"],
    },
  },
  async ({ body, caller, now, idempotentReply }) => {
    const { liveStreamId, giftTypeId, quantity: count = 1, expectedPrice } = body;
    const [stream, giftType, giver] = await Promise.all([
      getStream(liveStreamId, { consistent: true }),
      getGiftType(giftTypeId),
      getGiver(liveStreamId, caller.userId, caller),
    ]);
    const receivers = [personOfSummary(stream.host, setting("DEFAULT_PICTURE"))];
    const request = { giftType, receivers, count, charged: true, expectedPrice };
    const decision = decideGift(giftContext(stream, giver, now), request);
    return recordGift(decision, ({ id }) => idempotentReply({ message: "Success", id }));
  },
);
