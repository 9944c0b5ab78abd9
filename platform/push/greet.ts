import type { LogEnd } from "../../domain/log/frame.ts";
import { firstMissed, recover, subscribedMessage } from "../../domain/log/recovery.ts";
import type { Subscriber } from "../../domain/log/subscriber.ts";
import { isBlocked } from "../../domain/streams/member.ts";
import { fallBehind, setFrom } from "../store/log/catch-up.ts";
import { readHead } from "../store/log/recovery.ts";
import { findGuests, removeSubscriber } from "../store/log/subscribers.ts";
import { allDone } from "./all-done.ts";
import { type PostResult, payloadOf } from "./gateway.ts";
import { queueResuming } from "./jobs.ts";
import { nameOf, type Room } from "./memory.ts";
import { isYoung, postOpening, refusalOf } from "./opening.ts";
import { stragglersMilliseconds, waitAtMost } from "./patience.ts";
import { endSubscription } from "./slice.ts";
import { viewersNow } from "./viewer-count.ts";

/**
 * Greets the subscribers of a batch from the log, never from memory (docs/frames.md, step 5): reads
 * the member's ban again, sets the first live frame of a revision that has none, then reads the log
 * again. Who is owed no frame is sent `subscribed`. Who is owed some is marked as behind, so that
 * nothing live is posted to it, and is answered and sent them by `realtime/resume`: whoever makes
 * and posts the new frames of all rooms sends no old one. All of it can be repeated.
 */
export async function greetSubscribers(room: Room, given: readonly Subscriber[]): Promise<void> {
  const { streamId } = room;
  // Of two subscriptions of a connection in one batch the later one holds.
  const newest = new Map(given.map((subscriber) => [subscriber.connectionId, subscriber]));
  const guests = await findGuests([...newest.values()]);
  const admitted = await allDone(guests.map((guest) => admit(room, guest)));
  const current = admitted.filter((one) => one !== undefined);
  if (current.length === 0) return;
  const before = await readHead(streamId);
  // What was asked stands in the record; the item keeps only what posting needs.
  const askedBy = ({ connectionId }: Subscriber) => newest.get(connectionId)!;
  const fixed = await allDone(
    current.map((one) => setFrom(one, before.head + 1, firstMissed(askedBy(one).since, before))),
  );
  const greeted = fixed.filter((one) => one !== undefined);
  const end = await readHead(streamId);
  const viewers = await viewersNow(room);
  await allDone(greeted.map((one) => greet(room, one, askedBy(one), { end, viewers })));
}

type Guest = Awaited<ReturnType<typeof findGuests>>[number];

/** The subscription as it is now, if it is still this revision and its user may be here. */
async function admit(room: Room, guest: Guest): Promise<Subscriber | undefined> {
  const { given, current, member } = guest;
  if (current?.revision !== given.revision) return undefined;
  if (current.refusal !== undefined)
    await waitAtMost(stragglersMilliseconds, sayRefusal(room, current));
  else if (isBlocked(member, room.now)) await endSubscription(current);
  else return current;
  return undefined;
}

/**
 * Waits in milliseconds before a socket that may not be open yet is tried again: short ones, since
 * the rooms of the whole batch wait too. `realtime/resume` is more patient.
 */
const openingWaitsMilliseconds = [20, 40];

async function sayRefusal(room: Room, subscriber: Subscriber): Promise<void> {
  const { streamId, connectionId, revision } = subscriber;
  const payload = refusalOf(subscriber);
  const result = await postOpening(room, subscriber, payload, openingWaitsMilliseconds);
  if (result === "gone" && isYoung(room, subscriber))
    await queueResuming({ streamId, connectionId, revision });
  else await removeSubscriber(streamId, connectionId, revision);
}

async function greet(
  room: Room,
  subscriber: Subscriber,
  asked: Pick<Subscriber, "since" | "requestId">,
  { end, viewers }: { end: LogEnd; viewers: number },
): Promise<void> {
  // A frame may have been put, and posted to the others, before the first live one was set.
  if (subscriber.next !== undefined || end.head >= subscriber.from!)
    return handOver(subscriber, asked);
  const { streamId } = room;
  const { since, requestId } = asked;
  // Nothing is owed, so only the head itself can be recovered: no frame is needed for that.
  const recovery = since && recover(since, end, undefined, room.now);
  const message = subscribedMessage(streamId, end, { recovery, viewers, requestId });
  const saying = say(room, subscriber, JSON.stringify(message)).then(async (result) => {
    if (result === "gone" && isYoung(room, subscriber)) await handOver(subscriber, asked);
  });
  const isSlow = room.memory.slow.has(nameOf(subscriber));
  await waitAtMost(isSlow ? 0 : stragglersMilliseconds, saying);
}

/** Says that somebody is subscribed, and notes whether their connection listens. */
async function say(room: Room, subscriber: Subscriber, text: string): Promise<PostResult> {
  const payload = payloadOf(text);
  const result = await postOpening(room, subscriber, payload, openingWaitsMilliseconds);
  if (result === "lost") room.memory.slow.add(nameOf(subscriber));
  else room.memory.slow.delete(nameOf(subscriber));
  return result;
}

/** Leaves a subscription that is owed something to `realtime/resume`. */
async function handOver(
  subscriber: Subscriber,
  { since, requestId }: Pick<Subscriber, "since" | "requestId">,
): Promise<void> {
  const behind = subscriber.next === undefined ? await fallBehind(subscriber) : subscriber;
  if (behind === undefined) return;
  const { streamId, connectionId, revision } = behind;
  await queueResuming({ streamId, connectionId, revision, asked: { since, requestId } });
}
