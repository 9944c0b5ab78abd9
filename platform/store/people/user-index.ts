import { createHash, randomBytes } from "node:crypto";
import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { textsOf } from "../../../domain/people/search.ts";
import { heldUntil, type Profile } from "../../../domain/people/user.ts";
import { getItem, parseItem } from "../../table/items.ts";
import { type Key, key } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import type { Action } from "../../table/transact.ts";
import { findKnown } from "./users.ts";

const Entry = z.object({ userId: UserId });
/** The holder of a username; with an end (seconds since 1970) if they have given it up. */
const Holder = Entry.extend({ expiresAt: z.number().optional() });

const seconds = (at: Date) => Math.floor(at.getTime() / 1000);

/** Gives a username to a user if no other user holds it; the action's label is `username`. */
export const reserveUsername = (userId: string, username: string, now: Date): Action => ({
  label: "username",
  Put: {
    Item: { ...key.username(username.toLowerCase()), userId },
    ConditionExpression: "attribute_not_exists(PK) OR userId = :user OR expiresAt <= :now",
    ExpressionAttributeValues: { ":user": userId, ":now": seconds(now) },
  },
});

/** Releases a user's former username after a while, if they have another now. */
export function releaseUsername(was: Profile, is: Profile, now: Date): Action[] {
  const before = was.username.toLowerCase();
  const after = is.username.toLowerCase();
  if (before === "" || before === after) return [];
  return [
    {
      label: "former username",
      Update: {
        Key: key.username(before),
        UpdateExpression: "SET expiresAt = :until",
        ConditionExpression: "userId = :user",
        ExpressionAttributeValues: { ":user": is.userId, ":until": seconds(heldUntil(now)) },
      },
    },
  ];
}

/**
 * The user who holds a username, or held it last and is still found by it; regardless of case. If
 * a deleted user held it, a new user with the same id is not found.
 */
export async function findByUsername(username: string, now: Date): Promise<Profile | undefined> {
  const place = key.username(username.toLowerCase());
  const holder = await getItem(Holder, place, { consistent: true });
  if (holder === undefined) return undefined;
  const { userId, expiresAt = Infinity } = holder;
  const profile = expiresAt > seconds(now) ? await findKnown(userId) : undefined;
  if (profile === undefined) return undefined;
  return seconds(heldUntil(new Date(profile.createdAt))) <= expiresAt ? profile : undefined;
}

/** The entries by which the search finds a user: one for each text, and one for empty searches. */
function entriesOf(profile: Profile | undefined): Map<string, Key> {
  if (profile === undefined) return new Map();
  const { userId } = profile;
  const texts = textsOf(profile);
  if (texts.length === 0) return new Map();
  const hash = createHash("sha256").update(userId).digest("hex").slice(0, 8);
  const keys = [
    key.searchSample(hash, userId),
    ...texts.map((text) => key.searchText(text, userId)),
  ];
  return new Map(keys.map((entry) => [`${entry.PK} ${entry.SK}`, entry]));
}

/** The changes in the search index when a profile changes. */
export function indexActions(was: Profile | undefined, is: Profile): Action[] {
  const before = entriesOf(was);
  const after = entriesOf(is);
  const added = [...after].filter(([name]) => !before.has(name));
  const gone = [...before].filter(([name]) => !after.has(name));
  return [
    ...added.map(([, entry]) => ({ Put: { Item: { ...entry, userId: is.userId } } })),
    ...gone.map(([, entry]) => ({ Delete: { Key: entry } })),
  ];
}

/**
 * Users with a text that begins with the search term, each once; reads at most `limit` entries.
 */
export async function findByText(question: string, limit: number): Promise<string[]> {
  const from = key.searchText(question, "");
  const items = await queryItems(from, question, { limit });
  return [...new Set(items.map((item) => parseItem(Entry, item).userId))];
}

/** A random choice of users. */
export async function sampleUsers(limit: number): Promise<string[]> {
  const start = key.searchSample(randomBytes(4).toString("hex"), "");
  const behind = await queryItems(start, "", { limit, after: start.SK });
  const items =
    behind.length < limit
      ? [...behind, ...(await queryItems(start, "", { limit: limit - behind.length }))]
      : behind;
  return [...new Set(items.map((item) => parseItem(Entry, item).userId))];
}
