import type { CallResult, createCall } from "./route.ts";
import type { Moment } from "./sums.ts";

/** The part of a poll that a vote needs. Without `endsAt` a vote may be sent after the end. */
export type PollRef = Pick<Moment, "streamId" | "id" | "spreadSeconds"> &
  Partial<Pick<Moment, "endsAt">>;

/** A vote is sent this long before the poll's end, so that it arrives in time. */
const marginMilliseconds = 2_000;

const route = "PUT /api/v1/live-stream/{streamId}/moments/{momentId}/vote";

/** A vote that is not stored yet. */
type Ballot = { options: number[]; isWaiting: boolean; stored: Promise<CallResult<typeof route>> };

/** How long a vote waits at most. */
function longestWait({ spreadSeconds, endsAt }: PollRef, now: number): number {
  const spread = (spreadSeconds ?? 0) * 1_000;
  const left = endsAt ? Date.parse(endsAt) - now - marginMilliseconds : spread;
  return Math.min(spread, left);
}

/**
 * Votes at a random moment within the poll's spread and before its end. The last vote in a poll is
 * the one that is stored: it replaces one that still waits, and is sent after one whose call is
 * under way. `now`: the server's time.
 */
export function createVoter(call: ReturnType<typeof createCall>, now: () => number) {
  const newest = new Map<string, Ballot>();
  return (poll: PollRef, options: number[]) => {
    const { streamId, id: momentId } = poll;
    const before = newest.get(momentId);
    if (before?.isWaiting) {
      before.options = options;
      return before.stored;
    }
    const wait = longestWait(poll, now()) * Math.random();
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
