import { type Person, personOf } from "../people/person.ts";
import { refuse } from "../refusal.ts";
import { blockedWordIn } from "./blocked-words.ts";
import { type Message, messageIdOf } from "./chat.ts";
import { shownIn } from "./display-names.ts";
import { activeBan, type Member, type Sender } from "./member.ts";
import type { Stream } from "./stream.ts";
import { type Acting, mayModerate } from "./stream-lifecycle.ts";

/** Refuses a user with an active block or mute. */
export function assertMayChat(member: Pick<Member, "ban"> | undefined, now: Date): void {
  const ban = activeBan(member, now);
  if (ban !== undefined) refuse(ban.actionType === "BLOCK" ? "member_blocked" : "member_muted");
}

/** Refuses a text that contains a word blocked by the host, as a person would read it. */
export function assertNoBlockedWord(content: string, stream: Stream): void {
  const word = blockedWordIn(content, stream.blockedWords);
  if (word !== undefined) refuse("word_blocked", { word });
}

/** Whether the sender must follow the host: in followers-only chat, unless they may moderate. */
export const needsFollowing = (stream: Stream, sender: Acting) =>
  stream.followersOnly && !mayModerate(stream, sender);

/** Refuses users who may not moderate while messages are switched off in the room. */
export function assertMessagesOpen(stream: Stream, sender: Acting): void {
  if (stream.room?.IsMessageDisabled === true && !mayModerate(stream, sender))
    refuse("messages_disabled");
}

/** Limits on a sender's next message, besides bans. */
export type ChatRules = { slowModeSeconds: number; perSecondMax: number };

/** The rules for one sender: users who may moderate are exempt from slow mode. */
export function chatRulesOf(stream: Stream, sender: Acting, perSecondMax: number): ChatRules {
  const slowModeSeconds = mayModerate(stream, sender) ? 0 : stream.slowModeSeconds;
  return { slowModeSeconds, perSecondMax };
}

type LastMessage = Pick<Sender, "lastMessageAt" | "lastCall">;

/** Whether this call sent the sender's last message, and now repeats it after a lost response. */
export const isRepeated = ({ lastCall }: LastMessage, callId: string | undefined) =>
  callId !== undefined && lastCall === callId;

/** The largest clock skew, in milliseconds; a later message was written by a wrong clock. */
export const skewMilliseconds = 5_000;

/**
 * Refuses with `slow_mode`, and the seconds left, while the sender's last message is too recent.
 * The call that sent that message may be repeated.
 */
export function assertNotSlowed(
  sender: LastMessage,
  { slowModeSeconds, callId }: Pick<ChatRules, "slowModeSeconds"> & { callId?: string | undefined },
  now: Date,
): void {
  if (slowModeSeconds === 0 || sender.lastMessageAt === undefined) return;
  if (isRepeated(sender, callId)) return;
  const last = Date.parse(sender.lastMessageAt) - now.getTime();
  const seconds = Math.ceil(last / 1000 + slowModeSeconds);
  if (seconds > 0 && last <= skewMilliseconds)
    refuse("slow_mode", { seconds, retryAfterSeconds: seconds });
}

/** A message that was admitted as number `n` of its stream. */
export function makeMessage(
  { content, replyTo }: { content: string; replyTo?: string | null | undefined },
  { stream, sender, n, now }: { stream: Stream; sender: Person; n: number; now: Date },
): Message {
  const at = now.toISOString();
  return {
    id: messageIdOf(stream.id, n, now),
    streamId: stream.id,
    n,
    content,
    sender: personOf(shownIn(stream, sender, undefined, now)),
    createdAt: at,
    updatedAt: at,
    revision: 1,
    ...(replyTo != null && { replyTo }),
  };
}
