import type { ChatMessage, Client } from "../../client/index.ts";
import type { MessageAction } from "./menu.ts";
import { nameOf } from "./person.ts";
import { unlessRefused } from "./reason.ts";
import type { Translator } from "./translations.ts";

/** The user who reads a message, and the stream's state. */
type Viewpoint = { me: string; isModerator: boolean; pinned: ChatMessage | undefined };

/** Actions that a user may take on a message; the API decides in the end. */
export function messageActionsFor(
  { _id, sender }: ChatMessage,
  { me, isModerator, pinned }: Viewpoint,
): MessageAction[] {
  const isOwn = sender._id === me;
  if (!isModerator) return isOwn ? ["reply", "remove"] : ["reply"];
  const acts: MessageAction[] = ["reply", _id === pinned?._id ? "unpin" : "pin", "remove"];
  return isOwn || sender.role === "host" ? acts : [...acts, "timeout", "mute", "block"];
}

/** Ignores the refusal of an action that another moderator has already taken. */
const unlessDone = unlessRefused("message_not_found", "ban_lifted");

type Done = { says: string; undo?: () => Promise<unknown> };

/**
 * Performs an action; returns a text about it and how to undo it. Rejects as the client's calls do.
 */
export async function perform(
  { act, seconds = 0 }: { act: Exclude<MessageAction, "reply">; seconds?: number | undefined },
  { _id, sender, streamId }: ChatMessage,
  client: Client,
  { translate, duration }: Translator,
): Promise<Done> {
  const chat = `/api/v1/live-stream/${streamId}/chat`;
  if (act === "remove") {
    await client.call("DELETE", `${chat}/messages/${_id}`).catch(unlessDone);
    return { says: translate("removed") };
  }
  if (act === "pin" || act === "unpin") {
    if (act === "pin") await client.call("PUT", `${chat}/pin`, { messageId: _id });
    else await client.call("DELETE", `${chat}/pin`);
    return { says: "" };
  }
  const bans = "/api/v1/live-stream-ban";
  const ban = await client.call<{ _id: string }>("POST", bans, {
    targetUserId: sender._id,
    liveStreamId: streamId,
    actionType: act === "block" ? "BLOCK" : "CHAT_ONLY",
    ...(act === "timeout" && { durationSeconds: seconds }),
  });
  const did = { timeout: "didTimeout", mute: "didMute", block: "didBlock" } as const;
  return {
    says: translate(did[act], { name: nameOf(sender), time: duration(seconds) }),
    undo: () => client.call("DELETE", `${bans}/${ban._id}`).catch(unlessDone),
  };
}
