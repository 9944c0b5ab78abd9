import { createHash, hash, randomUUID } from "node:crypto";
import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { refuse } from "../../domain/refusal.ts";
import { deleteIf, getItem } from "./items.ts";
import { key } from "./keys.ts";
import { commitTransaction } from "./record.ts";
import { type Condition, table, tableName } from "./table.ts";
import type { Action } from "./transact.ts";

/** How long a response is remembered; at least 24 h are promised. */
const markerLifeSeconds = 25 * 3600;

const Marker = z.object({
  fingerprint: z.string(),
  status: z.number(),
  answer: z.string(),
  answeredAt: z.iso.datetime(),
  expiresAt: z.number(),
});

/** One call with an Idempotency-Key: its owner, its route, and its request. */
export type KeyedCall = { owner: string; hash: string; fingerprint: string };

const sha256 = (text: string) => createHash("sha256").update(text).digest("base64url");

/**
 * Identifies a call by its caller, route and key; `request` is the validated request in canonical
 * form.
 */
export function keyedCall(owner: string, route: string, name: string, request: unknown): KeyedCall {
  const fingerprint = sha256(canonical(request));
  return { owner, hash: sha256(`${route}\n${name}`), fingerprint };
}

/**
 * The owner of a key on calls without a token: shared by all who use that key. No user id has this
 * form.
 */
export const anonymousOwner = (name: string) => `~${sha256(name)}`;

/** The call's key for other systems: the same for each repetition, and unique to the call. */
export const outsideIdOf = ({ owner, hash }: KeyedCall) => sha256(`${owner}\n${hash}`);

/** JSON with sorted keys, so that two spellings of one request have one fingerprint. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value instanceof Uint8Array) return `bytes:${hash("sha256", value, "base64url")}`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${canonical(part)}`).join()}}`;
}

/** Holds where nothing is, or what has expired (now in seconds) and is not tidied away yet. */
const isFree = (nowSeconds: number): Condition => ({
  ConditionExpression: "attribute_not_exists(PK) OR expiresAt <= :now",
  ExpressionAttributeValues: { ":now": nowSeconds },
});

/**
 * The action that remembers an answer: put if there is none or it has expired, in the same
 * transaction as what it answers for; a chat message comes after it. Its label is `marker`.
 */
export function markerAction(call: KeyedCall, status: number, answer: unknown, now: Date): Action {
  const nowSeconds = Math.floor(now.getTime() / 1000);
  return {
    label: "marker",
    Put: {
      Item: {
        ...key.marker(call.owner, call.hash),
        fingerprint: call.fingerprint,
        status,
        // An answer without a body is null.
        answer: JSON.stringify(answer ?? null),
        answeredAt: now.toISOString(),
        expiresAt: nowSeconds + markerLifeSeconds,
      },
      ...isFree(nowSeconds),
    },
  };
}

/** What a key was used for: what is remembered of the answer, and when it was given. */
export type Marked = { status: number; kept: unknown; answeredAt: Date; isSameRequest: boolean };

/**
 * What a marked key stands for: an answer; an effect that is not written yet (`pending`); or one
 * that never will be (`void`), so that the key is free.
 */
export type Recalled<Answer = unknown> = { answer: Answer } | "pending" | "void";

/** What a key is remembered for, read consistently; undefined: nothing, or it has expired. */
export async function findMarked(call: KeyedCall, now: Date): Promise<Marked | undefined> {
  const marker = await getItem(Marker, key.marker(call.owner, call.hash), { consistent: true });
  if (marker === undefined) return undefined;
  if (marker.expiresAt <= now.getTime() / 1000) return undefined;
  const { status, answer, answeredAt, fingerprint } = marker;
  return {
    status,
    kept: JSON.parse(answer),
    answeredAt: new Date(answeredAt),
    isSameRequest: fingerprint === call.fingerprint,
  };
}

/** Frees a key of what never happened; one that is remembered for something else by now stays. */
export async function forgetMarked(call: KeyedCall, { kept }: Marked): Promise<void> {
  await deleteIf(key.marker(call.owner, call.hash), {
    ConditionExpression: "answer = :answer",
    ExpressionAttributeValues: { ":answer": JSON.stringify(kept) },
  });
}

/** A success as it was answered, and when: an envelope shows that time again. */
type Answered = { status: number; answer: unknown; answeredAt: Date };

/** The answer that a key is remembered for: none, that to the same request, or to another one. */
export async function findAnswered(
  call: KeyedCall,
  now: Date,
): Promise<undefined | "another_request" | Answered> {
  const marked = await findMarked(call, now);
  if (marked === undefined) return undefined;
  const { status, kept: answer, answeredAt, isSameRequest } = marked;
  return isSameRequest ? { status, answer, answeredAt } : "another_request";
}

/**
 * Longer than any function that answers a call may run: the call that claimed it is dead by then.
 */
const claimLifeSeconds = 15;

/**
 * Claims a call with a key before something outside is asked for it: of two simultaneous calls with
 * one key, the second is refused with `key_in_progress`. Answers what gives the claim back.
 */
export async function claimCall(call: KeyedCall, now: Date): Promise<() => Promise<void>> {
  const Key = key.claim(call.owner, call.hash);
  const claim = randomUUID();
  const seconds = Math.floor(now.getTime() / 1000);
  const Item = { ...Key, claim, expiresAt: seconds + claimLifeSeconds };
  const taken = await commitTransaction([{ Put: { Item, ...isFree(seconds) } }]);
  if (taken !== undefined) refuse("key_in_progress");
  return async () => {
    const given = { ConditionExpression: "claim = :claim", Key };
    const values = { ExpressionAttributeValues: { ":claim": claim } };
    const back = new DeleteCommand({ TableName: tableName(), ...given, ...values });
    // A claim that cannot be given back expires.
    await table()
      .send(back)
      .catch(() => undefined);
  };
}
