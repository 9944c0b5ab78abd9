import * as z from "zod";
import { StreamId, shownId, shownUserId, UserId } from "../id.ts";
import { StreamUser } from "../people/user.ts";
import { rowsOf, shownText, shownUrl, Timestamp } from "../text.ts";
import { ChatMessage } from "./chat.ts";
import { channelNameMax, guestsMax, type Stream, StreamStatus } from "./stream.ts";

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
      .meta({ description: "The price of a pass in credits; absent if the stream is free" }),
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
          "The address for sockets of this stream. Only in responses about a single stream that a " +
          "relay serves; the WebSocket API accepts its sockets, too",
      }),
    pinnedMessageId: shownId.nullable(),
    pinned: ChatMessage.nullable().meta({
      description: "The pinned message, in responses about a single stream; null in lists",
    }),
  })
  .meta({ id: "LiveStream" });
export type LiveStream = z.infer<typeof LiveStream>;

/** A user's number in the video channel: 31 bits of their id, never 0 (Agora's uid). */
export function channelUid(userId: string): number {
  let hash = 0;
  for (const char of userId) hash = (Math.imul(hash, 31) + char.charCodeAt(0)) | 0;
  return hash & 0x7fffffff || 1;
}

/**
 * What a stream's public form needs besides its item: the pinned message, the credits in its
 * escrow, and its guests.
 */
type Shown = {
  pinned?: LiveStream["pinned"];
  collected?: number;
  guests?: readonly StreamUser[];
};

/** The stream as the API shows it; lists leave out what is pinned. */
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

/** Who broadcasts in a stream: its host, or a guest whom the host invited. */
const broadcasterOf = (userSummary: StreamUser, role: "host" | "guest") => {
  const { _id: user } = userSummary;
  return { user, role, uid: channelUid(user), userSummary };
};

/** A guest as a broadcaster. */
export const guestBroadcaster = (guest: StreamUser) => broadcasterOf(guest, "guest");
