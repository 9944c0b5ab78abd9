import * as z from "zod";
import { changeRoom, RoomChange } from "../../../domain/tencent/room-info.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { changeStream } from "../../../platform/store/streams/stream-changes.ts";
import { getOpenRoom } from "../../../platform/store/tencent/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Changes fields of a room; omitted ones stay. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/update_room_info",
    summary: "Update a room's information",
    body: z.object({ RoomInfo: RoomChange }),
    refusals: ["room_not_found", "stream_not_found"],
    grants: { read: ["ROOM", "STREAM"], write: ["STREAM", "USER", "LIST"] },
  },
  async ({ body: { RoomInfo: change }, now }) => {
    const room = await getOpenRoom(change.RoomId);
    const cover = setting("DEFAULT_THUMBNAIL");
    await changeStream(room, (stream) => changeRoom(stream, change, cover), now);
  },
);
