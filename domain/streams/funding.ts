import * as z from "zod";
import { Amount, amountMax } from "../credits.ts";
import { GiftId, StreamId, UserId } from "../id.ts";
import { refuse } from "../refusal.ts";
import { Timestamp } from "../text.ts";
import { type Funding, isHost, type Stream } from "./stream.ts";

/** Shards of an escrow, so that many users can contribute at once. */
export const escrowShards = 16;

/**
 * The largest total of one escrow: the host is credited in entries of at most `amountMax`, all in
 * one transaction. Its shards are added up without a lock, so concurrent contributions may exceed
 * it; the transaction has room for seven times as much.
 */
export const escrowMax = 10 * amountMax;

const hour = 3_600_000;

/** How long after its planned start a stream may go live and still receive its contributions. */
const fundedMilliseconds = hour;

/** How long after its planned start a stream that never went live expires. */
const expiryMilliseconds = 24 * hour;

/** A contribution as its giver requests it. */
export const Contribution = z.object({ amount: Amount });

/** The response to a contribution. */
export const Contributed = z
  .object({
    streamId: StreamId,
    amount: Amount,
    collectedFunding: z.number().int(),
    fundingGoal: Amount,
    fundingPercentage: z.number().int(),
  })
  .meta({ id: "Contributed" });

/** Whether contributions are still held, without a decision about them. */
export const isFundingOpen = ({ fundingGoal, funding }: Stream) =>
  fundingGoal != null && funding === undefined;

/**
 * Returns the stream's funding goal. Refuses contributions to the user's own stream, to one without
 * a funding goal, to one that is no longer planned, and after the deadline.
 */
export function assertMayFund(stream: Stream, userId: string, now: Date): number {
  if (isHost(stream, userId)) refuse("funding_to_oneself");
  const { status, fundingGoal } = stream;
  if (status !== "scheduled") refuse("stream_not_scheduled", { status });
  if (fundingGoal == null) refuse("stream_not_funded");
  if (!isFundingOpen(stream) || isLate(stream, now)) refuse("funding_over");
  return fundingGoal;
}

const isLate = ({ plannedStartDate }: Stream, now: Date) =>
  plannedStartDate !== null && now.getTime() >= Date.parse(plannedStartDate) + fundedMilliseconds;

/** Whether a change of a stream decides the outcome of its contributions. */
export const isDeciding = (was: Stream, is: Stream) =>
  isFundingOpen(was) &&
  (is.status !== was.status || is.deletedAt !== null || is.funding !== undefined);

/**
 * Everything goes to the host if the stream went live in time and its goal is reached; otherwise
 * everything is returned, never a part.
 */
export function decideFunding(is: Stream, collected: number, now: Date): Funding {
  const isReached = collected >= (is.fundingGoal ?? Number.POSITIVE_INFINITY);
  const isHosts = is.status === "active" && isReached && !isLate(is, now);
  return { outcome: isHosts ? "host" : "back", collected, closedAt: now.toISOString() };
}

/** A host's credit from an escrow: an item that is due like a gift. */
export const Proceeds = z.object({
  id: GiftId,
  kind: z.literal("proceeds"),
  streamId: StreamId,
  hostId: UserId,
  due: UserId.optional(),
  dueCredits: Amount,
  createdAt: Timestamp,
});
export type Proceeds = z.infer<typeof Proceeds>;

/** Everything that was collected, in items that one ledger entry each can credit. */
export function proceedsOf(
  { id: streamId, hostId }: Stream,
  { collected, closedAt: createdAt }: Funding,
  newId: () => string,
): Proceeds[] {
  return partsOf(collected).map((dueCredits) => {
    const facts = { id: newId(), kind: "proceeds", streamId, hostId } as const;
    return { ...facts, due: hostId, dueCredits, createdAt };
  });
}

/** Splits credits into parts that fit one ledger entry each. */
export function partsOf(credits: number): number[] {
  const parts: number[] = [];
  for (let left = credits; left > 0; left -= amountMax) parts.push(Math.min(left, amountMax));
  return parts;
}

/** Whether contributions have to be returned and are not all returned yet. */
export const isReturning = ({ funding }: Stream) =>
  funding?.outcome === "back" && funding.collected > 0 && funding.returnedAt === undefined;

/** The latest time that sorts as text: a year of five digits is written with a sign. */
const latest = Date.parse("9999-12-31T23:59:59.999Z");

/** When a scheduled action on a stream is next due; undefined for never. */
export function dueAt(stream: Stream): string | undefined {
  const { status, deletedAt, plannedStartDate, funding } = stream;
  if (isReturning(stream)) return funding?.closedAt;
  if (status !== "scheduled" || deletedAt !== null || plannedStartDate === null) return undefined;
  const after = isFundingOpen(stream) ? fundedMilliseconds : expiryMilliseconds;
  return new Date(Math.min(Date.parse(plannedStartDate) + after, latest)).toISOString();
}

/** The change that is due, if any: a decision on the contributions, or the stream's expiry. */
export function applyDueChange(stream: Stream, now: Date): Partial<Stream> | undefined {
  const at = dueAt(stream);
  if (at === undefined || at > now.toISOString() || isReturning(stream)) return undefined;
  return isFundingOpen(stream) ? { funding: undecided } : { status: "expired" };
}

/** Requests a decision on the contributions; `decideFunding` makes it. */
const undecided: Funding = { outcome: "back", collected: 0, closedAt: "" };
