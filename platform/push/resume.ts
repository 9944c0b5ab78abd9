import type { Frame } from "../../domain/log/frame.ts";
import { firstLive, type Subscriber } from "../../domain/log/subscriber.ts";
import { isBlocked } from "../../domain/streams/member.ts";
import { handleEach, type QueueRecord } from "../lambda/consumer.ts";
import { limits } from "../runtime/limits.ts";
import { countMetric } from "../runtime/metrics.ts";
import { showState } from "../store/audience/log-state.ts";
import { advanceCatchUp, goLive, goLiveBefore } from "../store/log/catch-up.ts";
import { findFrame, listFrames, numberMax } from "../store/log/frames.ts";
import { getLog } from "../store/log/logs.ts";
import { takeResumeFrames } from "../store/log/resume-budget.ts";
import { findSubscriber } from "../store/log/subscribers.ts";
import { findMember } from "../store/streams/members.ts";
import type { Audience, Push } from "./audience.ts";
import { removeDead } from "./dead-connections.ts";
import { encodingsOf } from "./encodings.ts";
import type { PostResult } from "./gateway.ts";
import { ResumeJob } from "./jobs.ts";
import { endSubscription, openSubscription, post, refuseSubscription } from "./post.ts";
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
 * next live frame shows its client the gap, and the client resubscribes.
 */
export async function resume(audience: Audience, job: ResumeJob): Promise<void> {
  const { streamId, connectionId, revision, asked: request } = job;
  countMetric("Resumes");
  const found = await findSubscriber(streamId, connectionId);
  if (found?.revision !== revision) return;
  if (found.refusal !== undefined)
    return refuseSubscription(audience, found, openingWaitsMilliseconds);
  if (found.next === undefined) return;
  // A repeated message: its job had made the subscription live, and died before its last posts.
  if (found.behind !== true) return sendRemaining(audience, found, limits().pageFrames);
  const answered = request === undefined ? { found } : await answer(audience, found, request);
  if (answered?.found !== undefined) await sendPages(audience, answered.found, answered.known);
}

/** Milliseconds before each retry to a socket that may not be open yet. */
const openingWaitsMilliseconds = [20, 40, 80, 160, 320];

/**
 * What confirming the subscription has read: the log's mark, and the frame after the viewer's
 * position.
 */
type Known = { posted: number; first?: Frame | undefined };

/** The subscription to continue with, if any, and what need not be read again. */
type Answered = { found: Subscriber | undefined; known?: Known };

