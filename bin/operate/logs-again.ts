import { stageOf } from "../../lib/stages/stages.ts";
import { countState } from "../../platform/store/audience/count-state.ts";
import { listLogs, resetLog } from "../../platform/store/log/log-reset.ts";

/** Starts a new epoch of every log in the table that is open; answers how many there are. */
export async function startLogsAgain(): Promise<number> {
  const streamIds = await listLogs();
  // What a goal shows of a host without a picture, once it is reached.
  const { defaultPicture } = stageOf(() => undefined);
  const count: Parameters<typeof resetLog>[2] = (streamId, was) =>
    countState(streamId, defaultPicture, was);
  for (const streamId of streamIds) await resetLog(streamId, new Date(), count);
  return streamIds.length;
}
