import type { Frame, LogEnd } from "../../domain/log/frame.ts";
import {
  firstMissed,
  type Recovery,
  recover,
  type ShownSums,
  subscribedMessage,
} from "../../domain/log/recovery.ts";
import { isOpening, type Subscriber } from "../../domain/log/subscriber.ts";
import { isBlocked } from "../../domain/streams/member.ts";
import { stragglersMilliseconds, waitAtMost, waitForAll } from "../runtime/deadline.ts";
import { showState } from "../store/audience/log-state.ts";
import { markBehind, setFirstLive } from "../store/log/catch-up.ts";
import { readHead } from "../store/log/frames.ts";
import { getLog } from "../store/log/logs.ts";
import { findCurrent, findGuests, removeSubscriber } from "../store/log/subscribers.ts";
import { isStillAdmitted } from "../store/streams/members.ts";
import type { Audience, Outlet } from "./audience.ts";
import { type Payload, type PostResult, payloadOf } from "./gateway.ts";
import { endSubscription, post } from "./post.ts";
import { subscriptionKey } from "./push-cache.ts";
import { countViewersNow } from "./viewer-count.ts";

/**
 * Confirms the batch's new subscriptions, from the log and never from the cache (docs/frames.md,
 * step 5): reads the member's ban again, sets the first live frame if this revision of the
 * subscription has none, then reads the log again. Viewers who missed nothing get `subscribed`.
 * Subscriptions with missed frames keep no first live frame, so that nothing live is posted to
 * them, and are queued for `realtime/resume`, which sends `subscribed` and the missed frames: this
 * function makes and posts the new frames of all rooms, so it never sends old ones. Idempotent.
 */
export async function confirmSubscribers(
  audience: Audience,
  subscribers: readonly Subscriber[],
): Promise<void> {
  const { streamId } = audience;
  // If a connection subscribed twice in one batch, the later subscription counts.
  const newest = new Map(subscribers.map((subscriber) => [subscriber.connectionId, subscriber]));
  const distinct = [...newest.values()];
  // A refused stream may not exist, and reading the head would create its log.
  const isWatched = distinct.some(({ refusal }) => refusal === undefined);
  const mark = isWatched ? getLog(streamId) : undefined;
  const [guests, before] = await Promise.all([
    findGuests(distinct),
    mark && readHead(streamId, mark),
  ]);
  const admitted = await waitForAll(guests.map((guest) => admit(audience, guest)));
  const current = admitted.filter((one) => one !== undefined);
  if (current.length === 0 || before === undefined) return;
  // Only the record has the request's fields; the item keeps what posting needs.
  const requestOf = ({ connectionId }: Subscriber) => newest.get(connectionId)!;
  const hasMissed = (one: Subscriber) =>
    one.from === undefined && firstMissed(requestOf(one).since, before) !== undefined;
  const { late = [], prompt = [] } = Object.groupBy(current, (one) =>
    hasMissed(one) ? "late" : "prompt",
  );
  const { head } = before;
  const queued = waitForAll(late.map((one) => queue(audience.outlet, one, requestOf(one), head)));
  const fixing = waitForAll(prompt.map((one) => setFirstLive(one, head + 1)));
  const [fixed] = await waitForAll([fixing, queued]);
  const confirmed = fixed.filter((one) => one !== undefined);
  if (confirmed.length === 0) return;
  const [end, viewers] = await Promise.all([readHead(streamId, mark), countViewersNow(audience)]);
  let reading: Promise<ShownSums> | undefined;
  const shown = () => {
    reading ??= showState(streamId, end);
    return reading;
  };
  const place = { end, viewers, shown };
  await waitForAll(
    confirmed.map(({ current, isSet }) =>
      confirm(audience, current, { ...requestOf(current), isSet }, place),
    ),
  );
}

type Guest = Awaited<ReturnType<typeof findGuests>>[number];

/**
 * Returns the current subscription if it still has this revision and its user may watch. Otherwise
 * sends the refusal or the end of the subscription and returns undefined.
 */
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
 * Milliseconds before each retry to a socket that may not be open yet. Short, because the rooms of
 * the whole batch wait; `realtime/resume` waits longer.
 */
const openingWaitsMilliseconds = [20, 40];

function refuse(audience: Audience, subscriber: Subscriber): Promise<void> {
  const { streamId, connectionId, revision } = subscriber;
  const later = () => audience.outlet.jobs.queueResume({ streamId, connectionId, revision });
  return refuseSubscription(audience, subscriber, openingWaitsMilliseconds, later);
}

