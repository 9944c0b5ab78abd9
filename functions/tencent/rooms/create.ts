import * as z from "zod";
import { RoomId } from "../../../domain/tencent/room.ts";
import { NewRoom } from "../../../domain/tencent/room-info.ts";
import { openRoom } from "../../../platform/store/tencent/room-lifecycle.ts";
import { command } from "../../../platform/tencent/command.ts";

/** A room is a stream that is live immediately, with RoomId as its alias. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/create_room",
    summary: "Create a live room",
    body: z.object({ RoomInfo: NewRoom }),
    answer: z.object({ Response: z.object({ RoomId }) }),
    refusals: ["room_exists", "room_exists_with_owner"],
    grants: {
      read: ["ROOM", "STREAM", "USER", "WALLET"],
      write: ["ROOM", "STREAM", "USER", "WALLET", "LIST", "NOTICE"],
      queues: ["notices"],
    },
  },
  async ({ body: { RoomInfo: room }, caller, now, newId }) => {
    await openRoom(room, { owner: caller.identifier, now, newId });
    return { Response: { RoomId: room.RoomId } };
  },
);
