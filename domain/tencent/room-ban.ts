import * as z from "zod";
import type { BanAction } from "../streams/member.ts";
import { byteText } from "../text.ts";
import { accounts, RoomId } from "./room.ts";

/** The longest ban in seconds: an unsigned 32-bit number, up to 136 years. */
const secondsMax = 2 ** 32 - 1;
const seconds = z
  .number({ error: "expected a whole number of seconds" })
  .int("expected a whole number of seconds")
  .min(0, "expected at least 0")
  .max(secondsMax, `expected at most ${secondsMax}`);

/**
 * The largest number of members in one call. The reference limits bans; mutes have the same limit.
 */
const membersMax = 20;

/** The body of mute_member; MuteTime 0 unmutes the members. */
export const MuteMembers = z.object({
  RoomId,
  MemberList_Account: accounts(membersMax),
  MuteTime: seconds,
});

/** The body of ban_member; Duration 0 unblocks the members. */
export const BanMembers = z.object({
  RoomId,
  MemberList_Account: accounts(membersMax),
  Reason: byteText(0, 200).default(""),
  Duration: seconds,
});

/** A ban of some members of a room; 0 seconds lifts bans of that kind. */
export type RoomBan = { actionType: BanAction; seconds: number; reason: string };

/** The end of a ban that begins now. */
export const endOf = (ban: RoomBan, now: Date) =>
  new Date(now.getTime() + ban.seconds * 1000).toISOString();
