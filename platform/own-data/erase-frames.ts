import { anonymizeLikes } from "../store/audience/anonymization.ts";
import { changeFrame, queryFrames } from "../store/log/frames.ts";
import { key, prefix } from "../table/keys.ts";
import { hasNames, withoutNames } from "./names.ts";
import { pageSizes } from "./page-sizes.ts";
import type { Erasure } from "./progress.ts";
import { cursorText, findTrace, forgetTrace } from "./traced.ts";

/**
 * Erases the user's names in the kept frames, and in the moments that these show as open, of all
 * streams that held data of the user. Erases their likes once more, since a frame that was written
 * late may have restored the user among those who liked most.
 */
export async function eraseFrames({ userId, at, after }: Erasure): Promise<string | undefined> {
  const trace = await findTrace(userId, prefix.tracedStreams, after);
  if (trace?.streamId === undefined) return undefined;
  const { SK, streamId, n } = trace;
  const { items, changes } = pageSizes();
  let [seen, changed] = [0, 0];
  for await (const frame of queryFrames(streamId, { from: n + 1, pageSize: items })) {
    seen += 1;
    if (frame.body.includes(userId) || hasNames(frame.moments, userId)) {
      await changeFrame(streamId, frame.n, ({ body, moments }) => ({
        body: JSON.stringify(withoutNames(JSON.parse(body), userId)),
        ...(hasNames(moments, userId) && { moments: withoutNames(moments, userId) }),
      }));
      changed += 1;
    }
    if (seen === items || changed === changes) return cursorText(SK, frame.n);
  }
  await anonymizeLikes(streamId, userId, at);
  await forgetTrace({ PK: key.tracedBan(userId, "").PK, SK }, at);
  return cursorText(SK);
}
