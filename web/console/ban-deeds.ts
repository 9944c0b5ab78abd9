import type { Answer } from "../../client/index.ts";
import { wish } from "./api.ts";
import type { Deed } from "./deeds.tsx";
import type { Stream } from "./of-stream.tsx";

export type BanAction = Answer<"GET /api/v1/live-stream-ban">["list"][number]["actionType"];

export const actionWords: Record<BanAction, string> = { BLOCK: "Blocked", CHAT_ONLY: "Muted" };

/** Bans somebody; the way back is a lift. `took` hears of either. */
export function banDeed(
  stream: Stream,
  user: { _id: string; name: string },
  given: { actionType: BanAction; reason: string },
  took: () => void,
): Deed {
  const { actionType, reason } = given;
  const verb = actionType === "BLOCK" ? "Block" : "Mute";
  const body = { targetUserId: user._id, liveStreamId: stream.id, actionType };
  return {
    title: `${verb} ${user.name} in ${stream.title}`,
    warns:
      actionType === "BLOCK"
        ? "They can neither see this stream nor do anything in it until you lift the ban."
        : "They can read this stream and cannot write in it until you lift the ban.",
    verb,
    wish: wish("POST", "/api/v1/live-stream-ban", { ...body, ...(reason && { reason }) }),
    done() {
      took();
      return `${user.name} is ${actionWords[actionType].toLowerCase()} in ${stream.title}.`;
    },
    undo: ({ _id }: { _id: string }) => liftDeed(_id, user.name, stream, took),
  };
}

/** Lifts a ban. */
export const liftDeed = (id: string, name: string, stream: Stream, took: () => void): Deed => ({
  title: `Lift the ban of ${name}`,
  verb: "Lift",
  wish: wish("DELETE", `/api/v1/live-stream-ban/${id}`),
  done() {
    took();
    return `${name} is welcome in ${stream.title} again.`;
  },
});
