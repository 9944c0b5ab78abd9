import type { Profile } from "../../../domain/people/user.ts";
import { refuse } from "../../../domain/refusal.ts";
import {
  assertMayChat,
  assertNoBlockedWord,
  type ChatRules,
  chatRulesOf,
  needsFollowing,
} from "../../../domain/streams/chat.ts";
import { Sender } from "../../../domain/streams/member.ts";
import { assertLive, type Stream } from "../../../domain/streams/stream.ts";
import { assertMessagesOpen } from "../../../domain/tencent/room-info.ts";
import type { Caller } from "../../caller.ts";
import { setting } from "../../env.ts";
import { type Outcome, outcomeOf } from "../../outcome.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { key } from "../../table/keys.ts";
import { type SingleWrite, writeOnce } from "../../table/single-write.ts";
import { type Item, read } from "../../table/table.ts";
import { findRelation } from "../people/follows.ts";
import { getCallerProfile } from "../people/users.ts";
import { findMember } from "./members.ts";
import { findMessage } from "./messages.ts";
import { getStream } from "./streams.ts";

/** Every refusal that a sender can meet once the stream is found. */
export const admissionRefusals = [
  "member_blocked",
  "member_muted",
  "stream_not_live",
  "messages_disabled",
  "word_blocked",
  "followers_only",
  "slow_mode",
] as const;

/** Who is to be admitted: `callId` names a call with a key, and each repetition of it alike. */
type Candidate = { userId: string; callId?: string | undefined };

/**
 * Streams whose chat was open to all and without slow mode when this process last looked: a guess
 * that whoever acts on it takes out, and whoever finds it right puts back.
 */
const openChats = new Set<string>();
const openChatsMax = 10_000;

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
  const own = { userId: caller.userId, callId };
  const [stream, sender, replied, admitted, assertUnused] = await Promise.all([
    getStream(streamId, { consistent: true }),
    getCallerProfile(caller, now),
    replyTo == null ? null : findMessage(streamId, replyTo, now),
    outcomeOf(admitEarly(streamId, own, now)),
    outcomeOf(assertNew()),
  ]);
  if (replied === undefined) refuse("message_not_found", { messageId: `${replyTo}` });
  await admitText(stream, own, content, now, admitted);
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

/**
 * Admits a text, or refuses with one of `admissionRefusals`; `early` is what became of an admission
 * that was tried before the stream was known. Slow mode does not hold up the repetition of the call
 * that it let through last, which may have been lost since.
 */
export async function admitText(
  stream: Stream,
  { userId, callId }: Candidate,
  content: string,
  now: Date,
  early: Outcome<Sender | undefined> = () => undefined,
): Promise<void> {
  noteOpen(stream);
  // Of two reasons the caller hears the one about themselves, in a live stream from the admission.
  if (stream.status !== "active")
    assertMayChat(await findMember(stream.id, userId, { consistent: true }), now);
  assertLive(stream);
  assertMessagesOpen(stream, userId);
  assertNoBlockedWord(content, stream);
  if (needsFollowing(stream, userId) && !(await findRelation(userId, stream.hostId)))
    refuse("followers_only");
  const rules = chatRulesOf(stream, userId, setting("REQUESTS_PER_SECOND"));
  const admitted = early();
  if (admitted === undefined)
    await admitMessage(stream.id, userId, { ...rules, ...(callId && { callId }) }, now);
  // Slow mode has begun since this process looked: it counts from the message before this one.
  else if (callId === undefined || admitted.lastCall !== callId)
    assertNotSlowed(admitted, rules, now);
}

function noteOpen({ id, status, slowModeSeconds }: Stream): void {
  if (status !== "active" || slowModeSeconds > 0) return;
  if (openChats.size >= openChatsMax) openChats.clear();
  openChats.add(id);
}

/** Tries on what the refused write returned; further tries have pauses between them. */
const freshTriesMax = 4;

/** With `isAgain` the call is the one that slow mode let through last: only the rate counts it. */
type Rules = ChatRules & { callId?: string; isAgain?: boolean };

/**
 * Admits a sender's next message: one conditional write on their SENDER item makes sure that they
 * are not banned, that slow mode admits them and that they keep to the rate. A further message in
 * the same second costs two writes where this process has not seen the first. Answers the sender as
 * they were. Refuses with `member_blocked`, `member_muted`, `slow_mode` and `too_many_requests`.
 */
