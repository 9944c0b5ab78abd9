import { isOverlay } from "../id.ts";
import { refuse } from "../refusal.ts";
import type { Member } from "./member.ts";
import { isHost, type Stream } from "./stream.ts";

/** The user who asks for admission. */
type Asking = { userId: string; roles?: readonly string[] | undefined };

/** Whether everyone who is not blocked may see the inside of a stream. */
export const isFree = ({ price }: Pick<Stream, "price">) => price === null;

/** Users whom a paid stream always admits: its host, its guests, admins and overlays. */
const isOfHouse = (stream: Stream, { userId, roles = [] }: Asking) =>
  isHost(stream, userId) ||
  stream.guests.includes(userId) ||
  roles.includes("admin") ||
  isOverlay(userId);

/** Whether a user is admitted by something that they can lose: a pass, or a moderator's role. */
export const isAdmittedForNow = (stream: Stream, asking: Asking) =>
  !isFree(stream) && !isOfHouse(stream, asking);

/** Whether a user contributed at least the price of a stream, and it took place. */
const hasFunded = ({ price, funding }: Stream, member: Member | undefined) =>
  price !== null &&
  funding?.outcome === "host" &&
  member?.isFormer !== true &&
  (member?.contributed ?? 0) >= price;

/** Whether a user may see and use the inside of a stream, apart from bans. */
export const isAdmitted = (stream: Stream, member: Member | undefined, asking: Asking): boolean =>
  !isAdmittedForNow(stream, asking) ||
  stream.moderators.includes(asking.userId) ||
  member?.pass !== undefined ||
  hasFunded(stream, member);

/** Refuses users without access with `pass_required`. */
export function assertAdmitted(stream: Stream, member: Member | undefined, asking: Asking): void {
  if (!isAdmitted(stream, member, asking)) refuse("pass_required");
}
