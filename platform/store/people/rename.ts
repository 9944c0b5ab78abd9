import {
  changedProfile,
  type Naming,
  withUsername,
} from "../../../domain/people/profile-change.ts";
import { looksLikeStaff } from "../../../domain/people/staff-names.ts";
import type { Profile } from "../../../domain/people/user.ts";
import { refuse } from "../../../domain/refusal.ts";
import type { Caller } from "../../auth/caller.ts";
import { setting } from "../../runtime/env.ts";
import { changeProfile, recordNewUser } from "./profile-changes.ts";
import { releaseUsername, reserveUsername } from "./user-index.ts";
import { getProfile } from "./users.ts";

/** Every refusal that a new username can meet. */
export const renameRefusals = [
  "role_missing",
  "user_not_found",
  "username_reserved",
  "username_taken",
  "username_changed_lately",
] as const;

/**
 * Gives a user another username, and reserves the former one for them for a while: both or neither.
 * Admins may rename others too, without limits, and may assign names that look like staff.
 * `assertKnown` may refuse the profile to be changed.
 */
export async function rename(
  caller: Caller,
  userId: string,
  username: string,
  now: Date,
  assertKnown: (profile: Profile) => void = () => {},
): Promise<Profile> {
  const byAdmin = caller.roles.includes("admin");
  const isOwn = userId === caller.userId;
  if (!isOwn && !byAdmin) refuse("role_missing", { role: "admin" });
  if (!isOwn) await getProfile(userId);
  if (!byAdmin && looksLikeStaff(username, setting("RESERVED_USERNAMES")))
    refuse("username_reserved", { username });
  const { profile, failed } = await changeProfile(
    isOwn ? caller : { userId },
    (current) => {
      assertKnown(current);
      return withUsername(current, username, now, { byAdmin });
    },
    now,
    (was, is) => [reserveUsername(userId, username, now), ...releaseUsername(was, is, now)],
  );
  if (failed?.has("username")) refuse("username_taken", { username });
  if (failed !== undefined) throw new Error(`The username of ${userId} is held by another user`);
  return profile;
}

/** Every refusal that names from a back end can meet. */
export const namingRefusals = ["user_not_found", "username_reserved", "username_taken"] as const;

/** A back end is responsible for its names, so it may change a user's this often a day. */
const namesPerDay = 1_000_000;

/**
 * Gives a user the names that a back end has for them: all or nothing. Only an admin may assign
 * names that look like staff. With `create` an unknown user is created first, without names that
 * are refused. Refuses with `namingRefusals`.
 */
export async function nameUser(
  caller: Caller,
  userId: string,
  { create, username, ...names }: Naming,
  now: Date,
): Promise<Profile> {
  const reserved = caller.roles.includes("admin") ? [] : setting("RESERVED_USERNAMES");
  if (create !== true) await getProfile(userId);
  if (username !== undefined && looksLikeStaff(username, reserved))
    refuse("username_reserved", { username });
  if (create === true) await recordNewUser(userId, {}, now);
  if ([username, names.name, names.surname].every((given) => given === undefined))
    return getProfile(userId);
  const { profile, failed } = await changeProfile(
    { userId },
    (current) => {
      const named = changedProfile(current, names, now, { namesPerDay, reserved });
      return username === undefined ? named : withUsername(named, username, now, { byAdmin: true });
    },
    now,
    (was, is) =>
      username === undefined
        ? []
        : [reserveUsername(userId, username, now), ...releaseUsername(was, is, now)],
  );
  if (failed?.has("username")) refuse("username_taken", { username: username ?? "" });
  if (failed !== undefined) throw new Error(`The username of ${userId} is held by another user`);
  return profile;
}
