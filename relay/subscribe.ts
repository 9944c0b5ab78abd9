import { type Position, recover, subscribedMessage } from "../domain/log/recovery.ts";
import { type RequestId, streamsPerConnectionMax } from "../domain/log/subscriber.ts";
import { Refusal, refuse } from "../domain/refusal.ts";
import { countedName } from "../platform/auth/caller.ts";
import { assertMayWatch } from "../platform/realtime/subscription.ts";
import { limits } from "../platform/runtime/limits.ts";
import { logFault } from "../platform/runtime/log.ts";
import { countMetric } from "../platform/runtime/metrics.ts";
import { showState } from "../platform/store/audience/log-state.ts";
import { findFrame, listFrames } from "../platform/store/log/frames.ts";
import { takeResumeFrames } from "../platform/store/log/resume-budget.ts";
import { isStillAdmitted } from "../platform/store/streams/members.ts";
import { getSharedStreamWithMember } from "../platform/store/streams/stream-access.ts";
import { socketLimits } from "./connection.ts";
import { type Encoded, encode, heldBefore } from "./held-frames.ts";
import type { Connection, Room, Subscription } from "./model.ts";
import {
  addSubscription,
  countViewer,
  endSubscription,
  refresh,
  removeSubscription,
} from "./room.ts";
import type { Rooms } from "./rooms.ts";

/** The parameters of a `subscribe`. */
type Request = {
  streamId: string;
  since?: Position | undefined;
  requestId?: RequestId | undefined;
};

/**
 * Subscribes a connection to a stream, then sends missed frames before live ones. Joins the room
 * before reading the user's rights, so that either this read sees a ban or the ban's frame finds
 * the subscription. Refuses like `realtime/subscribe`.
 */
export async function subscribe(
  rooms: Rooms,
  connection: Connection,
  request: Request,
  now: Date,
): Promise<void> {
  const { streamId } = request;
  const { caller, subscriptions } = connection;
  const mayWatch = () =>
    assertMayWatch(streamId, caller, now, {
      getBoth: getSharedStreamWithMember,
      isViewer: rooms.hasViewer(streamId, caller.userId),
    });
  // Checked before the room is opened, which would create the log even of an unknown stream.
  if (!rooms.has(streamId)) await mayWatch();
  if (!subscriptions.has(streamId) && subscriptions.size >= streamsPerConnectionMax)
    refuse("too_many_streams", { max: streamsPerConnectionMax });
  const room = await rooms.open(streamId);
  if (!connection.isOpen()) return;
  const former = subscriptions.get(streamId);
  const subscription = addSubscription(room, connection, now);
  try {
    const [{ isPaid = false, isLate = false }] = await Promise.all([mayWatch(), refresh(room)]);
    subscription.isPaid = isPaid;
    // A viewer who subscribes again may have watched before the end.
    if (!subscription.isAdmitted) subscription.isLate = isLate;
    countViewer(subscription);
    if (await sendSubscribed(rooms, room, subscription, request)) begin(room, subscription);
  } catch (error) {
    const reason = former && lossIn(error);
    if (reason !== undefined) endSubscription(subscription, reason);
    else if (error instanceof Refusal || !former?.next) removeSubscription(subscription);
    else {
      // A temporary fault: the viewer's former subscription continues, as on sockets of the API.
      subscription.next = former.next;
      begin(room, subscription);
    }
    throw error;
  }
}

/** What a viewer of a stream has lost if their next `subscribe` fails with this error. */
function lossIn(error: unknown): "blocked" | "pass" | undefined {
  if (!(error instanceof Refusal)) return undefined;
  if (error.code === "member_blocked") return "blocked";
  return error.code === "pass_required" ? "pass" : undefined;
}

/** Sends `subscribed`. Returns whether the subscription still exists afterwards. */
async function sendSubscribed(
  rooms: Rooms,
  room: Room,
  subscription: Subscription,
  { streamId, since, requestId }: Request,
): Promise<boolean> {
  const { connection, isPaid } = subscription;
  const { userId } = connection.caller;
  if (isPaid && !(await isStillAdmitted(streamId, userId))) endSubscription(subscription, "pass");
  const { end } = room;
  const missed = since !== undefined && since.epoch === end.epoch && since.frame < end.head;
  const next = missed ? await findAny(room, since.frame + 1) : undefined;
  const recovery = since && recover(since, end, next, new Date());
  const from = recovery === undefined || recovery === "lost" ? end.head + 1 : recovery.from;
  const shown = from <= end.head ? undefined : await shownAt(room);
  // Counted first: how large the room is decides whether its viewers are stored at once.
  const viewers = await rooms.countViewers(room);
  await rooms.settle(room);
  if (subscription.isOver) return false;
  // Frames that arrived meanwhile are sent after the response.
  connection.send(subscribedMessage(streamId, end, { recovery, viewers, requestId, shown }));
  subscription.next = from;
  if (from <= end.head) countMetric("Resumes");
  return true;
}

