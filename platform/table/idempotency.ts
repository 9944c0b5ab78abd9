import { createHash, hash, randomUUID } from "node:crypto";
import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { refuse } from "../../domain/refusal.ts";
import { type Condition, deleteIf, getItem } from "./items.ts";
import { key } from "./keys.ts";
import { table, tableName } from "./table.ts";
import { type Action, commitTransaction } from "./transact.ts";

/** How long a response is remembered; at least 24 h are promised. */
const markerLifeSeconds = 25 * 3600;

const Marker = z.object({
  fingerprint: z.string(),
  status: z.number(),
  answer: z.string(),
  answeredAt: z.iso.datetime(),
  revision: z.number().optional(),
  expiresAt: z.number(),
});

/** One call with an Idempotency-Key: its owner, its route, and its request. */
export type KeyedCall = { owner: string; hash: string; fingerprint: string };

const sha256 = (text: string) => createHash("sha256").update(text).digest("base64url");

/** Identifies a call by its caller, route and key, and its validated request. */
export function keyedCall(owner: string, route: string, name: string, request: unknown): KeyedCall {
  const fingerprint = sha256(canonical(withoutNulls(request)));
  return { owner, hash: sha256(`${route}\n${name}`), fingerprint };
}

/**
 * The owner of a key on calls without a token: shared by all who use that key. No user id has this
 * form.
 */
export const anonymousOwner = (name: string) => `~${sha256(name)}`;

/** The id of a call's key: all calls with the same key have it, and no others. */
export const callIdOf = ({ owner, hash }: KeyedCall) => sha256(`${owner}\n${hash}`);

/**
 * The id of a call for other systems, which may act on it before anything is stored under its key.
 * Repetitions have the same id. Another request with this key has a different one, since a key
 * under which nothing is stored may still be used for it.
 */
export const externalIdOf = (call: KeyedCall) => sha256(`${callIdOf(call)}\n${call.fingerprint}`);

/** The request without fields of its body that are null: every route treats them as omitted. */
function withoutNulls(request: unknown): unknown {
  const { body, ...rest } = Object(request);
  if (body === undefined) return request;
  const sent = Object.entries(body).filter(([, value]) => value !== null);
  return { ...rest, body: Object.fromEntries(sent) };
}

/** JSON with sorted keys, so that equivalent requests have one fingerprint. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value instanceof Uint8Array) return `bytes:${hash("sha256", value, "base64url")}`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${canonical(part)}`).join()}}`;
}

/** Holds if there is no item, or an expired one (now in seconds) that is not deleted yet. */
const isFree = (nowSeconds: number): Condition => ({
  ConditionExpression: "attribute_not_exists(PK) OR expiresAt <= :now",
  ExpressionAttributeValues: { ":now": nowSeconds },
});

/**
 * The action that stores a response under its key unless one is stored that has not expired. It
 * belongs to the transaction of the call's effect, except that a chat message is written after it.
 * Its label is `marker`. `revision` is the response's, if it shows one.
 */
export function markerAction(
  call: KeyedCall,
  status: number,
  answer: unknown,
  now: Date,
  revision?: number,
): Action {
  const nowSeconds = Math.floor(now.getTime() / 1000);
  return {
    label: "marker",
    Put: {
      Item: {
        ...key.marker(call.owner, call.hash),
        fingerprint: call.fingerprint,
        status,
        // A response without a body is null.
        answer: JSON.stringify(answer ?? null),
        answeredAt: now.toISOString(),
        ...(revision !== undefined && { revision }),
        expiresAt: nowSeconds + markerLifeSeconds,
      },
      ...isFree(nowSeconds),
    },
  };
}

/** What a key was used for: the remembered part of the response, and when it was sent. */
export type Marked = {
  status: number;
  kept: unknown;
  answeredAt: Date;
  revision: number | undefined;
  isSameRequest: boolean;
};

/**
 * The meaning of a marked key: a response; an effect that is not written yet (`pending`); or one
 * that never will be (`void`), so that the key is free.
 */
export type KeyState<Answer = unknown> = { answer: Answer } | "pending" | "void";

/** What is stored under a key, read consistently; undefined if nothing is, or if it has expired. */
export async function findMarked(call: KeyedCall, now: Date): Promise<Marked | undefined> {
  const marker = await getItem(Marker, key.marker(call.owner, call.hash), { consistent: true });
  if (marker === undefined) return undefined;
  if (marker.expiresAt <= now.getTime() / 1000) return undefined;
  const { status, answer, answeredAt, revision, fingerprint } = marker;
  return {
    status,
    kept: JSON.parse(answer),
    answeredAt: new Date(answeredAt),
    revision,
    isSameRequest: fingerprint === call.fingerprint,
  };
}

/**
 * Frees a key whose effect never happened, unless another call has stored something under it since.
 */
export async function releaseKey(call: KeyedCall, { kept }: Marked): Promise<void> {
  await deleteIf(key.marker(call.owner, call.hash), {
    ConditionExpression: "answer = :answer",
    ExpressionAttributeValues: { ":answer": JSON.stringify(kept) },
  });
}

/** A successful response and its time, which the envelope of the repeated response shows, too. */
type Answered = { status: number; answer: unknown; answeredAt: Date };

/** The response stored under a key, if any; `another_request` if it answers a different request. */
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
 * Longer than a function that makes a claim may run (10 s): when it ends, the call is dead.
 */
const claimLifeSeconds = 15;

/**
 * Claims a keyed call before it has effects outside of the table: of two concurrent calls with one
 * key, the second is refused with `key_in_progress`. Returns a function that releases the claim.
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
    // A claim that cannot be released expires.
    await table()
      .send(back)
      .catch(() => undefined);
  };
}
