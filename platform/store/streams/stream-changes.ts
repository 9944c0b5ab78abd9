import { refuse } from "../../../domain/refusal.ts";
import type { Act } from "../../../domain/streams/moderation.ts";
import { Stream } from "../../../domain/streams/stream.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { key } from "../../table/keys.ts";
import { commitTransaction, type Reply } from "../../table/record.ts";
import { read } from "../../table/table.ts";
import type { Action } from "../../table/transact.ts";
import { planActions, withFundingDecided } from "./escrow.ts";
import { actAction } from "./moderation.ts";
import { overActions } from "./over-marks.ts";
import { guestActions, listActions, liveActions } from "./stream-lists.ts";
import { withWords } from "./streams.ts";

/**
 * Makes a stream: its item, its blocked words and its places in the lists. Callers may add to the
 * transaction.
 */
export function newStreamActions(stream: Stream): Action[] {
  const { id, blockedWords: words, revision: version } = stream;
  const hasWords = words.length > 0;
  const stored = hasWords ? { ...stream, blockedWords: [], blockedWordsVersion: version } : stream;
  return [
    {
      label: "stream",
      Put: {
        Item: { ...key.stream(id), ...stored },
        ConditionExpression: "attribute_not_exists(PK)",
      },
    },
    ...(hasWords ? [{ Put: { Item: { ...key.blockedWords(id), version, words } } }] : []),
    ...listActions(stream),
    ...guestActions(stream),
    ...planActions(undefined, stream),
    ...(stream.status === "active" ? liveActions(stream) : []),
  ];
}

/**
 * Records a new stream with the reply to the call that made it, and `more` that goes with it.
 * Answers false where the check of the host's channel (label `channel`) failed.
 */
export async function recordStream(
  stream: Stream,
  reply?: Reply<unknown>,
  more: readonly Action[] = [],
): Promise<boolean> {
  const failed = await commitTransaction([...newStreamActions(stream), ...more], reply);
  if (failed?.has("stream")) throw new Error(`There is a stream ${stream.id} already`);
  return failed === undefined;
}

/**
 * Changes a stream under its revision, and its places in the lists with it. `decide` says what
 * changes, undefined where nothing does, and is asked again when another call was faster. With an
 * `act`, the log of moderation says who did it; what `also` makes of the changed stream is written
 * with it, and whose its contributions are, where the change decides that. Refuses with
 * `stream_not_found`, and `unavailable` when others are faster too often.
 */
export async function changeStream(
  stream: Stream,
  decide: (stream: Stream) => Partial<Stream> | undefined,
  now: Date,
  act?: Pick<Act, "action" | "actorId" | "targetId">,
  also: (changed: Stream) => readonly Action[] | Promise<readonly Action[]> = () => [],
): Promise<Stream> {
  let current = stream;
  return decideAgain(async () => {
    const changes = decide(current);
    if (changes === undefined) return current;
    const worded = withWordsMoved(current, withChanges(current, changes, now));
    const { stream: changed, actions } = await withFundingDecided(current, worded, now);
    const lists = isListedAnew(current, changed)
      ? [...listActions(changed), ...liveActions(changed)]
      : [];
    const at = now.toISOString();
    const acts = act === undefined ? [] : [actAction(stream.id, { ...act, reason: null, at })];
    const failed = await commitTransaction([
      changeAction(current, changed),
      ...wordsActions(current, changed),
      ...lists,
      ...(changed.deletedAt === null ? [] : guestActions(changed)),
      ...planActions(current, changed),
      ...(isEnd(current, changed) ? overActions(stream.id, now) : []),
      ...actions,
      ...acts,
      ...(await also(changed)),
    ]);
    if (failed === undefined) return changed;
    // A contribution came between the reading and the writing of its escrow.
    if (!failed.has("stream")) return overtaken;
    const there = failed.get("stream");
    if (there === undefined) refuse("stream_not_found", { streamId: stream.id });
    current = await withWords(read(Stream, there));
    if (current.deletedAt !== null) refuse("stream_not_found", { streamId: stream.id });
    return overtaken;
  });
}

/**
 * Changes a stream, as `changeStream`, with the reply that `replyTo` makes of the changed one.
 * Where nothing changes, the reply is recorded by itself.
 */
export async function changeWithReply<A>(
  stream: Stream,
  decide: (stream: Stream) => Partial<Stream> | undefined,
  now: Date,
  replyTo: (changed: Stream) => Reply<A> | Promise<Reply<A>>,
): Promise<{ reply: Reply<A>; hasChanged: boolean }> {
  // Of the last try alone: one that was overtaken has changed nothing.
  let made: Reply<A> | undefined;
  const again = (current: Stream) => {
    made = undefined;
    return decide(current);
  };
  const changed = await changeStream(stream, again, now, undefined, async (is) => {
    made = await replyTo(is);
    return made.remember;
  });
  if (made !== undefined) return { reply: made, hasChanged: true };
  const reply = await replyTo(changed);
  if (reply.remember.length > 0) await commitTransaction([], reply);
  return { reply, hasChanged: false };
}

/** The changed stream, with a new version of its words where they change or still lie inside. */
function withWordsMoved(was: Stream, is: Stream): Stream {
  const isInside = was.blockedWordsVersion === undefined && was.blockedWords.length > 0;
  const isMoved = isInside || is.blockedWords !== was.blockedWords;
  return isMoved ? { ...is, blockedWordsVersion: is.revision } : is;
}

/** Writes the words of a stream that has a new version of them. */
function wordsActions(was: Stream, is: Stream): Action[] {
  const { id, blockedWordsVersion: version, blockedWords: words } = is;
  return version === was.blockedWordsVersion
    ? []
    : [{ Put: { Item: { ...key.blockedWords(id), version, words } } }];
}

const withChanges = (was: Stream, changes: Partial<Stream>, now: Date): Stream => ({
  ...was,
  ...changes,
  updatedAt: now.toISOString(),
  revision: was.revision + 1,
});

/** A change under the stream's revision that leaves its places in the lists as they are. */
export const streamAction = (
  was: Stream,
  changes: Omit<Partial<Stream>, "blockedWords">,
  now: Date,
): Action => changeAction(was, withChanges(was, changes, now));

const isEnd = (was: Stream, is: Stream) => was.status === "active" && is.status !== "active";

const isListedAnew = (was: Stream, is: Stream) =>
  was.status !== is.status || was.deletedAt !== is.deletedAt;

/** Updates what differs between the two, if the item is still as it was read. */
function changeAction(was: Stream, is: Stream): Action {
  const isMoved = is.blockedWordsVersion !== was.blockedWordsVersion;
  const stored = isMoved ? { ...is, blockedWords: [] } : is;
  const fields = Object.entries(stored).filter(
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
