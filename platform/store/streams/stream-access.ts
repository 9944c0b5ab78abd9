import { refuse } from "../../../domain/refusal.ts";
import { assertNotBlocked, type Member } from "../../../domain/streams/member.ts";
import { Stream } from "../../../domain/streams/stream.ts";
import { assertMayHost, assertMayModerate } from "../../../domain/streams/stream-lifecycle.ts";
import type { Caller } from "../../auth/caller.ts";
import { getItems, nameOf, type Reading } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { read } from "../../table/table.ts";
import { findHost, findMember, memberIn, memberKeys } from "./members.ts";
import { getStream, withWords } from "./streams.ts";

/**
 * The stream, and what it knows about a user: both read consistently, in one call. Refuses with
 * `stream_not_found`.
 */
export async function getStreamWithMember(
  streamId: string,
  userId: string,
): Promise<{ stream: Stream; member: Member | undefined }> {
  const place = key.stream(streamId);
  const about = memberKeys(streamId, await findHost(streamId), userId);
  const found = await getItems([place, ...about], { consistent: true });
  const item = found.get(nameOf(place));
  const stream = item && read(Stream, item);
  if (stream?.deletedAt !== null) refuse("stream_not_found", { streamId });
  return { stream: await withWords(stream), member: memberIn(found, about) };
}

/**
 * The stream, for a caller who may see it: one who is not blocked there. Their own item is always
 * read consistently. Refuses with `stream_not_found` and `member_blocked`.
 */
export async function getVisibleStream(
  streamId: string,
  caller: Pick<Caller, "userId">,
  now: Date,
  reading: Reading = {},
): Promise<Stream> {
  const [stream, member] = await Promise.all([
    getStream(streamId, reading),
    findMember(streamId, caller.userId, { consistent: true }),
  ]);
  assertNotBlocked(member, now);
  return stream;
}

/**
 * The stream, for a caller who may have no token; one who has must not be blocked there. Refuses
 * with `stream_not_found` and `member_blocked`.
 */
export const getPublicStream = (
  streamId: string,
  caller: Pick<Caller, "userId"> | undefined,
  now: Date,
): Promise<Stream> =>
  caller === undefined ? getStream(streamId) : getVisibleStream(streamId, caller, now);

/**
 * The stream, for a caller who moderates it: its host, a moderator whom they named, or an admin.
 * Refuses with `stream_not_found`, `member_blocked` (a moderator may have been) and
 * `not_a_moderator`.
 */
export async function getModeratedStream(
  streamId: string,
  caller: Caller,
  now: Date,
): Promise<Stream> {
  const stream = await getVisibleStream(streamId, caller, now, { consistent: true });
  assertMayModerate(stream, caller);
  return stream;
}

/**
 * The stream, for its host or an admin. Refuses with
 * `stream_not_found`, `member_blocked` and `stream_not_yours`.
 */
export async function getHostedStream(
  streamId: string,
  caller: Caller,
  now: Date,
): Promise<Stream> {
  const stream = await getVisibleStream(streamId, caller, now, { consistent: true });
  assertMayHost(stream, caller);
  return stream;
}
