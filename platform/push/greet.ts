import type { LogEnd } from "../../domain/log/frame.ts";
import { firstMissed, recover, subscribedMessage } from "../../domain/log/recovery.ts";
import type { Subscriber } from "../../domain/log/subscriber.ts";
import { isBlocked } from "../../domain/streams/member.ts";
import { allDone } from "../all-done.ts";
import { fallBehind, setFrom } from "../store/log/catch-up.ts";
import { readHead } from "../store/log/recovery.ts";
import { findGuests, removeSubscriber } from "../store/log/subscribers.ts";
import type { Audience, Outlet } from "./audience.ts";
import { endSubscription } from "./ending.ts";
import { payloadOf } from "./gateway.ts";
import { subscriptionName } from "./memory.ts";
import { isYoung, postOpening, refusalOf } from "./opening.ts";
import { stragglersMilliseconds, waitAtMost } from "./patience.ts";
import { viewersNow } from "./viewer-count.ts";

/**
 * Greets the subscribers of a batch from the log, never from memory (docs/frames.md, step 5): reads
 * the member's ban again, sets the first live frame of a revision that has none, then reads the log
 * again. Who is owed no frame is sent `subscribed`. Who is owed some is marked as behind, so that
 * nothing live is posted to it, and is answered and sent them by `realtime/resume`: whoever makes
 * and posts the new frames of all rooms sends no old one. All of it can be repeated.
 */
export async function greetSubscribers(
  audience: Audience,
  subscribers: readonly Subscriber[],
): Promise<void> {
  const { streamId } = audience;
  // Of two subscriptions of a connection in one batch the later one holds.
  const newest = new Map(subscribers.map((subscriber) => [subscriber.connectionId, subscriber]));
  const distinct = [...newest.values()];
  // A stream that nobody may watch need not be there, and reading the head would begin its log.
  const isWatched = distinct.some(({ refusal }) => refusal === undefined);
  const [guests, before] = await Promise.all([
    findGuests(distinct),
    isWatched ? readHead(streamId) : undefined,
  ]);
  const admitted = await allDone(guests.map((guest) => admit(audience, guest)));
  const current = admitted.filter((one) => one !== undefined);
  if (current.length === 0 || before === undefined) return;
  // What was asked stands in the record; the item keeps only what posting needs.
  const requestOf = ({ connectionId }: Subscriber) => newest.get(connectionId)!;
  const fixed = await allDone(
    current.map((one) => setFrom(one, before.head + 1, firstMissed(requestOf(one).since, before))),
  );
  const greeted = fixed.filter((one) => one !== undefined);
  const [end, viewers] = await Promise.all([readHead(streamId), viewersNow(audience)]);
  await allDone(greeted.map((one) => greet(audience, one, requestOf(one), { end, viewers })));
}

/** What a subscribe asks for, and the name of its answer. */
type Request = Pick<Subscriber, "since" | "requestId">;

type Guest = Awaited<ReturnType<typeof findGuests>>[number];

/** The subscription as it is now, if it is still this revision and its user may be here. */
async function admit(audience: Audience, guest: Guest): Promise<Subscriber | undefined> {
  const { record, current, member } = guest;
  if (current?.revision !== record.revision) return undefined;
  if (current.refusal !== undefined)
    await waitAtMost(stragglersMilliseconds, sayRefusal(audience, current));
  else if (isBlocked(member, audience.now)) await endSubscription(audience.outlet, current);
  else return current;
  return undefined;
}

/**
 * Waits in milliseconds before a socket that may not be open yet is tried again: short ones, since
 * the rooms of the whole batch wait too. `realtime/resume` is more patient.
 */
const openingWaitsMilliseconds = [20, 40];

async function sayRefusal(audience: Audience, subscriber: Subscriber): Promise<void> {
  const { streamId, connectionId, revision } = subscriber;
  const payload = refusalOf(subscriber);
  const result = await postOpening(audience, subscriber, payload, openingWaitsMilliseconds);
  if (result === "gone" && isYoung(audience, subscriber))
    await audience.outlet.jobs.queueResuming({ streamId, connectionId, revision });
  else await removeSubscriber(streamId, connectionId, revision);
}

async function greet(
  audience: Audience,
  subscriber: Subscriber,
  request: Request,
  { end, viewers }: { end: LogEnd; viewers: number },
): Promise<void> {
  // A frame may have been put, and posted to the others, before the first live one was set.
  if (subscriber.next !== undefined || end.head >= subscriber.from!)
    return handOver(audience.outlet, subscriber, request);
  const { streamId } = audience;
  const { since, requestId } = request;
  // Nothing is owed, so only the head itself can be recovered: no frame is needed for that.
  const recovery = since && recover(since, end, undefined, audience.now);
  const message = subscribedMessage(streamId, end, { recovery, viewers, requestId });
  const payload = payloadOf(JSON.stringify(message));
  const saying = postOpening(audience, subscriber, payload, openingWaitsMilliseconds).then(
    async (result) => {
      if (result === "gone" && isYoung(audience, subscriber))
        await handOver(audience.outlet, subscriber, request);
    },
  );
  const isSlow = audience.memory.slow.has(subscriptionName(subscriber));
  await waitAtMost(isSlow ? 0 : stragglersMilliseconds, saying);
}

/** Leaves a subscription that is owed something to `realtime/resume`. */
async function handOver(
  { jobs }: Outlet,
  subscriber: Subscriber,
  { since, requestId }: Request,
): Promise<void> {
  const behind = subscriber.next === undefined ? await fallBehind(subscriber) : subscriber;
  if (behind === undefined) return;
  const { streamId, connectionId, revision } = behind;
  await jobs.queueResuming({ streamId, connectionId, revision, asked: { since, requestId } });
}
