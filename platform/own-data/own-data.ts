/** What an export has of a user. */
import * as z from "zod";
import { LikeItem } from "../../domain/audience/likes.ts";
import { VoteItem } from "../../domain/audience/vote.ts";
import { Amount } from "../../domain/credits.ts";
import { Transaction } from "../../domain/money/transaction.ts";
import { Relation } from "../../domain/people/follow.ts";
import { Notification } from "../../domain/people/notification.ts";
import { Profile } from "../../domain/people/user.ts";
import { MessageItem } from "../../domain/streams/chat.ts";
import { ChatSettings } from "../../domain/streams/chat-settings.ts";
import { Reminder } from "../../domain/streams/reminder.ts";
import { Stream } from "../../domain/streams/stream.ts";
import { Timestamp } from "../../domain/text.ts";

export const ShownMessage = MessageItem.pick({
  id: true,
  streamId: true,
  content: true,
  replyTo: true,
  createdAt: true,
});
/** What a host chose for a stream; the words that they blocked are settings, in some 36 KB each. */
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
export const ShownPass = z.object({ streamId: z.string(), at: Timestamp });
/** What a user gave to a planned stream in all, when last, and when it was returned. */
export const ShownContribution = z.object({
  streamId: z.string(),
  amount: Amount,
  at: Timestamp,
  returnedAt: Timestamp.nullable(),
});
/** A stream to which the user was invited as a guest. */
export const Invitation = z.object({ streamId: z.string(), createdAt: Timestamp });
export const ShownBan = z.object({
  liveStreamId: z.string(),
  actionType: z.string(),
  reason: z.string().nullable(),
  createdAt: Timestamp,
  endsAt: Timestamp.nullable(),
  deletedAt: Timestamp.nullable(),
});

/** Everything that is kept about one user. */
export const OwnData = z
  .object({
    userId: z.string(),
    exportedAt: Timestamp,
    profile: Profile.nullable(),
    wallet: z.object({
      balance: z.number().int(),
      pending: z.number().int(),
      owed: z.number().int(),
      spendLimit: z.number().int().nullable(),
    }),
    transactions: z.array(
      Transaction.omit({ counterpart: true }).extend({
        counterpartId: z.string().nullable(),
      }),
    ),
    messages: z.array(ShownMessage),
    notifications: z.array(Notification),
    devices: z.array(ShownDevice),
    following: z.array(Relation),
    followers: z.array(Relation),
    reminders: z.array(Reminder),
    streams: z.array(z.record(z.string(), z.unknown())),
    invitations: z.array(Invitation),
    bans: z.array(ShownBan),
    passes: z.array(ShownPass),
    contributions: z.array(ShownContribution),
    channel: ChatSettings.nullable(),
    likes: z.array(LikeItem.pick({ streamId: true, likes: true, at: true })),
    votes: z.array(VoteItem.pick({ streamId: true, momentId: true, options: true, at: true })),
    truncated: z.array(z.string()).meta({
      description: "The lists that end here at 1,000 items or 400 KB, and of which more is kept",
    }),
  })
  .meta({ id: "OwnData" });
export type OwnData = z.infer<typeof OwnData>;
