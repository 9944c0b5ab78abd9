import * as z from "zod";
import { Timestamp } from "../text.ts";
import {
  Profile,
  StreamRole,
  type SuperlikeSnapshot,
  type UserSummary,
  variantOf,
} from "./user.ts";

/** A time as stored: text, or milliseconds since 1970, which take a third of the space. */
const StoredTime = z
  .union([Timestamp, z.number().int()])
  .transform((at) => (typeof at === "number" ? new Date(at).toISOString() : at));

/**
 * What an item keeps of a user whom it shows: a summary without derivable fields, and the role that
 * they had in its stream at the time. A gift holds two of them and stays within a kilobyte.
 */
export const Person = Profile.pick({
  userId: true,
  username: true,
  name: true,
  surname: true,
  picture: true,
}).extend({
  createdAt: StoredTime,
  updatedAt: StoredTime,
  role: StreamRole.optional(),
});
export type Person = z.infer<typeof Person>;

/** The person with short times, for items that must stay small. */
export const shortPerson = ({ createdAt, updatedAt, ...person }: Person) => ({
  ...person,
  createdAt: Date.parse(createdAt),
  updatedAt: Date.parse(updatedAt),
});

/** The part of a user's profile that items keep. */
export function personOf(profile: Person): Person {
  const { userId, username, name, surname, picture, createdAt, updatedAt, role } = profile;
  const person = { userId, username, name, surname, picture, createdAt, updatedAt };
  return role === undefined ? person : { ...person, role };
}

/**
 * The person in a summary that was stored whole, such as a stream's host. The summary of a user
 * without a picture shows the stage's default, which must not be kept as theirs.
 */
export function personOfSummary(
  { profilePhoto, ...user }: UserSummary,
  defaultPicture: string,
): Person {
  const { _id: userId, username, name, surname } = user;
  const { url, createdAt, updatedAt } = profilePhoto;
  const picture = url === defaultPicture ? "" : url;
  return { userId, username, name, surname, picture, createdAt, updatedAt };
}

/** The person as a superlike shows them: the picture is a URL. */
export function snapshotOf(
  person: Person,
  defaultPicture: string,
): z.infer<typeof SuperlikeSnapshot> {
  const { userId, username, name, surname, picture, role } = person;
  const profilePhoto = variantOf(picture || defaultPicture, 76);
  return { _id: userId, username, name, surname, profilePhoto, ...(role && { role }) };
}
