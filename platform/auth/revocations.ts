import * as z from "zod";
import { refuse } from "../../domain/refusal.ts";
import { forgottenAt, type Revocation, secondOf } from "../../domain/revocation.ts";
import { getItems, nameOf, type Reading } from "../table/items.ts";
import { key } from "../table/keys.ts";
import { queryWhole } from "../table/query.ts";
import { commitTransaction, type Reply } from "../table/record.ts";
import { read } from "../table/table.ts";
import type { Action } from "../table/transact.ts";
import type { Caller } from "./caller.ts";
import { hashOfSecret } from "./secret.ts";

/*
 * A revocation is in the table twice (docs/decisions/authentication.md). By user or token, for as
 * long as a token that it hits may live: authorizers and handshakes ask there. And in a list of
 * the recent ones, which each environment keeps and reads again every few seconds: the gateway
 * caches an authorizer's answer, and meanwhile only the function itself can refuse.
 */

/** Seconds for which a revocation is listed: longer than the gateway remembers an authorizer. */
export const listedSeconds = 600;

/** How far apart the clocks of two environments may be. */
const clocksMilliseconds = 30_000;

/**
 * The age in milliseconds at which the list is read again in parallel to the call, and the one at
 * which no effect goes by it any more. With the time of a read both stay below the 10 s that are
 * promised.
 */
const standard = { fresh: 4_000, usable: 8_000 };
let ages = standard;

/** Other ages of the list, or with undefined the usual ones: for tests that count calls. */
export function useRevocationAges(others: typeof standard | undefined): void {
  ages = others ?? standard;
  known = {
    marks: new Map(),
    readAt: others === undefined ? Number.NEGATIVE_INFINITY : Date.now(),
  };
  reading = undefined;
}

/** A revocation in the list: of a user up to a second (of tokens' `iat`), or of one token. */
const Listed = z.object({
  user: z.string().optional(),
  token: z.string().optional(),
  second: z.number().optional(),
  /** Milliseconds since 1970. */
  at: z.number(),
});
type Listed = z.infer<typeof Listed>;

type Known = { marks: Map<string, Listed>; readAt: number };

let known: Known = { marks: new Map(), readAt: Number.NEGATIVE_INFINITY };
let reading: { promise: Promise<void>; since: number } | undefined;

/** After so long a read is given up: its environment was frozen meanwhile. */
const readMillisecondsMax = 2_000;

/** What a caller's token is known by. */
type Session = Pick<Caller, "userId" | "issuedAt" | "tokenId">;

/** Whether the list is recent enough to go by, and the end of its next reading if that is due. */
export function checkRevocations(now: Date): { isRecent: boolean; refreshed: Promise<void> } {
  const age = now.getTime() - known.readAt;
  const isDue = age > ages.fresh;
  return { isRecent: age <= ages.usable, refreshed: isDue ? refresh(now) : Promise.resolve() };
}

/** Refuses with `token_invalid` a caller whose token the list has. */
export function assertNotRevoked({ userId, issuedAt, tokenId }: Session): void {
  const second = known.marks.get(`user ${userId}`)?.second;
  const isOver = second !== undefined && Math.floor(issuedAt) <= second;
  if (isOver || (tokenId !== "" && known.marks.has(`token ${tokenId}`))) refuse("token_invalid");
}

/** The same by a list that is as recent as it has to be, however long a call goes on. */
export async function assertSession(session: Session, now: Date): Promise<void> {
  await checkRevocations(now).refreshed;
  assertNotRevoked(session);
}

function refresh(now: Date): Promise<void> {
  const at = now.getTime();
  if (reading !== undefined && at - reading.since <= readMillisecondsMax) return reading.promise;
  const promise = readList(at).finally(() => {
    if (reading?.promise === promise) reading = undefined;
  });
  reading = { promise, since: at };
  return promise;
}

/** Reads what has come since the last reading; what is too old to matter is forgotten. */
async function readList(at: number): Promise<void> {
  const oldest = at - listedSeconds * 1000;
  const from = Math.max(oldest, known.readAt) - clocksMilliseconds;
  const low = new Date(from).toISOString();
  const items = await queryWhole(key.recentRevocation("", ""), { low, high: "~" });
  const marks = new Map([...known.marks].filter(([, mark]) => mark.at > oldest));
  for (const item of items) addMark(marks, read(Listed, item));
  known = { marks, readAt: Math.max(at, known.readAt) };
}

function addMark(marks: Map<string, Listed>, mark: Listed): void {
  const name = mark.user === undefined ? `token ${mark.token}` : `user ${mark.user}`;
  const second = Math.max(mark.second ?? 0, marks.get(name)?.second ?? 0);
  marks.set(name, { ...mark, second });
}

/** Whether a token has been revoked, by what the table keeps for as long as tokens live. */
export async function isRevoked(
  { userId, issuedAt, tokenId }: Session,
  reading: Reading = {},
): Promise<boolean> {
  const ofUser = key.revokedUser(userId);
  const ofToken = key.revokedToken(hashOfSecret(tokenId));
  const found = await getItems(tokenId === "" ? [ofUser] : [ofUser, ofToken], reading);
  const second = found.get(nameOf(ofUser))?.second as number | undefined;
  const isOver = second !== undefined && Math.floor(issuedAt) <= second;
  return isOver || found.has(nameOf(ofToken));
}

/**
 * Revokes: in the table, and in the list, once a second for each user or token, with
 * its call's reply. It is one transaction, to be done before the sockets are looked for. An earlier
 * revocation of the same user that reaches further stays.
 */
export async function revoke<Answer>(
  revocation: Revocation,
  now: Date,
  reply?: Reply<Answer>,
): Promise<void> {
  const mark = markOf(revocation, now);
  const list = listAction(revocation, mark, now);
  const failed = await commitTransaction([revokeAction(revocation, now), list], reply);
  if (failed !== undefined) await commitTransaction([list], reply);
  addMark(known.marks, mark);
}

function revokeAction({ jti, sub, issuedBefore }: Revocation, now: Date): Action {
  return {
    Update: {
      Key: jti === undefined ? key.revokedUser(sub!) : key.revokedToken(hashOfSecret(jti)),
      UpdateExpression: "SET #second = :second, expiresAt = :expires",
      ConditionExpression: "attribute_not_exists(#second) OR #second < :second",
      ExpressionAttributeNames: { "#second": "second" },
      ExpressionAttributeValues: {
        ":second": issuedBefore === null ? 0 : secondOf(issuedBefore),
        ":expires": forgottenAt(now, issuedBefore),
      },
    },
  };
}

function markOf({ sub, jti, issuedBefore }: Revocation, now: Date): Listed {
  const at = now.getTime();
  return jti === undefined
    ? { user: sub!, second: secondOf(issuedBefore!), at }
    : { token: jti, at };
}

function listAction({ sub, jti }: Revocation, mark: Listed, now: Date): Action {
  const name = hashOfSecret(jti === undefined ? `user ${sub}` : `token ${jti}`);
  const second = now.toISOString().slice(0, "2026-01-15T10:30:00".length);
  const expiresAt = Math.floor(mark.at / 1000) + 2 * listedSeconds;
  return { Put: { Item: { ...key.recentRevocation(second, name), ...mark, expiresAt } } };
}
