import { isOverlay } from "../id.ts";
import { refuse } from "../refusal.ts";
import type { Member } from "./member.ts";
import { isHost, type Stream } from "./stream.ts";

/** Who asks to be let in. */
type Asking = { userId: string; roles?: readonly string[] | undefined };

/** Whether anybody may see the inside of a stream who is not blocked there. */
export const isFree = ({ price }: Pick<Stream, "price">) => price === null;

/** Whom a paid stream lets in for good: its host, its guests, admins and overlays. */
const isOfHouse = (stream: Stream, { userId, roles = [] }: Asking) =>
  isHost(stream, userId) ||
  stream.guests.includes(userId) ||
  roles.includes("admin") ||
  isOverlay(userId);

/** Whether the stream lets a user in by what they can lose: a pass, or a moderator's role. */
export const isAdmittedForNow = (stream: Stream, asking: Asking) =>
  !isFree(stream) && !isOfHouse(stream, asking);

/** Whether a user helped to fund a stream with its price or more, and it took place. */
const hasFunded = ({ price, funding }: Stream, member: Member | undefined) =>
  price !== null &&
  funding?.outcome === "host" &&
  member?.isFormer !== true &&
  (member?.contributed ?? 0) >= price;

/** Whether a user may see and use the inside of a stream: all but its bans is decided here. */
export const isAdmitted = (stream: Stream, member: Member | undefined, asking: Asking): boolean =>
  !isAdmittedForNow(stream, asking) ||
  stream.moderators.includes(asking.userId) ||
  member?.pass !== undefined ||
  hasFunded(stream, member);

/** Refuses with `pass_required` who may not. */
export function assertAdmitted(stream: Stream, member: Member | undefined, asking: Asking): void {
  if (!isAdmitted(stream, member, asking)) refuse("pass_required");
}
