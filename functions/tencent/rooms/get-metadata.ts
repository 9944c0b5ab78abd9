import * as z from "zod";
import { RoomId } from "../../../domain/tencent/room.ts";
import { Metadata, MetadataKeys, pickMetadata } from "../../../domain/tencent/room-metadata.ts";
import { findMetadata } from "../../../platform/store/tencent/room-metadata.ts";
import { getOpenRoom } from "../../../platform/store/tencent/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

/** A room's metadata: the entries with the requested keys, or all. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/get_room_metadata",
    summary: "Get entries of a room's metadata",
    body: z.object({ RoomId, Keys: MetadataKeys.default([]) }),
    answer: z.object({ Response: z.object({ Metadata }) }),
    refusals: ["room_not_found"],
    grants: { read: ["ROOM", "STREAM"] },
  },
  async ({ body }) => {
    const { id } = await getOpenRoom(body.RoomId);
    const { metadata } = await findMetadata(id);
    return { Response: { Metadata: pickMetadata(metadata, body.Keys) } };
  },
);
