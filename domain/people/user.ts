import * as z from "zod";
import { shownId, UserId } from "../id.ts";
import {
  httpsUrl,
  rowsOf,
  shownText,
  shownUrl,
  Timestamp,
  truncateText,
  withoutControls,
  withoutInvisible,
} from "../text.ts";

/** A picture of a user, in the sizes that clients show. */
export const ProfilePhoto = z
  .object({
    _id: shownId,
    url: shownUrl,
    type: z.literal("image"),
    variants: z.object({ "40": shownUrl, "76": shownUrl }),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  })
  .meta({ id: "ProfilePhoto" });
export type ProfilePhoto = z.infer<typeof ProfilePhoto>;

/** The names of a user as shown; each may be empty. */
export const shownNames = {
  username: shownText(30),
  name: shownText(100),
  surname: shownText(100),
};

/** A user's expertise as shown. */
export const shownExpertise = shownText(20).nullable();

/** A user in lists, events and messages. */
export const UserSummary = z
  .object({
    _id: UserId,
    ...shownNames,
    profilePhoto: ProfilePhoto,
    availabilityStatus: z.literal("available"),
  })
  .meta({ id: "UserSummary" });
export type UserSummary = z.infer<typeof UserSummary>;

/** The public role of a user in a stream. */
export const StreamRole = z
  .enum(["host", "moderator"])
  .meta({ description: "The user's role in this stream; absent for plain viewers" });
export type StreamRole = z.infer<typeof StreamRole>;

/** A user as a stream shows them: with their role in it, if they have one. */
export const StreamUser = UserSummary.extend({ role: StreamRole.optional() }).meta({
  id: "StreamUser",
});
export type StreamUser = z.infer<typeof StreamUser>;

/** The user in a superlike, where the picture is a URL. */
export const SuperlikeSnapshot = z
  .object({
    _id: UserId,
    ...shownNames,
    profilePhoto: shownUrl,
    role: StreamRole.optional(),
  })
  .meta({ id: "SuperlikeSnapshot" });

