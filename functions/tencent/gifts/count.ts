import * as z from "zod";
import { Account, RoomId } from "../../../domain/tencent/room.ts";
import { readLeaders } from "../../../platform/store/money/leaderboards.ts";
import { findFan, findTotals } from "../../../platform/store/money/totals.ts";
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
    grants: { read: ["ROOM", "STREAM", "LEADERS"], write: ["LEADERS"] },
  },
  async ({ body: { RoomId: roomId, From_Account: sender }, now }) => {
    const { id } = await getRoom(roomId);
    const [{ sequence: Sequence, count, credits }, { senders, sums }] = await Promise.all([
      findTotals(id),
      countOf(id, sender, now),
    ]);
    const { count: TotalCount, credits: TotalCoins } = sums ?? { count, credits };
    return { Response: { Sequence, TotalCount, TotalCoins, GiftSenderCount: senders } };
  },
);

/** How many users sent gifts (of one sender: 0 or 1), and one sender's sums. */
async function countOf(streamId: string, sender: string | undefined, now: Date) {
  if (sender === undefined) return { ...(await readLeaders(streamId, now)), sums: undefined };
  const fan = await findFan(streamId, sender);
  return { senders: Number((fan?.gifts ?? 0) > 0), sums: fan ?? { count: 0, credits: 0 } };
}
