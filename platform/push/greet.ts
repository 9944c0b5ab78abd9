import type { LogEnd } from "../../domain/log/frame.ts";
import { firstMissed, type ShownSums } from "../../domain/log/recovery.ts";
import { isOpening, type Subscriber } from "../../domain/log/subscriber.ts";
import { isBlocked } from "../../domain/streams/member.ts";
import { allDone, stragglersMilliseconds, waitAtMost } from "../runtime/waiting.ts";
import { showState } from "../store/audience/log-state.ts";
import { fallBehind, setFrom } from "../store/log/catch-up.ts";
import { readHead } from "../store/log/frames.ts";
import { findGuests } from "../store/log/subscribers.ts";
import { isStillAdmitted } from "../store/streams/members.ts";
import type { Audience, Outlet } from "./audience.ts";
import { subscriptionName } from "./memory.ts";
import { endSubscription, openSubscription, type Request, refuseSubscription } from "./post.ts";
import { viewersNow } from "./viewer-count.ts";

/**
 * Greets the subscribers of a batch from the log, never from memory (docs/frames.md, step 5): reads
 * the member's ban again, sets the first live frame of a revision that has none, then reads the log
 * again. Who is owed no frame is sent `subscribed`. Who is owed some is marked as behind, so that
 * nothing live is posted to it, and is answered and sent them by `realtime/resume`: the function
 * that makes and posts the new frames of all rooms sends no old one. All of it can be repeated.
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
  let reading: Promise<ShownSums> | undefined;
  const shown = () => {
    reading ??= showState(streamId, end);
    return reading;
  };
  const place = { end, viewers, shown };
  await allDone(greeted.map((one) => greet(audience, one, requestOf(one), place)));
}

type Guest = Awaited<ReturnType<typeof findGuests>>[number];

/** The current subscription, if it is still this revision and its user may be here. */
async function admit(audience: Audience, guest: Guest): Promise<Subscriber | undefined> {
  const { record, current, member } = guest;
  if (current?.revision !== record.revision) return undefined;
  if (current.refusal !== undefined)
    await waitAtMost(stragglersMilliseconds, refuse(audience, current));
  else if (isBlocked(member, audience.now)) await endSubscription(audience.outlet, current);
  else if (current.isPaid && !(await isStillAdmitted(current.streamId, current.userId)))
    await endSubscription(audience.outlet, current, "pass");
  else return current;
  return undefined;
}

/**
 * Waits in milliseconds before a socket that may not be open yet is tried again: short ones, since
 * the rooms of the whole batch wait too. `realtime/resume` is more patient.
 */
const openingWaitsMilliseconds = [20, 40];

function refuse(audience: Audience, subscriber: Subscriber): Promise<void> {
  const { streamId, connectionId, revision } = subscriber;
  const later = () => audience.outlet.jobs.queueResuming({ streamId, connectionId, revision });
  return refuseSubscription(audience, subscriber, openingWaitsMilliseconds, later);
}

async function greet(
  audience: Audience,
  subscriber: Subscriber,
  request: Request,
  { end, viewers, shown }: { end: LogEnd; viewers: number; shown: () => Promise<ShownSums> },
): Promise<void> {
  // A frame may have been put, and posted to the others, before the first live one was set.
  if (subscriber.next !== undefined || end.head >= subscriber.from!)
    return handOver(audience.outlet, subscriber, request);
  // Nothing is owed, so only the head itself can be recovered: no frame is needed for that.
  const facts = { epoch: end.epoch, next: undefined, viewers, shown };
  const saying = openSubscription(
    audience,
    subscriber,
    request,
    facts,
    openingWaitsMilliseconds,
  ).then(async ({ result }) => {
    if (result === "gone" && isOpening(subscriber, audience.now))
      await handOver(audience.outlet, subscriber, request);
  });
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
