import type { CallResult } from "../../client/index.ts";
import { banNames } from "../host/bans.tsx";
import type { Action } from "./actions.tsx";
import { deletion, request } from "./api.ts";
import type { Stream } from "./stream-scope.tsx";

export type Ban = CallResult<"GET /api/v1/live-stream-ban/{id}">;
export type BanAction = Ban["actionType"];

/** The label of a button that bans a user: a mute with an end is a timeout. */
export function banVerbOf(actionType: BanAction, seconds: number): string {
  if (actionType === "BLOCK") return "Block";
  return seconds > 0 ? "Time out" : "Mute";
}

type BanOptions = {
  actionType: BanAction;
  scope?: Ban["scope"];
  reason?: string;
  seconds?: number;
};

/** Bans a user; undo removes the ban. `took` is called after either. */
export function banAction(
  stream: Stream,
  user: { _id: string; name: string },
  { actionType, scope = "stream", reason = "", seconds = 0 }: BanOptions,
  took: () => void = () => {},
): Action {
  const verb = banVerbOf(actionType, seconds);
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
      targetUserId: user._id,
      liveStreamId: stream.id,
      actionType,
      ...(scope === "channel" && { scope }),
      ...(reason !== "" && { reason }),
      ...(seconds > 0 && { durationSeconds: seconds }),
    }),
    done() {
      took();
      const state = verb === "Time out" ? "timed out" : banNames[actionType].toLowerCase();
      const span = seconds > 0 ? ` for ${durationOf(seconds)}` : "";
      return `${user.name} is ${state} in ${place}${span}.`;
    },
    undo: ({ _id }: { _id: string }) => unbanAction({ _id, scope }, user.name, stream, took),
  };
}

/** A duration as one number, such as `10 minutes`. */
function durationOf(seconds: number): string {
  const unit = seconds < 3_600 ? "minute" : seconds <= 86_400 ? "hour" : "day";
  const value = seconds / { minute: 60, hour: 3_600, day: 86_400 }[unit];
  return `${value} ${unit}${value === 1 ? "" : "s"}`;
}

const placeOf = (scope: Ban["scope"], stream: Stream) =>
  scope === "channel" ? "the channel" : stream.title;

/** Removes a ban. The user may still have a ban of the other scope. */
export const unbanAction = (
  { _id: id, scope }: Pick<Ban, "_id" | "scope">,
  name: string,
  stream: Stream,
  took: () => void,
): Action => ({
  title: `Unban ${name}`,
  verb: "Unban",
  request: deletion(`/api/v1/live-stream-ban/${id}`, "ban_lifted"),
  done() {
    took();
    return `Ban of ${name} in ${placeOf(scope, stream)} removed.`;
  },
});
