import * as z from "zod";
import { Pagination, pageQuery } from "../page.ts";
import type { FollowState } from "../people/follow.ts";
import { textsOf } from "../people/search.ts";
import {
  type Profile,
  StreamRole,
  shownExpertise,
  summaryOf,
  UserSummary,
} from "../people/user.ts";
import { folded, rowsOf, Timestamp, text } from "../text.ts";

/** A viewer as the list of a stream's viewers shows them. */
const ViewerUser = UserSummary.omit({ availabilityStatus: true })
  .extend({
    followersCount: z.number().int(),
    followingCount: z.number().int(),
    expertise: shownExpertise,
    isFollowing: z.boolean(),
    joinedAt: Timestamp,
    role: StreamRole.optional(),
  })
  .meta({ id: "ViewerUser" });

export const ViewerQuery = pageQuery(20).extend({
  search: text(0, 100)
    .optional()
    .meta({ description: "Part of a name or username; finds viewers among the latest 100" }),
});

export const Viewers = z.object({
  list: rowsOf(ViewerUser),
  pagination: Pagination,
  participantAudienceTotal: z.number().int(),
});

/** A user who is watching, and since when. */
export type Watching = { userId: string; joinedAt: Date };

/** Each user once, since their oldest current subscription; newest viewers first. */
export function activeViewersOf(
  subscriptions: readonly { userId: string; subscribedAt: number; refusal?: unknown }[],
): Watching[] {
  const since = new Map<string, number>();
  for (const { userId, subscribedAt, refusal } of subscriptions) {
    if (refusal !== undefined) continue;
    since.set(userId, Math.min(subscribedAt, since.get(userId) ?? subscribedAt));
  }
  const watching = [...since].map(([userId, at]) => ({ userId, joinedAt: new Date(at) }));
  return watching.sort((a, b) => b.joinedAt.getTime() - a.joinedAt.getTime());
}

/** Matches profiles with a name that contains the search text, regardless of case. */
export function nameContains(search: string): (profile: Profile) => boolean {
  const question = folded(search);
  return (profile) => textsOf(profile).some((name) => name.includes(question));
}

/** The user as the list of viewers shows them to one caller. */
export function viewerOf(
  profile: Profile & { role?: StreamRole },
  { joinedAt }: Watching,
  state: FollowState,
  defaultPicture: string,
): z.infer<typeof ViewerUser> {
  const { availabilityStatus: _, role, ...summary } = summaryOf(profile, defaultPicture);
  const { followersCount, followingCount, isFollowing } = state;
  return {
    ...summary,
    followersCount,
    followingCount,
    expertise: profile.expertise ?? null,
    isFollowing,
    joinedAt: joinedAt.toISOString(),
    ...(role && { role }),
  };
}
