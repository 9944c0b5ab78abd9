import { isStaffName, looksLikeStaff } from "../../../domain/people/staff-names.ts";
import { type Profile, type ProfileClaims, profileOf } from "../../../domain/people/user.ts";
import { refuse } from "../../../domain/refusal.ts";
import { timeAfter } from "../../../domain/text.ts";
import type { Caller } from "../../auth/caller.ts";
import { BoundedSet } from "../../runtime/caches.ts";
import { setting } from "../../runtime/env.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import type { ReadOptions } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type Action, commitTransaction, type Failed } from "../../table/transact.ts";
import { indexActions, reserveUsername } from "./user-index.ts";

import { findProfile, profileWithoutUsername, type Subject } from "./users.ts";

/**
 * Tokens whose user's profile this process knows to exist, so that it is read once for each. These
 * are tokens, not users, since a deleted user may return with another token.
 */
const seen = new BoundedSet<string>(10_000);

/**
 * The token of a user who calls, and whether it still counts: a revoked one must not bring back the
 * profile of a deleted user. Only the write of a new profile waits for the verdict.
 */
type Token = Pick<Caller, "roles" | "tokenId" | "issuedAt" | "expiresAt"> & {
  isValid: () => Promise<boolean>;
};

/**
 * Records a new user. An existing profile stays unchanged, except one that was created by a mention
 * (a top-up, a Tencent account), which the user's own claims complete. The claimed username becomes
 * theirs if it is free, and one that looks like staff only if an admin claims it; otherwise they
 * have none until they choose one. Other names that look like staff are dropped too.
 */
export async function recordNewUser(
  userId: string,
  claims: ProfileClaims,
  now: Date,
  token?: Token,
  reading: ReadOptions = {},
): Promise<void> {
  const mark = token && [userId, token.tokenId, token.issuedAt, token.expiresAt].join(" ");
  if (mark !== undefined && seen.has(mark)) return;
  const profile = profileOf(userId, claims, now);
  const roles = token?.roles ?? [];
  const stored = await findProfile(userId, reading);
  if (stored === undefined || (stored.mentioned && !profile.mentioned)) {
    if (token !== undefined && !(await token.isValid())) return;
    await recordNew({ ...profile, ...namesAllowed(profile, roles) }, now);
  }
  if (mark !== undefined) seen.add(mark);
}

/** The claimed names that the caller may have; the others become empty. */
function namesAllowed({ username, name, surname }: Profile, roles: Caller["roles"]) {
  const reserved = roles.includes("admin") ? [] : setting("RESERVED_USERNAMES");
  return {
    username: looksLikeStaff(username, reserved) ? "" : username,
    ...(isStaffName({ name, surname }, reserved) ? { name: "", surname: "" } : { name, surname }),
  };
}

/**
 * Writes a new profile, without its username if another user holds that: so a username that a
 * profile shows is always held by its user. Of concurrent calls, the first one wins.
 */
async function recordNew(profile: Profile, now: Date): Promise<void> {
  const { userId, username } = profile;
  const names = username === "" ? [] : [reserveUsername(userId, username, now)];
  const failed = await commitTransaction([newProfileAction(profile), ...names]);
  if (failed?.has("username") && !failed.has("profile"))
    await recordNew({ ...profile, username: "" }, now);
}

/** Writes a profile that does not exist yet, or that only a mention has created. */
export function newProfileAction(profile: Profile): Action {
  const { userId, mentioned = false } = profile;
  const isNew = "attribute_not_exists(PK)";
  return {
    label: "profile",
    Put: {
      Item: { ...key.profile(userId), ...profile },
      ConditionExpression: mentioned ? isNew : `${isNew} OR mentioned = :true`,
      ...(!mentioned && { ExpressionAttributeValues: { ":true": true } }),
    },
  };
}

/** Makes an unknown user known, in the transaction that mentions them. */
export const mentionAction = (userId: string, now: Date): Action =>
  newProfileAction(profileOf(userId, {}, now));

/** A user whose profile another user changes. It must exist, or a deleted user would return. */
type Other = Pick<Subject, "userId">;

const newProfileOf = (subject: Subject | Other, now: Date): Profile =>
  "claims" in subject
    ? profileWithoutUsername(subject, now)
    : refuse("user_not_found", { userId: subject.userId });

/**
 * Changes a profile, and decides again if another call was faster. `decide` returns the changed
 * profile, or the given one to change nothing; `also` the further actions. Returns the profile
 * before and after, and the conditions of `also` that failed, if any. Refuses with `user_not_found`
 * if another user changes an unknown one, or if the account is deleted meanwhile.
 */
export async function changeProfile(
  subject: Subject | Other,
  decide: (profile: Profile) => Profile,
  now: Date,
  also: (was: Profile, is: Profile) => Action[] = () => [],
): Promise<{ was: Profile; profile: Profile; failed?: Failed }> {
  let account = subject;
  return retryOnConflict(async () => {
    const stored = await findProfile(subject.userId, { consistent: true });
    const was = stored ?? newProfileOf(account, now);
    // A profile that is found once and deleted later must not be stored again.
    if (stored !== undefined) account = { userId: subject.userId };
    const decided = decide(was);
    if (decided === stored) return { was, profile: stored };
    const profile = { ...decided, updatedAt: timeAfter(was.updatedAt, decided.updatedAt) };
    const index = indexActions(stored, profile);
    const failed = await commitTransaction([
      replaceAction(stored, profile),
      ...index,
      ...also(was, profile),
    ]);
    if (failed === undefined) return { was, profile };
    return failed.has("profile") ? conflicted : { was, profile: was, failed };
  });
}

/** Replaces the profile that was read, if it is unchanged since. */
export const replaceAction = (was: Profile | undefined, profile: Profile): Action => ({
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
