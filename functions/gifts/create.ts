import * as z from "zod";
import { GiftId } from "../../domain/id.ts";
import { decideGift, GiftToHost, giftRefusals } from "../../domain/money/gift.ts";
import type { Gift } from "../../domain/money/gift-item.ts";
import { personOfSummary } from "../../domain/people/person.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { getGiftType } from "../../platform/store/money/gift-types.ts";
import { commitGift, getGiver } from "../../platform/store/money/gifts.ts";
import { getStream } from "../../platform/store/streams/streams.ts";

/** One gift to the host of a stream, at the price of its type. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/gifts/create",
    says: "Send a gift to a live stream",
    tag: "Gifts",
    caller: "user",
    shape: "envelope",
    body: GiftToHost,
    answer: [201, z.object({ message: z.literal("Success"), id: GiftId })],
    rate: "money",
    refusals: giftRefusals,
    grants: {
      read: ["STREAM", "USER", "WALLET", "REPLAY", "GIFTTYPE"],
      write: ["WALLET", "LEDGER", "STREAM", "GIFT", "REPLAY"],
    },
  },
  async ({ body, caller, now, once }) => {
    const [stream, giftType, giver] = await Promise.all([
      getStream(body.liveStreamId, { consistent: true }),
      getGiftType(body.giftTypeId),
      getGiver(body.liveStreamId, caller.userId),
    ]);
    const reply = ({ id }: Gift) => once({ message: "Success", id });
    const receivers = [personOfSummary(stream.host)];
    const { expectedPrice } = body;
    const request = { giftType, receivers, count: 1, charged: true, expectedPrice };
    return commitGift({ stream, giver, now }, (context) => decideGift(context, request), reply);
  },
);
