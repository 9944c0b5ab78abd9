import { setTimeout as sleep } from "node:timers/promises";
import type { EngineCall } from "../aws/engine-call.ts";
import type { Table } from "../model.ts";
import { fullPollBudget, pauseAfterBatch, pollMilliseconds, takePoll } from "./poll-limiter.ts";
import {
  createStreamCalls,
  type EngineRecord,
  pageRecordsMax,
  type Shard,
} from "./stream-calls.ts";

/** Reads a table's stream, shard after shard. */
export type StreamFeed = {
  /** Up to 1,000 records after a sequence number; `undefined` starts at the beginning. */
  read(after: string | undefined): Promise<EngineRecord[]>;
  /** After a batch on a busy machine: pauses, so that records accumulate. */
  restAfter(workMilliseconds: number): void;
  /** The engine's own ARN of the stream; it changes when the table is recreated. */
  findStreamArn(): Promise<string>;
};

/** A position in the stream. */
type StreamPosition = {
  shards: Shard[];
  /** Index of the current shard; after the last shard, an index that does not exist yet. */
  at: number;
  iterator: string | undefined;
  /** The last sequence number that was read. */
  position: string | undefined;
};

/** A clock that is never set back, in milliseconds, and how a reader waits. */
type Clock = { now(): number; wait(milliseconds: number): Promise<void> };
const realClock: Clock = { now: () => performance.now(), wait: sleep };

const noPosition: StreamPosition = { shards: [], at: 0, iterator: undefined, position: undefined };

/**
 * Reads shards one after the other, since no local engine has two at the same time. Only a missing
 * NextShardIterator marks a closed shard: one engine reports an ending sequence number for open
 * shards, too. `load` returns how busy the machine is, 0 to 1.
 */
export function createStreamFeed(
  call: EngineCall,
  table: Table,
  load: () => number,
  poll = pollMilliseconds,
  { now, wait } = realClock,
): StreamFeed {
  const calls = createStreamCalls(call, table);
  let budget = fullPollBudget;
  let current = noPosition;
  /** Whether the last page was full, so that more can be read at once. */
  let hasMore = true;

  const open = async (
    shards: Shard[],
    at: number,
    position: string | undefined,
  ): Promise<StreamPosition> => {
    const shard = shards[at];
    const iterator = shard && (await calls.findIterator(shard, position));
    return { shards, at, iterator, position };
  };

  async function seek(after: string | undefined): Promise<StreamPosition> {
    const shards = await calls.listShards();
    const startsBefore = ({ SequenceNumberRange: { StartingSequenceNumber } }: Shard) =>
      after !== undefined && BigInt(StartingSequenceNumber) <= BigInt(after);
    return open(shards, Math.max(0, shards.findLastIndex(startsBefore)), after);
  }

  /** Moves to the start of the shard after a closed one. */
  async function goOn({ shards, at, position }: StreamPosition): Promise<StreamPosition> {
    const closed = shards[at]?.ShardId;
    const all = await calls.listShards();
    const next = all.findIndex(({ ShardId }) => ShardId === closed) + 1;
    return { ...(await open(all, next, undefined)), position };
  }

  async function pause(): Promise<void> {
    if (hasMore) return;
    const look = takePoll(budget, now(), load(), poll);
    budget = look.budget;
    if (look.wait > 0) await wait(look.wait);
  }

  async function read(after: string | undefined): Promise<EngineRecord[]> {
    await pause();
    if (current.iterator === undefined || current.position !== after) current = await seek(after);
    const { iterator } = current;
    if (iterator === undefined) return [];
    // Unused iterators expire; the position remains valid.
    current = { ...current, iterator: undefined };
    const page = await calls.readPage(iterator).catch((error: unknown) => {
      if (String(error).includes("ExpiredIterator")) return undefined;
      throw error;
    });
    // It expires while the machine sleeps.
    if (page === undefined) return read(after);
    const { Records, NextShardIterator } = page;
    hasMore = Records.length === pageRecordsMax;
    const position = Records.at(-1)?.dynamodb.SequenceNumber ?? current.position;
    current = { ...current, position, iterator: NextShardIterator };
    if (NextShardIterator === undefined) current = await goOn(current);
    return Records;
  }

  return {
    read,
    restAfter(workMilliseconds) {
      budget = pauseAfterBatch(budget, now(), workMilliseconds, load());
    },
    findStreamArn: calls.findArn,
  };
}
