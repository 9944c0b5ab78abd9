import * as z from "zod";
import { withoutText } from "../../../domain/log/frame.ts";
import { waitForAll } from "../../runtime/deadline.ts";
import { parseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { queryAll } from "../../table/query.ts";
import { between, changeFrame, findNewestFrame, numberMax } from "./frames.ts";

/**
 * A text that was deleted: its message, the record that brought it into the log, and the time of
 * that record by the clock of a function (seconds since 1970).
 */
export type DeletedText = { messageId: string; recordId: string; writtenAt: number };

/**
 * The attempts to remove texts from one frame despite concurrent removals. They do not pause: the
 * room waits for them, and each lost attempt means that another removal has finished.
 */
const atOnce = { tries: 10, fresh: 10 };

/** The number of frames changed, or of searches made, concurrently. */
const parallelMax = 8;

/**
 * How frames are searched. A record is usually in a frame of its own time, so the first search
 * looks only there, for the texts of a minute together. The second one allows for clocks that
 * differ by ten minutes and for records that were framed late: it reads everything since the oldest
 * text.
 */
const searches = [
  { gapSeconds: 60, before: 10, after: 10 },
  { gapSeconds: Number.POSITIVE_INFINITY, before: 600, after: Number.POSITIVE_INFINITY },
];
type Search = (typeof searches)[number];

const framesAtOnce = 100;

const Covering = z.object({ n: z.number(), newest: z.number(), covers: z.string() });
const fields = Object.keys(Covering.shape).join(", ");

/**
 * Removes deleted texts from the stored frames that contain them, each frame once. `known` has the
 * numbers of some frames by record; the others are searched. The room waits for this, so the number
 * of calls grows with the number of frames to change, not with their age.
 */
export async function removeTexts(
  streamId: string,
  texts: readonly DeletedText[],
  known: ReadonlyMap<string, number>,
): Promise<void> {
  const found = await findFrames(streamId, texts, known);
  const messageIds = new Map<number, Set<string>>();
  for (const { messageId, recordId } of texts) {
    const n = found.get(recordId);
    if (n !== undefined) messageIds.set(n, (messageIds.get(n) ?? new Set()).add(messageId));
  }
  await inParallel([...messageIds], ([n, ids]) =>
    changeFrame(streamId, n, ({ body }) => ({ body: withoutTexts(body, [...ids]) }), atOnce),
  );
}

const withoutTexts = (body: string, messageIds: readonly string[]) =>
  messageIds.reduce((left, id) => withoutText(left, id) ?? left, body);

/** The numbers of the stored frames with these records. */
async function findFrames(
  streamId: string,
  texts: readonly DeletedText[],
  known: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (const { recordId } of texts) {
    const n = known.get(recordId);
    if (n !== undefined) found.set(recordId, n);
  }
  const listMissing = () => texts.filter(({ recordId }) => !found.has(recordId));
  if (listMissing().length === 0) return found;
  const top = await findNewestFrame(streamId);
  if (top === undefined) return found;
  for (const search of searches)
    await inParallel(groupsOf(listMissing(), search), (group) =>
      findCovering(streamId, top.n, group, search, found),
    );
  return found;
}

/** Records to find, and when the first and the last of them were written. */
type Group = { recordIds: Set<string>; first: number; last: number };

/** Groups texts by time: two of a group's neighbours are at most `gapSeconds` apart. */
function groupsOf(texts: readonly DeletedText[], { gapSeconds }: Search): Group[] {
  const groups: Group[] = [];
  for (const { recordId, writtenAt } of texts.toSorted((a, b) => a.writtenAt - b.writtenAt)) {
    const group = groups.at(-1);
    if (group !== undefined && writtenAt - group.last <= gapSeconds) {
      group.recordIds.add(recordId);
      group.last = writtenAt;
    } else groups.push({ recordIds: new Set([recordId]), first: writtenAt, last: writtenAt });
  }
  return groups;
}

/** Notes the numbers of the frames that cover a group's records. */
async function findCovering(
  streamId: string,
  top: number,
  { recordIds, first, last }: Group,
  { before, after }: Search,
  found: Map<string, number>,
): Promise<void> {
  const from = await findFirstSince(streamId, top, first - before);
  for await (const { n, newest, covers } of queryEnds(streamId, from, framesAtOnce)) {
    for (const id of covers.split(" ")) if (recordIds.delete(id)) found.set(id, n);
    if (recordIds.size === 0 || newest > last + after) return;
  }
}

/**
 * The smallest number whose frame, or the next stored one, has a `newest` of at least this time, by
 * binary search: `newest` grows with the numbers.
 */
async function findFirstSince(streamId: string, top: number, seconds: number): Promise<number> {
  let [low, high] = [1, top];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { value } = await queryEnds(streamId, middle, 1).next();
    const { n, newest } = value ?? { n: top, newest: seconds };
    if (newest < seconds) low = n + 1;
    else high = middle;
  }
  return low;
}

/** Frames from a number on, without their events, read consistently. */
async function* queryEnds(streamId: string, from: number, pageSize: number) {
  const walk = { consistent: true, pageSize, fields };
  const range = between(streamId, from, numberMax);
  for await (const item of queryAll(key.frame(streamId, from), range, walk))
    yield parseItem(Covering, item);
}

async function inParallel<One>(
  all: readonly One[],
  act: (one: One) => Promise<void>,
): Promise<void> {
  const waiting = all.values();
  const work = async () => {
    for (const one of waiting) await act(one);
  };
  await waitForAll(Array.from({ length: parallelMax }, work));
}
