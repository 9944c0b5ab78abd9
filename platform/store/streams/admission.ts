import { refuse } from "../../../domain/refusal.ts";
import {
  assertMayChat,
  assertNoBlockedWord,
  type ChatRules,
  chatRulesOf,
  needsFollowing,
} from "../../../domain/streams/chat.ts";
import { Member } from "../../../domain/streams/member.ts";
import { assertLive, type Stream } from "../../../domain/streams/stream.ts";
import { assertMessagesOpen } from "../../../domain/tencent/room-info.ts";
import { setting } from "../../env.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { key } from "../../table/keys.ts";
import { record } from "../../table/record.ts";
import { read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";
import { findRelation } from "../people/follows.ts";
import { findMember } from "./streams.ts";

/** What can be said to a sender whose stream is there. */
export const admissionRefusals = [
  "member_blocked",
  "member_muted",
  "stream_not_live",
  "messages_disabled",
  "word_blocked",
  "followers_only",
  "slow_mode",
] as const;

/**
 * Admits a text to a stream's chat, or refuses with one of `admissionRefusals`. Slow mode does not
 * hold up the repetition of the call that it let through last, which may have been lost since.
 */
export async function admitToChat(
  stream: Stream,
  userId: string,
  content: string,
  now: Date,
  callId?: string,
): Promise<void> {
  // Of two reasons the caller hears the one about themselves; in a live stream the admission tells
  // it.
  if (stream.status !== "active")
    assertMayChat(await findMember(stream.id, userId, { consistent: true }), now);
  assertLive(stream);
  assertMessagesOpen(stream, userId);
  assertNoBlockedWord(content, stream);
  if (needsFollowing(stream, userId) && !(await findRelation(userId, stream.hostId)))
    refuse("followers_only");
  const rules = chatRulesOf(stream, userId, setting("REQUESTS_PER_SECOND"));
  await admitMessage(stream.id, userId, { ...rules, ...(callId && { callId }) }, now);
}

/** Tries on what the refused write returned; after them there are pauses between. */
const freshTriesMax = 4;

/** With `isAgain` the call is the one that slow mode let through last: only the rate counts it. */
type Rules = ChatRules & { callId?: string; isAgain?: boolean };

/**
 * Admits a sender's next message: one conditional write on their MEMBER item says that they are not
 * banned, that slow mode lets them and that they keep to the rate. A further message in the same
 * second costs two writes where this process has not seen the first. Refuses with `member_blocked`,
 * `member_muted`, `slow_mode` and `too_many_requests`.
 */
export async function admitMessage(
  streamId: string,
  userId: string,
  rules: Rules,
  now: Date,
): Promise<void> {
  const second = Math.floor(now.getTime() / 1000);
  const begin = isKnownIn(`${streamId} ${userId}`, second) ? further : first;
  let next = begin;
  let isAgain = false;
  await decideAgain(
    async () => {
      const action = next(streamId, userId, { ...rules, isAgain }, now, second);
      const refused = await write(action, userId);
      if (refused === undefined) return undefined;
      assertMayChat(refused, now);
      isAgain = rules.callId !== undefined && refused.lastCall === rules.callId;
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
 * The second of the last message that this process tried for a sender: only a guess what to try.
 */
const lastSeconds = new Map<string, number>();
const lastSecondsMax = 10_000;

function isKnownIn(sender: string, second: number): boolean {
  if (lastSeconds.get(sender) === second) return true;
  if (lastSeconds.size >= lastSecondsMax) lastSeconds.clear();
  lastSeconds.set(sender, second);
  return false;
}

function assertNotSlowed(member: Member, rules: ChatRules, now: Date): void {
  if (rules.slowModeSeconds === 0 || member.lastMessageAt === undefined) return;
  const next = Date.parse(member.lastMessageAt) + rules.slowModeSeconds * 1000;
  const seconds = Math.ceil((next - now.getTime()) / 1000);
  if (seconds > 0) refuse("slow_mode", { seconds, retryAfterSeconds: seconds });
}

/** The member as they are when the write was refused; undefined when it was done. */
async function write(action: Action, userId: string): Promise<Member | undefined> {
  const failed = await record([action]);
  if (failed === undefined) return undefined;
  const there = failed.get("member");
  return there === undefined ? { userId } : read(Member, there);
}

/** The first message of this second. */
function first(streamId: string, userId: string, rules: Rules, now: Date, second: number) {
  const isFirst = "(attribute_not_exists(#second) OR #second <> :second)";
  return update(streamId, userId, rules, now, second, "sent = :one", isFirst, { ":one": 1 });
}

/** One more message in the same second. */
function further(streamId: string, userId: string, rules: Rules, now: Date, second: number) {
  const values = { ":one": 1, ":max": rules.perSecondMax };
  const isWithin = "#second = :second AND sent < :max";
  return update(streamId, userId, rules, now, second, "sent = sent + :one", isWithin, values);
}

function update(
  streamId: string,
  userId: string,
  { slowModeSeconds, callId, isAgain = false }: Rules,
  now: Date,
  second: number,
  count: string,
  condition: string,
  values: Record<string, unknown>,
): Action {
  const isFree = "(attribute_not_exists(ban) OR ban.endsAt <= :now)";
  const isRested = "(attribute_not_exists(lastMessageAt) OR lastMessageAt <= :since)";
  const isSlow = slowModeSeconds > 0;
  const isNoted = isSlow && callId !== undefined;
  const since = new Date(now.getTime() - slowModeSeconds * 1000).toISOString();
  const lets = isAgain ? ["lastCall = :call"] : isSlow ? [isRested] : [];
  const sets = ["userId = :user", "#second = :second", count];
  if (!isAgain) sets.push("lastMessageAt = :now", ...(isNoted ? ["lastCall = :call"] : []));
  return {
    label: "member",
    Update: {
      Key: key.member(streamId, userId),
      UpdateExpression: `SET ${sets.join(", ")}`,
      ConditionExpression: [isFree, ...lets, condition].join(" AND "),
      ExpressionAttributeNames: { "#second": "second" },
      ExpressionAttributeValues: {
        ":user": userId,
        ":now": now.toISOString(),
        ":second": second,
        ...(isSlow && !isAgain && { ":since": since }),
        ...((isNoted || isAgain) && { ":call": callId }),
        ...values,
      },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  };
}
