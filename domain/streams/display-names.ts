import type { StreamRole } from "../people/user.ts";
import { blockedWordIn } from "./blocked-words.ts";
import { activeBan, type Member } from "./member.ts";
import type { Stream } from "./stream.ts";

type Names = { userId: string; username: string; name: string; surname: string };

/** The part of a stream that decides how its people are shown. */
type StreamNamePolicy = Pick<Stream, "hostId" | "moderators" | "blockedWords">;

/** The role of a user in a stream; undefined for an ordinary viewer. */
export function roleIn(
  { hostId, moderators }: StreamNamePolicy,
  userId: string,
): StreamRole | undefined {
  if (userId === hostId) return "host";
  return moderators.includes(userId) ? "moderator" : undefined;
}

/** A user with their role in a stream, if they have one, and with all of their names. */
export function withRole<P extends Names>(
  stream: StreamNamePolicy,
  person: P,
): P & { role?: StreamRole } {
  const role = roleIn(stream, person.userId);
  return role === undefined ? person : { ...person, role };
}

/**
 * A user as a stream shows them: with their role, without names that hold one of its blocked
 * words, and while they are muted by the names that they had when the mute began. So nobody says
 * with a name what they may not say in the chat. Hosts are shown by any name: the words are theirs.
 */
export function shownIn<P extends Names>(
  stream: StreamNamePolicy,
  person: P,
  member: Member | undefined,
  now: Date,
): P & { role?: StreamRole } {
  const shown = { ...withRole(stream, person), ...activeBan(member, now)?.names };
  return shown.role === "host" ? shown : { ...shown, ...allowedNames(shown, stream.blockedWords) };
}

/** The names that hold none of the words, alone or together; the others are empty. */
function allowedNames({ username, name, surname }: Names, words: readonly string[]) {
  const allowed = (value: string) => (blockedWordIn(value, words) === undefined ? value : "");
  const names = { username: allowed(username), name: allowed(name), surname: allowed(surname) };
  const together = [`${names.name} ${names.surname}`, `${names.name}${names.surname}`];
  return together.every((value) => allowed(value) !== "" || value === "" || value === " ")
    ? names
    : { ...names, name: "", surname: "" };
}

/**
 * The names by which a user is shown during a ban: their present ones, or those of the mute that
 * is in force already.
 */
export function namesAtBan({ name, surname }: Names, member: Member | undefined, now: Date) {
  return activeBan(member, now)?.names ?? { name, surname };
}
