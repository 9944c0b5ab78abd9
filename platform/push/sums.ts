import { setting } from "../runtime/env.ts";
import { hasBacklog } from "../store/log/backlog.ts";
import { getLog } from "../store/log/logs.ts";
import type { Audience } from "./audience.ts";
import type { SumsJob } from "./jobs.ts";
import { postRoom } from "./large-room.ts";
import { viewersOf } from "./viewer-count.ts";

/** The pause between two frames that show nothing but sums. */
const pauseSeconds = 1;

/**
 * Frames and posts what was only added to a stream's sums, where no frame with events has taken it
 * along. Where the last frame is less than a second old it waits once: in a room that talks, the
 * next frame comes before. What is still there then was taken by none, so a room that is quiet is
 * sent one such frame a second at most.
 */
export async function postSums(audience: Audience, job: SumsJob): Promise<void> {
  const { streamId, now, outlet } = audience;
  if (!(await hasBacklog(streamId, job.gathered))) return;
  const { madeAt = 0 } = await getLog(streamId);
  const isSoon = now.getTime() - madeAt < pauseSeconds * 1000;
  if (isSoon && job.hasWaited !== true)
    return outlet.jobs.queueSums({ ...job, hasWaited: true }, pauseSeconds);
  const viewers = await viewersOf(audience);
  if (viewers > setting("LARGE_ROOM_VIEWERS")) return outlet.jobs.queueRemainder(streamId, now);
  await postRoom(audience);
}
