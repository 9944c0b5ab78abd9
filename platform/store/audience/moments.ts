import {
  assertOpen,
  MomentItem,
  type MomentResult,
  makeMoment,
  momentAt,
  type NewMoment,
  openMax,
} from "../../../domain/audience/moment.ts";
import { type Person, personOf } from "../../../domain/people/person.ts";
import { refuse } from "../../../domain/refusal.ts";
import { withRole } from "../../../domain/streams/display-names.ts";
import { assertLive, type Stream } from "../../../domain/streams/stream.ts";
import type { Caller } from "../../auth/caller.ts";
import { newId } from "../../runtime/id.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem, parseItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { type Action, commitTransaction, type Reply } from "../../table/transact.ts";
import { getCallerProfile } from "../people/users.ts";
import { endMarkActions, readWhileOpen } from "../streams/end-marks.ts";
import { hasStatus } from "../streams/streams.ts";
import { traceAction } from "../streams/traces.ts";
import { viewersIn } from "./likes.ts";
import { findOpenMoments, type OpenMoments, openMomentsAction } from "./open-moments.ts";

/**
 * Starts a moment. It begins when it is written, not when it was requested, since earlier actions
 * must not count. Refuses with `stream_not_live` and `too_many_moments`.
 */
export async function startMoment<A>(
  stream: Stream,
  body: NewMoment,
  caller: Caller,
  reply: (moment: MomentItem) => Reply<A>,
): Promise<A> {
  const { id: streamId } = stream;
  const readAt = new Date();
  const [profile, viewers] = await Promise.all([
    getCallerProfile(caller, readAt),
    viewersIn(streamId),
  ]);
  const by: Person = personOf(withRole(stream, profile));
  return retryOnConflict(async () => {
    const known = await findOpenMoments(streamId);
    assertLive(stream);
    const now = new Date();
    const at = now.toISOString();
    const open = known.open.filter(({ endsAt }) => endsAt === null || endsAt > at);
    if (open.length >= openMax) refuse("too_many_moments", { max: openMax });
    const moment = makeMoment(body, { id: newId(now), streamId, by, viewers }, now);
    const { id, of = null, startedAt, endsAt } = moment;
    const { answer, remember } = reply(moment);
    const failed = await commitTransaction(
      [
        // The stream's end closes all open moments, so none may begin after it.
        hasStatus(streamId, "active"),
        { Put: { Item: { ...key.moment(streamId, id), ...moment } } },
        openMomentsAction(streamId, known, [...open, { id, of, startedAt, endsAt }]),
        traceAction(caller.userId, streamId, now),
      ],
      { remember },
      { onConflict: "return" },
    );
    if (failed === undefined) return answer;
    if (failed.has("status")) refuse("stream_not_live", { status: "ended" });
    return conflicted;
  });
}

/** A moment, read consistently; undefined if the stream has none with this id. */
export const findMoment = (streamId: string, momentId: string): Promise<MomentItem | undefined> =>
  getItem(MomentItem, key.moment(streamId, momentId), { consistent: true });

/** A moment, read consistently; refuses with `moment_not_found`. */
export const getMoment = async (streamId: string, momentId: string): Promise<MomentItem> =>
  (await findMoment(streamId, momentId)) ?? refuse("moment_not_found", { momentId });

/** A moment for a user who votes, cached for all voters; refuses with `moment_not_found`. */
export function getMomentToVote(
  { streamId, id, userId }: { streamId: string; id: string; userId: string },
  now: Date,
): Promise<MomentItem> {
  const place = key.moment(streamId, id);
  return readWhileOpen(
    { place, id, userId, now },
    () => getMoment(streamId, id),
    ({ kind, status }) => kind === "poll" && status === "open",
  );
}

/** The most items that one page reads, how many at once, and its largest size in bytes. */
const lookedMax = 150;
const atOnce = 25;
const pageBytesMax = 128 * 1024;

/**
 * A page of a stream's moments in their current state, newest first, after the moment `after`. It
 * ends at `limit`, or earlier at its largest size: `nextCursor` is where the next page begins, null
 * if no other moment follows. Only after `lookedMax` moments may the next page be empty.
 */
