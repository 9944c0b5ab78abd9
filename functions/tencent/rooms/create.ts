import * as z from "zod";
import { makeStream } from "../../../domain/streams/new-stream.ts";
import { goLive } from "../../../domain/streams/stream-lifecycle.ts";
import { RoomId } from "../../../domain/tencent/room.ts";
import { NewRoom, newStreamOf, roomFieldsOf } from "../../../domain/tencent/room-info.ts";
import { setting } from "../../../platform/env.ts";
import { announce } from "../../../platform/notices.ts";
import { summary } from "../../../platform/store/people/users.ts";
import { getAccounts } from "../../../platform/store/tencent/accounts.ts";
import { recordRoom } from "../../../platform/store/tencent/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

/** A room is a stream that is live at once, with RoomId as its alias. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/create_room",
    says: "Create a live room",
    body: z.object({ RoomInfo: NewRoom }),
    answer: z.object({ Response: z.object({ RoomId }) }),
    refusals: ["room_exists", "room_exists_with_owner"],
    callsPerSecond: 200,
    grants: {
      read: ["ROOM", "STREAM", "USER"],
      write: ["ROOM", "STREAM", "USER", "LIST", "NOTICE"],
      queues: ["notices"],
    },
  },
  async ({ body: { RoomInfo: room }, caller, now, newId }) => {
    const [owner] = await getAccounts([room.Owner_Account ?? caller.identifier], now);
    const host = summary(owner!);
    const defaultThumbnail = setting("DEFAULT_THUMBNAIL");
    const stream = makeStream(newStreamOf(room), { id: newId(), host, defaultThumbnail, now });
    const fields = { ...roomFieldsOf(room), createdBy: caller.identifier };
    const alias = { roomId: room.RoomId, room: fields };
    await recordRoom(room.RoomId, { ...stream, ...goLive(stream, stream.host, now), ...alias });
    await announce(stream.id, now);
    return { Response: { RoomId: room.RoomId } };
  },
);
