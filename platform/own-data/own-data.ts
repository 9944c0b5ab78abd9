/** The schema of a user's data export. */
import * as z from "zod";
import { LikeItem } from "../../domain/audience/likes.ts";
import { VoteItem } from "../../domain/audience/vote.ts";
import { Balance } from "../../domain/credits.ts";
import { shownId, shownUserId } from "../../domain/id.ts";
import { Transaction } from "../../domain/money/ledger.ts";
import { Relation } from "../../domain/people/follow.ts";
import { Notification } from "../../domain/people/notification.ts";
import { Profile } from "../../domain/people/user.ts";
import { MessageItem } from "../../domain/streams/chat.ts";
import { ChatSettings } from "../../domain/streams/chat-settings.ts";
import { Reminder } from "../../domain/streams/reminder.ts";
import { Stream } from "../../domain/streams/stream.ts";
import { rowsOf, shownText, Timestamp } from "../../domain/text.ts";

export const ShownMessage = MessageItem.pick({
  id: true,
  streamId: true,
  content: true,
  replyTo: true,
  createdAt: true,
});
/** A host's choices for a stream; blocked words are settings and take up to 36 KB each. */
export const ShownStream = Stream.pick({
  title: true,
  channelName: true,
  liveStreamType: true,
  thumbnailUrl: true,
  price: true,
  fundingGoal: true,
  interest: true,
  durationGoal: true,
  motivation: true,
  createdAt: true,
  roomId: true,
  room: true,
});
const ShownDevice = z.record(z.string(), z.unknown());
/** A gift without ledger entries: an application on Tencent's engine has charged it. */
export const ShownGift = z.object({ streamId: shownId, giftId: shownId });
export const ShownPass = z.object({ streamId: shownId, at: Timestamp });
/** A user's contributions to a planned stream: the total, when last, and when returned. */
export const ShownContribution = z.object({
  streamId: shownId,
  amount: Balance,
  at: Timestamp,
  returnedAt: Timestamp.nullable(),
});
/** A stream to which the user was invited as a guest. */
export const Invitation = z.object({ streamId: shownId, createdAt: Timestamp });
export const ShownBan = z.object({
  liveStreamId: shownId,
  actionType: shownText(20),
  reason: shownText(500).nullable(),
  createdAt: Timestamp,
  endsAt: Timestamp.nullable(),
  deletedAt: Timestamp.nullable(),
});

/** The most items of each kind in one export; the newest are exported. */
export const exportedMax = 1_000;

/** A list of an export. */
const listOf = <Item extends z.ZodType>(item: Item) => rowsOf(item, exportedMax);

/** All data about one user. */
export const OwnData = z
  .object({
    userId: shownUserId,
    exportedAt: Timestamp,
    profile: Profile.nullable(),
    wallet: z.object({
      balance: z.number().int(),
      pending: z.number().int(),
      owed: z.number().int(),
      spendLimit: z.number().int().nullable(),
    }),
    transactions: listOf(
      Transaction.omit({ counterpart: true }).extend({
        counterpartId: shownUserId.nullable(),
      }),
    ),
    gifts: listOf(ShownGift).meta({
      description: "Gifts without a transaction: those that an application's callback has charged",
    }),
    messages: listOf(ShownMessage),
    notifications: listOf(Notification),
    devices: listOf(ShownDevice),
    following: listOf(Relation),
    followers: listOf(Relation),
    reminders: listOf(Reminder),
    streams: listOf(z.record(z.string(), z.unknown())),
    invitations: listOf(Invitation),
    bans: listOf(ShownBan),
    passes: listOf(ShownPass),
    contributions: listOf(ShownContribution),
    channel: ChatSettings.nullable(),
    likes: listOf(LikeItem.pick({ streamId: true, likes: true, at: true })),
    votes: listOf(VoteItem.pick({ streamId: true, momentId: true, options: true, at: true })),
    truncated: rowsOf(shownText(20)).meta({
      description:
        "The lists that may have more: cut at 1,000 items or 400 KB, or found through such a list",
    }),
  })
  .meta({ id: "OwnData" });
export type OwnData = z.infer<typeof OwnData>;
