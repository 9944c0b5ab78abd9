import type { Frame } from "../../domain/log/frame.ts";
import type { Subscriber } from "../../domain/log/subscriber.ts";
import { countMetric } from "../runtime/metrics.ts";
import { goLive, isBehind } from "../store/log/catch-up.ts";
import { findCurrent } from "../store/log/subscribers.ts";
import { isStillBlocked } from "../store/streams/members.ts";
import type { Audience } from "./audience.ts";
import type { SendResult } from "./confirm.ts";
import { endSubscription, payloadFor, post } from "./post.ts";

/** Sends missed frames in order, until the connection accepts no more. */
export async function sendFrames(
  audience: Audience,
  subscriber: Subscriber,
  frames: readonly Frame[],
): Promise<SendResult> {
  for (const frame of frames) {
    const result = await sendFrame(audience, subscriber, frame);
    if (result !== "sent") return finishCatchUp(subscriber, frame.n, result);
    countMetric("ResumedFrames");
  }
  return "sent";
}

/** Sends a stored frame. At a frame with the user's own ban, reads the ban again. */
async function sendFrame(
  audience: Audience,
  subscriber: Subscriber,
  frame: Frame,
): Promise<SendResult> {
  const { now, outlet } = audience;
  const { streamId, userId } = subscriber;
  if (frame.blocks?.includes(userId) && (await isStillBlocked(streamId, userId, now))) {
    // The poster of this frame may have ended the subscription already.
    if (await findCurrent(subscriber)) await endSubscription(outlet, subscriber);
    return "ended";
  }
  return post(audience, subscriber, payloadFor(frame, subscriber));
}

/**
 * Stops sending missed frames after this result. If the connection still exists, makes it live: the
 * next live frame shows its client the gap.
 */
export async function finishCatchUp(
  subscriber: Subscriber,
  next: number,
  result: SendResult,
): Promise<SendResult> {
  if (result !== "gone" && result !== "ended" && isBehind(subscriber))
    await goLive(subscriber, next);
  return result;
}
