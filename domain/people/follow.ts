import * as z from "zod";
import { shownUserId } from "../id.ts";
import { shownText, Timestamp } from "../text.ts";
import { type Profile, shownExpertise, summaryOf, UserSummary } from "./user.ts";

/** The number of a user's followers, and of the users whom they follow. */
export const FollowCounts = z.object({
  followersCount: z.number().int().default(0),
  followingCount: z.number().int().default(0),
});
export type FollowCounts = z.infer<typeof FollowCounts>;

/**
 * One user has followed another since `at`. Relations are sorted by id, which starts with the time.
 */
export const Relation = z.object({
  relationId: shownText(200),
  followerId: shownUserId,
  followedId: shownUserId,
  at: Timestamp,
});
export type Relation = z.infer<typeof Relation>;

/** The state after a call, and the state before it. */
export const FollowAnswer = z
  .object({ isFollowing: z.boolean(), previouslyFollowing: z.boolean() })
  .meta({ id: "FollowAnswer" });

/** A user in lists of followers. `isFollowing` says whether the caller follows them. */
export const FollowUser = UserSummary.extend({
  followersCount: z.number().int(),
  followingCount: z.number().int(),
  isFollowing: z.boolean(),
  expertise: shownExpertise,
}).meta({ id: "FollowUser" });

/** What follower lists add to a user's own profile, for one caller. */
export type FollowState = FollowCounts & { isFollowing: boolean };

/** The user as lists of followers show them to one caller. */
export function followUserOf(
  profile: Profile,
  state: FollowState,
  defaultPicture: string,
): z.infer<typeof FollowUser> {
  const { followersCount, followingCount, isFollowing } = state;
  const counts = { followersCount, followingCount, isFollowing };
  return { ...summaryOf(profile, defaultPicture), ...counts, expertise: profile.expertise ?? null };
}
