import { queryFrames } from "../store/log/frames.ts";
import { decideAgain, overtaken } from "../table/conflicts.ts";
import { updateIf } from "../table/items.ts";
import { key, prefix } from "../table/keys.ts";
import { withoutNames } from "./names.ts";
import { pageSizes } from "./page-sizes.ts";
import type { Erasure } from "./progress.ts";
import { findTrace, forgetTrace, placeText } from "./traced.ts";

/** Erases names in the kept frames of every stream that held data of the user. */
export async function eraseFrames({ userId, at, after }: Erasure): Promise<string | undefined> {
  const trace = await findTrace(userId, prefix.tracedStreams, after);
  if (trace?.streamId === undefined) return undefined;
  const { SK, streamId, n } = trace;
  const { items, changes } = pageSizes();
  let [seen, changed] = [0, 0];
  for await (const frame of queryFrames(streamId, { from: n + 1, pageSize: items })) {
    seen += 1;
    if (frame.body.includes(userId)) {
      await eraseFromFrame(streamId, frame.n, userId);
      changed += 1;
    }
    if (seen === items || changed === changes) return placeText(SK, frame.n);
  }
  await forgetTrace({ PK: key.tracedBan(userId, "").PK, SK }, at);
  return placeText(SK);
}

/** Uses the frame's revision, as the removal of a deleted text does. */
async function eraseFromFrame(streamId: string, n: number, userId: string): Promise<void> {
  await decideAgain(async () => {
    const { value: frame } = await queryFrames(streamId, { from: n, to: n }).next();
    if (frame === undefined) return undefined;
    const body = JSON.stringify(withoutNames(JSON.parse(frame.body), userId));
    if (body === frame.body) return undefined;
    const changed = await updateIf({
      Key: key.frame(streamId, n),
      UpdateExpression: "SET body = :body, revision = :next",
      ConditionExpression: "revision = :was",
      ExpressionAttributeValues: {
        ":body": body,
        ":was": frame.revision,
        ":next": frame.revision + 1,
      },
    });
    return changed === undefined ? overtaken : undefined;
  });
}
