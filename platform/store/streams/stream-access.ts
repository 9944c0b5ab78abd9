import { Refusal, refuse } from "../../../domain/refusal.ts";
import {
  assertAdmitted,
  assertNotBlocked,
  isFree,
  type Member,
} from "../../../domain/streams/member.ts";
import { Stream } from "../../../domain/streams/stream.ts";
import { assertMayHost, assertMayModerate } from "../../../domain/streams/stream-lifecycle.ts";
import type { Caller } from "../../auth/caller.ts";
import { BoundedSet } from "../../runtime/caches.ts";
import { getRawItem, type Item, keyText, parseItem, type ReadOptions } from "../../table/items.ts";
import { type Key, key, prefix } from "../../table/keys.ts";
import { queryItems, share } from "../../table/query.ts";
import { readWhileOpen } from "./end-marks.ts";
import { findHost, findWatcher, memberIn, memberKeys } from "./members.ts";
import { getStream, withWords } from "./streams.ts";

/**
 * The stream and the facts that decide whether a user may watch it, read consistently in one call.
 * Refuses with `stream_not_found`.
 */
export async function getStreamWithMember(
  streamId: string,
  userId: string,
): Promise<{ stream: Stream; member: Member | undefined }> {
  const [item, member] = await Promise.all([
    getRawItem(key.stream(streamId), { consistent: true }),
    findWatcher(streamId, userId),
  ]);
  return { stream: await openOf(streamId, item), member };
}

/**
 * `getStreamWithMember` for a process in which thousands request one stream at once: the stream's
 * item and the list of its members are read once for all callers that arrive meanwhile, since a key
 * carries 3,000 read units a second.
 */
export async function getSharedStreamWithMember(
  streamId: string,
  userId: string,
): Promise<{ stream: Stream; member: Member | undefined }> {
  const [stream, member] = await Promise.all([
    readShared(streamId),
    findListedMember(streamId, userId),
  ]);
  return { stream, member };
}

/** Longer lists of members are not read whole; most streams have items about a few users only. */
const listedMax = 200;
/** The partitions of the lists that were found to be longer: lists of members never shrink. */
const longLists = new BoundedSet<string>(10_000);

/**
 * A list of members by `keyText` of their keys, shared by concurrent callers; undefined if it is
 * too long.
 */
const listMembers = share(async (PK: string): Promise<ReadonlyMap<string, Item> | undefined> => {
  const walk = { limit: listedMax + 1, consistent: true };
  const items = await queryItems({ PK, SK: "" }, prefix.members, walk);
  if (items.length <= listedMax) return new Map(items.map((item) => [keyText(item), item]));
  longLists.add(PK);
  return undefined;
});

/**
 * A user's membership, read consistently, in a process in which thousands request different users
 * of one stream at once: separate reads would cost a unit each, even for users without an item.
 */
export async function findListedMember(
  streamId: string,
  userId: string,
): Promise<Member | undefined> {
  const keys = memberKeys(streamId, await findHost(streamId), userId);
  const items = await Promise.all(keys.map(findListed));
  return memberIn(new Map(items.flatMap((item) => (item ? [[keyText(item), item]] : []))), keys);
}

async function findListed(Key: Key): Promise<Item | undefined> {
  const list = longLists.has(Key.PK) ? undefined : await listMembers(Key.PK);
  return list === undefined ? getRawItem(Key, { consistent: true }) : list.get(keyText(Key));
}

const readShared = share(async (streamId: string) =>
  openOf(streamId, await getRawItem(key.stream(streamId), { consistent: true })),
);

/** The stream in its item; refuses with `stream_not_found`. */
async function openOf(streamId: string, item: Item | undefined): Promise<Stream> {
  const stream = item && parseItem(Stream, item);
  if (stream?.deletedAt !== null) refuse("stream_not_found", { streamId });
  return withWords(stream);
}

/** The user who requests a stream; roles count only if they are given. */
type Asking = Pick<Caller, "userId"> & Partial<Pick<Caller, "roles">>;

