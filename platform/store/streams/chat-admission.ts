import type { Profile } from "../../../domain/people/user.ts";
import { Refusal, refuse } from "../../../domain/refusal.ts";
import {
  assertMayChat,
  assertMessagesOpen,
  assertNoBlockedWord,
  assertNotSlowed,
  chatRulesOf,
  needsFollowing,
} from "../../../domain/streams/chat-rules.ts";
import { activeBan, assertAdmitted, isFree, type Sender } from "../../../domain/streams/member.ts";
import { assertLive, type Stream } from "../../../domain/streams/stream.ts";
import type { Acting } from "../../../domain/streams/stream-lifecycle.ts";
import type { Caller } from "../../auth/caller.ts";
import { BoundedSet } from "../../runtime/caches.ts";
import { setting } from "../../runtime/env.ts";
import { findRelation } from "../people/follows.ts";
import { getCallerProfile } from "../people/users.ts";
import { findChannelMember, findHost, findMember } from "./members.ts";
import { findMessage } from "./messages.ts";
import { admitMessage, undoAdmission } from "./senders.ts";
import { getStream } from "./streams.ts";

/** Every refusal that a sender can meet once the stream is found. */
export const admissionRefusals = [
  "member_blocked",
  "pass_required",
  "member_muted",
  "stream_not_live",
  "messages_disabled",
  "word_blocked",
  "followers_only",
  "slow_mode",
] as const;

/**
 * The sender to admit. `callId` identifies a call with a key and its repetitions. `isBanned` is set
 * while a ban from the host's channel is in force, which the sender's item does not show.
 */
type Candidate = {
  userId: string;
  roles?: readonly string[];
  callId?: string | undefined;
  isBanned?: boolean;
};

/**
 * Streams that were live and without slow mode when this process last checked: an optimistic cache.
 * A use removes the stream, and the check that follows adds it again.
 */
const openChats = new BoundedSet<string>(10_000);

/** The call that sends a message; `assertNew` ends it if its key was used before. */
type ChatCall = { caller: Caller; callId?: string | undefined; assertNew: () => Promise<void> };

/**
 * Admits a message to a stream's chat: returns what the message is made from, or refuses with
 * `stream_not_found`, `message_not_found` or one of `admissionRefusals`. Everything is read in one
 * step, and if possible the sender is admitted in parallel; the stream's refusals take precedence.
 * A repeated call ends here, after it was counted against the rate.
 */
export async function admitToChat(
  streamId: string,
  { content, replyTo }: { content: string; replyTo?: string | null | undefined },
  { caller, callId, assertNew }: ChatCall,
  now: Date,
): Promise<{ stream: Stream; sender: Profile }> {
  const own = { userId: caller.userId, roles: caller.roles, callId };
  const [stream, sender, replied, isBanned, early, assertUnused] = await Promise.all([
    getStream(streamId, { consistent: true }),
    getCallerProfile(caller, now),
    replyTo == null ? null : findMessage(streamId, replyTo, now),
    isBannedFromChannel(streamId, caller.userId, now),
    outcomeOf(admitEarly(streamId, own, now)),
    outcomeOf(assertNew()),
  ]);
  try {
    if (replied === undefined) refuse("message_not_found", { messageId: `${replyTo}` });
    await admitText(stream, { ...own, isBanned }, content, now, early);
  } catch (error) {
    if (error instanceof Refusal) await undoEarly(streamId, early, now);
    throw error;
  }
  assertUnused();
  return { stream, sender };
}

/**
 * Admits a sender while their stream is still being read, if probably only bans and the rate can
 * refuse them; undefined if that is not so. A call that the stream refuses afterwards has still
 * counted against the sender's rate.
 */
async function admitEarly(
  streamId: string,
  { userId, callId }: Candidate,
  now: Date,
): Promise<Sender | undefined> {
  if (!openChats.delete(streamId)) return undefined;
  const rules = { slowModeSeconds: 0, perSecondMax: setting("REQUESTS_PER_SECOND") };
  return admitMessage(streamId, userId, { ...rules, ...(callId && { callId }) }, now);
}

/** Reverts an early admission of a call that the stream has refused. */
async function undoEarly(
  streamId: string,
  early: Outcome<Sender | undefined>,
  now: Date,
): Promise<void> {
  let before: Sender | undefined;
  try {
    before = early();
  } catch {
    // The admission itself was refused, and has written nothing.
  }
  if (before !== undefined) await undoAdmission(streamId, before, now);
}

/**
 * Admits a text, or refuses with one of `admissionRefusals`; `early` is the outcome of an admission
 * that was tried before the stream was read. Slow mode does not refuse a repetition of the call
 * that it admitted last, whose response may have been lost.
 */
export async function admitText(
  stream: Stream,
  { callId, isBanned = false, ...candidate }: Candidate,
  content: string,
  now: Date,
  early: Outcome<Sender | undefined> = () => undefined,
): Promise<void> {
  noteOpen(stream);
  const { userId } = candidate;
  const sender = { roles: [], ...candidate };
  const opening = assertOpenTo(stream, sender, content);
  const isOpen = await opening.then(
    () => true,
    () => false,
  );
  // The caller's own refusal, such as a mute, precedes the stream's. In an open chat it comes from
  // the admission below.
  if (isBanned || !isFree(stream) || !isOpen) {
    const member = await findMember(stream.id, userId, { consistent: true });
    assertMayChat(member, now);
    assertAdmitted(stream, member, sender);
  }
  await opening;
  const limit = chatRulesOf(stream, sender, setting("REQUESTS_PER_SECOND"));
  const rules = { ...limit, ...(callId && { callId }) };
  const admitted = early();
  if (admitted === undefined) await admitMessage(stream.id, userId, rules, now);
  // Slow mode may have begun since this process checked: it counts from the previous message.
  else assertNotSlowed(admitted, rules, now);
}

/**
 * Refuses a text for the stream's state or its chat settings, with `stream_not_live`,
 * `messages_disabled`, `word_blocked` or `followers_only`.
 */
async function assertOpenTo(stream: Stream, sender: Acting, content: string): Promise<void> {
  assertLive(stream);
  assertMessagesOpen(stream, sender);
  assertNoBlockedWord(content, stream);
  if (needsFollowing(stream, sender) && !(await findRelation(sender.userId, stream.hostId)))
    refuse("followers_only");
}

async function isBannedFromChannel(streamId: string, userId: string, now: Date): Promise<boolean> {
  const hostId = await findHost(streamId);
  const member = hostId === undefined ? undefined : await findChannelMember(hostId, userId);
  return activeBan(member, now) !== undefined;
}

function noteOpen({ id, status, slowModeSeconds }: Stream): void {
  if (status === "active" && slowModeSeconds === 0) openChats.add(id);
}

/** A settled result: returns the value or throws the error. */
type Outcome<Answer> = () => Answer;

/**
 * Waits until work has settled and keeps its outcome: for parallel work, so that the caller decides
 * whose error is thrown first.
 */
const outcomeOf = <Answer>(work: Promise<Answer>): Promise<Outcome<Answer>> =>
  work.then(
    (answer) => () => answer,
    (error: unknown) => () => {
      throw error;
    },
  );
