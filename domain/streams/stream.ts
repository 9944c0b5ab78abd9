import * as z from "zod";
import { Amount } from "../credits.ts";
import { StreamId, shownId, shownUserId, UserId } from "../id.ts";
import { StreamUser, UserSummary } from "../people/user.ts";
import { refuse } from "../refusal.ts";
import { rowsOf, shownText, shownUrl, Timestamp } from "../text.ts";
import { ChatMessage, Message } from "./chat.ts";

export const StreamStatus = z.enum([
  "preparing",
  "scheduled",
  "active",
  "ended",
  "expired",
  "cancelled_by_host",
  "cancelled_by_guest",
]);
export type StreamStatus = z.infer<typeof StreamStatus>;

/** The largest number of guests of a stream. */
export const guestsMax = 20;

/** The largest number of moderators of a stream. */
export const moderatorsMax = 100;

/** The longest channel name: a title's first words, and four characters of the stream's id. */
export const channelNameMax = 45;

/** The outcome of a stream's contributions: all go to the host, or all are returned. */
export const Funding = z.object({
  outcome: z.enum(["host", "back"]),
  collected: z.number().int(),
  closedAt: z.string(),
  /** When the last of the returned contributions was returned. */
  returnedAt: Timestamp.optional(),
});
export type Funding = z.infer<typeof Funding>;

/** When hype trains begin: `TrainSettings`, validated when they were written. */
const StoredTrain = z.object({
  enabled: z.boolean(),
  startCredits: z.number(),
  startSenders: z.number(),
  windowSeconds: z.number(),
  levels: z.array(z.number()),
  levelSeconds: z.number(),
});

