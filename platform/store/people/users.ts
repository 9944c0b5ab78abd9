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
import { getItem, listItems, type Reading } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/**
 * The stored profile, if the user is known; `consistent` costs twice and sees every write before.
 */
export async function findProfile(
  userId: string,
  reading: Reading = {},
): Promise<Profile | undefined> {
  return getItem(Profile, key.profile(userId), reading);
}

/** The profile; one that was made a moment ago is found by the second, consistent read. */
export const findKnown = async (userId: string): Promise<Profile | undefined> =>
  (await findProfile(userId)) ?? (await findProfile(userId, { consistent: true }));

/** The profile of a known user, however new; refuses with `user_not_found`. */
export async function getProfile(userId: string): Promise<Profile> {
  return (await findKnown(userId)) ?? refuse("user_not_found", { userId });
}

/**
 * The caller's own profile: the stored one, or what their token says where that is not there yet.
 */
export const getCallerProfile = async (caller: Caller, now: Date): Promise<Profile> =>
  (await findProfile(caller.userId)) ?? namelessOf(caller, now);

/** The profile in a token of a user who has no username yet. */
export const namelessOf = ({ userId, claims }: Subject, now: Date): Profile => ({
  ...profileOf(userId, claims, now),
  username: "",
});

/** Whose profile it is, and what their token says while there is none. */
export type Subject = Pick<Caller, "userId" | "claims">;

/** Profiles of any number of users; those who are unknown are left out. */
export async function findProfiles(userIds: readonly string[]): Promise<Map<string, Profile>> {
  const profiles = await listItems(
    Profile,
    userIds.map((userId) => key.profile(userId)),
  );
  return new Map(profiles.map((profile) => [profile.userId, profile]));
}

/** What every place shows of a user, with the stage's default picture where they have none. */
export const summary = (profile: Profile & { role?: StreamRole }): StreamUser =>
  summaryOf(profile, setting("DEFAULT_PICTURE"));

/** Profiles of users; refuses with `user_not_found` where one of them is not known. */
export async function getProfiles(userIds: readonly string[]): Promise<Map<string, Profile>> {
  const known = await findProfiles(userIds);
  const stranger = userIds.find((userId) => !known.has(userId));
  if (stranger !== undefined) refuse("user_not_found", { userId: stranger });
  return known;
}

/** Summaries of any number of users; one who is unknown has nothing but an id. */
export async function findSummaries(
  userIds: readonly string[],
  now: Date,
): Promise<(userId: string) => UserSummary> {
  const profiles = await findProfiles(userIds);
  return (userId) => summary(profiles.get(userId) ?? profileOf(userId, {}, now));
}
