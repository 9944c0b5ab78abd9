import { afterRoom } from "../../domain/tencent/callback.ts";
import {
  createdCallback,
  createStatistic,
  destroyedCallback,
  type RoomStatistic,
} from "../../domain/tencent/room-callback.ts";
import { tencentReceiver } from "../../domain/webhooks/webhook.ts";
import { countLikes } from "../store/audience/recount.ts";
import { cameBefore, readWatching } from "../store/log/viewers.ts";
import { readVisits } from "../store/log/watch-times.ts";
import { eachGift } from "../store/money/gifts.ts";
import { findCallbacks } from "../store/tencent/callbacks.ts";
import { findRoomStream } from "../store/tencent/rooms.ts";
import { queueEvents, type RoomChange } from "../webhooks/jobs.ts";

/**
 * Queues the callback of a room's event, if the application has configured it. The totals are
 * summed from the gifts and likes themselves, so that unsettled gifts are included.
 */
export async function queueCallback(change: RoomChange, now: Date): Promise<void> {
  const { kind, streamId, roomId, at } = change;
  const callbacks = await findCallbacks();
  if (!callbacks?.CallbackCommandList.includes(afterRoom[kind])) return;
  const stream = await findRoomStream(streamId);
  if (stream === undefined) throw new Error(`The stream ${streamId} of a room does not exist`);
  const data =
    kind === "created"
      ? createdCallback(stream, change)
      : destroyedCallback(stream, change, await statisticOf(streamId, at, now));
  const event = { id: `room:${streamId}:${kind}`, type: afterRoom[kind], at, data };
  // Grouped by RoomId, since several rooms may have the same one in succession.
  await queueEvents(roomId, [{ receiver: { id: tencentReceiver }, events: [event] }]);
}

async function statisticOf(streamId: string, end: string, now: Date): Promise<RoomStatistic> {
  const [past, watching, { likes }] = await Promise.all([
    readVisits(streamId),
    readWatching(streamId, now),
    countLikes(streamId),
  ]);
  const statistic = createStatistic();
  for await (const gift of eachGift(streamId)) statistic.add(gift);
  const viewers = new Set([...past, ...cameBefore(end, watching)].map(({ userId }) => userId)).size;
  return statistic.with(viewers, likes);
}
