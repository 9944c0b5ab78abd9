import * as z from "zod";
import { RoomId } from "../../../domain/tencent/room.ts";
import { RoomInfo, roomInfoOf } from "../../../domain/tencent/room-info.ts";
import { listWatching } from "../../../platform/store/log/viewers.ts";
import { getOpenRoom } from "../../../platform/store/tencent/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

/** A room as the Tencent API shows it; ViewCount is the number of its current viewers. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/get_room_info",
    summary: "Get a room's information",
    body: z.object({ RoomId }),
    answer: z.object({ Response: z.object({ RoomInfo }) }),
    refusals: ["room_not_found"],
    grants: { read: ["ROOM", "STREAM", "SUB"] },
  },
  async ({ body, now }) => {
    const room = await getOpenRoom(body.RoomId);
    const { length } = await listWatching(room.id, now);
    return { Response: { RoomInfo: roomInfoOf(room, length) } };
  },
);
