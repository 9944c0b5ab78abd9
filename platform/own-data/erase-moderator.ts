import { Channel, changesFromChannel, newChannel } from "../../domain/streams/channel.ts";
import { Stream } from "../../domain/streams/stream.ts";
import { findChannel } from "../store/streams/channels.ts";
import { noteFormerModerator } from "../store/streams/moderators.ts";
import { changeStream } from "../store/streams/stream-changes.ts";
import { withWords } from "../store/streams/streams.ts";
import { listItems, reviseItem } from "../table/items.ts";
import { key, prefix } from "../table/keys.ts";
import { cursorAfter, pageOf } from "./erase-people.ts";
import { pageSizes } from "./page-sizes.ts";

/**
 * Removes the user from the moderators of a host's channel and streams; a page reads at most
 * `changes` streams. The channel and all streams that are not over get their next revision in any
 * case, so that a call that appoints the user at the same time decides again, and refuses.
 */
export async function eraseModerator(
  hostId: string,
  userId: string,
  at: string,
  after: string | undefined,
): Promise<string | undefined> {
  const without = (moderators: readonly string[]) => moderators.filter((one) => one !== userId);
  if (after === undefined)
    // `updatedAt` stays: the host's own erasure deletes the channel only if it is not newer than
    // the host's deletion.
    await reviseItem(Channel, key.channel(hostId), (was) => {
      const channel = was ?? { ...newChannel(hostId), updatedAt: at };
      return { ...channel, moderators: without(channel.moderators) };
    });
  const channel = await findChannel(hostId);
  /** Applies the channel's revision, too: the stream then takes no older list of moderators. */
  const leave = (stream: Stream) => {
    const taken = changesFromChannel(channel, stream);
    const { moderators } = { ...stream, ...taken };
    const isNamed = moderators.includes(userId);
    return taken || isNamed ? { ...taken, moderators: without(moderators) } : undefined;
  };
  const { changes } = pageSizes();
  const hosted = await pageOf(key.hosted(hostId, ""), prefix.hosted, after, changes);
  const keys = hosted.map(({ streamId }) => key.stream(String(streamId)));
  for (const stream of await listItems(Stream, keys, { consistent: true }))
    if (stream.deletedAt === null && leave(stream) !== undefined)
      await changeStream(await withWords(stream), leave, new Date());
  return cursorAfter(hosted, changes);
}

/**
 * Records a trace of the host of a stream in which the user did something, if the user moderates
 * for that host: versions before such traces appointed moderators without one.
 */
export async function traceHost(stream: Stream, userId: string, at: string): Promise<void> {
  const { hostId } = stream;
  const channel = await findChannel(hostId);
  if ([stream, channel].some(({ moderators }) => moderators.includes(userId)))
    await noteFormerModerator(userId, hostId, at);
}
