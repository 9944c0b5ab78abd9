import * as z from "zod";
import { activeBan, type BanAction, type Member } from "../streams/member.ts";
import { byteText } from "../text.ts";
import { accounts, RoomId } from "./room.ts";

/** Seconds of a ban: an unsigned 32-bit number, whose largest value is 136 years. */
const secondsMax = 2 ** 32 - 1;
const seconds = z
  .number({ error: "expected a whole number of seconds" })
  .int("expected a whole number of seconds")
  .min(0, "expected at least 0")
  .max(secondsMax, `expected at most ${secondsMax}`);

/** Members of one call. The reference has a limit for bans; mutes have the same. */
const membersMax = 20;

/** The body of mute_member; MuteTime 0 lets the members chat again. */
export const MuteMembers = z.object({
  RoomId,
  MemberList_Account: accounts(membersMax),
  MuteTime: seconds,
});

/** The body of ban_member; Duration 0 lets the members in again. */
export const BanMembers = z.object({
  RoomId,
  MemberList_Account: accounts(membersMax),
  Reason: byteText(0, 200).default(""),
  Duration: seconds,
});

/** A ban of some members of a room; 0 seconds lifts the one of that kind. */
export type RoomBan = { actionType: BanAction; seconds: number; reason: string };

/** What happens to a member's ban: nothing, or it is lifted, or replaced by another. */
type BanChange = "none" | "lift" | "replace";

/**
 * Decides on a member, who has one ban at a time. A mute does not replace a block, which forbids
 * more; anything else is replaced, so that the newest end counts.
 */
export function decideBan(ban: RoomBan, member: Member | undefined, now: Date): BanChange {
  const current = activeBan(member, now);
  if (ban.seconds === 0) return current?.actionType === ban.actionType ? "lift" : "none";
  return current?.actionType === "BLOCK" && ban.actionType === "CHAT_ONLY" ? "none" : "replace";
}

/** The end of a ban that begins now. */
export const endOf = (ban: RoomBan, now: Date) =>
  new Date(now.getTime() + ban.seconds * 1000).toISOString();
