import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { overlayHolder } from "../../domain/id.ts";
import { type Connection, isOpening } from "../../domain/log/subscriber.ts";
import { overlayKeysMax } from "../../domain/streams/overlay-key.ts";
import { sendAt } from "../aws/queues.ts";
import { type Poster, payloadOf } from "../push/gateway.ts";
import { pauseFor, waitForAll } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import { findConnection, forgetStream, listSockets, setChannel } from "../store/log/connections.ts";
import { removeSubscriber } from "../store/log/subscribers.ts";
import { listOverlayKeys } from "../store/streams/overlay-keys.ts";
import { findNewestLive } from "../store/streams/stream-lists.ts";
import { unmarshallItem } from "../table/items.ts";
import { readKey } from "../table/keys.ts";
import { subscribe } from "./subscription.ts";

/**
 * A message of the queue `moments`: switch the overlays of a host's channel to the newest live
 * stream; with `connectionId`, only the overlay that has just connected.
 */
export const ChannelMove = z.object({ moveOf: z.string(), connectionId: z.string().optional() });
type ChannelMove = z.infer<typeof ChannelMove>;

/** Queues a `ChannelMove` without delay. */
export const queueChannelMove = (move: ChannelMove, now: Date): Promise<void> =>
  sendAt(setting("MOMENTS_QUEUE_URL"), move, { at: now, now });

/** Queues a `ChannelMove` for every stream that went live or ended. */
export async function queueChannelMoves(
  records: readonly DynamoDBRecord[],
  now: Date,
): Promise<void> {
  for (const { dynamodb } of records) {
    const [is, was] = [unmarshallItem(dynamodb?.NewImage), unmarshallItem(dynamodb?.OldImage)];
    if (is === undefined || readKey(is).kind !== "stream") continue;
    if ((is.status === "active") === (was?.status === "active")) continue;
    await queueChannelMove({ moveOf: String(is.hostId) }, now);
  }
}

/** How many times to look for the newest live stream, which may change during notifications. */
const looksMax = 5;

/**
 * Notifies overlays of a channel of its newest live stream and subscribes them to it. Idempotent:
 * overlays that watch it are skipped. Throws if an overlay could not be notified or subscribed.
 */
export async function moveOverlays(
  poster: Poster,
  { moveOf, connectionId }: ChannelMove,
  now: Date,
): Promise<void> {
  for (let look = 1; look <= looksMax; look++) {
    const newest = await findNewestLive(moveOf);
    const ids = connectionId === undefined ? await listOverlays(moveOf, now) : [connectionId];
    await waitForAll(ids.map((id) => move(poster, id, newest, now)));
    if ((await findNewestLive(moveOf)) === newest) return;
  }
  throw new Error(`The newest live stream of ${moveOf} keeps changing`);
}

/** The connections of all overlay keys of a channel. */
async function listOverlays(channelOf: string, now: Date): Promise<string[]> {
  const keys = await listOverlayKeys({ channelOf }, overlayKeysMax, undefined);
  const sockets = await Promise.all(keys.map(({ id }) => listSockets(overlayHolder(id), now)));
  return sockets.flat().map(({ connectionId }) => connectionId);
}

async function move(
  poster: Poster,
  connectionId: string,
  newest: string | null,
  now: Date,
): Promise<void> {
  const connection = await findConnection(connectionId);
  if (connection?.channel === undefined || connection.channel.told === newest) return;
  const { told: previous } = connection.channel;
  if (previous != null) {
    await removeSubscriber(previous, connectionId);
    await forgetStream(connectionId, previous);
  }
  // Before the notification: as soon as it arrives, the overlay may send its own `subscribe`.
  await setChannel(connectionId, { streamId: newest });
  if (!(await notify(poster, connection, newest))) return;
  if (newest !== null) await subscribe({ ...connection, streamId: newest }, now);
  // Only now, so that a failed move is repeated when its message is delivered again.
  await setChannel(connectionId, { told: newest });
}

const openingPauseMilliseconds = 50;

/** Notifies a connection; false if it is gone. */
async function notify(
  poster: Poster,
  connection: Connection,
  streamId: string | null,
): Promise<boolean> {
  const payload = payloadOf(JSON.stringify({ type: "channel", streamId }));
  for (;;) {
    const result = await poster.post(connection.connectionId, payload);
    if (result === "sent") return true;
    // A new connection is open only after its handshake has been answered.
    if (result !== "gone") throw new Error(`A channel's overlay could not be notified: ${result}`);
    if (!isOpening(connection, new Date())) return false;
    await pauseFor(openingPauseMilliseconds);
    if ((await findConnection(connection.connectionId)) === undefined) return false;
  }
}
