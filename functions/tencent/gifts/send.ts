import { decideGift } from "../../../domain/money/gift.ts";
import { personOf } from "../../../domain/people/person.ts";
import { SendGift, sendRefusals } from "../../../domain/tencent/tencent-gift.ts";
import { getGiver, giftContext, recordGift } from "../../../platform/store/money/gifts.ts";
import {
  getKnownAccounts,
  showAccounts,
  showUnknown,
} from "../../../platform/store/tencent/accounts.ts";
import { findCallbacks } from "../../../platform/store/tencent/callbacks.ts";
import { getGiftTypeByAlias } from "../../../platform/store/tencent/gift-aliases.ts";
import { getRoom } from "../../../platform/store/tencent/rooms.ts";
import { decidesOnGifts, sendGiftAfterCallback } from "../../../platform/tencent/callback.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Sends a gift in a room: charged to the sender, or decided by the application's callback. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/send_gift",
    summary: "Send a gift in a room",
    body: SendGift,
    refusals: sendRefusals,
    idempotencyKey: true,
    grants: {
      read: ["ROOM", "STREAM", "GIFTID", "GIFTTYPE", "CALLBACKS", "USER", "WALLET", "REPLAY"],
      write: ["WALLET", "LEDGER", "STREAM", "GIFT", "REPLAY", "DELIVERY", "TRACE", "RATE"],
    },
  },
  async ({ body, now, idempotentReply, ...call }) => {
    const { RoomId, GiftId, Count: count, From_Account: from, ReceiverList_Account: to } = body;
    const reads = [getRoom(RoomId), getGiftTypeByAlias(GiftId), findCallbacks()] as const;
    const [stream, giftType, callbacks] = await Promise.all(reads);
    const charged = !decidesOnGifts(callbacks);
    const unknown = charged ? undefined : showUnknown(from, now);
    const giver = await getGiver(stream.id, from, { unknown });
    const receivers = await (charged ? getKnownAccounts(to) : showAccounts(to, now));
    const request = { giftType, receivers: receivers.map(personOf), count, charged };
    const decision = decideGift(giftContext(stream, giver, now), request);
    const give = () => recordGift(decision, () => idempotentReply());
    return sendGiftAfterCallback(callbacks, { giftType, decision }, call, give);
  },
);