/** A user as stored. A stored profile takes precedence over the claims of a token. */
export const Profile = z.object({
  userId: UserId,
  ...shownNames,
  /** The URL of the picture, at another host until its copy is here; empty: the stage's default. */
  picture: shownUrl,
  /** The id of a picture that is served here: uploaded, or fetched from `pictureFrom`. */
  pictureId: shownId.optional(),
  /** The address at another host from which the picture was fetched. */
  pictureFrom: shownUrl.optional(),
  bio: shownText(500).optional(),
  interests: rowsOf(shownText(50), 20).optional(),
  expertise: shownExpertise.unwrap().optional(),
  links: z.record(z.string(), shownText(200)).optional(),
  usernameChangedAt: Timestamp.optional(),
  /** The time up to which changes of name and surname have used up their rate. */
  namesUsedUntil: Timestamp.optional(),
  /**
   * The user is known only from a mention (a top-up, a Tencent account): claims in their own token
   * may still complete the profile.
   */
  mentioned: z.boolean().optional(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Profile = z.infer<typeof Profile>;

/** OpenID Connect's standard claims that create a profile on first sight (OIDC Core 5.1). */
export type ProfileClaims = {
  preferred_username?: string | undefined;
  given_name?: string | undefined;
  family_name?: string | undefined;
  picture?: string | undefined;
};

const claimLengthMax = 100;
const clean = (value: unknown) =>
  typeof value === "string"
    ? truncateText(withoutInvisible(withoutControls(value)).trim(), claimLengthMax)
    : "";

/**
 * The profile of a new user. Names are cut to 100 code points and lose invisible characters; a
 * claimed username that is invalid is dropped. The table decides whether a valid one is free.
 */
export function profileOf(userId: string, claims: ProfileClaims, now: Date): Profile {
  const at = now.toISOString();
  const names = {
    username: Username.safeParse(claims.preferred_username).data ?? "",
    name: clean(claims.given_name),
    surname: clean(claims.family_name),
    picture: httpsUrl.safeParse(claims.picture).data ?? "",
  };
  const isBare = Object.values(names).every((name) => name === "");
  return { userId, ...names, createdAt: at, updatedAt: at, ...(isBare && { mentioned: true }) };
}

/** Matches the URL of a picture that was uploaded here. */
const uploaded = /\/pictures\/[0-9a-f]{24}$/;

/** The URL of a picture in another size; a picture from elsewhere has only one size. */
export const variantOf = (url: string, side: 40 | 76): string =>
  uploaded.test(url) ? `${url}-${side}` : url;

/** The id of a picture from elsewhere: the id of the user to whom it belongs. */
const photoIdOf = (userId: string) => (/^[0-9a-f]{24}$/.test(userId) ? userId : "0".repeat(24));

/** The user's picture in every size; the stage's default if they have none. */
function photoOf(profile: Profile, defaultPicture: string): ProfilePhoto {
  const url = profile.picture || defaultPicture;
  return {
    _id: photoIdOf(profile.userId),
    url,
    type: "image",
    variants: { "40": variantOf(url, 40), "76": variantOf(url, 76) },
    createdAt: profile.createdAt,
    updatedAt: profile.updatedAt,
  };
}

/**
 * The user as shown in lists, events and messages; with their role in a stream, if they have one.
 */
export function summaryOf(
  profile: Profile & { role?: StreamRole | undefined },
  defaultPicture: string,
): StreamUser {
  const { userId, username, name, surname, role } = profile;
  const profilePhoto = photoOf(profile, defaultPicture);
  return {
    _id: userId,
    username,
    name,
    surname,
    profilePhoto,
    availabilityStatus: "available",
    ...(role && { role }),
  };
}

/** The public profile, as `GET /users/profile/username/{username}` and `/users/me` show it. */
export const PublicProfile = z
  .object({
    _id: UserId,
    name: shownNames.name,
    surname: shownNames.surname,
    username: shownNames.username,
    availabilityStatus: z.literal("available"),
    profilePhoto: ProfilePhoto.pick({ _id: true, url: true, type: true }),
    interests: rowsOf(shownText(50), 20),
    expertise: shownExpertise,
    age: z.number().nullable(),
    minutePriceInLiveStream: z.number().nullable(),
    followersCount: z.number().int(),
    followingCount: z.number().int(),
    bio: shownText(500).nullable(),
    instagram: shownText(200).nullable(),
    snapchat: shownText(200).nullable(),
    x: shownText(200).nullable(),
    tiktok: shownText(200).nullable(),
    facebook: shownText(200).nullable(),
  })
  .meta({ id: "PublicProfile" });

/** A number that grows with each change of a profile. */
export const profileRevision = ({ updatedAt }: Profile) => Date.parse(updatedAt);

/** The public profile. */
export function publicProfileOf(
  profile: Profile,
  counts: { followersCount: number; followingCount: number },
  defaultPicture: string,
): z.infer<typeof PublicProfile> {
  const { _id, url, type } = photoOf(profile, defaultPicture);
  const link = (name: string) => profile.links?.[name] ?? null;
  return {
    _id: profile.userId,
    name: profile.name,
    surname: profile.surname,
    username: profile.username,
    availabilityStatus: "available",
    profilePhoto: { _id, url, type },
    interests: profile.interests ?? [],
    expertise: profile.expertise ?? null,
    age: null,
    minutePriceInLiveStream: null,
    ...counts,
    bio: profile.bio ?? null,
    instagram: link("instagram"),
    snapchat: link("snapchat"),
    x: link("x"),
    tiktok: link("tiktok"),
    facebook: link("facebook"),
  };
}

/** A unique username, compared without case. */
export const Username = z
  .string({ error: "expected 3 to 30 of A-Z a-z 0-9 . _ -" })
  .regex(/^[A-Za-z0-9._-]{3,30}$/, "expected 3 to 30 of A-Z a-z 0-9 . _ -")
  .meta({ example: "johndoe" });

/**
 * Days for which a username that was given up still leads to its former owner and cannot be taken:
 * messages and gifts continue to show it.
 */
const heldDays = 90;

/** Until when a username given up now is reserved. */
export const heldUntil = (now: Date) => new Date(now.getTime() + heldDays * 24 * 3600 * 1000);
