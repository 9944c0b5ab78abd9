import { addsToTotals, type Gift } from "../money/gift-item.ts";
import type { Stream } from "../streams/stream.ts";
import { afterRoom } from "./callback.ts";
import { roomInfoOf, seatTemplateOf } from "./room-info.ts";

/** When something happened to a room, and who did it: its host if no command did. */
type RoomEvent = { at: string; operator?: string | undefined };

/** What the application receives about a created room: the fields of create_room. */
export function createdCallback(stream: Stream, { at, operator }: RoomEvent) {
  const { ViewCount: _, ...fields } = roomInfoOf(stream, 0);
  return {
    CallbackCommand: afterRoom.created,
    Operator_Account: operator ?? stream.hostId,
    /** Milliseconds since 1970. */
    EventTime: Date.parse(at),
    RoomInfo: { ...fields, SeatTemplate: seatTemplateOf(stream) },
  };
}

/** The totals of a room that is over. */
export type RoomStatistic = {
  TotalViewers: number;
  /** Quantities: Count × receivers. */
  TotalGiftsSent: number;
  TotalGiftCoins: number;
  TotalUniqueGiftSenders: number;
  /** Taps; superlikes are neither likes nor gifts. */
  TotalLikesReceived: number;
};

/** What the application receives about a destroyed room, with its totals. */
export function destroyedCallback(
  stream: Stream,
  { at, operator }: RoomEvent,
  statistic: RoomStatistic,
) {
  const { RoomId, ...fields } = roomInfoOf(stream, 0);
  return {
    CallbackCommand: afterRoom.destroyed,
    Operator_Account: operator ?? stream.hostId,
    RoomId,
    // No room is destroyed automatically.
    EventType: "DestroyByUser",
    EventTime: Date.parse(at),
    RoomInfo: { RoomId, ...fields },
    Statistic: statistic,
  };
}

/** Adds gifts up, one by one, without superlikes and those that were refunded. */
export function createStatistic() {
  const senders = new Set<string>();
  const sums = { TotalGiftsSent: 0, TotalGiftCoins: 0 };
  return {
    add(gift: Gift): void {
      if (gift.refundedAt !== undefined || gift.kind === "superlike") return;
      const { count, credits } = addsToTotals(gift);
      sums.TotalGiftsSent += count;
      sums.TotalGiftCoins += credits;
      senders.add(gift.sender.userId);
    },
    with: (viewers: number, likes: number): RoomStatistic => ({
      TotalViewers: viewers,
      ...sums,
      TotalUniqueGiftSenders: senders.size,
      TotalLikesReceived: likes,
    }),
  };
}
