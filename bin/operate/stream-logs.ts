import type { Stage } from "../../lib/stages/stages.ts";
import { countState } from "../../platform/store/audience/count-state.ts";
import { listLogs, resetLog } from "../../platform/store/log/log-reset.ts";

/**
 * Starts a new epoch of every log in the open table of a stage, whose picture a goal shows for a
 * host without one; returns their number.
 */
export async function resetLogs({ defaultPicture }: Pick<Stage, "defaultPicture">) {
  const streamIds = await listLogs();
  const count: Parameters<typeof resetLog>[2] = (streamId, was) =>
    countState(streamId, defaultPicture, was);
  for (const streamId of streamIds) await resetLog(streamId, new Date(), count);
  return streamIds.length;
}
