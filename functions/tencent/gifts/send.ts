import { personOf } from "../../../domain/people/person.ts";
import { SendGift, sendRefusals } from "../../../domain/tencent/tencent-gift.ts";
import { getGiver, giveGift } from "../../../platform/store/money/gifts.ts";
import { getAccounts } from "../../../platform/store/tencent/accounts.ts";
import { findCallbacks } from "../../../platform/store/tencent/callbacks.ts";
import { getGiftTypeByAlias } from "../../../platform/store/tencent/gift-aliases.ts";
import { getRoom } from "../../../platform/store/tencent/rooms.ts";
import { askBeforeGift, decidesOnGifts } from "../../../platform/tencent/callback.ts";
import { command } from "../../../platform/tencent/command.ts";

/** A gift in a room: charged to the sender, or decided by the application's callback instead. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/send_gift",
    says: "Send a gift in a room",
    body: SendGift,
    refusals: sendRefusals,
    callsPerSecond: 200,
    idempotencyKey: true,
    grants: {
      read: ["ROOM", "STREAM", "GIFTID", "CATALOGUE", "USER", "WALLET", "REPLAY"],
      write: ["USER", "WALLET", "LEDGER", "STREAM", "GIFT", "REPLAY"],
    },
  },
  async ({ body, now, once, ...call }) => {
    const { RoomId, GiftId, Count: count, From_Account: from, ReceiverList_Account: to } = body;
    const reads = [getRoom(RoomId), getGiftTypeByAlias(GiftId), findCallbacks()] as const;
    const [stream, giftType, callbacks] = await Promise.all(reads);
    const charged = !decidesOnGifts(callbacks);
    if (!charged) await getAccounts([from], now);
    const giver = await getGiver(stream.id, from);
    const receivers = (await getAccounts(to, now)).map(personOf);
    const wish = { giftType, receivers, count, charged };
    if (decidesOnGifts(callbacks))
      await askBeforeGift(callbacks, { stream, giver, wish, now }, call);
    return giveGift({ stream, giver, now, reply: () => once({}) }, wish);
  },
);
