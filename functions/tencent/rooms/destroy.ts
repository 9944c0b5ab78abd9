import * as z from "zod";
import { endStream } from "../../../domain/streams/stream-lifecycle.ts";
import { RoomId } from "../../../domain/tencent/room.ts";
import { changeStream } from "../../../platform/store/streams/stream-changes.ts";
import { getOpenRoom } from "../../../platform/store/tencent/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Ends a room's stream. Its RoomId can then name a new room. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/destroy_room",
    summary: "Destroy a room",
    body: z.object({ RoomId }),
    refusals: ["room_not_found", "stream_not_found", "stream_not_live"],
    grants: { read: ["ROOM", "STREAM"], write: ["STREAM", "USER", "LIST", "CROWD"] },
  },
  async ({ body, caller, now }) => {
    const room = await getOpenRoom(body.RoomId);
    await changeStream(room, (stream) => endStream(stream, now, caller.identifier), now);
  },
);