/** Sends `subscribed`. Returns undefined if the connection did not accept it. */
async function answer(
  audience: Audience,
  subscriber: Subscriber,
  request: NonNullable<ResumeJob["asked"]>,
): Promise<Answered | undefined> {
  const { streamId } = audience;
  const { since } = request;
  const [{ epoch, posted }, viewers, first] = await Promise.all([
    getLog(streamId),
    countViewersNow(audience),
    since && findFrame(streamId, since.frame + 1),
  ]);
  const shown = (head: number) => shownAt(streamId, head);
  const facts = { epoch, head: subscriber.from! - 1, next: first, viewers, shown };
  const { result, recovery } = await openSubscription(
    audience,
    subscriber,
    request,
    facts,
    openingWaitsMilliseconds,
  );
  if (result !== "sent") return leave(subscriber, subscriber.next!, result);
  // If the position is lost, the viewer gets no frames before the first live one.
  const isLost = recovery === "lost" && subscriber.next! < subscriber.from!;
  const found = isLost ? await advanceCatchUp(subscriber, subscriber.from!) : subscriber;
  return { found, known: { posted, first } };
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
 * Frames to request beyond the mark: one may be put but not posted yet, and a page that ends before
 * the second is the last.
 */
const beyondMark = 2;

/**
 * Sends pages of frames up to the newest, within the job's limits. Finds the log's end from its
 * mark and by reading slightly further: reading the newest frame costs as much as sending it, and
 * when a large room reconnects, all jobs would read the same few frames.
 */
async function sendPages(audience: Audience, before: Subscriber, known?: Known): Promise<void> {
  const { streamId, outlet } = audience;
  const { connectionId, revision, userId } = before;
  const { pageFrames, jobPages } = limits();
  const began = Date.now();
  let subscriber: Subscriber | undefined = before;
  let next = before.next!;
  for (let page = 0; page < jobPages; page++) {
    const elapsed = Date.now() - began;
    if (elapsed > jobMillisecondsMax) break;
    const { posted, first }: Known = (page === 0 && known) || (await getLog(streamId));
    const wanted = Math.min(pageFrames, Math.max(0, posted - next + 1) + beyondMark);
    const at = new Date(audience.now.getTime() + elapsed);
    const count = await takeResumeFrames(userId, wanted, at);
    if (count === 0)
      return outlet.jobs.queueResume({ streamId, connectionId, revision }, budgetSeconds);
    const to = next + count - 1;
    const frames = await listPage(streamId, next, to, first);
    if (!(await sendFrames(audience, subscriber, frames))) return;
    // Missing posted frames have expired. The mark may lag, but the position never moves back.
    next = Math.max(next, Math.min(to, posted) + 1, (frames.at(-1)?.n ?? 0) + 1);
    // Going live stores the position as well, so a short resume writes once.
    if (next <= to && (await goLiveAtHead(audience, subscriber, next))) return;
    subscriber = await advanceCatchUp(subscriber, next);
    if (subscriber === undefined) return;
  }
  await outlet.jobs.queueResume({ streamId, connectionId, revision });
}

/**
 * Makes a subscription live that was sent all frames before `next`. Returns false if there are more
 * frames by now. In a small room the transaction excludes that; in a large room frames put
 * meanwhile are sent afterwards, and may be posted as well: clients drop duplicates.
 */
async function goLiveAtHead(
  audience: Audience,
  subscriber: Subscriber,
  next: number,
): Promise<boolean> {
  if ((await countViewers(audience)) <= limits().exactViewers)
    return (await goLiveBefore(subscriber, next)) !== "behind";
  const live = await goLive(subscriber, next);
  if (live !== undefined) await sendRemaining(audience, live);
  return true;
}

/** The stored frames of a range. `first` saves reading the first one. */
async function listPage(
  streamId: string,
  from: number,
  to: number,
  first: Frame | undefined,
): Promise<readonly Frame[]> {
  if (first?.n !== from) return listFrames(streamId, from, to);
  return to > from ? [first, ...(await listFrames(streamId, from + 1, to))] : [first];
}

/** Sends frames that were put while the subscription went live, usually none. */
async function sendRemaining(
  audience: Audience,
  subscriber: Subscriber,
  framesMax?: number,
): Promise<void> {
  const from = firstLive(subscriber)!;
  const to = framesMax === undefined ? numberMax : from + framesMax - 1;
  await sendFrames(audience, subscriber, await listFrames(audience.streamId, from, to));
}

/** Sends frames in order. Returns false if the connection accepts no more. */
async function sendFrames(
  audience: Audience,
  subscriber: Subscriber,
  frames: readonly Frame[],
): Promise<boolean> {
  for (const frame of frames) {
    const result = await sendFrame(audience, subscriber, frame);
    if (result === "sent") countMetric("ResumedFrames");
    if (result === "sent") continue;
    await leave(subscriber, frame.n, result);
    return false;
  }
  return true;
}

/** Sends a stored frame. At a frame with the user's own ban, reads the ban again. */
async function sendFrame(
  audience: Audience,
  subscriber: Subscriber,
  frame: Frame,
): Promise<PostResult | "blocked"> {
  const { now, outlet } = audience;
  const { streamId, userId } = subscriber;
  if (frame.blocks?.includes(userId)) {
    const member = await findMember(streamId, userId, { consistent: true });
    if (isBlocked(member, now)) {
      await endSubscription(outlet, subscriber);
      return "blocked";
    }
  }
  return post(audience, subscriber, encodingsOf(frame)(subscriber));
}

/**
 * Stops sending missed frames after a failed post. If the connection still exists, makes it live:
 * the next live frame shows its client the gap.
 */
async function leave(
  subscriber: Subscriber,
  next: number,
  result: PostResult | "blocked",
): Promise<undefined> {
  if (result === "gone" || result === "blocked" || subscriber.behind !== true) return;
  await goLive(subscriber, next);
}
