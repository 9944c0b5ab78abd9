import * as z from "zod";
import { RoomId } from "../../../domain/tencent/room.ts";
import { changeStream } from "../../../platform/store/streams/stream-changes.ts";
import { getOpenRoom } from "../../../platform/store/tencent/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

/**
 * Whether gifts can be sent in a room. Ovation's own command: the reference has none for this.
 */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/set_gift_switch",
    summary: "Switch gifts on or off in a room",
    body: z.object({ RoomId, Enabled: z.boolean({ error: "expected true or false" }) }),
    refusals: ["room_not_found", "stream_not_found"],
    grants: { read: ["ROOM", "STREAM"], write: ["STREAM"] },
  },
  async ({ body: { RoomId: roomId, Enabled: giftsEnabled }, now }) => {
    const change = { giftsEnabled };
    const room = await getOpenRoom(roomId);
    await changeStream(room, (is) => (is.giftsEnabled === giftsEnabled ? undefined : change), now);
  },
);
