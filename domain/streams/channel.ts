import * as z from "zod";
import { UserId } from "../id.ts";
import { refuse } from "../refusal.ts";
import { Timestamp } from "../text.ts";
import { ChatSettings, ChatSettingsChange, distinctLists } from "./chat-settings.ts";
import { type Stream, TrainSettings, trainOf } from "./stream.ts";
import { isOver } from "./stream-lifecycle.ts";

/**
 * What a host keeps from stream to stream. `changed` has the revision at which each setting was
 * last set: a stream that has applied an earlier revision takes those settings, and no others.
 */
export const Channel = z.object({
  hostId: UserId,
  ...ChatSettings.shape,
  /** Absent: the host has not set it. */
  train: TrainSettings.optional(),
  /** Grows with each change; 0 if the host has not changed anything yet. */
  revision: z.number().int(),
  changed: z.record(z.string(), z.number().int()),
  /** Null if the host has not changed anything yet. */
  updatedAt: Timestamp.nullable(),
});
export type Channel = z.infer<typeof Channel>;

/** The channel's settings as the API shows them. */
export const ChannelSettings = ChatSettings.extend({ train: TrainSettings }).meta({
  id: "Channel",
});

/** Changes of a channel; omitted fields stay. */
export const ChannelChange = ChatSettingsChange.extend({ train: TrainSettings.optional() });
export type ChannelChange = z.infer<typeof ChannelChange>;

const settingNames = Object.keys(ChannelChange.shape) as (keyof ChannelChange)[];

/** The channel of a host who has not changed anything yet. */
export const newChannel = (hostId: string): Channel => ({
  hostId,
  slowModeSeconds: 0,
  followersOnly: false,
  blockedWords: [],
  giftsEnabled: true,
  moderators: [],
  revision: 0,
  changed: {},
  updatedAt: null,
});

/** Only the settings of a channel. */
export const channelSettingsOf = (channel: Channel): z.infer<typeof ChannelSettings> => ({
  ...ChatSettings.parse(channel),
  train: trainOf(channel),
});

/** The channel after a change; undefined if the change contains no setting. */
export function changedChannel(
  channel: Channel,
  change: ChannelChange,
  now: Date,
): Channel | undefined {
  const settings: ChannelChange = { ...change, ...distinctLists(change) };
  const named = settingNames.filter((name) => settings[name] !== undefined);
  if (named.length === 0) return undefined;
  const revision = channel.revision + 1;
  const changed = { ...channel.changed };
  for (const name of named) changed[name] = revision;
  const values = Object.fromEntries(named.map((name) => [name, settings[name]]));
  return { ...channel, ...values, revision, changed, updatedAt: now.toISOString() };
}

/** The fields that a new stream takes from its host's channel. */
export const channelFields = (channel: Channel) => ({
  ...ChatSettings.parse(channel),
  ...(channel.train && { train: channel.train }),
  channelRevision: channel.revision,
});

/**
 * The settings that a stream takes from its host's channel: those set since the revision that it
 * last applied. Undefined if there are none, or if the stream is over.
 */
export function changesFromChannel(channel: Channel, stream: Stream): Partial<Stream> | undefined {
  const { channelRevision = 0 } = stream;
  if (isOver(stream) || channelRevision >= channel.revision) return undefined;
  const taken = settingNames.filter((name) => (channel.changed[name] ?? 0) > channelRevision);
  const values = taken.map((name) => [name, channel[name]]);
  return { ...Object.fromEntries(values), channelRevision: channel.revision };
}

type Acting = { userId: string; roles: readonly string[] };

/** Whether this is the host, a moderator whom the channel names, or an admin. */
export const mayModerateChannel = ({ hostId, moderators }: Channel, { userId, roles }: Acting) =>
  hostId === userId || moderators.includes(userId) || roles.includes("admin");

/** Refuses callers who may not moderate the channel with `not_a_moderator`. */
export function assertMayModerateChannel(channel: Channel, acting: Acting): void {
  if (!mayModerateChannel(channel, acting)) refuse("not_a_moderator");
}
