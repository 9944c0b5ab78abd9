import * as z from "zod";
import {
  decideFunding,
  dueAt,
  escrowShards,
  isDeciding,
  proceedsOf,
} from "../../../domain/streams/funding.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { newId } from "../../runtime/id.ts";
import { type Item, parseItem, type ReadOptions, updateItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryItems, queryRange } from "../../table/query.ts";
import type { Action } from "../../table/transact.ts";

/**
 * A shard of a stream's contributions. The transaction that decides their outcome closes all
 * shards, each on the condition that it is unchanged: so the decision covers exactly their
 * contents. If contributions keep changing them, they are paused for the decision.
 */
export const EscrowPart = z.object({
  streamId: z.string(),
  amount: z.number().int().min(0),
  outcome: z.enum(["host", "back"]).optional(),
  /** Contributions wait until this time, in milliseconds since 1970. */
  pausedUntil: z.number().optional(),
});

/** How long contributions are paused: enough for some attempts of the decision. */
const pauseMilliseconds = 2_000;

const shards = Array.from({ length: escrowShards }, (_, at) => at.toString(16));

/** The amount in each part of an escrow; absent if nobody has contributed to it. */
async function readParts(streamId: string, reading: ReadOptions): Promise<Map<string, number>> {
  const walk = { limit: escrowShards, ...reading };
  const items = await queryItems(key.escrow(streamId, ""), prefix.escrow, walk);
  return new Map(
    items.map((item) => [item.SK.slice(prefix.escrow.length), parseItem(EscrowPart, item).amount]),
  );
}

const sumOf = (parts: ReadonlyMap<string, number>) =>
  [...parts.values()].reduce((sum, amount) => sum + amount, 0);

/** The total of a stream's contributions. */
export const sumEscrow = async (streamId: string, reading: ReadOptions = {}): Promise<number> =>
  sumOf(await readParts(streamId, reading));

/** Adds a contribution to its part, if that is open and not paused. */
export const contributeAction = (streamId: string, userId: string, amount: number): Action => ({
  label: "escrow",
  Update: {
    Key: key.escrowOf(streamId, userId),
    UpdateExpression: "SET streamId = :stream ADD amount :amount",
    ConditionExpression:
      "attribute_not_exists(outcome) AND " +
      "(attribute_not_exists(pausedUntil) OR pausedUntil < :now)",
    ExpressionAttributeValues: { ":stream": streamId, ":amount": amount, ":now": Date.now() },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  },
});

/** Whether a part takes no more contributions. */
export const isClosed = (part: Item | undefined): boolean => part?.outcome !== undefined;

/** Makes contributions wait for two seconds, so that no new one overtakes the decision again. */
export async function pauseContributions(streamId: string): Promise<void> {
  const pausedUntil = Date.now() + pauseMilliseconds;
  const pausePart = (shard: string) =>
    updateItem({
      Key: key.escrow(streamId, shard),
      UpdateExpression: "SET streamId = :stream, pausedUntil = :until ADD amount :none",
      ExpressionAttributeValues: { ":stream": streamId, ":until": pausedUntil, ":none": 0 },
    });
  await Promise.all(shards.map(pausePart));
}

/**
 * If a change of a stream decides its contributions: the stream with that decision, and the actions
 * that close the escrow and credit the host. A part that was written meanwhile fails as `escrow`.
 */
export async function withFundingDecided(
  was: Stream,
  is: Stream,
  now: Date,
): Promise<{ stream: Stream; actions: Action[] }> {
  if (!isDeciding(was, is)) return { stream: is, actions: [] };
  const parts = await readParts(is.id, { consistent: true });
  const funding = decideFunding(is, sumOf(parts), now);
  const closings = shards.map((shard) => closeAction(is.id, shard, parts.get(shard), funding));
  const proceeds = funding.outcome === "host" ? proceedsOf(is, funding, () => newId(now)) : [];
  const puts = proceeds.map((one) => ({ Put: { Item: { ...key.gift(is.id, one.id), ...one } } }));
  return { stream: { ...is, funding }, actions: [...closings, ...puts] };
}

function closeAction(
  streamId: string,
  shard: string,
  amount: number | undefined,
  { outcome }: { outcome: "host" | "back" },
): Action {
  const isSame = "amount = :amount AND attribute_not_exists(outcome)";
  return {
    label: "escrow",
    Update: {
      Key: key.escrow(streamId, shard),
      UpdateExpression: "SET streamId = :stream, amount = :amount, outcome = :outcome",
      ConditionExpression: amount === undefined ? "attribute_not_exists(PK)" : isSame,
      ExpressionAttributeValues: {
        ":stream": streamId,
        ":amount": amount ?? 0,
        ":outcome": outcome,
      },
    },
  };
}

/** Moves a stream to the place of its next scheduled action in the plan, or out of the plan. */
export function planActions(was: Stream | undefined, is: Stream): Action[] {
  const placeOf = (stream: Stream | undefined) => {
    const at = stream && dueAt(stream);
    return at === undefined ? undefined : key.planned(at, is.id);
  };
  const [before, after] = [placeOf(was), placeOf(is)];
  if (before?.SK === after?.SK) return [];
  return [
    ...(before === undefined ? [] : [{ Delete: { Key: before } }]),
    ...(after === undefined ? [] : [{ Put: { Item: { ...after, streamId: is.id } } }]),
  ];
}

/** The most streams that one read of the plan finds. */
const plannedMax = 1_000;

/** The streams with an action that is due by now, longest due first. */
export async function listDueStreams(now: Date): Promise<string[]> {
  const next = new Date(now.getTime() + 60_000).toISOString();
  const { PK, SK } = key.planned(next, "");
  const items = await queryRange({ PK, SK }, prefix.planned, SK, { limit: plannedMax });
  return items.map(({ streamId }) => String(streamId));
}
