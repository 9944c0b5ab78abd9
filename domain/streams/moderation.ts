import * as z from "zod";
import { UserId } from "../id.ts";
import { PageInfo } from "../page.ts";
import { StreamUser } from "../people/user.ts";
import { rowsOf, shownText, Timestamp } from "../text.ts";

/** What moderators do, by the names of the events that show it. */
const ActName = z.enum([
  "member.banned",
  "member.unbanned",
  "chat.deleted",
  "chat.pinned",
  "chat.unpinned",
  "settings.changed",
]);

/** An act as stored: who did it, to whom, and why. */
export const Act = z.object({
  id: z.string(),
  action: ActName,
  actorId: UserId,
  /** The user concerned: who was banned, or whose message it was. */
  targetId: UserId.nullable(),
  reason: z.string().nullable(),
  at: Timestamp,
});
export type Act = z.infer<typeof Act>;

const ShownAct = z
  .object({
    action: ActName,
    actor: StreamUser,
    target: StreamUser.nullable(),
    reason: shownText(500).nullable(),
    at: Timestamp,
  })
  .meta({ id: "ModerationAct" });

export const ModerationLog = z.object({ list: rowsOf(ShownAct), pageInfo: PageInfo });

/** One act of the log as it is shown, with its people. */
export function shownActOf(
  { action, actorId, targetId, reason, at }: Act,
  summaryOf: (userId: string) => StreamUser,
): z.infer<typeof ShownAct> {
  const target = targetId === null ? null : summaryOf(targetId);
  return { action, actor: summaryOf(actorId), target, reason, at };
}
