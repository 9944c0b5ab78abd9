import type { CallResult } from "../../client/index.ts";
import type { Action } from "./actions.tsx";
import { request } from "./api.ts";
import type { Stream } from "./stream-scope.tsx";

export type Ban = CallResult<"GET /api/v1/live-stream-ban/{id}">;
export type BanAction = Ban["actionType"];

export const actionNames: Record<BanAction, string> = { BLOCK: "Blocked", CHAT_ONLY: "Muted" };

type Given = { actionType: BanAction; scope?: Ban["scope"]; reason?: string; seconds?: number };

/** Bans a user; undo removes the ban. `took` is called after either. */
export function banAction(
  stream: Stream,
  user: { _id: string; name: string },
  { actionType, scope = "stream", reason = "", seconds = 0 }: Given,
  took: () => void = () => {},
): Action {
  const verb = actionType === "BLOCK" ? "Block" : "Mute";
  const place = placeOf(scope, stream);
  const end = seconds === 0 ? "until you unban them" : "until the ban ends";
  return {
    title: `${verb} ${user.name} in ${place}`,
    warns:
      actionType === "BLOCK"
        ? `They cannot see ${scope === "channel" ? "these streams" : "this stream"} ${end}.`
        : `They can read the chat, but not write, ${end}.`,
    verb,
    request: request("POST", "/api/v1/live-stream-ban", {
      ...{ targetUserId: user._id, liveStreamId: stream.id, actionType },
      ...(scope === "channel" && { scope }),
      ...(reason !== "" && { reason }),
      ...(seconds > 0 && { durationSeconds: seconds }),
    }),
    done() {
      took();
      return `${user.name} is ${actionNames[actionType].toLowerCase()} in ${place}.`;
    },
    undo: ({ _id }: { _id: string }) => unbanAction({ _id, scope }, user.name, stream, took),
  };
}

const placeOf = (scope: Ban["scope"], stream: Stream) =>
  scope === "channel" ? "the channel" : stream.title;

/** Removes a ban. One of the other scope may remain. */
export const unbanAction = (
  { _id: id, scope }: Pick<Ban, "_id" | "scope">,
  name: string,
  stream: Stream,
  took: () => void,
): Action => ({
  title: `Unban ${name}`,
  verb: "Unban",
  request: request("DELETE", `/api/v1/live-stream-ban/${id}`),
  done() {
    took();
    return `Ban of ${name} in ${placeOf(scope, stream)} removed.`;
  },
});