export async function listMoments(
  streamId: string,
  { kind, status, after, limit }: MomentFilter,
  now: Date,
): Promise<{ list: MomentItem[]; nextCursor: string | null }> {
  const size = Math.min(limit, atOnce) + 1;
  const list: MomentItem[] = [];
  let [looked, bytes, place] = [0, 0, after];
  for (;;) {
    const items = await queryItems(key.moment(streamId, ""), prefix.moments, {
      limit: size,
      newestFirst: true,
      consistent: true,
      ...(place !== undefined && { after: key.moment(streamId, place).SK }),
    });
    for (const [at, item] of items.entries()) {
      const moment = momentAt(parseItem(MomentItem, item), now);
      const isWanted =
        (kind ?? moment.kind) === moment.kind && (status ?? moment.status) === moment.status;
      if (isWanted && list.length === limit) return { list, nextCursor: place ?? null };
      place = moment.id;
      looked++;
      if (isWanted) {
        list.push(moment);
        bytes += Buffer.byteLength(JSON.stringify(item));
      }
      const isLast = at + 1 === items.length && items.length < size;
      if (bytes >= pageBytesMax || looked >= lookedMax)
        return { list, nextCursor: isLast ? null : place };
    }
    if (items.length < size) return { list, nextCursor: null };
  }
}

type MomentFilter = {
  kind?: string | undefined;
  status?: string | undefined;
  after?: string | undefined;
  limit: number;
};

/** How a moment ends. A cancelled goal has no result, so the item keeps whether it was reached. */
type Ending = { status: "ended" | "cancelled"; endedAt: Date; isReached?: boolean };

/**
 * Ends or cancels an open moment at the time that `endingOf` returns; its result is counted later.
 * Refuses with `moment_over` if the moment has ended before, by a call or by time.
 */
export async function finishMoment<A>(
  { streamId, id }: Pick<MomentItem, "streamId" | "id">,
  endingOf: () => Ending,
  reply: (moment: MomentItem) => Reply<A>,
): Promise<A> {
  return retryOnConflict(async () => {
    const [was, known] = await Promise.all([getMoment(streamId, id), findOpenMoments(streamId)]);
    const { endedAt, ...ending } = endingOf();
    assertOpen(was, endedAt);
    const at = endedAt.toISOString();
    const is = { ...was, ...ending, endedAt: at, revision: was.revision + 1 };
    const { answer, remember } = reply(is);
    const marks = is.kind === "poll" ? endMarkActions(id, endedAt) : [];
    const actions = [changeAction(was, is), ...closeActions(is, known), ...marks];
    const failed = await commitTransaction(actions, { remember }, { onConflict: "return" });
    return failed === undefined ? answer : conflicted;
  });
}

/** Writes the result of a moment that is over; false if it changed meanwhile. */
export async function recordResult(
  was: MomentItem,
  endedAt: string,
  result: MomentResult,
): Promise<boolean> {
  const is = { ...was, status: "ended" as const, endedAt, result, revision: was.revision + 1 };
  return retryOnConflict(async () => {
    const known = await findOpenMoments(was.streamId);
    const failed = await commitTransaction([changeAction(was, is), ...closeActions(is, known)]);
    if (failed === undefined) return true;
    return failed.has("moment") ? false : conflicted;
  });
}

/** Removes a moment from the list of open ones; trains are not in it. */
function closeActions({ streamId, id }: MomentItem, known: OpenMoments): Action[] {
  const open = known.open.filter((one) => one.id !== id);
  return open.length === known.open.length ? [] : [openMomentsAction(streamId, known, open)];
}

const changeAction = (was: MomentItem, is: MomentItem): Action => ({
  label: "moment",
  Put: {
    Item: { ...key.moment(is.streamId, is.id), ...is },
    ConditionExpression: "#revision = :was",
    ExpressionAttributeNames: { "#revision": "revision" },
    ExpressionAttributeValues: { ":was": was.revision },
  },
});
