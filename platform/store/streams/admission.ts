import type { Profile } from "../../../domain/people/user.ts";
import { Refusal, refuse } from "../../../domain/refusal.ts";
import {
  assertMayChat,
  assertNoBlockedWord,
  assertNotSlowed,
  chatRulesOf,
  needsFollowing,
} from "../../../domain/streams/admission.ts";
import { activeBan, type Sender } from "../../../domain/streams/member.ts";
import { assertAdmitted, isFree } from "../../../domain/streams/pass.ts";
import { assertLive, type Stream } from "../../../domain/streams/stream.ts";
import { assertMessagesOpen } from "../../../domain/tencent/room-info.ts";
import type { Caller } from "../../auth/caller.ts";
import { BoundedSet } from "../../runtime/bounded.ts";
import { setting } from "../../runtime/env.ts";
import { type Outcome, outcomeOf } from "../../runtime/outcome.ts";
import { findRelation } from "../people/follows.ts";
import { getCallerProfile } from "../people/users.ts";
import { findChannelMember, findHost, findMember } from "./members.ts";
import { findMessage } from "./messages.ts";
import { admitMessage, restoreLast } from "./senders.ts";
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
 * Who is to be admitted: `callId` names a call with a key, and each repetition of it alike.
 * `isBanned` says that a ban of the host's channel is in force, which their sender's item lacks.
 */
type Candidate = {
  userId: string;
  roles?: readonly string[];
  callId?: string | undefined;
  isBanned?: boolean;
};

/**
 * Streams whose chat was open to all and without slow mode when this process last looked: an
 * optimistic cache, removed on use and restored when confirmed.
 */
const openChats = new BoundedSet<string>(10_000);

/** The call that brings a message; `assertNew` ends it where its key was used before. */
type ChatCall = { caller: Caller; callId?: string | undefined; assertNew: () => Promise<void> };

/**
 * Admits a message to a stream's chat: answers what it is made of, or refuses with
 * `stream_not_found`, `message_not_found` or one of `admissionRefusals`. All is read in one step,
 * and where it can be the sender is admitted in the same; the stream's reasons come first. A
 * repetition of a call ends here, after it was counted against the rate.
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
 * Admits a sender while their stream is still being read, where it is likely that nothing but bans
 * and the rate can keep them out. Undefined: not tried. A call that the stream refuses afterwards
 * has counted against the sender's rate.
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

/** Takes back an early admission of a call that the stream has refused. */
async function undoEarly(
  streamId: string,
  early: Outcome<Sender | undefined>,
  now: Date,
): Promise<void> {
  let before: Sender | undefined;
  try {
    before = early();
  } catch {
    // It was refused itself, and has written nothing.
  }
  if (before !== undefined) await restoreLast(streamId, before, now);
}

/**
 * Admits a text, or refuses with one of `admissionRefusals`; `early` is what became of an admission
 * that was tried before the stream was known. Slow mode does not hold up the repetition of the call
 * that it let through last, which may have been lost since.
 */
export async function admitText(
  stream: Stream,
  { userId, roles = [], callId, isBanned = false }: Candidate,
  content: string,
  now: Date,
  early: Outcome<Sender | undefined> = () => undefined,
): Promise<void> {
  noteOpen(stream);
  // Of two reasons the caller hears the one about themselves, in a live stream from the admission.
  if (isBanned || stream.status !== "active" || !isFree(stream)) {
    const member = await findMember(stream.id, userId, { consistent: true });
    assertMayChat(member, now);
    assertAdmitted(stream, member, { userId, roles });
  }
  assertLive(stream);
  assertMessagesOpen(stream, userId);
  assertNoBlockedWord(content, stream);
  if (needsFollowing(stream, userId) && !(await findRelation(userId, stream.hostId)))
    refuse("followers_only");
  const limit = chatRulesOf(stream, userId, setting("REQUESTS_PER_SECOND"));
  const rules = { ...limit, ...(callId && { callId }) };
  const admitted = early();
  if (admitted === undefined) await admitMessage(stream.id, userId, rules, now);
  // Slow mode has begun since this process looked: it counts from the message before this one.
  else assertNotSlowed(admitted, rules, now);
}

async function isBannedFromChannel(streamId: string, userId: string, now: Date): Promise<boolean> {
  const hostId = await findHost(streamId);
  const member = hostId === undefined ? undefined : await findChannelMember(hostId, userId);
  return activeBan(member, now) !== undefined;
}

function noteOpen({ id, status, slowModeSeconds }: Stream): void {
  if (status === "active" && slowModeSeconds === 0) openChats.add(id);
}
