import type { createCall } from "./route.ts";
import type { Moment } from "./sums.ts";

/** The part of a poll that a vote needs. */
export type Votable = Pick<Moment, "streamId" | "id" | "spreadSeconds">;

/** Votes at a random moment within the poll's spread. */
export async function castVote(
  { streamId, id: momentId, spreadSeconds }: Votable,
  options: number[],
  call: ReturnType<typeof createCall>,
) {
  const wait = (spreadSeconds ?? 0) * 1_000 * Math.random();
  if (wait > 0) await new Promise((done) => setTimeout(done, wait));
  return call("PUT /api/v1/live-stream/{streamId}/moments/{momentId}/vote", {
    path: { streamId, momentId },
    body: { options },
  });
}
