import type { CallResult, createCall } from "./route.ts";
import type { Moment } from "./sums.ts";

/** The part of a poll that a vote needs. */
export type Votable = Pick<Moment, "streamId" | "id" | "spreadSeconds">;

const route = "PUT /api/v1/live-stream/{streamId}/moments/{momentId}/vote";

/** A vote that is not stored yet. */
type Ballot = { options: number[]; isWaiting: boolean; stored: Promise<CallResult<typeof route>> };

/**
 * Votes at a random moment within the poll's spread. The last vote in a poll is the one that is
 * stored: it replaces one that still waits, and is sent after one whose call is under way.
 */
export function createVoter(call: ReturnType<typeof createCall>) {
  const newest = new Map<string, Ballot>();
  return ({ streamId, id: momentId, spreadSeconds }: Votable, options: number[]) => {
    const before = newest.get(momentId);
    if (before?.isWaiting) {
      before.options = options;
      return before.stored;
    }
    const wait = (spreadSeconds ?? 0) * 1_000 * Math.random();
    const send = async () => {
      if (wait > 0) await new Promise((done) => setTimeout(done, wait));
      await before?.stored.catch(() => {});
      ballot.isWaiting = false;
      return call(route, { path: { streamId, momentId }, body: { options: ballot.options } });
    };
    const forget = () => newest.get(momentId) === ballot && newest.delete(momentId);
    const ballot: Ballot = { options, isWaiting: true, stored: send().finally(forget) };
    newest.set(momentId, ballot);
    return ballot.stored;
  };
}
