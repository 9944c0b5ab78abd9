import { isOverlay } from "../domain/id.ts";
import type { Frame } from "../domain/log/frame.ts";
import { revisionAt } from "../domain/log/subscriber.ts";
import { stateOf } from "../domain/log/sums.ts";
import { isRecent } from "../platform/runtime/caches.ts";
import { logFault } from "../platform/runtime/log.ts";
import { measureMetric } from "../platform/runtime/metrics.ts";
import { announces, queryFrames, readHead } from "../platform/store/log/frames.ts";
import { getLog } from "../platform/store/log/logs.ts";
import { isStillBlocked } from "../platform/store/streams/members.ts";
import { concatFrames, createHeldFrames } from "./held-frames.ts";
import type { Connection, Room, Subscription } from "./model.ts";

/**
 * Interval of reading a room's log while it is busy, and after it has been quiet for a while or if
 * its frames are announced.
 */
const pauseMilliseconds = { busy: 100, quiet: 1_000 };
const quietAfterMilliseconds = 10_000;
/** Interval of checking the log's epoch, which changes only after a restore. */
const epochMilliseconds = 5_000;

/** Starts following a stream's log, at its end. Visits are added to `visits` when they end. */
export async function openRoom(streamId: string, visits: Room["visits"]): Promise<Room> {
  const end = await readHead(streamId);
  const now = Date.now();
  const room: Room = {
    streamId,
    end,
    visits,
    held: createHeldFrames(),
    subscriptions: new Set(),
    users: new Map(),
    hasChanged: false,
    busyAt: now,
    epochAt: now,
    leftAt: now,
    isClosed: false,
  };
  schedule(room);
  return room;
}

/** Stops following a log. */
export function closeRoom(room: Room): void {
  room.isClosed = true;
  clearTimeout(room.timer);
}

function schedule(room: Room): void {
  if (room.isClosed) return;
  const isQuiet = announces() || !isRecent(room.busyAt, Date.now(), quietAfterMilliseconds);
  clearTimeout(room.timer);
  room.timer = setTimeout(
    () => {
      refresh(room).catch((error) => logFault("A room's log could not be read", error));
    },
    isQuiet ? pauseMilliseconds.quiet : pauseMilliseconds.busy,
  );
}

/**
 * Reads new frames in a read that starts after this call. Concurrent callers share the next read.
 */
export function refresh(room: Room): Promise<void> {
  room.next ??= Promise.resolve(room.reading?.catch(() => undefined)).then(() => {
    room.next = undefined;
    return workOn(room, readNewFrames(room));
  });
  return room.next;
}

/**
 * Shows an announced frame, as it was stored. Reads the log instead if the frame is not the next
 * one, or if frames are being read.
 */
export function showFrame(room: Room, frame: Frame): Promise<void> {
  const { epoch, head } = room.end;
  if (room.reading ?? room.next) return refresh(room);
  if (frame.epoch !== epoch || frame.n !== head + 1) return refresh(room);
  return workOn(room, show(room, [frame], Date.now()));
}

/** Marks the room as busy while frames are read or shown. */
function workOn(room: Room, work: Promise<void>): Promise<void> {
  room.reading = work.finally(() => {
    room.reading = undefined;
    schedule(room);
  });
  return room.reading;
}

async function readNewFrames(room: Room): Promise<void> {
  const now = Date.now();
  if (!isRecent(room.epochAt, now, epochMilliseconds)) {
    const { epoch } = await getLog(room.streamId);
    room.epochAt = now;
    if (epoch !== room.end.epoch) {
      room.end = await readHead(room.streamId);
      // The held frames end before this head: a viewer who catches up would never get past them.
      room.held = createHeldFrames();
      room.warming = undefined;
    }
  }
  const frames: Frame[] = [];
  for await (const frame of queryFrames(room.streamId, { from: room.end.head + 1 }))
    frames.push(frame);
  await show(room, frames, now);
}

/** Shows frames that follow the last one. */
async function show(room: Room, frames: readonly Frame[], now: number): Promise<void> {
  for (const run of runsOf(frames)) {
    await endBlocked(room, run[0], new Date(now));
    showRun(room, run);
  }
  room.held.trim(now);
}

