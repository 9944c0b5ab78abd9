import { refuse } from "../../../domain/refusal.ts";
import type { Act } from "../../../domain/streams/moderation.ts";
import { isListed, Stream } from "../../../domain/streams/stream.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { parseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type Action, commitTransaction, type Reply } from "../../table/transact.ts";
import { endMarkActions } from "./end-marks.ts";
import { pauseContributions, planActions, withFundingDecided } from "./escrow.ts";
import { actAction } from "./moderation.ts";
import { guestActions, listActions, liveAction, liveActions } from "./stream-lists.ts";
import { withWords } from "./streams.ts";

/**
 * The actions that create a stream: its item, its blocked words and its list entries. Callers may
 * add to the transaction.
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
 * Records a new stream with the reply to its call and the actions of `more`. Returns false if the
 * check of the host's channel (label `channel`) failed.
 */
export async function recordStream(
  stream: Stream,
  reply?: Reply<unknown>,
  more: readonly Action[] = [],
): Promise<boolean> {
  const failed = await commitTransaction([...newStreamActions(stream), ...more], reply);
  if (failed?.has("stream")) throw new Error(`The stream ${stream.id} already exists`);
  return failed === undefined;
}

/**
 * Changes a stream under its revision, together with its list entries. `decide` returns the
 * changes, undefined if there are none, and is called again if another call was faster. With an
 * `act`, the moderation log records who did it; the actions that `also` returns for the changed
 * stream are written too, as is the outcome of its contributions if the change decides it. Refuses
 * with `stream_not_found` if the stream is deleted meanwhile, and with `unavailable` if others are
 * faster too often.
 */
export async function changeStream(
  stream: Stream,
  decide: (stream: Stream) => Partial<Stream> | undefined,
  now: Date,
  act?: Pick<Act, "action" | "actorId" | "targetId">,
  also: (changed: Stream) => readonly Action[] | Promise<readonly Action[]> = () => [],
): Promise<Stream> {
  let current = stream;
  return retryOnConflict(async () => {
    const changes = decide(current);
    if (changes === undefined) return current;
    const worded = withWordsMoved(current, withChanges(current, changes, now));
    const { stream: changed, actions } = await withFundingDecided(current, worded, now);
    const at = now.toISOString();
    const acts = act === undefined ? [] : [actAction(stream.id, { ...act, reason: null, at })];
    const all = [
      changeAction(current, changed),
      ...wordsActions(current, changed),
      ...relistActions(current, changed),
      ...(changed.deletedAt === null ? [] : guestActions(changed)),
      ...planActions(current, changed),
      ...(isEnd(current, changed) ? endMarkActions(stream.id, now) : []),
      ...actions,
      ...acts,
      ...(await also(changed)),
    ];
    const failed = await commitTransaction(all, { remember: [] }, { onConflict: "return" });
    if (failed === undefined) return changed;
    if (!failed.has("stream")) {
      // A contribution arrived between the read and the write of its escrow.
      if (actions.length > 0) await pauseContributions(stream.id);
      return conflicted;
    }
    const there = failed.get("stream");
    if (there === undefined) refuse("stream_not_found", { streamId: stream.id });
    current = await withWords(parseItem(Stream, there));
    const isNewlyDeleted = current.deletedAt !== null && stream.deletedAt === null;
    if (isNewlyDeleted) refuse("stream_not_found", { streamId: stream.id });
    return conflicted;
  });
}

/**
 * Changes a stream as `changeStream` does, with the reply that `replyTo` builds from the changed
 * one, and the actions of `also`. If nothing changes, the reply is recorded on its own.
 */
export async function changeWithReply<A>(
  stream: Stream,
  decide: (stream: Stream) => Partial<Stream> | undefined,
  now: Date,
  replyTo: (changed: Stream) => Reply<A> | Promise<Reply<A>>,
  also: (changed: Stream) => readonly Action[] | Promise<readonly Action[]> = () => [],
): Promise<{ reply: Reply<A>; hasChanged: boolean }> {
  // The reply of the last attempt: attempts that another call overtook have changed nothing.
  let made: Reply<A> | undefined;
  const again = (current: Stream) => {
    made = undefined;
    return decide(current);
  };
  const changed = await changeStream(stream, again, now, undefined, async (is) => {
    made = await replyTo(is);
    return [...made.remember, ...(await also(is))];
  });
  if (made !== undefined) return { reply: made, hasChanged: true };
  const reply = await replyTo(changed);
  if (reply.remember.length > 0) await commitTransaction([], reply);
  return { reply, hasChanged: false };
}

/**
 * The changed stream, with a new version of its words if they change or are still inside the item.
 */
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

/** A change under the stream's revision that leaves its list entries unchanged. */
export const streamAction = (
  was: Stream,
  changes: Omit<Partial<Stream>, "blockedWords">,
  now: Date,
): Action => changeAction(was, withChanges(was, changes, now));

const isEnd = (was: Stream, is: Stream) => was.status === "active" && is.status !== "active";

/** Changes the list entries of a stream whose status has changed, or that was hidden or shown. */
function relistActions(was: Stream, is: Stream): Action[] {
  if (was.status !== is.status || was.deletedAt !== is.deletedAt)
    return [...listActions(is), ...liveActions(is)];
  return isListed(was) === isListed(is) ? [] : [...listActions(is), liveAction(is)];
}

/** Updates the fields that differ, if the item is unchanged since the read. */
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
