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

/** What is wished for some members of a room; 0 seconds lifts what there is of that kind. */
export type RoomBan = { actionType: BanAction; seconds: number; reason: string };

/** What becomes of a member's ban: it stays as it is, is lifted, or there is another one. */
type BanChange = "none" | "lift" | "replace";

/**
 * Decides on a member, who has one ban at a time. A mute does not replace a block, which forbids
 * more; anything else is replaced, so that the newest end holds.
 */
export function decideBan(wish: RoomBan, member: Member | undefined, now: Date): BanChange {
  const held = activeBan(member, now);
  if (wish.seconds === 0) return held?.actionType === wish.actionType ? "lift" : "none";
  return held?.actionType === "BLOCK" && wish.actionType === "CHAT_ONLY" ? "none" : "replace";
}

/** The end of a ban that begins now. */
export const endOf = (wish: RoomBan, now: Date) =>
  new Date(now.getTime() + wish.seconds * 1000).toISOString();
