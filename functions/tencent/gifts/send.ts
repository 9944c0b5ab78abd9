import { personOf } from "../../../domain/person.ts";
import { SendGift, sendRefusals } from "../../../domain/tencent-gift.ts";
import { getAccounts } from "../../../platform/store/accounts.ts";
import { getGiftTypeByAlias } from "../../../platform/store/gift-aliases.ts";
import { getGiver, giveGift } from "../../../platform/store/gifts.ts";
import { getRoom } from "../../../platform/store/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

/** A gift by an account to others in a room: charged to the sender, all or nothing. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/send_gift",
    says: "Send a gift in a room",
    body: SendGift,
    refusals: sendRefusals,
    callsPerSecond: 200,
    idempotencyKey: true,
    grants: {
      read: ["ROOM", "STREAM", "GIFTID", "CATALOGUE", "USER"],
      write: ["USER", "LEDGER", "STREAM", "GIFT"],
    },
  },
  async ({ body: { RoomId, GiftId, Count: count, ...body }, now, once }) => {
    const [stream, giftType] = await Promise.all([getRoom(RoomId), getGiftTypeByAlias(GiftId)]);
    const giver = await getGiver(stream.id, body.From_Account);
    const receivers = (await getAccounts(body.ReceiverList_Account, now)).map(personOf);
    const gifting = { stream, giver, now, reply: () => once({}) };
    return giveGift(gifting, { giftType, receivers, count, charged: true });
  },
);
