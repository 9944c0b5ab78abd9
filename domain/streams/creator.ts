import * as z from "zod";
import { UserId } from "../id.ts";
import {
  type Profile,
  ProfilePhoto,
  shownExpertise,
  shownNames,
  summaryOf,
} from "../people/user.ts";

/** A creator in the list of the most watched; `isFollowing` is null for callers without a token. */
export const Creator = z
  .object({
    _id: UserId,
    ...shownNames,
    availabilityStatus: z.literal("available"),
    profilePhoto: ProfilePhoto,
    expertise: shownExpertise,
    isFollowing: z.boolean().nullable(),
  })
  .meta({ id: "Creator" });

/** A creator as one caller sees them; without a standing, as anonymous callers do. */
export function creatorOf(
  profile: Profile,
  standing: { isFollowing: boolean } | undefined,
  defaultPicture: string,
): z.infer<typeof Creator> {
  const { _id, username, name, surname, availabilityStatus, profilePhoto } = summaryOf(
    profile,
    defaultPicture,
  );
  return {
    _id,
    username,
    name,
    surname,
    availabilityStatus,
    profilePhoto,
    expertise: profile.expertise ?? null,
    isFollowing: standing?.isFollowing ?? null,
  };
}

/** Hosts by the number of viewers in all of their streams, largest first. */
export function rankHosts(streams: readonly { hostId: string; viewers: number }[]): string[] {
  const sums = new Map<string, number>();
  for (const { hostId, viewers } of streams) sums.set(hostId, (sums.get(hostId) ?? 0) + viewers);
  const hosts = [...sums].filter(([, viewers]) => viewers > 0);
  return hosts.sort(([, a], [, b]) => b - a).map(([hostId]) => hostId);
}
