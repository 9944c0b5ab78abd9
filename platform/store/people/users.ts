import {
  Profile,
  type ProfileClaims,
  profileOf,
  type StreamRole,
  type StreamUser,
  summaryOf,
  type UserSummary,
} from "../../../domain/people/user.ts";
import { looksLikeStaff } from "../../../domain/people/username.ts";
import { refuse } from "../../../domain/refusal.ts";
import { timeAfter } from "../../../domain/text.ts";
import type { Caller } from "../../caller.ts";
import { setting } from "../../env.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { getItem, listItems, type Reading } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { record } from "../../table/record.ts";
import type { Action, Failed } from "../../table/transact.ts";
import { holdUsername, indexActions } from "./user-index.ts";

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

/** What a token says about somebody who has no username yet. */
const namelessOf = ({ userId, claims }: Subject, now: Date): Profile => ({
  ...profileOf(userId, claims, now),
  username: "",
});

/** Whose profile it is, and what their token says while there is none. */
type Subject = Pick<Caller, "userId" | "claims">;

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

/** Refuses with `user_not_found` where one of these users is not known. */
export async function assertKnown(userIds: readonly string[]): Promise<void> {
  const known = await findProfiles(userIds);
  const stranger = userIds.find((userId) => !known.has(userId));
  if (stranger !== undefined) refuse("user_not_found", { userId: stranger });
}

/** Summaries of any number of users; one who is unknown has nothing but an id. */
export async function findSummaries(
  userIds: readonly string[],
  now: Date,
): Promise<(userId: string) => UserSummary> {
  const profiles = await findProfiles(userIds);
  return (userId) => summary(profiles.get(userId) ?? profileOf(userId, {}, now));
}

/**
 * Tokens whose user's profile this process knows to be written, so that it is read once for each;
 * not users, since one who was deleted comes again with another token.
 */
const seen = new Set<string>();
const seenMax = 10_000;

/**
 * Records a user who is seen for the first time. A profile that exists stays as it is, except one
 * that was made by a mention (a top-up, a Tencent account), which the user's own claims complete.
 * The claimed username becomes theirs if nobody has it yet, and one that looks like staff only if
 * an admin claims it; otherwise they have none until they choose one.
 */
export async function recordFirstSight(
  userId: string,
  claims: ProfileClaims,
  now: Date,
  token?: Pick<Caller, "roles" | "tokenId" | "issuedAt" | "expiresAt">,
): Promise<void> {
  const profile = profileOf(userId, claims, now);
  const mark = token && [userId, token.tokenId, token.issuedAt, token.expiresAt].join(" ");
  if (mark !== undefined && seen.has(mark)) return;
  const roles = token?.roles ?? [];
  const stored = await findProfile(userId);
  if (stored === undefined || (stored.mentioned && !profile.mentioned))
    await recordNew(mayHoldName(profile, roles) ? profile : { ...profile, username: "" }, now);
  if (mark === undefined) return;
  if (seen.size >= seenMax) seen.clear();
  seen.add(mark);
}

const mayHoldName = ({ username }: Profile, roles: Caller["roles"]) =>
  username === "" ||
  roles.includes("admin") ||
  !looksLikeStaff(username, setting("RESERVED_USERNAMES"));

/**
 * Whoever is first writes the profile, without its username where that is somebody else's: so every
 * username that is shown is held by the user who shows it.
 */
async function recordNew(profile: Profile, now: Date): Promise<void> {
  const { userId, username, mentioned = false } = profile;
  const isNew = "attribute_not_exists(PK)";
  const put: Action = {
    label: "profile",
    Put: {
      Item: { ...key.profile(userId), ...profile },
      ConditionExpression: mentioned ? isNew : `${isNew} OR mentioned = :true`,
      ...(!mentioned && { ExpressionAttributeValues: { ":true": true } }),
    },
  };
  const names = username === "" ? [] : [holdUsername(userId, username, now)];
  const failed = await record([put, ...names]);
  if (failed?.has("username") && !failed.has("profile"))
    await recordNew({ ...profile, username: "" }, now);
}

/**
 * Changes a profile, and decides again when somebody else was faster. `decide` answers the profile
 * after the change, `also` what is written with it. Answers the profile before and after, and which
 * conditions of `also` failed, if any did.
 */
export async function changeProfile(
  subject: Subject,
  decide: (profile: Profile) => Profile,
  now: Date,
  also: (was: Profile, is: Profile) => Action[] = () => [],
): Promise<{ was: Profile; profile: Profile; failed?: Failed }> {
  return decideAgain(async () => {
    const stored = await findProfile(subject.userId, { consistent: true });
    const was = stored ?? namelessOf(subject, now);
    const decided = decide(was);
    const profile = { ...decided, updatedAt: timeAfter(was.updatedAt, decided.updatedAt) };
    const index = indexActions(stored, profile);
    const failed = await record([replaceAction(stored, profile), ...index, ...also(was, profile)]);
    if (failed === undefined) return { was, profile };
    return failed.has("profile") ? overtaken : { was, profile: was, failed };
  });
}

/** Replaces the profile that was read. */
const replaceAction = (was: Profile | undefined, profile: Profile): Action => ({
  label: "profile",
  Put: {
    Item: { ...key.profile(profile.userId), ...profile },
    ...(was === undefined
      ? { ConditionExpression: "attribute_not_exists(PK)" }
      : {
          ConditionExpression: "updatedAt = :was",
          ExpressionAttributeValues: { ":was": was.updatedAt },
        }),
  },
});
