import type { CallResult } from "../../client/index.ts";
import type { Action } from "./actions.tsx";
import { request } from "./api.ts";
import type { Stream } from "./stream-scope.tsx";

export type BanAction = CallResult<"GET /api/v1/live-stream-ban">["list"][number]["actionType"];

export const actionToasts: Record<BanAction, string> = { BLOCK: "Blocked", CHAT_ONLY: "Muted" };

/** Bans a user; undo removes the ban. `took` is called after both. */
export function banAction(
  stream: Stream,
  user: { _id: string; name: string },
  given: { actionType: BanAction; reason: string },
  took: () => void,
): Action {
  const { actionType, reason } = given;
  const verb = actionType === "BLOCK" ? "Block" : "Mute";
  const body = { targetUserId: user._id, liveStreamId: stream.id, actionType };
  return {
    title: `${verb} ${user.name} in ${stream.title}`,
    warns:
      actionType === "BLOCK"
        ? "They cannot see this stream until you unban them."
        : "They can read this chat, but not write, until you unban them.",
    verb,
    request: request("POST", "/api/v1/live-stream-ban", { ...body, ...(reason && { reason }) }),
    done() {
      took();
      return `${user.name} is ${actionToasts[actionType].toLowerCase()} in ${stream.title}.`;
    },
    undo: ({ _id }: { _id: string }) => unbanAction(_id, user.name, stream, took),
  };
}

/** Removes a ban. */
export const unbanAction = (
  id: string,
  name: string,
  stream: Stream,
  took: () => void,
): Action => ({
  title: `Unban ${name}`,
  verb: "Unban",
  request: request("DELETE", `/api/v1/live-stream-ban/${id}`),
  done() {
    took();
    return `${name} is no longer banned in ${stream.title}.`;
  },
});