const findAny = async (room: Room, n: number) =>
  room.held.find(n)?.frame ?? (await findFrame(room.streamId, n));

/** The state at the log's end, read once for all viewers who subscribe before the next frame. */
function shownAt(room: Room) {
  const { streamId, end } = room;
  if (room.shown?.end !== end) room.shown = { end, sums: showState(streamId, end) };
  const { sums } = room.shown;
  sums.catch(() => {
    delete room.shown;
  });
  return sums;
}

/** The most missed frames in one write, of at most 32 KB each. */
const runMax = 16;

/** Sends missed frames in the background, so that the connection's next message is handled. */
function begin(room: Room, subscription: Subscription): void {
  catchUp(room, subscription).catch((error) => {
    logFault("Missed frames could not be read", error, { streamId: room.streamId });
    // The next live frame shows the client the gap, and the client resubscribes.
    subscription.next = room.end.head + 1;
    subscription.isLive = !subscription.isOver;
  });
}

/** Sends frames from memory or from the table until the newest is sent. */
async function catchUp(room: Room, subscription: Subscription): Promise<void> {
  const { connection } = subscription;
  while (!subscription.isOver && connection.isOpen()) {
    const { next } = subscription;
    if (next > room.end.head) {
      subscription.isLive = true;
      return;
    }
    await untilRead(connection);
    const known = room.held.run(subscription.next, runMax);
    if (known.length > 0) sendRun(subscription, known);
    else if (next >= heldBefore(room.end.head) && room.warming === undefined) await warm(room);
    else await sendPage(room, subscription);
  }
}

/**
 * Sends missed frames in one write, which takes the same time for ten of them as for one. All
 * returning viewers share the bytes: copies for slow readers would use up the memory.
 */
function sendRun(subscription: Subscription, run: readonly Encoded[]): void {
  if (subscription.isOver) return;
  const { connection } = subscription;
  connection.write(...run.map(({ bytes }) => bytes(connection.compact)));
  subscription.next = (run.at(-1)?.frame.n ?? subscription.next) + 1;
  countMetric("ResumedFrames", run.length);
}

/**
 * Waits until the client has read what was written, so that many missed frames do not exceed the
 * limit of unread bytes.
 */
async function untilRead({ unread, isOpen }: Connection): Promise<void> {
  while (unread() > socketLimits.unreadBytes / 2 && isOpen()) await wait(50);
}

/** Loads the frames that memory may hold, once for all clients that reconnect after a restart. */
async function warm(room: Room): Promise<void> {
  // If the log is reset meanwhile, the room gets other held frames, where these do not belong.
  const { held } = room;
  const to = (held.first() ?? room.end.head + 1) - 1;
  room.warming = listFrames(room.streamId, heldBefore(room.end.head), to).then((frames) => {
    // Those in memory may have become too old meanwhile: these would not reach the log's end.
    if ((held.first() ?? room.end.head + 1) === to + 1) held.addBefore(frames, Date.now());
  });
  // After a failure, the next viewer reads again.
  room.warming.catch(() => {
    room.warming = undefined;
  });
  await room.warming;
}

async function sendPage(room: Room, subscription: Subscription): Promise<void> {
  const name = countedName(subscription.connection.caller);
  await room.warming;
  const { next } = subscription;
  if (room.held.find(next) !== undefined) return;
  const last = Math.min((room.held.first() ?? Number.POSITIVE_INFINITY) - 1, room.end.head);
  const wanted = Math.min(limits().pageFrames, last - next + 1);
  const count = await takeResumeFrames(name, wanted, new Date());
  if (count === 0) return wait(1_000);
  for (const frame of await listFrames(room.streamId, next, next + count - 1)) {
    await untilRead(subscription.connection);
    sendRun(subscription, [encode(frame)]);
  }
  // A subscription that replaced it continues here if it fails.
  if (subscription.isOver) return;
  // Missing frames have expired.
  subscription.next = Math.max(subscription.next, next + count);
}

const wait = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));
