import { forgottenAt, Revocation, revokedBy } from "../../domain/revocation.ts";
import { getRawItem, parseItem, type ReadOptions } from "../table/items.ts";
import { key, prefix } from "../table/keys.ts";
import { queryItems } from "../table/query.ts";
import { type Action, commitTransaction, type Reply } from "../table/transact.ts";
import { hashOfSecret } from "./secret.ts";
import {
  type ListedRevocation,
  listedSeconds,
  rememberRevocation,
  type Session,
} from "./session.ts";

/*
 * The table stores a revocation twice (docs/decisions/authentication.md): by user or token, for as
 * long as an affected token may live, which authorizers and handshakes check; and in the list of
 * recent ones (session.ts).
 */

/** Whether a token was revoked, by the entries that are kept for as long as tokens live. */
export async function isRevoked(
  { userId, issuedAt, tokenId }: Session,
  reading: ReadOptions = {},
): Promise<boolean> {
  const ofUser = key.revokedUser(userId);
  const ofToken = key.revokedToken(hashOfSecret(tokenId));
  const [user, token] = await Promise.all([
    getRawItem(ofUser, reading),
    tokenId === "" ? undefined : getRawItem(ofToken, reading),
  ]);
  const second = user?.second as number | undefined;
  return (second !== undefined && Math.floor(issuedAt) <= second) || token !== undefined;
}

/**
 * A page of the admins' revocations that may still matter, newest first, after an id; `next` is the
 * cursor of the next page. The table deletes expired entries only some time later.
 */
export async function listRevocations(
  limit: number,
  after: string | undefined,
  now: Date,
): Promise<{ list: Revocation[]; next: string | undefined }> {
  const place = key.listedRevocation(after ?? "");
  const walk = { limit: limit + 1, newestFirst: true, consistent: true };
  const from = after && { after: place.SK };
  const items = await queryItems(place, prefix.listedRevocations, { ...walk, ...from });
  const rows = items.slice(0, limit);
  const list = rows.filter(({ expiresAt }) => Number(expiresAt) > now.getTime() / 1000);
  const next = items.length > limit ? String(rows.at(-1)?.id) : undefined;
  return { list: list.map((item) => parseItem(Revocation, item)), next };
}

/** Adds a revocation to the list for admins, for as long as it is kept. */
export const listedAction = (revocation: Revocation, now: Date): Action => ({
  Put: {
    Item: {
      ...key.listedRevocation(revocation.id),
      ...revocation,
      expiresAt: forgottenAt(now, revocation.issuedBefore),
    },
  },
});

/**
 * Revokes tokens in one transaction with the call's reply: it writes the entry for all tokens that
 * may live and one of the list (one a second for the same tokens). Await it before the sockets to
 * close are looked up. An earlier revocation of the same user that covers more tokens stays.
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
  rememberRevocation(mark);
}

function revokeAction(revocation: Revocation, now: Date): Action {
  const revoked = revokedBy(revocation);
  const isToken = "token" in revoked;
  return {
    Update: {
      Key: isToken ? key.revokedToken(hashOfSecret(revoked.token)) : key.revokedUser(revoked.user),
      UpdateExpression: "SET #second = :second, expiresAt = :expires",
      ConditionExpression: "attribute_not_exists(#second) OR #second < :second",
      ExpressionAttributeNames: { "#second": "second" },
      ExpressionAttributeValues: {
        ":second": isToken ? 0 : revoked.second,
        ":expires": forgottenAt(now, revocation.issuedBefore),
      },
    },
  };
}

const markOf = (revocation: Revocation, now: Date): ListedRevocation => ({
  ...revokedBy(revocation),
  at: now.getTime(),
});

function listAction({ sub, jti }: Revocation, mark: ListedRevocation, now: Date): Action {
  // A user's revocation of fewer tokens in the same second has another name: both stay listed.
  const name = hashOfSecret(jti === undefined ? `user ${sub} ${mark.second}` : `token ${jti}`);
  const second = now.toISOString().slice(0, "2026-01-15T10:30:00".length);
  const expiresAt = Math.floor(mark.at / 1000) + 2 * listedSeconds;
  return { Put: { Item: { ...key.recentRevocation(second, name), ...mark, expiresAt } } };
}
