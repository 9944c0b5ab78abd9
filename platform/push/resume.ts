import type { SQSRecord } from "aws-lambda";
import type { Frame } from "../../domain/log/frame.ts";
import { subscribedMessage } from "../../domain/log/recovery.ts";
import { firstLive, type Subscriber } from "../../domain/log/subscriber.ts";
import { isBlocked } from "../../domain/streams/member.ts";
import { limits } from "../limits.ts";
import { logFault } from "../log.ts";
import { goLive, goLiveBefore, moveOn } from "../store/log/catch-up.ts";
import { listFrames } from "../store/log/frames.ts";
import { readHead, recoverFrom } from "../store/log/recovery.ts";
import { takeResumeFrames } from "../store/log/resume-budget.ts";
import { findSubscriber, removeSubscriber } from "../store/log/subscribers.ts";
import { findMember } from "../store/streams/streams.ts";
import { dropGone, noteGone } from "./dead-connections.ts";
import { formsOf } from "./encodings.ts";
import { type PostResult, payloadOf, poster } from "./gateway.ts";
import { governor } from "./governor.ts";
import { queueResuming, Resuming } from "./jobs.ts";
import type { Memory, Room } from "./memory.ts";
import { postOpening, refusalOf } from "./opening.ts";
import { endSubscription } from "./slice.ts";
import { viewersNow, viewersOf } from "./viewer-count.ts";

/** A turn ends after so long, so that those of its batch do not wait for one slow connection. */
const turnMillisecondsMax = 5_000;
/** When a user's budget is used up their connections go on in the next second. */
const budgetSeconds = 1;

/** Does what the messages of the queue `resumes` ask, side by side; answers the ids that failed. */
export async function resumeAll(
  messages: readonly Pick<SQSRecord, "messageId" | "body">[],
  now: Date,
  memory: Memory,
): Promise<string[]> {
  const failed: string[] = [];
  await Promise.all(
    messages.map(async ({ messageId, body }) => {
      try {
        const job = Resuming.parse(JSON.parse(body));
        await resume(job, { streamId: job.streamId, now, memory });
      } catch (error) {
        logFault("A connection could not be sent what it has missed", error, { messageId });
        failed.push(messageId);
      }
    }),
  );
  await dropGone({ now, memory });
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
export async function resume(job: Resuming, room: Room): Promise<void> {
  const { streamId, connectionId, revision, asked } = job;
  const found = await findSubscriber(streamId, connectionId);
  if (found?.revision !== revision) return;
  if (found.refusal !== undefined) return sayRefusal(room, found);
  if (found.next === undefined) return;
  // This message has come again: its turn was the last one, and died before it was over.
  if (found.behind !== true) return sendRest(room, found, limits().pageFrames);
  const subscriber = asked === undefined ? found : await answer(room, found, asked);
  if (subscriber !== undefined) await sendTurn(room, subscriber);
}

/** Waits in milliseconds before a socket that may not be open yet is tried again. */
const openingWaitsMilliseconds = [20, 40, 80, 160, 320];

async function sayRefusal(room: Room, subscriber: Subscriber): Promise<void> {
  const { streamId, connectionId, revision } = subscriber;
  await postOpening(room, subscriber, refusalOf(subscriber), openingWaitsMilliseconds);
  await removeSubscriber(streamId, connectionId, revision);
}

/** Says `subscribed`; answers the subscription as it goes on, undefined when it does not. */
async function answer(
  room: Room,
  subscriber: Subscriber,
  { since, requestId }: NonNullable<Resuming["asked"]>,
): Promise<Subscriber | undefined> {
  const { streamId } = room;
  const { epoch } = await readHead(streamId);
  // Where the log ended when the first live frame was set, however often this is said.
  const end = { epoch, head: subscriber.from! - 1 };
  const recovery = since && (await recoverFrom(streamId, since, end, room.now));
  const viewers = await viewersNow(room);
  const message = subscribedMessage(streamId, end, { recovery, viewers, requestId });
  const payload = payloadOf(JSON.stringify(message));
  const result = await postOpening(room, subscriber, payload, openingWaitsMilliseconds);
  if (result !== "sent") return leave(subscriber, subscriber.next!, result);
  const isLost = recovery === "lost" && subscriber.next! <= end.head;
  return isLost ? moveOn(subscriber, end.head + 1) : subscriber;
}

/** Sends pages of frames until the newest is sent, or the turn is over. */
async function sendTurn(room: Room, given: Subscriber): Promise<void> {
  const { streamId } = room;
  const { connectionId, revision, userId } = given;
  const { pageFrames, turnPages } = limits();
  const began = Date.now();
  let subscriber: Subscriber | undefined = given;
  let next = given.next!;
  for (let page = 0; ; page++) {
    const { head } = await readHead(streamId);
    if (next > head) {
      if (await comeToHead(room, subscriber, next)) return;
      continue;
    }
    const elapsed = Date.now() - began;
    if (page >= turnPages || elapsed > turnMillisecondsMax) break;
    const wanted = Math.min(pageFrames, head - next + 1);
    const at = new Date(room.now.getTime() + elapsed);
    const count = await takeResumeFrames(userId, wanted, at);
    if (count === 0) return queueResuming({ streamId, connectionId, revision }, budgetSeconds);
    if (!(await sendFrames(room, subscriber, next, next + count - 1))) return;
    next += count;
    // Going live says how far it has come, so that a short resume writes once.
    if (next > head && (await comeToHead(room, subscriber, next))) return;
    subscriber = await moveOn(subscriber, next);
    if (subscriber === undefined) return;
  }
  await queueResuming({ streamId, connectionId, revision });
}

/**
 * Makes somebody live who was sent all frames before `next`; false when there are more by now. In a
 * small room no frame can come between; in a large one what did is sent afterwards, and may be
 * posted as well, which their client drops.
 */
async function comeToHead(room: Room, subscriber: Subscriber, next: number): Promise<boolean> {
  if ((await viewersOf(room)) <= limits().exactViewers)
    return (await goLiveBefore(subscriber, next)) !== "behind";
  const live = await goLive(subscriber, next);
  if (live !== undefined) await sendRest(room, live);
  return true;
}

/** Sends what was put while the first live frame was set: nothing as a rule. */
async function sendRest(
  room: Room,
  subscriber: Subscriber,
  framesMax = Number.POSITIVE_INFINITY,
): Promise<void> {
  const from = firstLive(subscriber)!;
  const { head } = await readHead(room.streamId);
  await sendFrames(room, subscriber, from, Math.min(head, from + framesMax - 1));
}

/** Sends the kept frames of a range in their order; false when the connection's turns are over. */
async function sendFrames(
  room: Room,
  subscriber: Subscriber,
  from: number,
  to: number,
): Promise<boolean> {
  if (to < from) return true;
  for (const frame of await listFrames(room.streamId, from, to)) {
    const result = await sendFrame(room, subscriber, frame);
    if (result === "sent") continue;
    if (result === "gone") noteGone(room, subscriber);
    await leave(subscriber, frame.n, result);
    return false;
  }
  return true;
}

/** Sends a kept frame. The frame of the user's own ban is looked at again. */
async function sendFrame(
  { now }: Room,
  subscriber: Subscriber,
  frame: Frame,
): Promise<PostResult | "blocked"> {
  const { streamId, userId, connectionId } = subscriber;
  if (frame.blocks?.includes(userId)) {
    const member = await findMember(streamId, userId, { consistent: true });
    if (isBlocked(member, now)) {
      await endSubscription(subscriber);
      return "blocked";
    }
  }
  await governor().take();
  return poster().post(connectionId, formsOf(frame)(subscriber));
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
