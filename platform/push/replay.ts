import type { Frame } from "../../domain/frame.ts";
import { isBlocked } from "../../domain/member.ts";
import type { Subscriber } from "../../domain/subscriber.ts";
import { queryFrames } from "../store/frames.ts";
import { findMember } from "../store/streams.ts";
import { findSubscriber } from "../store/subscribers.ts";
import { formsOf } from "./forms.ts";
import { governor } from "./governor.ts";
import { endSubscription } from "./part.ts";
import { poster } from "./post.ts";
import { queueReplay, type Replaying } from "./queue.ts";

/** Frames that one greeting sends itself; for more, the room would wait. */
export const inlineFramesMax = 50;

/** Frames of one turn of a long replay, so that none outlives its function. */
const turnFramesMax = 400;

/** Goes on with a long replay, as long as its subscription is the connection's newest. */
export async function replay(job: Replaying, now: Date): Promise<void> {
  const { streamId, connectionId, revision, from, to } = job;
  const subscriber = await findSubscriber(streamId, connectionId);
  if (subscriber?.revision !== revision) return;
  const turnTo = Math.min(to, from + turnFramesMax - 1);
  for await (const frame of queryFrames(streamId, { from, to: turnTo }))
    if (!(await sendFrame(subscriber, frame, now))) return;
  if (turnTo < to) await queueReplay({ ...job, from: turnTo + 1 });
}

/** Sends a kept frame; false ends it. The frame of the user's own ban is looked at again. */
export async function sendFrame(subscriber: Subscriber, frame: Frame, now: Date): Promise<boolean> {
  const { streamId, userId, connectionId } = subscriber;
  if (frame.blocks?.includes(userId)) {
    const member = await findMember(streamId, userId, { consistent: true });
    if (isBlocked(member, now)) {
      await endSubscription(subscriber);
      return false;
    }
  }
  await governor().take();
  return (await poster().post(connectionId, formsOf(frame)(subscriber))) !== "gone";
}
