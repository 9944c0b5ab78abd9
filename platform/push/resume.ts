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
import { dropDead } from "./dead-connections.ts";
import { encodingsOf } from "./encodings.ts";
import type { PostResult } from "./gateway.ts";
import { Resuming } from "./jobs.ts";
import { endSubscription, openSubscription, post, refuseSubscription } from "./post.ts";
import { viewersNow, viewersOf } from "./viewer-count.ts";

/** A turn ends after so long, so that those of its batch do not wait for one slow connection. */
const turnMillisecondsMax = 5_000;
/** When a user's budget is used up their connections go on in the next second. */
const budgetSeconds = 1;

/** Does what the messages of the queue `resumes` ask, in parallel; answers the ids that failed. */
export async function resumeAll(push: Push, messages: readonly QueueRecord[]): Promise<string[]> {
  const failed = await handleEach(messages, Resuming, (job) =>
    resume({ ...push, streamId: job.streamId }, job),
  );
  await dropDead(push);
  return failed;
}

/**
 * One turn of sending a connection what it has missed: `subscribed`, if it was not said yet, then
 * its frames from where its subscription says, as many as a turn and the user's budget allow. The
 * rest is left to the next turn. Nothing live is posted to it until it has been sent the newest
 * frame: a frame put before that is sent here, one put later by its poster. How far it has come is
 * changed only from what was read, so that a message which comes twice, late or after its turn died
 * changes nothing. A connection that does not take a message ends its turns: the hole heals by its
 * client's rules, as soon as it is shown by the next live frame.
 */
export async function resume(audience: Audience, job: Resuming): Promise<void> {
  const { streamId, connectionId, revision, asked: request } = job;
  countMetric("Resumes");
  const found = await findSubscriber(streamId, connectionId);
  if (found?.revision !== revision) return;
  if (found.refusal !== undefined)
    return refuseSubscription(audience, found, openingWaitsMilliseconds);
  if (found.next === undefined) return;
  // This message has come again: its turn was the last one, and died before it was over.
  if (found.behind !== true) return sendRest(audience, found, limits().pageFrames);
  const answered = request === undefined ? { found } : await answer(audience, found, request);
  if (answered?.found !== undefined) await sendTurn(audience, answered.found, answered.known);
}

/** Waits in milliseconds before a socket that may not be open yet is tried again. */
const openingWaitsMilliseconds = [20, 40, 80, 160, 320];

/** What was read for the answer: the log's mark, and the frame after the viewer's position. */
type Known = { posted: number; first?: Frame | undefined };

/** The subscription as it goes on, if it does, and what its turn need not read again. */
type Answered = { found: Subscriber | undefined; known?: Known };

/** Says `subscribed`; undefined when the connection did not take it. */
async function answer(
  audience: Audience,
  subscriber: Subscriber,
  request: NonNullable<Resuming["asked"]>,
): Promise<Answered | undefined> {
  const { streamId } = audience;
  const { since } = request;
  const [{ epoch, posted }, viewers, first] = await Promise.all([
    getLog(streamId),
    viewersNow(audience),
    since && findFrame(streamId, since.frame + 1),
  ]);
  const shown = (head: number) => shownAt(streamId, head);
  const facts = { epoch, next: first, viewers, shown };
  const { result, recovery } = await openSubscription(
    audience,
    subscriber,
    request,
    facts,
    openingWaitsMilliseconds,
  );
  if (result !== "sent") return leave(subscriber, subscriber.next!, result);
  // A lost position is owed nothing from before the first live frame.
  const isLost = recovery === "lost" && subscriber.next! < subscriber.from!;
  const found = isLost ? await advanceCatchUp(subscriber, subscriber.from!) : subscriber;
  return { found, known: { posted, first } };
}

/** What viewers are shown at a frame, which may have expired: then the log's mark is at it. */
async function shownAt(streamId: string, head: number) {
  const frame = await findFrame(streamId, head);
  return showState(streamId, frame ?? (await getLog(streamId)));
}

