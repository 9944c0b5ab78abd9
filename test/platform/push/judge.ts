import { isDeepStrictEqual } from "node:util";
import { trainSum } from "../../../domain/audience/moment.ts";
import { netCreditsOf } from "../../../domain/audience/train.ts";
import type { Frame, FrameBody } from "../../../domain/log/frame.ts";
import { isOpenTrain } from "../../../domain/log/train-progress.ts";
import { Gift } from "../../../domain/money/gift-item.ts";
import type { Scenario } from "./scenario.ts";
import type { play } from "./world.ts";
import { streamId } from "./writer.ts";

/** Time within which likes are in a frame: the second that they wait, and retries. */
const likesMilliseconds = 7_000;

/**
 * Lists the errors after a schedule. None if every record is in exactly one frame, numbers have no
 * gap, every viewer has shown each frame since they subscribed once and in order up to the head, no
 * text outlives its deletion, and the totals are the sums of the gifts.
 */
export function judge(
  scenario: Scenario,
  { findings, viewers, table, written, queuedAt, endedAt }: Awaited<ReturnType<typeof play>>,
) {
  const wrong = [...findings];
  const frames = [...table.items.values()]
    .filter(({ PK }) => PK === `FRAMES#${streamId}`)
    .map((item) => item as unknown as Frame & { PK: string; SK: string })
    .sort((a, b) => a.n - b.n);
  const log = table.items.get(`STREAM#${streamId} LOG`) as
    | { epoch: string; posted: number }
    | undefined;
  const head = Math.max(frames.at(-1)?.n ?? 0, log?.posted ?? 0);
  const covered = new Map<string, number>();
  for (const { n, covers } of frames)
    for (const id of covers.split(" ")) {
      if (covered.has(id)) wrong.push(`DOUBLE ${id} in frames ${covered.get(id)} and ${n}`);
      covered.set(id, n);
    }
  if (!scenario.quiet)
    for (const id of written.committed)
      if (!covered.has(id)) wrong.push(`LOST ${id} is in no frame`);
  for (const [at, { n }] of frames.entries())
    if (at > 0 && !scenario.quiet && n !== frames[at - 1]!.n + 1)
      wrong.push(`DENSE ${n} after a hole`);
  for (const { n, body, expiresAt } of frames)
    for (const { type, data } of JSON.parse(body).events)
      if (type === "chat.message" && data.content !== "" && written.deleted.has(data._id))
        if (expiresAt * 1000 > endedAt) wrong.push(`KEPTTEXT frame ${n} shows ${data._id}`);
  for (const { n, covers, madeAt = 0 } of frames)
    for (const id of covers.split(" "))
      if (madeAt - (queuedAt.get(id) ?? madeAt) > likesMilliseconds)
        wrong.push(`LATE ${id} in frame ${n}`);
  judgeTotals(scenario, frames, wrong);
  if (scenario.trains) judgeTrains(frames, table, wrong);
  for (const viewer of viewers) judgeViewer(scenario, viewer, head, log?.epoch, wrong);
  return wrong;
}

function judgeTotals(scenario: Scenario, frames: readonly Frame[], wrong: string[]): void {
  if (scenario.quiet || scenario.reset) return;
  let count = 0;
  for (const { n, covers, totals } of frames) {
    const ids = covers.split(" ").filter((id) => id.startsWith("gift:"));
    for (const id of ids) count += id.endsWith(":refunded") ? -1 : 1;
    if (totals.count !== count) wrong.push(`TOTALS frame ${n} says ${totals.count}, not ${count}`);
  }
}

/** The log and the items must have the trains that the gifts' times result in; each event once. */
function judgeTrains(
  frames: readonly Frame[],
  { items }: Awaited<ReturnType<typeof play>>["table"],
  wrong: string[],
): void {
  const all = [...items.values()];
  const gifts = all.filter(({ SK }) => SK.startsWith("GIFT#")).map((item) => Gift.parse(item));
  const { moments = [], sums } = frames.at(-1) ?? {};
  const told = frames
    .flatMap(({ body }) => (JSON.parse(body) as FrameBody).events)
    .map(({ id }) => id)
    .filter((id) => id.startsWith("moment:"));
  const wanted = moments
    .filter(isOpenTrain)
    .flatMap(({ id, train: { level } }) => [
      `moment:${id}:started`,
      ...Array.from({ length: level }, (_, n) => `moment:${id}:level:${n + 1}`),
    ]);
  if (!isDeepStrictEqual(told.toSorted(), wanted.toSorted())) wrong.push(`TRAIN told ${told}`);
  for (const known of moments.filter(isOpenTrain)) {
    const { id, startedAt, endsAt, train } = known;
    const credits = gifts.reduce((sum, gift) => sum + netCreditsOf(gift, startedAt, endsAt), 0);
    const sum = trainSum(train.level, credits, train.levels);
    if (!isDeepStrictEqual(sums?.[id], sum)) wrong.push(`TRAIN ${id}: ${sums?.[id]}, not ${sum}`);
    const item = all.find(({ SK }) => SK === `MOMENT#${id}`);
    if (item?.level !== train.level || item.endsAt !== endsAt)
      wrong.push(
        `TRAIN ${id} is stored with level ${item?.level} until ${item?.endsAt}, not ${train.level} until ${endsAt}`,
      );
  }
}

type Viewer = Awaited<ReturnType<typeof play>>["viewers"][number];

function judgeViewer(
  scenario: Scenario,
  { userId, follower, shown, begins, resets }: Viewer,
  head: number,
  epoch: string | undefined,
  wrong: string[],
): void {
  const position = follower.position();
  if (position?.frame !== head || position.epoch !== epoch)
    wrong.push(
      `STUCK ${userId} at ${position?.epoch}:${position?.frame}, the log at ${epoch}:${head}`,
    );
  if (resets.length > 0 && !scenario.reset)
    wrong.push(`RECOVERED ${userId} was reported to have lost frames`);
  let next = (begins[0]?.frame ?? 0) + 1;
  for (const { frame, epoch: of } of shown) {
    const reset = begins.find((begin) => begin.epoch === of && begin.frame + 1 === frame);
    if (frame !== next && reset === undefined)
      wrong.push(`${frame < next ? "DOUBLED" : "GAP"} ${userId} showed ${frame}, not ${next}`);
    next = frame + 1;
  }
}
