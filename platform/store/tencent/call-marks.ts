import { createHash } from "node:crypto";
import * as z from "zod";
import { getItem, putIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import type { Action } from "../../table/transact.ts";

/** What a callback is answered; `name` is that of the refusal. */
export const CallAnswer = z.object({
  errorCode: z.number().int(),
  errorInfo: z.string(),
  name: z.string().optional(),
});
export type CallAnswer = z.infer<typeof CallAnswer>;

/**
 * The one mark of a callback's call. Its gift is charged in the transaction that puts it, so
 * whoever puts it first decides: the gift, or the reversal of a call that took too long.
 */
export const CallMark = z.object({
  owner: z.string(),
  hash: z.string(),
  /** The call; another one with the same mark is a repetition of the same gift. */
  callId: z.string(),
  /** When the call came, in milliseconds: what was there then decides whether the mark is free. */
  calledAt: z.number(),
  /** From then on (milliseconds) the next call is another gift. */
  freeAt: z.number(),
});
export type CallMark = z.infer<typeof CallMark>;

/** Longer than any request to the table may be under way, and than a reversal may be late. */
const keptMilliseconds = 24 * 3600_000;

/**
 * The mark of a call. Calls of one identity within so many seconds share it; without an identity
 * each has its own.
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

/** The action of a transaction that puts a mark; its label is `marker`. */
export const markAction = (mark: CallMark, answer: CallAnswer): Action => ({
  label: "marker",
  Put: { Item: itemOf(mark, answer), ...whereFree(mark) },
});

/**
 * Answers a call for good, with another answer than its gift's: whatever of it is still under way
 * cannot be committed afterwards. False where a repetition of the call has answered.
 */
export const overrideMark = (mark: CallMark, answer: CallAnswer): Promise<boolean> =>
  putIf(itemOf(mark, answer), {
    ConditionExpression: `${free} OR callId = :callId`,
    ExpressionAttributeValues: { ":calledAt": mark.calledAt, ":callId": mark.callId },
  });

/** How the call was answered of which this one is a repetition; read consistently. */
export async function findTwin(mark: CallMark): Promise<CallAnswer | undefined> {
  const place = key.marker(mark.owner, mark.hash);
  const found = await getItem(CallMark.extend(CallAnswer.shape), place, { consistent: true });
  if (found === undefined || found.callId === mark.callId) return undefined;
  return found.freeAt > mark.calledAt ? found : undefined;
}

const free = "attribute_not_exists(PK) OR freeAt <= :calledAt";

const whereFree = ({ calledAt }: CallMark) => ({
  ConditionExpression: free,
  ExpressionAttributeValues: { ":calledAt": calledAt },
});

const itemOf = (mark: CallMark, answer: CallAnswer) => ({
  ...key.marker(mark.owner, mark.hash),
  ...mark,
  ...answer,
  expiresAt: Math.ceil((mark.calledAt + keptMilliseconds) / 1000),
});
