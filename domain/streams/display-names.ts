import type { StreamRole } from "../people/user.ts";
import { blockedWordIn } from "./blocked-words.ts";
import { activeBan, type Member } from "./member.ts";
import type { Stream } from "./stream.ts";

type Names = { userId: string; username: string; name: string; surname: string };

/** The fields of a stream that decide how its users are shown. */
type StreamNamePolicy = Pick<Stream, "hostId" | "moderators" | "blockedWords">;

/** The role of a user in a stream; undefined for an ordinary viewer. */
export function roleIn(
  { hostId, moderators }: StreamNamePolicy,
  userId: string,
): StreamRole | undefined {
  if (userId === hostId) return "host";
  return moderators.includes(userId) ? "moderator" : undefined;
}

/** A user with all of their names, and with their role in a stream if they have one. */
export function withRole<P extends Names>(
  stream: StreamNamePolicy,
  person: P,
): P & { role?: StreamRole } {
  const role = roleIn(stream, person.userId);
  return role === undefined ? person : { ...person, role };
}

/**
 * A user as a stream shows them: with their role, without names that contain one of its blocked
 * words, and, while they are muted, with the names that they had when the mute began. So users
 * cannot say with a name what they may not say in the chat. Hosts are exempt, since the words are
 * theirs.
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

/** The names without those that contain blocked words, alone or together; these become empty. */
function allowedNames({ username, name, surname }: Names, words: readonly string[]) {
  const allowed = (value: string) => (blockedWordIn(value, words) === undefined ? value : "");
  const names = { username: allowed(username), name: allowed(name), surname: allowed(surname) };
  const together = [`${names.name} ${names.surname}`, `${names.name}${names.surname}`];
  return together.every((value) => allowed(value) !== "" || value === "" || value === " ")
    ? names
    : { ...names, name: "", surname: "" };
}

/**
 * The names by which a user is shown during a ban: their current ones, or those of a mute that is
 * already in force.
 */
export function namesAtBan({ name, surname }: Names, member: Member | undefined, now: Date) {
  return activeBan(member, now)?.names ?? { name, surname };
}
