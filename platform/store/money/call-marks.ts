import { createHash } from "node:crypto";
import * as z from "zod";
import { Gift, itemOf } from "../../../domain/money/gift-item.ts";
import { getRawItem, updateIf } from "../../table/items.ts";
import { dueIndex, heldGiftsKey, type Key, key, readKey } from "../../table/keys.ts";
import type { Action } from "../../table/transact.ts";

/** A refusal as the caller receives it; `name` is its code. */
export const CallAnswer = z.object({
  errorCode: z.number().int(),
  errorInfo: z.string(),
  name: z.string().optional(),
});
export type CallAnswer = z.infer<typeof CallAnswer>;

/** The only mark of a call that requests a gift. The first to write it decides the call. */
export const CallMark = z.object({
  /** The sender. */
  owner: z.string(),
  hash: z.string(),
  /** The call; another call with the same mark repeats the same gift. */
  callId: z.string(),
  /** When the call arrived, in milliseconds since 1970. */
  calledAt: z.number(),
  /** From then on (milliseconds since 1970) a call with the same mark requests another gift. */
  freeAt: z.number(),
});
export type CallMark = z.infer<typeof CallMark>;

/** How a call ended. */
export type Outcome = "charged" | "refused";

const CallItem = z.object({
  callId: z.string(),
  calledAt: z.number(),
  freeAt: z.number(),
  /** Absent while the call is undecided. */
  outcome: z.enum(["charged", "refused"]).optional(),
  /** The response to a refused call; absent if it took too long. */
  answer: CallAnswer.optional(),
  /** The gift that is paid for and not sent, until it is confirmed or released. */
  held: Gift.optional(),
});

/** A call as read from its mark. */
export type Call = CallMark & z.output<typeof CallItem>;

/** Reads the item of a mark. Throws when it does not fit. */
export function callOf(item: Key): Call {
  const { owner, rest: hash } = readKey(item);
  return { owner, hash, ...CallItem.parse(item) };
}

/** Longer than any request to the table can be in progress. */
const keptMilliseconds = 24 * 3600_000;

/**
 * The end of time (9999): an item with credits must not expire before they have moved elsewhere.
 */
const neverSeconds = 253_402_300_799;

/** When the mark of a decided call may expire, in seconds. */
const expiryOf = ({ calledAt }: CallMark) => Math.ceil((calledAt + keptMilliseconds) / 1000);

/**
 * The mark of a call. Calls with one identity within some seconds share it; a call without an
 * identity has its own.
 */
export function markOf(
  owner: string,
  callId: string,
  now: Date,
  repeat?: { identity: string; seconds: number } | undefined,
): CallMark {
  const name = repeat?.identity ?? callId;
  const calledAt = now.getTime();
  const heldMilliseconds = repeat === undefined ? keptMilliseconds : repeat.seconds * 1000;
  const hash = createHash("sha256").update(`tencent/callback\n${name}`).digest("base64url");
  return { owner, hash, callId, calledAt, freeAt: calledAt + heldMilliseconds };
}

const placeOf = ({ owner, hash }: CallMark) => key.call(owner, hash);

/** Held credits block every other call, however old they are. */
const free = "(attribute_not_exists(PK) OR (freeAt <= :calledAt AND attribute_not_exists(held)))";

/** The action of a transaction that pays for a gift and holds it; its label is `marker`. */
export const holdAction = (mark: CallMark, gift: Gift): Action => ({
  label: "marker",
  Put: {
    Item: {
      ...placeOf(mark),
      callId: mark.callId,
      calledAt: mark.calledAt,
      freeAt: mark.freeAt,
      held: itemOf(gift),
      [dueIndex.PK]: heldGiftsKey(mark.owner),
      dueCredits: gift.price,
      expiresAt: neverSeconds,
    },
    ConditionExpression: free,
    ExpressionAttributeValues: { ":calledAt": mark.calledAt },
  },
});

/**
 * Decides a held gift, which is then no longer held: `charged` requires an undecided call,
 * `refused` one that was not charged. One item has both, so only one of them succeeds. The action's
 * label is `call`.
 */
export const releaseAction = (mark: CallMark, outcome: Outcome): Action => ({
  label: "call",
  Update: {
    Key: placeOf(mark),
    UpdateExpression:
      "SET outcome = :outcome, expiresAt = :expiresAt REMOVE held, #due, dueCredits",
    ConditionExpression:
      outcome === "charged"
        ? "callId = :callId AND attribute_exists(held) AND attribute_not_exists(outcome)"
        : "callId = :callId AND attribute_exists(held)",
    ExpressionAttributeNames: { "#due": dueIndex.PK },
    ExpressionAttributeValues: {
      ":callId": mark.callId,
      ":outcome": outcome,
      ":expiresAt": expiryOf(mark),
    },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
});

/**
 * Refuses a call permanently, with its own response if it has one: writes of the call that are
 * still in progress can no longer succeed, and a gift that it holds can only be released. False if
 * it was charged, or if another call has the mark.
 */
export async function refuseCall(mark: CallMark, answer?: CallAnswer): Promise<boolean> {
  const { callId, calledAt, freeAt } = mark;
  const change = answer === undefined ? "REMOVE answer" : ", answer = :answer";
  const item = await updateIf({
    Key: placeOf(mark),
    UpdateExpression:
      "SET callId = :callId, calledAt = :calledAt, freeAt = :freeAt, outcome = :refused, " +
      // A held gift keeps its own expiry, which is never.
      `expiresAt = if_not_exists(expiresAt, :expiresAt) ${change}`,
    ConditionExpression: `${free} OR (callId = :callId AND (attribute_not_exists(outcome) OR outcome = :refused))`,
    ExpressionAttributeValues: {
      ":callId": callId,
      ":calledAt": calledAt,
      ":freeAt": freeAt,
      ":refused": "refused",
      ":expiresAt": expiryOf(mark),
      ...(answer !== undefined && { ":answer": answer }),
    },
  });
  return item !== undefined;
}

/** The call that has this mark now, the given or another one; read consistently. */
export async function findCall(mark: CallMark): Promise<Call | undefined> {
  const item = await getRawItem(placeOf(mark), { consistent: true });
  return item && callOf(item as typeof item & Key);
}
