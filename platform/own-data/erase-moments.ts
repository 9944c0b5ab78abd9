import { MomentItem } from "../../domain/audience/moment.ts";
import type { VoteItem } from "../../domain/audience/vote.ts";
import { anonymizeVote, listVotes } from "../store/audience/anonymization.ts";
import { findMoment } from "../store/audience/moments.ts";
import { type Item, parseItem, updateIf } from "../table/items.ts";
import { key, prefix } from "../table/keys.ts";
import { queryItems } from "../table/query.ts";
import { eraseNames, hasNames } from "./names.ts";
import { pageSizes } from "./page-sizes.ts";

/** A page of a stream's moments: those after the moment `after`, and at most `most` changes. */
type Page = { userId: string; at: string; after: string; most: number };

/**
 * Erases a user from some moments of a stream: their votes until `at`, and their names where they
 * started a poll or goal, or gave most to a train. Returns where the next page begins.
 */
export async function eraseFromMoments(
  streamId: string,
  { userId, at, after, most }: Page,
): Promise<string | undefined> {
  const { items: limit } = pageSizes();
  const place = key.moment(streamId, after);
  const walk = { limit, consistent: true, after: place.SK };
  const items = await queryItems(place, prefix.moments, walk);
  const ids = items.map(({ id }) => String(id));
  const found = await listVotes(ids, userId, { consistent: true });
  const votes = new Map(found.map((vote) => [vote.momentId, vote]));
  let [changes, done] = [0, after];
  for (const item of items) {
    const id = String(item.id);
    for (const erase of erasuresIn(item, votes.get(id), userId, at)) {
      if (changes === most) return done;
      await erase();
      changes += 1;
    }
    done = id;
  }
  return items.length < limit ? undefined : done;
}

/** The changes that a moment still needs; none if it is erased, so a repeated page gets further. */
function erasuresIn(
  item: Item,
  vote: VoteItem | undefined,
  userId: string,
  at: string,
): (() => Promise<void>)[] {
  const moment = parseItem(MomentItem, item);
  const { PK, SK, by } = item;
  const votes =
    vote !== undefined && vote.at <= at ? [() => anonymizeVote(moment.id, userId, at)] : [];
  // A moment that began later shows a new user with the same id.
  if (moment.startedAt > at) return votes;
  return [
    ...votes,
    // The next revision makes a call that has read the names decide again, and makes the log show
    // an open moment without them.
    ...(hasNames(by, userId)
      ? [() => eraseNames({ PK, SK }, ["by"], userId, { isRevised: true })]
      : []),
    ...(isOnTop(moment, userId) ? [() => leaveTrain(moment, userId)] : []),
  ];
}

/** The top senders of a train that is over. */
const topOf = ({ result }: MomentItem) =>
  result !== undefined && "top" in result ? result.top : [];

const isOnTop = (moment: MomentItem, userId: string) =>
  topOf(moment).some(({ user }) => user._id === userId);

/** Removes a user from the top senders of a train; their credits stay. */
async function leaveTrain(moment: MomentItem, userId: string): Promise<void> {
  const { streamId, id } = moment;
  const was = topOf(moment);
  const top = was.filter(({ user }) => user._id !== userId);
  if (top.length === was.length) return;
  // A result changes only if another top sender is erased meanwhile: then this starts again.
  const isDone = await updateIf({
    Key: key.moment(streamId, id),
    UpdateExpression: "SET #result.#top = :top, #revision = #revision + :one",
    ConditionExpression: "#result.#top = :was",
    ExpressionAttributeNames: { "#result": "result", "#top": "top", "#revision": "revision" },
    ExpressionAttributeValues: { ":top": top, ":was": was, ":one": 1 },
  });
  if (isDone !== undefined) return;
  const again = await findMoment(streamId, id);
  if (again !== undefined) await leaveTrain(again, userId);
}
