import {
  Profile,
  profileOf,
  type StreamRole,
  type StreamUser,
  summaryOf,
  type UserSummary,
} from "../../../domain/people/user.ts";
import { refuse } from "../../../domain/refusal.ts";
import type { Caller } from "../../auth/caller.ts";
import { setting } from "../../runtime/env.ts";
import { getItem, listItems, type ReadOptions } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/**
 * The stored profile, if the user is known; `consistent` costs twice and sees every earlier write.
 */
export async function findProfile(
  userId: string,
  reading: ReadOptions = {},
): Promise<Profile | undefined> {
  return getItem(Profile, key.profile(userId), reading);
}

/** A user's profile, undefined if unknown; a consistent second read finds one just created. */
export const findKnown = async (
  userId: string,
  reading: ReadOptions = {},
): Promise<Profile | undefined> =>
  (await findProfile(userId, reading)) ?? (await findProfile(userId, { consistent: true }));

/** The profile of a known user, however new; refuses with `user_not_found`. */
export async function getProfile(userId: string, reading: ReadOptions = {}): Promise<Profile> {
  return (await findKnown(userId, reading)) ?? refuse("user_not_found", { userId });
}

/**
 * The caller's own profile, however new: the stored one, or the token's claims if there is none.
 */
export const getCallerProfile = async (
  caller: Caller,
  now: Date,
  reading: ReadOptions = {},
): Promise<Profile> =>
  (await findKnown(caller.userId, reading)) ?? profileWithoutUsername(caller, now);

/**
 * Refuses with `user_not_found` if an account was deleted between two consistent reads of its
 * profile, even if its user has returned. For calls that take longer than an erasure waits.
 */
export function assertSameAccount(was: Profile, { userId, createdAt }: Profile): void {
  if (createdAt !== was.createdAt) refuse("user_not_found", { userId });
}

/**
 * The profiles of a caller and of users whom the call names; refuses with `user_not_found` if one
 * is unknown. A late call reads the caller's profile again, and is refused if the account is gone.
 */
export async function getPeople(
  known: Profile,
  userIds: readonly string[],
  { isLate }: { isLate: boolean },
): Promise<{ caller: Profile; named: Map<string, Profile> }> {
  const [caller, named] = await Promise.all([
    isLate ? getProfile(known.userId, { consistent: true }) : known,
    getProfiles(userIds),
  ]);
  assertSameAccount(known, caller);
  return { caller, named };
}

/** The profile in a token's claims, without a username. */
export const profileWithoutUsername = ({ userId, claims }: Subject, now: Date): Profile => ({
  ...profileOf(userId, claims, now),
  username: "",
});

/** A user, and the claims of their token, which are used while they have no profile. */
export type Subject = Pick<Caller, "userId" | "claims">;

/** Profiles of any number of users, without unknown ones. */
export async function findProfiles(
  userIds: readonly string[],
  reading: ReadOptions = {},
): Promise<Map<string, Profile>> {
  const profiles = await listItems(
    Profile,
    userIds.map((userId) => key.profile(userId)),
    reading,
  );
  return new Map(profiles.map((profile) => [profile.userId, profile]));
}

/** A user as lists and events show them, with the stage's default picture if they have none. */
export const userSummary = (profile: Profile & { role?: StreamRole }): StreamUser =>
  summaryOf(profile, setting("DEFAULT_PICTURE"));

/** Profiles of users; refuses with `user_not_found` if one of them is unknown. */
export async function getProfiles(userIds: readonly string[]): Promise<Map<string, Profile>> {
  const found = await findProfiles(userIds);
  const missing = userIds.filter((userId) => !found.has(userId));
  // Read again consistently: they may have just signed up.
  const known = new Map([...found, ...(await findProfiles(missing, { consistent: true }))]);
  const stranger = userIds.find((userId) => !known.has(userId));
  if (stranger !== undefined) refuse("user_not_found", { userId: stranger });
  return known;
}

/** Summaries of any number of users; an unknown one has only an id. */
export async function findSummaries(
  userIds: readonly string[],
  now: Date,
): Promise<(userId: string) => UserSummary> {
  const profiles = await findProfiles(userIds);
  return (userId) => userSummary(profiles.get(userId) ?? profileOf(userId, {}, now));
}
