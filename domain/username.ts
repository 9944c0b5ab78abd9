import * as z from "zod";
import { refuse } from "./refusal.ts";
import type { Profile } from "./user.ts";

/** A name to be found by: told apart without regard to case. */
export const Username = z
  .string({ error: "expected 3 to 30 of A-Z a-z 0-9 . _ -" })
  .regex(/^[A-Za-z0-9._-]{3,30}$/, "expected 3 to 30 of A-Z a-z 0-9 . _ -")
  .meta({ example: "johndoe" });

/** Days after a change in which a username stays. */
const keptDays = 30;

/** The profile under another username; once in 30 days. */
export function renamed(profile: Profile, username: string, now: Date): Profile {
  const { mentioned: _, ...kept } = profile;
  const changedAt = profile.usernameChangedAt;
  if (changedAt !== undefined) {
    const until = new Date(Date.parse(changedAt) + keptDays * 24 * 3600 * 1000);
    if (until > now) refuse("username_changed_lately", { until: until.toISOString() });
  }
  const at = now.toISOString();
  return { ...kept, username, usernameChangedAt: at, updatedAt: at };
}
