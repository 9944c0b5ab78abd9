import { renamed } from "../../../domain/people/profile-change.ts";
import type { Profile } from "../../../domain/people/user.ts";
import { looksLikeStaff } from "../../../domain/people/username.ts";
import { refuse } from "../../../domain/refusal.ts";
import type { Caller } from "../../caller.ts";
import { setting } from "../../env.ts";
import { holdUsername, leaveUsername } from "./user-index.ts";
import { changeProfile, getProfile } from "./users.ts";

/** Every refusal that a new username can meet. */
export const renameRefusals = [
  "role_missing",
  "user_not_found",
  "username_reserved",
  "username_taken",
  "username_changed_lately",
] as const;

/**
 * Gives a user another username, and holds the former one for them for a while: both or neither.
 * Admins do so for others too, as often as they like, and may give names that look like staff.
 */
export async function rename(
  caller: Caller,
  userId: string,
  username: string,
  now: Date,
): Promise<Profile> {
  const byAdmin = caller.roles.includes("admin");
  const isOwn = userId === caller.userId;
  if (!isOwn && !byAdmin) refuse("role_missing", { role: "admin" });
  if (!isOwn) await getProfile(userId);
  if (!byAdmin && looksLikeStaff(username, setting("RESERVED_USERNAMES")))
    refuse("username_reserved", { username });
  const { profile, failed } = await changeProfile(
    isOwn ? caller : { userId, claims: {} },
    (current) => renamed(current, username, now, { byAdmin }),
    now,
    (was, is) => [holdUsername(userId, username, now), ...leaveUsername(was, is, now)],
  );
  if (failed?.has("username")) refuse("username_taken", { username });
  if (failed !== undefined) throw new Error(`The username of ${userId} is not theirs`);
  return profile;
}
