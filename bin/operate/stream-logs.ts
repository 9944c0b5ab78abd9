import type { Stage } from "../../lib/stages/stages.ts";
import { countState } from "../../platform/store/audience/count-state.ts";
import { listLogs, resetLog } from "../../platform/store/log/log-reset.ts";

/** The logs that are reset at the same time: one takes several calls to the table. */
const together = 20;

/**
 * Starts a new epoch of every log in the open table; returns their number. Goals show the stage's
 * `defaultPicture` for a host without a picture.
 */
export async function resetLogs({ defaultPicture }: Pick<Stage, "defaultPicture">) {
  const streamIds = await listLogs();
  const count: Parameters<typeof resetLog>[2] = (streamId, was) =>
    countState(streamId, defaultPicture, was);
  for (let at = 0; at < streamIds.length; at += together)
    await Promise.all(
      streamIds.slice(at, at + together).map((streamId) => resetLog(streamId, new Date(), count)),
    );
  return streamIds.length;
}