/**
 * How many frames beyond the mark are asked for: one is put before it is posted, and when there is
 * another one less the page is seen to be the last.
 */
const beyondMark = 2;

/**
 * Sends pages of frames until the newest is sent, or the turn is over. Where the log ends is seen
 * from its mark and by asking for a little more: to read the newest frame costs as much as to send
 * it, and when a large room reconnects all of them read the same few.
 */
async function sendTurn(audience: Audience, before: Subscriber, known?: Known): Promise<void> {
  const { streamId, outlet } = audience;
  const { connectionId, revision, userId } = before;
  const { pageFrames, turnPages } = limits();
  const began = Date.now();
  let subscriber: Subscriber | undefined = before;
  let next = before.next!;
  for (let page = 0; page < turnPages; page++) {
    const elapsed = Date.now() - began;
    if (elapsed > turnMillisecondsMax) break;
    const { posted, first }: Known = (page === 0 && known) || (await getLog(streamId));
    const wanted = Math.min(pageFrames, Math.max(0, posted - next + 1) + beyondMark);
    const at = new Date(audience.now.getTime() + elapsed);
    const count = await takeResumeFrames(userId, wanted, at);
    if (count === 0)
      return outlet.jobs.queueResuming({ streamId, connectionId, revision }, budgetSeconds);
    const to = next + count - 1;
    const frames = await listPage(streamId, next, to, first);
    if (!(await sendFrames(audience, subscriber, frames))) return;
    // Whatever of the posted ones is not there has expired. The mark may lag, but nobody goes back.
    next = Math.max(next, Math.min(to, posted) + 1, (frames.at(-1)?.n ?? 0) + 1);
    // Going live says how far it has come, so that a short resume writes once.
    if (next <= to && (await comeToHead(audience, subscriber, next))) return;
    subscriber = await advanceCatchUp(subscriber, next);
    if (subscriber === undefined) return;
  }
  await outlet.jobs.queueResuming({ streamId, connectionId, revision });
}

/**
 * Makes a subscription live that was sent all frames before `next`; false when there are more by
 * now. In a small room no frame can come between; in a large one what did is sent afterwards, and
 * may be posted as well, which their client drops.
 */
async function comeToHead(
  audience: Audience,
  subscriber: Subscriber,
  next: number,
): Promise<boolean> {
  if ((await viewersOf(audience)) <= limits().exactViewers)
    return (await goLiveBefore(subscriber, next)) !== "behind";
  const live = await goLive(subscriber, next);
  if (live !== undefined) await sendRest(audience, live);
  return true;
}

/** The kept frames of a range, of which the first may be known. */
async function listPage(
  streamId: string,
  from: number,
  to: number,
  first: Frame | undefined,
): Promise<readonly Frame[]> {
  if (first?.n !== from) return listFrames(streamId, from, to);
  return to > from ? [first, ...(await listFrames(streamId, from + 1, to))] : [first];
}

/** Sends what was put while the first live frame was set: nothing as a rule. */
async function sendRest(
  audience: Audience,
  subscriber: Subscriber,
  framesMax?: number,
): Promise<void> {
  const from = firstLive(subscriber)!;
  const to = framesMax === undefined ? numberMax : from + framesMax - 1;
  await sendFrames(audience, subscriber, await listFrames(audience.streamId, from, to));
}

/** Sends frames in their order; false when the connection's turns are over. */
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

/** Sends a kept frame. The frame of the user's own ban is looked at again. */
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
 * Ends the turns of a connection that has not taken a message. If it is still there, live frames
 * are posted to it again: the first one shows its client the hole.
 */
async function leave(
  subscriber: Subscriber,
  next: number,
  result: PostResult | "blocked",
): Promise<undefined> {
  if (result === "gone" || result === "blocked" || subscriber.behind !== true) return;
  await goLive(subscriber, next);
}