async function confirm(
  audience: Audience,
  subscriber: Subscriber,
  { isSet, ...request }: Request & { isSet: boolean },
  { end, viewers, shown }: { end: LogEnd; viewers: number; shown: () => Promise<ShownSums> },
): Promise<void> {
  // A frame may have been appended, and posted to others, before the first live frame was set. A
  // viewer without `since` does not need that frame: their position is the log's end, which was
  // read when they were live already. When thousands arrive, sending it would cost each of them two
  // more writes of one key. A repeated confirmation sends it, since the client may have accepted an
  // earlier `subscribed`, with an earlier end.
  const isOwed = !isSet || request.since !== undefined;
  if (subscriber.next !== undefined || (isOwed && end.head >= subscriber.from!))
    return handOver(audience.outlet, subscriber, request);
  // No frame was missed, so only the head's position can be recovered, which needs no frame.
  const facts = { epoch: end.epoch, head: end.head, next: undefined, viewers, shown };
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
  const isSlow = audience.cache.slow.has(subscriptionKey(subscriber));
  await waitAtMost(isSlow ? 0 : stragglersMilliseconds, saying);
}

/** Marks a subscription as behind, and queues it for `realtime/resume`. */
async function handOver(outlet: Outlet, subscriber: Subscriber, request: Request): Promise<void> {
  const behind = subscriber.next === undefined ? await markBehind(subscriber) : subscriber;
  if (behind !== undefined) await queue(outlet, behind, request);
}

/** Queues a subscription with missed frames; `head` if it has no first live frame. */
const queue = (
  { jobs }: Outlet,
  { streamId, connectionId, revision }: Subscriber,
  { since, requestId }: Request,
  head?: number,
): Promise<void> =>
  jobs.queueResume({ streamId, connectionId, revision, asked: { since, requestId, head } });

/** The result of a post to a subscription; `ended`: the subscription was replaced or removed. */
export type SendResult = PostResult | "ended";

/**
 * Sends a connection's first message. If the connection may still be opening, retries after each of
 * these waits (milliseconds) while the subscription exists; a disconnected client has removed it.
 */
async function postOpening(
  audience: Audience,
  subscriber: Subscriber,
  payload: Payload,
  waits: readonly number[],
): Promise<SendResult> {
  for (const wait of [...(isOpening(subscriber, audience.now) ? waits : []), 0]) {
    const result = await post(audience, subscriber, payload);
    if (result !== "gone" || wait === 0) return result;
    await new Promise((done) => setTimeout(done, wait));
    if ((await findCurrent(subscriber)) === undefined) return "ended";
  }
  return "gone";
}

/** The parameters of a `subscribe`, with the id that its response contains. */
export type Request = Pick<Subscriber, "since" | "requestId">;

/**
 * What was read for `subscribed`. `shown` reads the state (sums, moments) at a frame of the log.
 */
type OpeningFacts = {
  epoch: string;
  /** The position after which all frames are sent. */
  head: number;
  next: Frame | undefined;
  viewers: number;
  shown: (head: number) => Promise<ShownSums>;
};

/**
 * Sends `subscribed`; a client accepts only the first one. `next` is the stored frame after the
 * viewer's position, if any. Returns the post's result, and which frames are recovered if the
 * request had `since`.
 */
export async function openSubscription(
  audience: Audience,
  subscriber: Subscriber,
  { since, requestId }: Request,
  { epoch, head, next, viewers, shown }: OpeningFacts,
  waits: readonly number[],
): Promise<{ result: SendResult; recovery: Recovery | undefined }> {
  const { streamId, now } = audience;
  const end = { epoch, head };
  const recovery = since && recover(since, end, next, now);
  const isReplayed = recovery !== undefined && recovery !== "lost" && recovery.from <= end.head;
  const about = {
    recovery,
    viewers,
    requestId,
    shown: isReplayed ? undefined : await shown(end.head),
  };
  const message = subscribedMessage(streamId, end, about);
  const payload = payloadOf(JSON.stringify(message));
  return { result: await postOpening(audience, subscriber, payload, waits), recovery };
}

/**
 * Sends a refusal, the connection's only message for this subscription, and removes the
 * subscription. If the connection may still be opening, calls `later` instead of removing it.
 */
export async function refuseSubscription(
  audience: Audience,
  subscriber: Subscriber,
  waits: readonly number[],
  later?: () => Promise<void>,
): Promise<void> {
  const { streamId, connectionId, revision, refusal, requestId } = subscriber;
  const message =
    refusal !== undefined && "movedTo" in refusal
      ? { type: "moved", streamId, url: refusal.movedTo, requestId }
      : { type: "error", ...refusal, requestId };
  const payload = payloadOf(JSON.stringify(message));
  const result = await postOpening(audience, subscriber, payload, waits);
  if (later !== undefined && result === "gone" && isOpening(subscriber, audience.now))
    return later();
  await removeSubscriber(streamId, connectionId, revision);
}
