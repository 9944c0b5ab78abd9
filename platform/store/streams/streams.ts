import { refuse } from "../../../domain/refusal.ts";
import { assertNotBlocked, Member } from "../../../domain/streams/member.ts";
import type { Act } from "../../../domain/streams/moderation.ts";
import { Stream } from "../../../domain/streams/stream.ts";
import { assertMayHost, assertMayModerate } from "../../../domain/streams/stream-lifecycle.ts";
import type { Caller } from "../../caller.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { getItem, getItems, listItems, nameOf, type Reading } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type Reply, record } from "../../table/record.ts";
import { read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";
import { findMember } from "./members.ts";
import { actAction } from "./moderation.ts";
import { listActions, liveActions } from "./stream-lists.ts";

/** The stream; undefined where there is none or it was deleted. */
export async function findStream(
  streamId: string,
  reading: Reading = {},
): Promise<Stream | undefined> {
  const stream = await getItem(Stream, key.stream(streamId), reading);
  return stream?.deletedAt === null ? stream : undefined;
}

/** The stream; refuses with `stream_not_found`. */
export async function getStream(streamId: string, reading: Reading = {}): Promise<Stream> {
  return (await findStream(streamId, reading)) ?? refuse("stream_not_found", { streamId });
}

/**
 * The stream, and what it knows about a user: both read consistently, in one call. Refuses with
 * `stream_not_found`.
 */
export async function getStreamWithMember(
  streamId: string,
  userId: string,
): Promise<{ stream: Stream; member: Member | undefined }> {
  const keys = [key.stream(streamId), key.member(streamId, userId)] as const;
  const found = await getItems(keys, { consistent: true });
  const [item, about] = keys.map((one) => found.get(nameOf(one)));
  const stream = item && read(Stream, item);
  if (stream?.deletedAt !== null) refuse("stream_not_found", { streamId });
  return { stream, member: about && read(Member, about) };
}

/** Streams in the order of their ids; those that are gone are left out. */
export async function findStreams(streamIds: readonly string[]): Promise<Stream[]> {
  const streams = await listItems(
    Stream,
    streamIds.map((streamId) => key.stream(streamId)),
  );
  return streams.filter(({ deletedAt }) => deletedAt === null);
}

/**
 * The stream, for a caller who may see it: whoever is not blocked there. Their own item is always
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
 * The stream, for whoever hosts it: its host, or an admin in their place. Refuses with
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

/** Makes a stream: its item and its places in the lists. Callers may add to the transaction. */
export const newStreamActions = (stream: Stream): Action[] => [
  {
    label: "stream",
    Put: {
      Item: { ...key.stream(stream.id), ...stream },
      ConditionExpression: "attribute_not_exists(PK)",
    },
  },
  ...listActions(stream),
  ...(stream.status === "active" ? liveActions(stream) : []),
];

/** Records a new stream with the reply to the call that made it, and `more` that goes with it. */
export async function recordStream(
  stream: Stream,
  reply?: Reply<unknown>,
  more: readonly Action[] = [],
): Promise<void> {
  const failed = await record([...newStreamActions(stream), ...more], reply);
  if (failed !== undefined) throw new Error(`There is a stream ${stream.id} already`);
}

/**
 * Changes a stream under its revision, and its places in the lists with it. `decide` says what
 * changes, undefined where nothing does, and is asked again when somebody else was faster. With an
 * `act`, the log of moderation says who did it; `more` is written with it. Refuses with `stream_not_found`, and `unavailable`
 * when others are faster too often.
 */
export async function changeStream(
  stream: Stream,
  decide: (stream: Stream) => Partial<Stream> | undefined,
  now: Date,
  act?: Pick<Act, "action" | "actorId" | "targetId">,
  more: readonly Action[] = [],
): Promise<Stream> {
  let current = stream;
  return decideAgain(async () => {
    const changes = decide(current);
    if (changes === undefined) return current;
    const changed = withChanges(current, changes, now);
    const lists = isListedAnew(current, changed)
      ? [...listActions(changed), ...liveActions(changed)]
      : [];
    const at = now.toISOString();
    const acts = act === undefined ? [] : [actAction(stream.id, { ...act, reason: null, at })];
    const failed = await record([changeAction(current, changed), ...lists, ...acts, ...more]);
    if (failed === undefined) return changed;
    const there = failed.get("stream");
    if (there === undefined) refuse("stream_not_found", { streamId: stream.id });
    current = read(Stream, there);
    if (current.deletedAt !== null) refuse("stream_not_found", { streamId: stream.id });
    return overtaken;
  });
}

const withChanges = (was: Stream, changes: Partial<Stream>, now: Date): Stream => ({
  ...was,
  ...changes,
  updatedAt: now.toISOString(),
  revision: was.revision + 1,
});

/** A change under the stream's revision that leaves its places in the lists as they are. */
export const streamAction = (was: Stream, changes: Partial<Stream>, now: Date): Action =>
  changeAction(was, withChanges(was, changes, now));

const isListedAnew = (was: Stream, is: Stream) =>
  was.status !== is.status || was.deletedAt !== is.deletedAt;

/** Updates what differs between the two, if the item is still as it was read. */
function changeAction(was: Stream, is: Stream): Action {
  const fields = Object.entries(is).filter(
    ([name, value]) => value !== undefined && value !== was[name as keyof Stream],
  );
  const values = fields.map(([name, value]) => [`:${name}`, value]);
  return {
    label: "stream",
    Update: {
      Key: key.stream(was.id),
      UpdateExpression: `SET ${fields.map(([name]) => `#${name} = :${name}`).join(", ")}`,
      ConditionExpression: "#revision = :was",
      ExpressionAttributeNames: Object.fromEntries(fields.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: { ...Object.fromEntries(values), ":was": was.revision },
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  };
}
