import { stageOf } from "../../lib/stages/stages.ts";
import { countState } from "../../platform/store/audience/count-state.ts";
import { listLogs, resetLog } from "../../platform/store/log/log-reset.ts";

/** Starts a new epoch of every log in the open table; returns their number. */
export async function resetLogs(): Promise<number> {
  const streamIds = await listLogs();
  // What a reached goal shows for a host without a picture.
  const { defaultPicture } = stageOf(() => undefined);
  const count: Parameters<typeof resetLog>[2] = (streamId, was) =>
    countState(streamId, defaultPicture, was);
  for (const streamId of streamIds) await resetLog(streamId, new Date(), count);
  return streamIds.length;
}
