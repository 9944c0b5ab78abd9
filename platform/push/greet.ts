import { type Frame, isAnswered } from "../../domain/frame.ts";
import { isBlocked } from "../../domain/member.ts";
import { canRecover } from "../../domain/position.ts";
import { openingMilliseconds, type Subscriber } from "../../domain/subscriber.ts";
import { findNewestFrame, listFrames, queryFrames } from "../store/frames.ts";
import { getLog, type Log } from "../store/logs.ts";
import { findGuests, findSubscriber, removeSubscriber, setFrom } from "../store/subscribers.ts";
import { allDone } from "./all-done.ts";
import { noteGone } from "./gone.ts";
import { governor } from "./governor.ts";
import { endSubscription } from "./part.ts";
import { type Payload, type PostResult, payloadOf, poster } from "./post.ts";
import { queueReplay } from "./queue.ts";
import { inlineFramesMax, sendFrame } from "./replay.ts";
import type { Room } from "./room.ts";
import { viewersNow } from "./viewers.ts";

/**
 * Greets the subscribers of a batch from the log, never from memory (design.md 6, step 5): reads
 * the member's ban again, sets the first live frame of a revision that has none, then reads the log
 * and sends `subscribed` and every frame that is owed. So a greeting can be repeated; a frame that
 * was put before `from` was set is sent here, one put later by its poster.
 */
export async function greetSubscribers(room: Room, given: readonly Subscriber[]): Promise<void> {
  const { streamId } = room;
  // Of two subscriptions of a connection in one batch the later one holds.
  const newest = new Map(given.map((subscriber) => [subscriber.connectionId, subscriber]));
  const guests = await findGuests([...newest.values()]);
  const admitted = await allDone(guests.map((guest) => admit(room, guest)));
  const current = admitted.filter((one) => one !== undefined);
  if (current.length === 0) return;
  const before = await readLog(streamId);
  const fixed = await allDone(current.map((one) => setFrom(one, before.head + 1)));
  // What was asked stands in the record; the item keeps only what posting needs.
  const greeted = fixed
    .filter((one) => one !== undefined)
    .map((one) => ({ ...newest.get(one.connectionId)!, from: one.from }));
  const log = await readLog(streamId);
  const viewers = await viewersNow(room);
  const reader = readerOf(streamId);
  await allDone(greeted.map((one) => greet(room, one, { log, viewers, reader })));
}

type LogWithHead = Log & { head: number };

/** The log, with the newest number: of the frames that are kept, or of the one posted last. */
async function readLog(streamId: string): Promise<LogWithHead> {
  const [log, frame] = await Promise.all([getLog(streamId), findNewestFrame(streamId)]);
  return { ...log, head: Math.max(log.posted, frame?.n ?? 0) };
}

type Guest = Awaited<ReturnType<typeof findGuests>>[number];

/** The subscription as it is now, if it is still this revision and its user may be here. */
async function admit(room: Room, guest: Guest): Promise<Subscriber | undefined> {
  const { given, current, member } = guest;
  const { streamId, connectionId, revision } = given;
  if (current?.revision !== revision) return undefined;
  if (current.refusal !== undefined) {
    const { statusCode, errors } = current.refusal;
    const said = { type: "error", statusCode, errors, requestId: current.requestId };
    await postOpening(room, current, payloadOf(JSON.stringify(said)));
    await removeSubscriber(streamId, connectionId, revision);
    return undefined;
  }
  if (!isBlocked(member, room.now)) return current;
  await endSubscription(current);
  return undefined;
}

type Reader = (from: number, to: number) => AsyncGenerator<Frame>;

/** Frames that several greetings of one batch may share: a room reconnecting reads its log once. */
const sharedFramesMax = 50;

function readerOf(streamId: string): Reader {
  const shared = new Map<string, Promise<Frame[]>>();
  return async function* read(from, to) {
    if (to - from >= sharedFramesMax) {
      yield* queryFrames(streamId, { from, to });
      return;
    }
    const range = `${from}-${to}`;
    if (!shared.has(range)) shared.set(range, listFrames(streamId, from, to));
    yield* await shared.get(range)!;
  };
}

type Greeting = { log: LogWithHead; viewers: number; reader: Reader };

async function greet(
  room: Room,
  subscriber: Subscriber,
  { log, viewers, reader: read }: Greeting,
): Promise<void> {
  const { streamId, since, requestId } = subscriber;
  const head = subscriber.from! - 1;
  const recovered = since && (await isRecovered(since, log.epoch, head, read, room.now));
  const { epoch } = log;
  const said = { type: "subscribed", streamId, epoch, head, recovered, viewers, requestId };
  const hello = await postOpening(room, subscriber, payloadOf(JSON.stringify(said)));
  if (hello === "gone") return;
  const from = recovered === true ? since!.frame + 1 : head + 1;
  if (from > log.head) return;
  if (log.head - from >= inlineFramesMax) {
    const { connectionId, revision } = subscriber;
    return queueReplay({ streamId, connectionId, revision, from, to: log.head });
  }
  for await (const frame of read(from, log.head))
    if (!(await sendFrame(subscriber, frame, room.now))) return;
}

async function isRecovered(
  since: NonNullable<Subscriber["since"]>,
  epoch: string,
  head: number,
  read: Reader,
  now: Date,
): Promise<boolean> {
  const next = since.frame + 1;
  if (since.epoch !== epoch || since.frame >= head)
    return canRecover(since, { epoch, head, keeps: () => false });
  for await (const frame of read(next, next))
    return canRecover(since, {
      epoch,
      head,
      keeps: () => frame.epoch === epoch && isAnswered(frame, now),
    });
  return false;
}

/** Waits before a socket that may not be open yet is tried again. */
const openingWaitsMilliseconds = [20, 40, 80, 160, 320];

/**
 * Sends a connection's first message. One that has just been made may not be open yet: it is tried
 * again for a moment, while its subscription is there (a client that is gone has removed it).
 */
async function postOpening(
  room: Room,
  subscriber: Subscriber,
  payload: Payload,
): Promise<PostResult> {
  const { streamId, connectionId, connectedAt, revision } = subscriber;
  const young = room.now.getTime() - connectedAt < openingMilliseconds;
  for (const wait of [...(young ? openingWaitsMilliseconds : []), 0]) {
    await governor().take();
    const result = await poster().post(connectionId, payload);
    if (result !== "gone" || wait === 0) {
      if (result === "gone") noteGone(room, subscriber);
      return result;
    }
    await new Promise((done) => setTimeout(done, wait));
    const current = await findSubscriber(streamId, connectionId);
    if (current?.revision !== revision) return "gone";
  }
  return "gone";
}