export async function admitMessage(
  streamId: string,
  userId: string,
  rules: Rules,
  now: Date,
): Promise<Sender> {
  const second = Math.floor(now.getTime() / 1000);
  const begin = isKnownIn(`${streamId} ${userId}`, second) ? further : first;
  let next = begin;
  let isAgain = false;
  return decideAgain(
    async () => {
      const Update = next(streamId, userId, { ...rules, isAgain }, now, second);
      const outcome = await writeOnce({ Update });
      if (outcome.done) return senderIn(outcome.attributes, userId);
      const refused = senderIn(outcome.there, userId);
      assertMayChat(refused, now);
      const isNoted = rules.slowModeSeconds > 0 && rules.callId !== undefined;
      isAgain = isNoted && refused.lastCall === rules.callId;
      if (!isAgain) assertNotSlowed(refused, rules, now);
      const isLater = (refused.second ?? 0) !== second;
      if (!isLater && (refused.sent ?? 0) >= rules.perSecondMax) refuse("too_many_requests");
      next = isLater ? first : further;
      return overtaken;
    },
    { fresh: freshTriesMax },
  );
}

/**
 * The second of the last message that this process tried for a sender: a guess which write to try.
 */
const lastSeconds = new Map<string, number>();
const lastSecondsMax = 10_000;

function isKnownIn(sender: string, second: number): boolean {
  if (lastSeconds.get(sender) === second) return true;
  if (lastSeconds.size >= lastSecondsMax) lastSeconds.clear();
  lastSeconds.set(sender, second);
  return false;
}

function assertNotSlowed(sender: Sender, rules: ChatRules, now: Date): void {
  if (rules.slowModeSeconds === 0 || sender.lastMessageAt === undefined) return;
  const next = Date.parse(sender.lastMessageAt) + rules.slowModeSeconds * 1000;
  const seconds = Math.ceil((next - now.getTime()) / 1000);
  if (seconds > 0) refuse("slow_mode", { seconds, retryAfterSeconds: seconds });
}

/** What the stream knew of a sender: nothing where they had no item. */
const senderIn = (item: Item | undefined, userId: string): Sender =>
  item?.PK === undefined ? { userId } : read(Sender, item);

/** The first message of this second. */
function first(streamId: string, userId: string, rules: Rules, now: Date, second: number) {
  return update(streamId, userId, rules, now, second, {
    set: "sent = :one",
    condition: "(attribute_not_exists(#second) OR #second <> :second)",
    values: { ":one": 1 },
  });
}

/** One more message in the same second. */
function further(streamId: string, userId: string, rules: Rules, now: Date, second: number) {
  return update(streamId, userId, rules, now, second, {
    set: "sent = sent + :one",
    condition: "#second = :second AND sent < :max",
    values: { ":one": 1, ":max": rules.perSecondMax },
  });
}

/**
 * How long what is known of a sender's messages stays after the last one: longer than slow mode and
 * a key can ask for.
 */
const senderKeptSeconds = 2 * 24 * 3600;

function update(
  streamId: string,
  userId: string,
  { slowModeSeconds, callId, isAgain = false }: Rules,
  now: Date,
  second: number,
  count: { set: string; condition: string; values: Record<string, unknown> },
): NonNullable<SingleWrite["Update"]> {
  const isFree = "(attribute_not_exists(ban) OR ban.endsAt <= :now)";
  const isRested = "(attribute_not_exists(lastMessageAt) OR lastMessageAt <= :since)";
  const isSlow = slowModeSeconds > 0;
  const isNoted = callId !== undefined;
  const since = new Date(now.getTime() - slowModeSeconds * 1000).toISOString();
  const lets = isAgain ? ["lastCall = :call"] : isSlow ? [isRested] : [];
  const sets = ["userId = :user", "#second = :second", "expiresAt = :expires", count.set];
  if (!isAgain) sets.push("lastMessageAt = :now", ...(isNoted ? ["lastCall = :call"] : []));
  return {
    Key: key.sender(streamId, userId),
    UpdateExpression: `SET ${sets.join(", ")}`,
    ConditionExpression: [isFree, ...lets, count.condition].join(" AND "),
    ExpressionAttributeNames: { "#second": "second" },
    ExpressionAttributeValues: {
      ":user": userId,
      ":now": now.toISOString(),
      ":second": second,
      ":expires": second + senderKeptSeconds,
      ...(isSlow && !isAgain && { ":since": since }),
      ...((isNoted || isAgain) && { ":call": callId }),
      ...count.values,
    },
    ReturnValues: "ALL_OLD",
  };
}
