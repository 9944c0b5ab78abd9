import * as z from "zod";
import { UserId } from "../id.ts";
import { PageInfo } from "../page.ts";
import { StreamUser } from "../people/user.ts";
import { rowsOf, shownText, Timestamp } from "../text.ts";
import { BanAction } from "./member.ts";

/** Actions of moderators, named after the events that show them. */
const ActName = z.enum([
  "member.banned",
  "member.unbanned",
  "chat.deleted",
  "chat.pinned",
  "chat.unpinned",
  "settings.changed",
]);

const ActBan = z.object({ actionType: BanAction, endsAt: Timestamp.nullable() });

/** A moderation act as stored: actor, target and reason. */
export const Act = z.object({
  id: z.string(),
  action: ActName,
  actorId: UserId,
  /** The user concerned: the banned user, or the author of the message. */
  targetId: UserId.nullable(),
  reason: z.string().nullable(),
  /** The kind and end of a new or lifted ban; absent in entries of earlier versions. */
  ban: ActBan.optional(),
  at: Timestamp,
});
export type Act = z.infer<typeof Act>;

const ShownAct = z
  .object({
    action: ActName,
    actor: StreamUser,
    target: StreamUser.nullable(),
    reason: shownText(500).nullable(),
    ban: ActBan.optional().meta({
      description: "The kind and end of the ban; absent in entries by earlier versions",
    }),
    at: Timestamp,
  })
  .meta({ id: "ModerationAct" });

export const ModerationLog = z.object({ list: rowsOf(ShownAct), pageInfo: PageInfo });

/** One act of the log as shown, with its users. */
export function shownActOf(
  { action, actorId, targetId, reason, ban, at }: Act,
  summaryOf: (userId: string) => StreamUser,
): z.infer<typeof ShownAct> {
  const target = targetId === null ? null : summaryOf(targetId);
  return { action, actor: summaryOf(actorId), target, reason, ...(ban && { ban }), at };
}
