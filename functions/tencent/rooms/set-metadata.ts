import * as z from "zod";
import { RoomId } from "../../../domain/tencent/room.ts";
import { MetadataChange } from "../../../domain/tencent/room-metadata.ts";
import { recordMetadata } from "../../../platform/store/tencent/room-metadata.ts";
import { getOpenRoom } from "../../../platform/store/tencent/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Adds entries to a room's metadata and replaces existing ones. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/set_room_metadata",
    summary: "Set entries of a room's metadata",
    body: z.object({ RoomId, Metadata: MetadataChange }),
    refusals: ["room_not_found", "metadata_too_large"],
    grants: { read: ["ROOM", "STREAM"], write: ["STREAM"] },
  },
  async ({ body }) => {
    const { id } = await getOpenRoom(body.RoomId);
    await recordMetadata(id, body.Metadata);
  },
);
