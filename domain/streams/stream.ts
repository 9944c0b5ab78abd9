import * as z from "zod";
import { Amount } from "../credits.ts";
import { StreamId, UserId } from "../id.ts";
import { UserSummary } from "../people/user.ts";
import { refuse } from "../refusal.ts";
import { shownText, shownUrl, Timestamp } from "../text.ts";

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
  /** The price of a pass in credits; null: the stream is free. Never changes. */
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
  /** The message that the host or a moderator pinned, which `pinnedMessageOf` reads. */
  pinned: z.object({ messageId: z.string(), message: z.unknown().optional() }).nullish(),
  /** The RoomId of a stream that was created through the Tencent API. */
  roomId: z.string().nullable(),
  /** Fields that only the Tencent API's room commands read and write. */
  room: z.record(z.string(), z.unknown()).optional(),
});
export type Stream = z.infer<typeof Stream>;

/** Chat, gifts and superlikes need an active stream; reading does not. */
export function assertLive(stream: Stream): void {
  if (stream.status !== "active") refuse("stream_not_live", { status: stream.status });
}

/** Whether it appears in public lists: the Tencent API may hide a room (`IsPublicVisible`). */
export const isListed = ({ room }: Stream) => room?.IsPublicVisible !== false;

/** The largest number of viewers of a Tencent room; undefined: unlimited. */
export const viewersMaxOf = ({ room }: Stream): number | undefined =>
  Number(room?.MaxMemberCount ?? 0) || undefined;

/** Whether a user is the host of a stream; an admin who acts for the host is not. */
export const isHost = (stream: Stream, userId: string) => stream.hostId === userId;

const wholeNumber = (min: number, max: number) => {
  const form = { error: `expected a whole number from ${min} to ${max}` };
  return z.number(form).int(form).min(min, form).max(max, form);
};

/** The largest number of levels of a train. */
const levelsMax = 10;

/**
 * When a stream's hype trains begin, and how many levels they have. A train starts automatically
 * with the gift that brings the senders and credits within the window up to these numbers.
 */
export const TrainSettings = z
  .object({
    enabled: z.boolean({ error: "expected true or false" }),
    startCredits: Amount.meta({ description: "Credits within the window that start a train" }),
    startSenders: wholeNumber(2, 50).meta({
      description: "Distinct senders within the window that start a train",
    }),
    windowSeconds: wholeNumber(60, 600),
    levels: z
      .array(Amount, { error: "expected a list of credits" })
      .min(1, `expected 1 to ${levelsMax} levels`)
      .max(levelsMax, `expected 1 to ${levelsMax} levels`)
      .refine((all) => all.every((credits, at) => credits > (all[at - 1] ?? 0)), {
        error: "expected each level higher than the one before",
      })
      .meta({ description: "Total credits that each level requires, ascending" }),
    levelSeconds: wholeNumber(60, 600).meta({
      description: "Initial duration in seconds, and the extension for each level reached",
    }),
  })
  .meta({
    id: "TrainSettings",
    example: {
      enabled: true,
      startCredits: 100,
      startSenders: 2,
      windowSeconds: 300,
      levels: [200, 500, 1000],
      levelSeconds: 120,
    },
  });
export type TrainSettings = z.infer<typeof TrainSettings>;

/** The settings of a stream or channel whose host has not set any. */
export const defaultTrain: TrainSettings = {
  enabled: false,
  startCredits: 100,
  startSenders: 3,
  windowSeconds: 300,
  levels: [300, 700, 1_300, 2_100, 3_100],
  levelSeconds: 300,
};

/** The settings of a stream or a channel. */
export const trainOf = ({ train }: { train?: TrainSettings | undefined }): TrainSettings =>
  train ?? defaultTrain;

const fields = Object.keys(TrainSettings.shape) as (keyof TrainSettings)[];

/** Whether two settings are equal, whatever the stored order of their fields. */
export const isSameTrain = (a: TrainSettings, b: TrainSettings): boolean =>
  fields.every((name) => JSON.stringify(a[name]) === JSON.stringify(b[name]));
