import { refuse } from "../../../domain/refusal.ts";
import {
  assertMayChat,
  assertNotSlowed,
  type ChatRules,
  isRepeated,
  skewMilliseconds,
} from "../../../domain/streams/chat-rules.ts";
import { Sender } from "../../../domain/streams/member.ts";
import { BoundedMap } from "../../runtime/caches.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { type Item, parseItem, updateIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type SingleWrite, writeOnce } from "../../table/transact.ts";

/** Attempts with the item that the refused write returned; later attempts pause first. */
const freshTriesMax = 4;

/** `isAgain`: slow mode admitted this call last, so a repetition counts only against the rate. */
type Rules = ChatRules & { callId?: string; isAgain?: boolean };

/**
 * Admits a sender's next message: one conditional write on their SENDER item ensures that they are
 * not banned, that slow mode admits them and that they keep to the rate. A further message in the
 * same second costs two writes if this process has not seen the first. Returns the sender's
 * previous state. Refuses with `member_blocked`, `member_muted`, `slow_mode` and
 * `too_many_requests`.
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
  return retryOnConflict(
    async () => {
      const Update = next(streamId, userId, { ...rules, isAgain }, now, second);
      const outcome = await writeOnce({ Update });
      if (outcome.done) return senderIn(outcome.attributes, userId);
      const refused = senderIn(outcome.there, userId);
      assertMayChat(refused, now);
      isAgain = rules.slowModeSeconds > 0 && isRepeated(refused, rules.callId);
      assertNotSlowed(refused, rules, now);
      const isLater = (refused.second ?? 0) !== second;
      if (!isLater && (refused.sent ?? 0) >= rules.perSecondMax) refuse("too_many_requests");
      next = isLater ? first : further;
      return conflicted;
    },
    { fresh: freshTriesMax },
  );
}

/**
 * By sender, the time of the last message that this process tried to admit, in seconds since 1970:
 * a guess at which write succeeds.
 */
const lastSeconds = new BoundedMap<string, number>(10_000);

function isKnownIn(sender: string, second: number): boolean {
  if (lastSeconds.get(sender) === second) return true;
  lastSeconds.set(sender, second);
  return false;
}

/** The stream's item about a sender; an empty one if there was none. */
const senderIn = (item: Item | undefined, userId: string): Sender =>
  item?.PK === undefined ? { userId } : parseItem(Sender, item);

/** The write for the first message of this second. */
function first(streamId: string, userId: string, rules: Rules, now: Date, second: number) {
  return update(streamId, userId, rules, now, second, {
    set: "sent = :one",
    condition: "(attribute_not_exists(#second) OR #second <> :second)",
    values: { ":one": 1 },
  });
}

/** The write for one more message in the same second. */
function further(streamId: string, userId: string, rules: Rules, now: Date, second: number) {
  return update(streamId, userId, rules, now, second, {
    set: "sent = sent + :one",
    condition: "#second = :second AND sent < :max",
    values: { ":one": 1, ":max": rules.perSecondMax },
  });
}

/**
 * How long a sender's message data is kept after their last message: longer than slow mode and
 * repetitions of a call need it.
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
  const isUnmuted = "(attribute_not_exists(ban.mute) OR ban.mute.endsAt <= :now)";
  const isFree = `(attribute_not_exists(ban) OR (ban.endsAt <= :now AND ${isUnmuted}))`;
  const isRested =
    "(attribute_not_exists(lastMessageAt) OR lastMessageAt <= :since OR lastMessageAt > :ahead)";
  const isSlow = slowModeSeconds > 0;
  const isNoted = callId !== undefined;
  const since = new Date(now.getTime() - slowModeSeconds * 1000).toISOString();
  const ahead = new Date(now.getTime() + skewMilliseconds).toISOString();
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
      ...(isSlow && !isAgain && { ":since": since, ":ahead": ahead }),
      ...((isNoted || isAgain) && { ":call": callId }),
      ...count.values,
    },
    ReturnValues: "ALL_OLD",
  };
}

/**
 * Restores a sender's state before the admission made at `now`, for a call that was refused after
 * it: such a call neither delays the next message nor may be repeated. Does nothing if another
 * message has been admitted since.
 */
export async function undoAdmission(streamId: string, before: Sender, now: Date): Promise<void> {
  const { userId, lastMessageAt, lastCall } = before;
  const fields = Object.entries({ lastMessageAt, lastCall });
  const known = fields.filter(([, value]) => value !== undefined);
  const unknown = fields.filter(([, value]) => value === undefined).map(([name]) => name);
  const set = known.map(([name]) => `${name} = :${name}`).join(", ");
  await updateIf({
    Key: key.sender(streamId, userId),
    UpdateExpression: `${set && `SET ${set}`} ${unknown.length > 0 ? `REMOVE ${unknown}` : ""}`,
    ConditionExpression: "lastMessageAt = :now",
    ExpressionAttributeValues: {
      ":now": now.toISOString(),
      ...Object.fromEntries(known.map(([name, value]) => [`:${name}`, value])),
    },
  });
}
