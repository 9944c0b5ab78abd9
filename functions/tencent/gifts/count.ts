import * as z from "zod";
import { Account, RoomId } from "../../../domain/tencent/room.ts";
import { findFan, findTotals, listFans } from "../../../platform/store/money/totals.ts";
import { getRoom } from "../../../platform/store/tencent/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

const count = z.number().int();
const GiftCount = z.object({
  Sequence: count,
  TotalCount: count,
  TotalCoins: count,
  GiftSenderCount: count,
});

/** A room's gifts so far, by one sender if one is named: quantity, price and distinct senders. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/get_gift_count",
    summary: "Count a room's gifts",
    body: z.object({ RoomId, From_Account: Account.optional() }),
    answer: z.object({ Response: GiftCount }),
    refusals: ["room_not_found"],
    callsPerSecond: 200,
    grants: { read: ["ROOM", "STREAM"] },
  },
  async ({ body: { RoomId: roomId, From_Account: sender } }) => {
    const { id } = await getRoom(roomId);
    const [{ sequence: Sequence, count, credits }, fans] = await Promise.all([
      findTotals(id),
      sender === undefined ? listFans(id) : findFan(id, sender).then((fan) => (fan ? [fan] : [])),
    ]);
    const sums = sender === undefined ? { count, credits } : (fans[0] ?? { count: 0, credits: 0 });
    const GiftSenderCount = fans.filter(({ gifts }) => gifts > 0).length;
    return {
      Response: { Sequence, TotalCount: sums.count, TotalCoins: sums.credits, GiftSenderCount },
    };
  },
);
