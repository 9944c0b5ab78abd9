import type { Frame } from "../../domain/log/frame.ts";
import { firstLive, openingSeconds, type Subscriber } from "../../domain/log/subscriber.ts";
import { handleEach, type QueueRecord } from "../lambda/consumer.ts";
import { limits } from "../runtime/limits.ts";
import { countMetric } from "../runtime/metrics.ts";
import { showState } from "../store/audience/log-state.ts";
import { advanceCatchUp, goLive, goLiveBefore, isBehind } from "../store/log/catch-up.ts";
import { dropSubscribed } from "../store/log/connections.ts";
import { findFrame, listFrames, listFramesSince, numberMax } from "../store/log/frames.ts";
import { findLog, getLog, type Log } from "../store/log/logs.ts";
import { takeResumeFrames } from "../store/log/resume-budget.ts";
import { findCurrent, findSubscriber } from "../store/log/subscribers.ts";
import type { Audience, Push } from "./audience.ts";
import { openSubscription, refuseSubscription, type SendResult } from "./confirm.ts";
import { ResumeJob } from "./jobs.ts";
import { finishCatchUp, sendFrames } from "./missed-frames.ts";
import { removeDead } from "./post.ts";
import { subscriptionKey } from "./push-cache.ts";
import { countViewers, countViewersNow } from "./viewer-count.ts";

/**
 * A job ends after this time, so that one slow connection does not delay the others of its batch.
 */
const jobMillisecondsMax = 5_000;
/** Delay after which a connection continues when its user's budget is used up. */
const budgetSeconds = 1;

/** Handles messages of the queue `resumes` in parallel. Returns the ids of failed messages. */
export async function resumeAll(push: Push, messages: readonly QueueRecord[]): Promise<string[]> {
  const failed = await handleEach(messages, ResumeJob, (job) =>
    resume({ ...push, streamId: job.streamId }, job),
  );
  await removeDead(push);
  return failed;
}

/**
 * Sends a connection `subscribed`, if it was not sent yet, then missed frames from the
 * subscription's position, up to the limits of one job and the user's budget. Another job sends the
 * rest.
 *
 * Nothing live is posted to a connection that is behind: frames put before it goes live are sent
 * here, later ones by their poster. The position moves only from the value that was read, so
 * repeated and late messages have no effect. If a post fails, the connection goes live at once: the
 * next live frame shows its client the gap, and the client resubscribes. If the connection is gone
 * but may still be opening, the job is repeated once it can no longer be: nothing else is posted to
 * it, so its subscription would remain if `$disconnect` missed it, or was never called.
 */
export async function resume(audience: Audience, job: ResumeJob): Promise<void> {
  const { streamId, connectionId, revision } = job;
  countMetric("Resumes");
  // Both are read in one call, with those of the other jobs of the batch.
  const both = [findLog(streamId), findSubscriber(streamId, connectionId)] as const;
  const [mark, found] = await Promise.all(both);
  if (found?.revision !== revision) return;
  if (found.refusal !== undefined)
    return refuseSubscription(audience, found, openingWaitsMilliseconds);
  const result = await send(audience, found, mark, job.asked);
  if (result !== "gone") return;
  const delaySeconds = openingSeconds(found, audience.now);
  if (delaySeconds > 0) return audience.outlet.jobs.queueResume(job, delaySeconds);
  // Removed at once, even among many dead connections: no later post would find this one.
  audience.cache.dead.delete(subscriptionKey(found));
  await dropSubscribed(found);
}

/** Sends the messages of one job. Returns the last post's result; undefined if there was none. */
async function send(
  audience: Audience,
  found: Subscriber,
  mark: Log | undefined,
  request: ResumeJob["asked"],
): Promise<SendResult | undefined> {
  if (!isBehind(found)) {
    // A repeated message: its job had made the subscription live, and died before its last posts.
    if (found.next !== undefined) await sendRemaining(audience, found, limits().pageFrames);
    return undefined;
  }
  const next = found.next ?? (request?.since && request.since.frame + 1);
  if (next === undefined) return undefined;
  const behind = { ...found, next };
  const log = mark ?? (await getLog(audience.streamId));
  if (request === undefined) return sendPages(audience, behind, log);
  const { result, start, known = log } = await answer(audience, behind, request, log);
  return start === undefined ? result : sendPages(audience, start, known);
}

/** A subscription whose next frame to send is known, from its item or from its request. */
type Behind = Subscriber & { next: number };

/** Milliseconds before each retry to a socket that may not be open yet. */
const openingWaitsMilliseconds = [20, 40, 80, 160, 320];

/** Frames read for a subscription, up to number `to`, stored or not. */
type Page = { to: number; frames: readonly Frame[] };

/** What was read before: the log's mark, and perhaps the first frames to send. */
type Known = { posted: number; page?: Page | undefined };

/** The post's result, the subscription to continue with, and what need not be read again. */
type Answered = { result: SendResult; start?: Behind | undefined; known?: Known };

