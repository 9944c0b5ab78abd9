import * as z from "zod";
import { usedAfter, waitFor } from "../rate.ts";
import { refuse } from "../refusal.ts";
import { httpsUrl, text, userNameText } from "../text.ts";
import { isStaffName } from "./staff-names.ts";
import { type Profile, Username } from "./user.ts";

/** A user's occupation; the user search can filter by it. */
export const Expertise = z.enum(
  [
    "musician",
    "trainer",
    "chef",
    "photographer",
    "designer",
    "stylist",
    "gamer",
    "educator",
    "coach",
    "entertainer",
    "developer",
    "creator",
  ],
  { error: "expected one of the known kinds of expertise" },
);

/** The networks that a profile links to. */
const networks = ["instagram", "snapchat", "x", "tiktok", "facebook"] as const;

/** A handle in the form that the networks use. */
const handle = /^@?[A-Za-z0-9._-]+$/;
const isLink = (value: string) =>
  value === "" || handle.test(value) || httpsUrl.safeParse(value).success;
const link = text(0, 200)
  .refine(isLink, "expected an https URL or a handle")
  .meta({ description: "An https URL, or a handle: letters, digits, dots, dashes, underscores" })
  .nullish();

/**
 * Changes of the caller's profile: omitted fields stay, null or an empty text clears a field.
 */
export const ProfileChange = z.object({
  name: userNameText(0, 100).nullish(),
  surname: userNameText(0, 100).nullish(),
  bio: text(0, 500).nullish(),
  interests: z
    .array(text(1, 50), { error: "expected a list of texts" })
    .max(20, "expected at most 20 interests")
    .nullish(),
  expertise: Expertise.nullish(),
  profilePhoto: httpsUrl.nullish(),
  links: z
    .object({ instagram: link, snapchat: link, x: link, tiktok: link, facebook: link })
    .nullish(),
});
export type ProfileChange = z.infer<typeof ProfileChange>;

/**
 * The names that a back end sets for a user; omitted fields stay. Only `create` makes a new user:
 * otherwise an unknown id is refused, since it may be mistyped.
 */
export const Naming = z
  .object({
    create: z.boolean().optional().meta({
      description: "Create the user if unknown; by default, an unknown user is 404",
    }),
    username: Username.optional(),
    name: userNameText(0, 100).optional(),
    surname: userNameText(0, 100).optional(),
  })
  .refine(
    ({ create, ...names }) =>
      create === true || Object.values(names).some((value) => value !== undefined),
    "body: expected at least one of username, name, surname, create",
  );
export type Naming = z.infer<typeof Naming>;

/**
 * The profile after a change. Names change at most `namesPerDay` times a day, because every viewer
 * of a name reads it like a message. A new name that consists of `reserved` words is refused.
 */
export function changedProfile(
  profile: Profile,
  change: ProfileChange,
  now: Date,
  { namesPerDay, reserved }: { namesPerDay: number; reserved: readonly string[] },
): Profile {
  const { mentioned: _, picture, pictureId, pictureFrom, ...kept } = profile;
  const name = or(change.name, profile.name) ?? "";
  const surname = or(change.surname, profile.surname) ?? "";
  const isSameName = name === profile.name && surname === profile.surname;
  if (!isSameName && isStaffName({ name, surname }, reserved))
    refuse("request_invalid", { problem: "name: expected a name that is not the staff's" });
  const { namesUsedUntil: before } = profile;
  const namesUsedUntil = isSameName ? before : countNameChange(before, namesPerDay, now);
  return {
    ...kept,
    name,
    surname,
    ...(namesUsedUntil !== undefined && { namesUsedUntil }),
    ...pictureAfter({ picture, pictureId, pictureFrom }, change.profilePhoto),
    bio: or(change.bio, profile.bio),
    interests: or(change.interests, profile.interests),
    expertise: or(change.expertise, profile.expertise),
    links: linksAfter(profile.links, change.links),
    updatedAt: now.toISOString(),
  };
}

type OfPicture = Pick<Profile, "picture" | "pictureId" | "pictureFrom">;

/** The picture after a change; its own address, or the one it was fetched from, changes nothing. */
function pictureAfter(was: OfPicture, given: string | null | undefined): OfPicture {
  if (given === undefined) return was;
  if (given !== null && (given === was.picture || given === was.pictureFrom)) return was;
  return { picture: given ?? "" };
}

/** The profile whose picture at another host is replaced by a copy that is served here. */
export const withFetchedPhoto = (
  profile: Profile,
  picture: { id: string; url: string },
  now: Date,
): Profile => ({
  ...profile,
  picture: picture.url,
  pictureId: picture.id,
  pictureFrom: profile.picture,
  updatedAt: now.toISOString(),
});

/** The profile with an uploaded picture. */
export function withUploadedPhoto(
  profile: Profile,
  picture: { id: string; url: string },
  now: Date,
): Profile {
  const { mentioned: _, pictureFrom: __, ...kept } = profile;
  const updatedAt = now.toISOString();
  return { ...kept, picture: picture.url, pictureId: picture.id, updatedAt };
}

/** A field after a change: undefined leaves it, null clears it. */
const or = <T>(change: T | null | undefined, was: T | undefined): T | undefined =>
  change === undefined ? was : (change ?? undefined);

function linksAfter(was: Profile["links"], change: ProfileChange["links"]): Profile["links"] {
  if (change === undefined) return was;
  const links: Record<string, string> = {};
  for (const network of networks) {
    const value = or(change?.[network], change === null ? undefined : was?.[network]);
    if (value !== undefined && value !== "") links[network] = value;
  }
  return links;
}

/** Days before a changed username may change again. */
const keptDays = 30;

/**
 * The profile with another username: once in 30 days, unless an admin assigns it. The current
 * username changes nothing, so that a call whose response was lost can be repeated.
 */
export function withUsername(
  profile: Profile,
  username: string,
  now: Date,
  { byAdmin = false } = {},
): Profile {
  if (username === profile.username) return profile;
  const { mentioned: _, ...kept } = profile;
  const changedAt = profile.usernameChangedAt;
  if (changedAt !== undefined && !byAdmin) {
    const until = new Date(Date.parse(changedAt) + keptDays * 24 * 3600 * 1000);
    if (until > now) refuse("username_changed_lately", { until: until.toISOString() });
  }
  const at = now.toISOString();
  return { ...kept, username, usernameChangedAt: at, updatedAt: at };
}

const daySeconds = 24 * 3600;

/**
 * Counts a change of names against a rate of `perDay`, at least 1: that many at once, and then one
 * after each `perDay`th of a day. `usedUntil` is the time up to which earlier changes have used up
 * the rate; returns that time after this change (both ISO 8601). Refuses with `too_many_requests`
 * and the seconds to wait.
 */
function countNameChange(usedUntil: string | undefined, perDay: number, now: Date): string {
  const rate = { perSecond: perDay / daySeconds, burst: perDay };
  const used = usedUntil === undefined ? 0 : Date.parse(usedUntil);
  const wait = waitFor(used, rate, now.getTime());
  if (wait > 0) refuse("too_many_requests", { retryAfterSeconds: Math.ceil(wait / 1000) });
  return new Date(usedAfter(used, 1, rate, now.getTime())).toISOString();
}
