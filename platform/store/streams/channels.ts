import {
  assertMayModerateChannel,
  Channel,
  type ChannelChange,
  changedChannel,
  changesFromChannel,
  newChannel,
} from "../../../domain/streams/channel.ts";
import type { Caller } from "../../auth/caller.ts";
import { waitForAll } from "../../runtime/deadline.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { countUse } from "../../table/rates.ts";
import { type Action, commitTransaction } from "../../table/transact.ts";
import { assertNotBlockedFromChannel } from "./members.ts";
import { appoint } from "./moderators.ts";
import { changeStream } from "./stream-changes.ts";
import { listOpen } from "./stream-lists.ts";
import { findStream } from "./streams.ts";

/** A host's channel, read consistently; a new one if they have not changed anything yet. */
export const findChannel = async (hostId: string): Promise<Channel> =>
  (await getItem(Channel, key.channel(hostId), { consistent: true })) ?? newChannel(hostId);

/**
 * A host's channel, for a caller who moderates it: the host, a moderator named in the channel, or
 * an admin. Refuses with `member_blocked` (a moderator may have been) and `not_a_moderator`.
 */
export async function getModeratedChannel(
  hostId: string,
  caller: Caller,
  now: Date,
): Promise<Channel> {
  const [channel] = await Promise.all([
    findChannel(hostId),
    assertNotBlockedFromChannel(hostId, caller.userId, now),
  ]);
  assertMayModerateChannel(channel, caller);
  return channel;
}

const isCurrent = ({ revision }: Channel) =>
  revision === 0
    ? { ConditionExpression: "attribute_not_exists(PK)" }
    : {
        ConditionExpression: "revision = :revision",
        ExpressionAttributeValues: { ":revision": revision },
      };

/**
 * Creates a stream from its host's channel. `begin` records it with the given check, which fails
 * (label `channel`) if the channel changed meanwhile: then it returns undefined and is called
 * again. So a change of the channel finds every stream that was created with the old settings.
 */
export const withChannel = <A>(
  hostId: string,
  begin: (channel: Channel, check: Action) => Promise<A | undefined>,
): Promise<A> =>
  retryOnConflict(async () => {
    const channel = await findChannel(hostId);
    const ConditionCheck = { Key: key.channel(hostId), ...isCurrent(channel) };
    return (await begin(channel, { label: "channel", ConditionCheck })) ?? conflicted;
  });

/**
 * Changes a host's channel under its revision, which `assertRevision` may refuse; a change without
 * settings does nothing.
 */
export const changeChannel = (
  hostId: string,
  change: ChannelChange,
  now: Date,
  assertRevision: (revision: number) => void = () => {},
): Promise<Channel> =>
  retryOnConflict(async () => {
    const channel = await findChannel(hostId);
    assertRevision(channel.revision);
    const changed = changedChannel(channel, change, now);
    if (changed === undefined) return channel;
    await appoint(hostId, channel.moderators, changed.moderators, now);
    const Item = { ...key.channel(hostId), ...changed };
    const failed = await commitTransaction([{ Put: { Item, ...isCurrent(channel) } }]);
    return failed === undefined ? changed : conflicted;
  });

/** The number of open streams that the declared cost of a channel's change covers. */
const declaredStreams = 222;

/** Counts what a channel's change costs above the declared `units` if more streams are open. */
export async function countChannelChange(hostId: string, units: number, now: Date): Promise<void> {
  const { length } = await listOpen(hostId);
  const more = Math.ceil((length / declaredStreams - 1) * units);
  if (more > 0) await countUse("bulk", hostId, now, more);
}

/** The number of streams of one host that are changed concurrently. */
const togetherMax = 10;

/**
 * Applies the channel's settings to every stream of the host that is not over. It may run late,
 * twice or concurrently: a stream records the revision that it has applied.
 */
export async function applyChannel(hostId: string, now: Date): Promise<void> {
  const channel = await findChannel(hostId);
  const open = await listOpen(hostId, { consistent: true });
  for (let at = 0; at < open.length; at += togetherMax)
    await waitForAll(
      open.slice(at, at + togetherMax).map(({ streamId }) => applyTo(streamId, channel, now)),
    );
}

async function applyTo(streamId: string, channel: Channel, now: Date): Promise<void> {
  const stream = await findStream(streamId, { consistent: true });
  if (stream === undefined) return;
  const { hostId: actorId } = channel;
  const act = { action: "settings.changed", actorId, targetId: null } as const;
  await changeStream(stream, (current) => changesFromChannel(channel, current), now, act);
}