/** A live stream as stored. `revision` grows with each change and never starts again. */
export const Stream = z.object({
  id: StreamId,
  /** The creator: the host who receives the gifts. */
  hostId: UserId,
  host: UserSummary,
  title: shownText(200),
  status: StreamStatus,
  channelName: shownText(channelNameMax),
  liveStreamType: shownText(50),
  thumbnailUrl: shownUrl,
  /** Its picture that is served here, uploaded or fetched; deleted with the stream. */
  pictureId: z.string().optional(),
  guests: z.array(z.string()),
  /** Credits for a pass; null: the inside is open to everyone. Never changes. */
  price: z.number().nullable(),
  /** The funding goal of a planned stream, in credits. */
  fundingGoal: Amount.nullish(),
  /** Absent while contributions are held. */
  funding: Funding.optional(),
  interest: z.string().nullable(),
  durationGoal: z.number().nullable(),
  motivation: z.string().nullable(),
  plannedStartDate: Timestamp.nullable(),
  startedAt: Timestamp.nullable(),
  endedAt: Timestamp.nullable(),
  deletedAt: Timestamp.nullable(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  revision: z.number().int(),
  /** False: gifts are switched off in this stream (Tencent's gift switch). */
  giftsEnabled: z.boolean(),
  slowModeSeconds: z.number().int(),
  followersOnly: z.boolean(),
  /** Read from a separate item if they have a version; lists of streams omit them. */
  blockedWords: z.array(z.string()),
  /** The revision at which the words last changed. */
  blockedWordsVersion: z.number().int().optional(),
  moderators: z.array(UserId),
  /** Absent: the host has not set it. */
  train: StoredTrain.optional(),
  /** The revision of the host's channel whose settings the stream has applied. */
  channelRevision: z.number().int().optional(),
  /** The message that the host or a moderator pinned. */
  pinned: z.object({ messageId: z.string(), message: Message.optional() }).nullish(),
  /** Its RoomId in the Tencent API, if it was created there. */
  roomId: z.string().nullable(),
  /** Fields that only the Tencent API's room commands read and write. */
  room: z.record(z.string(), z.unknown()).optional(),
});
export type Stream = z.infer<typeof Stream>;

/** The stream as the Allmine API shows it. */
export const LiveStream = z
  .object({
    id: StreamId,
    title: shownText(200),
    liveStreamType: shownText(50),
    channelName: shownText(channelNameMax),
    broadcasters: rowsOf(
      z.object({
        user: UserId,
        role: z.enum(["host", "guest"]),
        uid: z.number().int(),
        userSummary: StreamUser,
      }),
      1 + guestsMax,
    ),
    guests: rowsOf(shownUserId, guestsMax),
    creator: StreamUser,
    thumbnailUrl: shownUrl,
    recording: z.boolean(),
    recordingUrl: shownUrl.nullable(),
    replayAccess: z.unknown().nullable(),
    status: StreamStatus,
    accessType: z.enum(["free", "paid"]),
    price: z
      .number()
      .int()
      .optional()
      .meta({ description: "Price of a pass in credits; absent for a free stream" }),
    interest: shownText(100).nullable(),
    durationGoal: z.number().int().nullable(),
    motivation: shownText(500).nullable(),
    isActiveReplayOnCreatorProfile: z.null(),
    replayCreditPrice: z.null(),
    startedAt: Timestamp.nullable(),
    plannedStartDate: Timestamp.nullable(),
    endedAt: Timestamp.nullable(),
    plannedEndDate: Timestamp.nullable(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    fundingGoal: z.number().int().nullable(),
    collectedFunding: z.number().int(),
    fundingPercentage: z.number().int(),
    giftsEnabled: z.boolean(),
    slowModeSeconds: z.number().int(),
    followersOnly: z.boolean(),
    realtime: z
      .object({ url: shownUrl })
      .optional()
      .meta({
        description:
          "The WebSocket address to use for this stream when a relay serves it; only in " +
          "responses about one stream. The WebSocket API also accepts these sockets",
      }),
    pinnedMessageId: shownId.nullable(),
    pinned: ChatMessage.nullable().meta({
      description: "The pinned message; always null in lists",
    }),
  })
  .meta({ id: "LiveStream" });
export type LiveStream = z.infer<typeof LiveStream>;

/** A user's number in the video channel (Agora's uid): 31 bits derived from their id, never 0. */
export function channelUid(userId: string): number {
  let hash = 0;
  for (const char of userId) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) | 0;
  return hash & 0x7fffffff || 1;
}

/** What else is shown of a stream: the pinned message, the total of its escrow, and its guests. */
type Shown = {
  pinned?: LiveStream["pinned"];
  collected?: number;
  guests?: readonly StreamUser[];
};

/** The stream as the API shows it; lists omit the pinned message. */
export function liveStreamOf(
  stream: Stream,
  { pinned = null, collected = stream.funding?.collected ?? 0, guests = [] }: Shown = {},
): LiveStream {
  const { price, fundingGoal: goal = null } = stream;
  const host = { ...stream.host, role: "host" as const };
  return {
    id: stream.id,
    title: stream.title,
    liveStreamType: stream.liveStreamType,
    channelName: stream.channelName,
    broadcasters: [broadcasterOf(host, "host"), ...guests.map(guestBroadcaster)],
    guests: stream.guests,
    creator: host,
    thumbnailUrl: stream.thumbnailUrl,
    recording: false,
    recordingUrl: null,
    replayAccess: null,
    status: stream.status,
    accessType: price === null ? "free" : "paid",
    ...(price !== null && { price }),
    interest: stream.interest,
    durationGoal: stream.durationGoal,
    motivation: stream.motivation,
    isActiveReplayOnCreatorProfile: null,
    replayCreditPrice: null,
    startedAt: stream.startedAt,
    plannedStartDate: stream.plannedStartDate,
    endedAt: stream.endedAt,
    plannedEndDate: null,
    createdAt: stream.createdAt,
    updatedAt: stream.updatedAt,
    fundingGoal: goal,
    collectedFunding: collected,
    fundingPercentage: goal === null ? 0 : Math.floor((collected * 100) / goal),
    giftsEnabled: stream.giftsEnabled,
    slowModeSeconds: stream.slowModeSeconds,
    followersOnly: stream.followersOnly,
    pinnedMessageId: stream.pinned?.messageId ?? null,
    pinned,
  };
}

/** A broadcaster of a stream: its host, or a guest whom the host invited. */
const broadcasterOf = (userSummary: StreamUser, role: "host" | "guest") => {
  const { _id: user } = userSummary;
  return { user, role, uid: channelUid(user), userSummary };
};

/** A guest as a broadcaster. */
export const guestBroadcaster = (guest: StreamUser) => broadcasterOf(guest, "guest");

/** Chat, gifts and superlikes need an active stream; reading does not. */
export function assertLive(stream: Stream): void {
  if (stream.status !== "active") refuse("stream_not_live", { status: stream.status });
}

/** Whether it appears in public lists: the Tencent API may hide a room (`IsPublicVisible`). */
export const isListed = ({ room }: Stream) => room?.IsPublicVisible !== false;

/** The largest number of viewers of a Tencent room; undefined: unlimited. */
export const placesOf = ({ room }: Stream): number | undefined =>
  Number(room?.MaxMemberCount ?? 0) || undefined;

/** Whether a user is the host of a stream; an admin who acts for the host is not. */
export const isHost = (stream: Stream, userId: string) => stream.hostId === userId;
