import * as z from "zod";
import { UserId } from "../id.ts";
import { refuse } from "../refusal.ts";
import { Timestamp } from "../text.ts";
import { ChatSettings, ChatSettingsChange, distinctLists } from "./chat-settings.ts";
import type { Stream } from "./stream.ts";
import { isOver } from "./stream-lifecycle.ts";
import { TrainSettings, trainOf } from "./train-settings.ts";

/**
 * What a host keeps from stream to stream. `changed` has the revision at which each setting was
 * named last: a stream that has taken in an earlier revision takes those settings, and no others.
 */
export const Channel = z.object({
  hostId: UserId,
  ...ChatSettings.shape,
  /** Absent: the host has chosen nothing. */
  train: TrainSettings.optional(),
  /** Grows with each change; 0 where the host has changed nothing yet. */
  revision: z.number().int(),
  changed: z.record(z.string(), z.number().int()),
  /** Null where the host has changed nothing yet. */
  updatedAt: Timestamp.nullable(),
});
export type Channel = z.infer<typeof Channel>;

/** The channel's settings as the API shows them. */
export const ChannelSettings = ChatSettings.extend({ train: TrainSettings }).meta({
  id: "Channel",
});

/** Changes of a channel; what is left out stays. */
export const ChannelChange = ChatSettingsChange.extend({ train: TrainSettings.optional() });
export type ChannelChange = z.infer<typeof ChannelChange>;

const settingNames = Object.keys(ChannelChange.shape) as (keyof ChannelChange)[];

/** The channel of a host who has changed nothing yet. */
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

/** The settings of a channel alone. */
export const channelSettingsOf = (channel: Channel): z.infer<typeof ChannelSettings> => ({
  ...ChatSettings.parse(channel),
  train: trainOf(channel),
});

/** The channel after a change; undefined where the change names no setting. */
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

/** The fields with which a new stream of the channel's host begins. */
export const channelFields = (channel: Channel) => ({
  ...ChatSettings.parse(channel),
  ...(channel.train && { train: channel.train }),
  channelRevision: channel.revision,
});

/**
 * What a stream takes from its host's channel: the settings that were named since the revision that
 * it took last. Undefined where there are none, and in a stream that is over.
 */
export function takenFromChannel(channel: Channel, stream: Stream): Partial<Stream> | undefined {
  const { channelRevision = 0 } = stream;
  if (isOver(stream) || channelRevision >= channel.revision) return undefined;
  const taken = settingNames.filter((name) => (channel.changed[name] ?? 0) > channelRevision);
  const values = taken.map((name) => [name, channel[name]]);
  return { ...Object.fromEntries(values), channelRevision: channel.revision };
}

/** The host, a moderator whom the channel names, or an admin. Refuses with `not_a_moderator`. */
export function assertMayModerateChannel(
  { hostId, moderators }: Channel,
  { userId, roles }: { userId: string; roles: readonly string[] },
): void {
  const mayModerate = hostId === userId || moderators.includes(userId) || roles.includes("admin");
  if (!mayModerate) refuse("not_a_moderator");
}
