import { getLog, hasBacklog } from "../store/log/logs.ts";
import { isTooSoon, sumsPauseSeconds } from "./append.ts";
import type { Audience } from "./audience.ts";
import type { SumsJob } from "./jobs.ts";
import { postRoom } from "./large-room.ts";
import { isLarge } from "./viewer-count.ts";

/**
 * Frames and posts pending sums, unless a frame with events has carried them. If the last frame is
 * less than a second old, waits: in an active room the next frame with events comes first. So a
 * quiet room gets at most one such frame per second.
 */
export async function postSums(audience: Audience, job: SumsJob): Promise<void> {
  const { streamId, now, outlet } = audience;
  if (!(await hasBacklog(streamId, job.gathered))) return;
  if (isTooSoon(await getLog(streamId), now)) return outlet.jobs.queueSums(job, sumsPauseSeconds);
  if (await isLarge(audience)) return outlet.jobs.queueRemainder(streamId, now);
  await postRoom(audience);
}
