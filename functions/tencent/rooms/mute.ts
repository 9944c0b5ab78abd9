import { MuteMembers } from "../../../domain/tencent/room-ban.ts";
import { changeRoomBans } from "../../../platform/store/tencent/room-bans.ts";
import { getOpenRoom } from "../../../platform/store/tencent/rooms.ts";
import { command } from "../../../platform/tencent/command.ts";

/** Forbids members of a room to chat for some time, or allows it again. */
export const { contract, handler } = command(
  {
    command: "live_engine_http_srv/mute_member",
    summary: "Mute members of a room",
    body: MuteMembers,
    refusals: ["room_not_found", "ban_of_host"],
    grants: {
      read: ["ROOM", "STREAM", "USER"],
      write: ["STREAM", "USER", "BAN", "SENDER", "TRACE"],
    },
  },
  async ({ body, caller, now, newId }) => {
    const room = await getOpenRoom(body.RoomId);
    const ban = { actionType: "CHAT_ONLY", seconds: body.MuteTime, reason: "" } as const;
    const acting = { by: caller.identifier, now, newId };
    await changeRoomBans(room, body.MemberList_Account, ban, acting);
  },
);
