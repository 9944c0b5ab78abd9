import type { PricedItem } from "../../local/aws/prices.ts";

/** A room's parameters for the cost of deliveries; `bytes` of all its events per second. */
type Delivered = { viewers: number; eventsPerSecond: number; bytesPerSecond: number };

/** Usage per second of each priced item. */
type Use = Partial<Record<PricedItem, number>>;

/** The table's stream is polled four times a second; a failed post delays the next frame. */
const look = { seconds: 0.25, lostShare: 0.0001, lostSeconds: 0.15 } as const;
/** Above this number of viewers a separate function posts, with most of the stage's rate. */
const large = { viewers: 1_000, postsPerSecond: 7_200, betweenSeconds: 0.27 } as const;

/** Posting: sockets per environment, and milliseconds per post and of the last one. */
const posting = { sockets: 160, milliseconds: 15, lastMilliseconds: 50 } as const;
/**
 * A frame's record, its place in the log and the end of the backlog; its function's time and
 * memory.
 */
const frame = { bytes: 120, write: 3, read: 2, milliseconds: 50, gigabytes: 1.769 } as const;
/** Subscribers per read unit, in consistent reads. */
const subscribersPerUnit = 30;
/** Maximum bytes of a frame. Beyond it large rooms skip chat, and small ones make more frames. */
const frameBytesMax = 32_000;

/** Ping and pong after a silence, which the client checks once a second. */
const ping = { seconds: 15, spreadSeconds: 6, lookSeconds: 0.6, read: 3, bytes: 54 } as const;
/**
 * A socket breaks once in a hundred minutes, and its viewer reconnects: unsubscribes, subscribes,
 * and gets the response and the missed frames.
 */
const reconnect = { perSecond: 0.01 / 60, messages: 3, read: 12, write: 8.5, calls: 3 } as const;
/** GB-seconds of a handler of the WebSocket API, and of sending missed frames. */
const handler = { gigabyteSeconds: 0.0075, resumeGigabyteSeconds: 0.15 } as const;

/**
 * Frames per second. Events of small rooms wait for the next poll of the table's stream; those of
 * large rooms gather while the previous frame is posted. Events arrive at random.
 */
function framesPerSecond({ viewers, eventsPerSecond: events }: Delivered): number {
  if (events === 0) return 0;
  if (viewers <= large.viewers) {
    const period = look.seconds + viewers * look.lostShare * look.lostSeconds;
    return (1 - Math.exp(-events * period)) / period;
  }
  const period = viewers / large.postsPerSecond + large.betweenSeconds;
  return 1 / (period + Math.exp(-events * period) / events);
}

/** Pings per viewer and second: each frame restarts the silence before a ping. */
function pingsPerSecond(viewers: number, frames: number): number {
  const spread = viewers / 1_000;
  const first = Math.max(ping.seconds - ping.spreadSeconds / 2, spread / 2);
  const silence = first + Math.max(ping.spreadSeconds, spread) / 2 + ping.lookSeconds;
  return frames === 0 ? 1 / silence : frames / Math.expm1(frames * silence);
}

/**
 * Usage of one second of a room without its senders' calls: frames, posts, pings and reconnects.
 * Within 5 % of the cost in the simulator, which runs the deployed code
 * (`test/platform/push/estimate.test.ts`); the constants are fitted to it.
 */
export function deliveryOf(room: Delivered): Use & { frames: number } {
  const { viewers, bytesPerSecond } = room;
  const isLarge = viewers > large.viewers;
  const alone = framesPerSecond(room);
  const filled = isLarge ? 1 : Math.ceil(bytesPerSecond / (alone || 1) / frameBytesMax);
  const frames = alone * Math.max(1, filled);
  const frameBytes =
    frames === 0 ? 0 : Math.min(frameBytesMax, frame.bytes + bytesPerSecond / frames);
  const posts = frames * viewers;
  const pings = viewers * pingsPerSecond(viewers, frames);
  const reconnects = viewers * reconnect.perSecond;
  // Posts are leased from the stage's rate, and records of large rooms are gathered.
  const leases = Math.min(viewers / subscribersPerUnit, 2 + viewers / posting.sockets);
  const kilobytes = Math.floor(frameBytes / 1024);
  const frameWrites = frame.write + leases + kilobytes + (isLarge ? 2 + 2 * kilobytes : 0);
  const fanOuts = isLarge ? (1 - Math.exp(-room.eventsPerSecond * look.seconds)) / look.seconds : 0;
  const postMilliseconds =
    (viewers * posting.milliseconds) / posting.sockets +
    Math.min(posting.lastMilliseconds, viewers * posting.milliseconds);
  const frameSeconds = (frame.milliseconds + postMilliseconds) / 1000;
  return {
    frames,
    websocket_messages: posts + 2 * pings + reconnect.messages * reconnects,
    websocket_connection_minutes: viewers / 60,
    gigabytes_out: (posts * frameBytes + pings * ping.bytes) / 1e9,
    dynamodb_write_units: frames * frameWrites + reconnects * reconnect.write,
    dynamodb_read_units:
      frames * (frame.read + viewers / subscribersPerUnit) +
      pings * ping.read +
      reconnects * reconnect.read,
    lambda_requests: frames + fanOuts + pings + reconnect.calls * reconnects,
    lambda_gigabyte_seconds:
      (frames * frameSeconds + (fanOuts * frame.milliseconds) / 1000) * frame.gigabytes +
      (pings + reconnects) * handler.gigabyteSeconds +
      reconnects * handler.resumeGigabyteSeconds,
    ...(isLarge && { sqs_fifo_requests: 3 * frames }),
    sqs_standard_requests: 3 * reconnects,
  };
}

/**
 * A relay's task: reads of a room's log per second, and writes and interval of its viewer count.
 */
const relaying = { readsPerSecond: 10, write: 70, everySeconds: 5 } as const;

/** Usage of one second of a room that a relay serves, as `deliveryOf`: nothing is posted. */
export function relayDeliveryOf(room: Delivered, tasks: number): ReturnType<typeof deliveryOf> {
  const { frames, ...made } = deliveryOf({ ...room, viewers: 0 });
  const bytes = frames * frame.bytes + room.bytesPerSecond;
  const { dynamodb_write_units: write = 0, dynamodb_read_units: read = 0 } = made;
  return {
    ...made,
    frames,
    gigabytes_out: (room.viewers * bytes) / 1e9,
    dynamodb_write_units: write + (tasks * relaying.write) / relaying.everySeconds,
    dynamodb_read_units: read + tasks * (relaying.readsPerSecond + bytes / 4096),
  };
}