/** Splits frames before each one that blocks a user, who still gets those before it. */
function runsOf(frames: readonly Frame[]): [Frame, ...Frame[]][] {
  const runs: [Frame, ...Frame[]][] = [];
  for (const frame of frames) {
    const run = frame.blocks === undefined ? runs.at(-1) : undefined;
    if (run === undefined) runs.push([frame]);
    else run.push(frame);
  }
  return runs;
}

/**
 * Writes frames to all subscriptions that have the previous ones, in one write to each: that takes
 * the same time for ten frames as for one.
 */
function showRun(room: Room, run: readonly [Frame, ...Frame[]]): void {
  const now = Date.now();
  const encoded = run.map((frame) => {
    measureMetric("RelayDelay", Math.max(0, now - (frame.madeAt ?? now)));
    return room.held.add(frame, now);
  });
  const last = run.at(-1) ?? run[0];
  const { n, epoch, newest, totals, madeAt = now } = last;
  room.end = { epoch, head: n, newest, totals, ...stateOf(last), madeAt };
  room.busyAt = now;
  const bytes = concatFrames(encoded);
  for (const subscription of room.subscriptions) {
    if (!subscription.isLive) continue;
    subscription.next = n + 1;
    subscription.connection.write(bytes(subscription.connection.compact));
  }
}

/**
 * Ends the subscriptions of users whom a frame blocks and who are still blocked. They do not get
 * that frame.
 */
async function endBlocked(room: Room, { blocks = [] }: Frame, now: Date): Promise<void> {
  for (const userId of new Set(blocks)) {
    const own = [...room.subscriptions].filter((one) => one.connection.caller.userId === userId);
    if (own.length === 0) continue;
    if (await isStillBlocked(room.streamId, userId, now))
      for (const one of own) endSubscription(one, "blocked");
  }
}

/** Sends a client `unsubscribed` and ends the subscription. */
export function endSubscription(subscription: Subscription, reason: "blocked" | "pass"): void {
  const { connection, room, isOver } = subscription;
  if (isOver) return;
  removeSubscription(subscription);
  connection.send({ type: "unsubscribed", streamId: room.streamId, reason });
}

/**
 * Adds a subscription, replacing the connection's previous one. Sends nothing yet, and does not
 * count the user, whose rights are still to be read.
 */
export function addSubscription(room: Room, connection: Connection, now: Date): Subscription {
  const { streamId } = room;
  const former = connection.subscriptions.get(streamId);
  const known: Partial<Subscription> = former ?? {};
  const { at = now.getTime(), isPaid = false, isLate = false, isAdmitted = false } = known;
  const subscription: Subscription = {
    connection,
    room,
    at,
    isPaid,
    isLate,
    isAdmitted,
    next: 0,
    isLive: false,
    isOver: false,
  };
  if (former !== undefined) {
    former.isOver = true;
    room.subscriptions.delete(former);
  }
  connection.subscriptions.set(streamId, subscription);
  room.subscriptions.add(subscription);
  room.busyAt = now.getTime();
  return subscription;
}

/** Counts the user of a subscription as a viewer, once their rights have been read. */
export function countViewer(subscription: Subscription): void {
  const { room, connection, at, isAdmitted, isOver } = subscription;
  const { userId } = connection.caller;
  if (isAdmitted || isOver || isOverlay(userId)) return;
  subscription.isAdmitted = true;
  const known = room.users.get(userId);
  room.users.set(userId, { at: known?.at ?? at, count: (known?.count ?? 0) + 1 });
  room.hasChanged ||= known === undefined;
}

/** Ends a subscription and, if its user was admitted, records the visit. */
export function removeSubscription(subscription: Subscription): void {
  if (subscription.isOver) return;
  subscription.isOver = true;
  const { connection, room, at, isLate } = subscription;
  const { streamId } = room;
  const { userId } = connection.caller;
  room.subscriptions.delete(subscription);
  connection.subscriptions.delete(streamId);
  room.leftAt = Date.now();
  const known = room.users.get(userId);
  if (!subscription.isAdmitted || known === undefined) return;
  known.count -= 1;
  if (known.count === 0) room.hasChanged = room.users.delete(userId);
  const revision = revisionAt(new Date(at), 0);
  room.visits.add({ streamId, userId, revision, isLate, endedAt: new Date() });
}

/** Ends all subscriptions of a connection. */
export function removeSubscriptions({ subscriptions }: Connection): void {
  for (const one of [...subscriptions.values()]) removeSubscription(one);
}
