import { BanMembers } from "../../../domain/tencent/room-ban.ts";
import { changeRoomBans } from "../../../platform/store/tencent/room-bans.ts";
import { getOpenRoom } from "../../../platform/store/tencent/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Blocks members from a room for some time, or lets them in again. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/ban_member",
    summary: "Ban members from a room",
    body: BanMembers,
    refusals: ["room_not_found", "ban_of_host"],
    grants: {
      read: ["ROOM", "STREAM", "USER"],
      write: ["STREAM", "USER", "BAN", "SENDER", "TRACE"],
    },
  },
  async ({ body, caller, now, newId }) => {
    const room = await getOpenRoom(body.RoomId);
    const ban = { actionType: "BLOCK", seconds: body.Duration, reason: body.Reason } as const;
    const acting = { by: caller.identifier, now, newId };
    await changeRoomBans(room, body.MemberList_Account, ban, acting);
  },
);