/**
 * Waits for concurrent reads of a call, such as the stream and what the call names in it. If some
 * fail, throws the first refusal for something that does not exist, or else the first failure.
 */
export async function existingFirst<Reads extends readonly unknown[]>(
  ...reads: Reads
): Promise<{ -readonly [At in keyof Reads]: Awaited<Reads[At]> }> {
  const settled = await Promise.allSettled(reads);
  const failures = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  const isMissing = (error: unknown) => error instanceof Refusal && error.kind === "missing";
  if (failures.length > 0) throw failures.find(isMissing) ?? failures[0];
  return Promise.all(reads);
}

/**
 * The public part of a stream, for callers who are not blocked there, with or without a pass, and
 * the facts that decide whether the caller may see its content, which are always read consistently.
 * Refuses with `stream_not_found` and `member_blocked`.
 */
export async function getStreamWithoutPass(
  streamId: string,
  { userId }: Asking,
  now: Date,
  reading: ReadOptions = {},
): Promise<{ stream: Stream; member: Member | undefined }> {
  const [stream, member] = await Promise.all([
    getStream(streamId, reading),
    findWatcher(streamId, userId),
  ]);
  assertNotBlocked(member, now);
  return { stream, member };
}

/**
 * The stream, for a caller with access to its content. Refuses with `stream_not_found`,
 * `member_blocked` and, if it is paid, `pass_required`.
 */
export async function getVisibleStream(
  streamId: string,
  caller: Asking,
  now: Date,
  reading: ReadOptions = {},
): Promise<Stream> {
  const { stream, member } = await getStreamWithoutPass(streamId, caller, now, reading);
  assertAdmitted(stream, member, caller);
  return stream;
}

/**
 * The stream, for one of the many users who like and vote in it, with the results and refusals of
 * `getVisibleStream`. While it is free and live, these calls do not read its key.
 */
export async function getCrowdedStream(
  streamId: string,
  caller: Asking,
  now: Date,
): Promise<Stream> {
  const { userId } = caller;
  const [stream, member] = await Promise.all([
    readWhileOpen(
      { place: key.stream(streamId), id: streamId, userId, now },
      () => getStream(streamId, { consistent: true }),
      (stream) => stream.status === "active" && isFree(stream),
    ),
    findWatcher(streamId, userId),
  ]);
  assertNotBlocked(member, now);
  assertAdmitted(stream, member, caller);
  return stream;
}

/**
 * Refuses a caller who may no longer see a stream; for a free one, only their own item is read
 * again.
 */
export async function assertStillVisible(
  { id, price }: Stream,
  caller: Asking,
  now: Date,
): Promise<void> {
  if (price !== null) await getVisibleStream(id, caller, now, { consistent: true });
  else assertNotBlocked(await findWatcher(id, caller.userId), now);
}

/**
 * The stream, for a caller who may be anonymous: then only a free one. Refuses as
 * `getVisibleStream` does.
 */
export async function getPublicStream(
  streamId: string,
  caller: Asking | undefined,
  now: Date,
): Promise<Stream> {
  if (caller !== undefined) return getVisibleStream(streamId, caller, now);
  const stream = await getStream(streamId);
  if (!isFree(stream)) refuse("pass_required");
  return stream;
}

/**
 * The stream, for a caller who moderates it: its host, a moderator named by the host, or an admin.
 * Refuses with `stream_not_found` and `moderatorRefusals` (a moderator may have been blocked).
 */
export const getModeratedStream = visibleIf(assertMayModerate);

/**
 * The stream, for its host or an admin. Refuses with `stream_not_found`, `member_blocked`,
 * `pass_required` and `stream_not_yours`.
 */
export const getHostedStream = visibleIf(assertMayHost);

/** `getVisibleStream`, read consistently, for callers whom `assertMay` does not refuse. */
function visibleIf(assertMay: (stream: Stream, caller: Caller) => void) {
  return async (streamId: string, caller: Caller, now: Date): Promise<Stream> => {
    const stream = await getVisibleStream(streamId, caller, now, { consistent: true });
    assertMay(stream, caller);
    return stream;
  };
}