/** Sends `subscribed`. */
async function answer(
  audience: Audience,
  subscriber: Behind,
  request: NonNullable<ResumeJob["asked"]>,
  { epoch, posted }: Log,
): Promise<Answered> {
  const { streamId } = audience;
  const { since, head = subscriber.from! - 1 } = request;
  const isPageOf = since?.epoch === epoch && subscriber.next === since.frame + 1;
  const paging = isPageOf ? readPage(audience, subscriber, posted, audience.now) : undefined;
  const [viewers, page] = await Promise.all([countViewersNow(audience), paging]);
  const first = since && (page?.frames[0] ?? (await findFrame(streamId, since.frame + 1)));
  const shown = (frame: number) => shownAt(streamId, frame);
  const facts = { epoch, head, next: first, viewers, shown };
  const { result, recovery } = await openSubscription(
    audience,
    subscriber,
    request,
    facts,
    openingWaitsMilliseconds,
  );
  if (result !== "sent")
    return { result: await finishCatchUp(subscriber, subscriber.next, result) };
  // If the position is lost, the viewer gets no frames before the first live one.
  if (recovery === "lost" && subscriber.next <= head) {
    const moved = await advanceCatchUp(subscriber, head + 1);
    return { result, start: moved && { ...moved, next: head + 1 } };
  }
  return { result, start: subscriber, known: { posted, page } };
}

/**
 * The state that viewers see at a frame. If the frame has expired, the log's mark has the same
 * state.
 */
async function shownAt(streamId: string, head: number) {
  const frame = await findFrame(streamId, head);
  return showState(streamId, frame ?? (await getLog(streamId)));
}

/**
 * Frames to request beyond the mark: one may be put but not posted yet, and a page without the
 * second is the last.
 */
const beyondMark = 2;

/**
 * Sends pages of frames up to the newest, within the job's limits and while the subscription
 * exists: meanwhile a block, a refunded pass or its client may end it. Finds the log's end from its
 * mark and by reading slightly further: reading the newest frame costs as much as sending it, and
 * when a large room reconnects, all jobs would read the same few frames.
 */
async function sendPages(
  audience: Audience,
  subscriber: Behind,
  known: Known,
): Promise<SendResult> {
  const { streamId, outlet } = audience;
  const { connectionId, revision } = subscriber;
  const began = Date.now();
  let next = subscriber.next;
  let delaySeconds = 0;
  for (let number = 0; number < limits().jobPages; number++) {
    const elapsed = Date.now() - began;
    if (elapsed > jobMillisecondsMax) break;
    const current = number === 0 ? known : await readMark(subscriber);
    if (current === undefined) return "ended";
    const { posted, page: read } = current;
    const at = new Date(audience.now.getTime() + elapsed);
    const page = read ?? (await readPage(audience, { ...subscriber, next }, posted, at));
    if (page === undefined) delaySeconds = budgetSeconds;
    if (page === undefined) break;
    const { to, frames } = page;
    const result = await sendFrames(audience, subscriber, frames);
    if (result !== "sent") return result;
    // Missing posted frames have expired. The mark may lag, but the position never moves back.
    next = Math.max(next, Math.min(to, posted) + 1, (frames.at(-1)?.n ?? 0) + 1);
    if (next <= to && (await goLiveAtHead(audience, subscriber, next))) return "sent";
  }
  // Going live stores the position as well, so a resume that takes one job writes once.
  const isNew = next > subscriber.next || subscriber.from === undefined;
  if (isNew && (await advanceCatchUp(subscriber, next)) === undefined) return "ended";
  await outlet.jobs.queueResume({ streamId, connectionId, revision }, delaySeconds);
  return "sent";
}

/** The log's mark; undefined if the subscription has ended. Both are read in one call. */
async function readMark(subscriber: Subscriber): Promise<Known | undefined> {
  const { streamId } = subscriber;
  const [log, current] = await Promise.all([getLog(streamId), findCurrent(subscriber)]);
  return current && log;
}

/** The next page of a subscription; undefined if its user's budget of this second is used up. */
async function readPage(
  { streamId }: Audience,
  { userId, countedAs = userId, next }: Behind,
  posted: number,
  at: Date,
): Promise<Page | undefined> {
  const wanted = Math.min(limits().pageFrames, Math.max(0, posted - next + 1) + beyondMark);
  const count = await takeResumeFrames(countedAs, wanted, at);
  if (count === 0) return undefined;
  const to = next + count - 1;
  return { to, frames: await listFrames(streamId, next, to) };
}

/**
 * Makes a subscription live that was sent all frames before `next`. Returns false if there are more
 * frames by now. In a small room a transaction checks that there are none; in a large room frames
 * put meanwhile are sent afterwards, and may be posted as well: clients drop duplicates.
 */
async function goLiveAtHead(
  audience: Audience,
  subscriber: Subscriber,
  next: number,
): Promise<boolean> {
  const { count } = await countViewers(audience);
  if (count <= limits().exactViewers) return goLiveBefore(subscriber, next);
  const live = await goLive(subscriber, next);
  if (live !== undefined) await sendRemaining(audience, live);
  return true;
}

/** Sends frames that were put while the subscription went live, usually none. */
async function sendRemaining(
  audience: Audience,
  subscriber: Subscriber,
  framesMax?: number,
): Promise<void> {
  const from = firstLive(subscriber)!;
  const to = framesMax === undefined ? numberMax : from + framesMax - 1;
  const frames = await listFramesSince(audience.streamId, from, to);
  if (frames.length > 0 && (await findCurrent(subscriber)))
    await sendFrames(audience, subscriber, frames);
}
