import { setTimeout as sleep } from "node:timers/promises";
import type { EngineCall } from "../aws/engine-call.ts";
import type { Table } from "../model.ts";
import { newPace, paceBatch, paceLook } from "./pace.ts";
import {
  createStreamCalls,
  type EngineRecord,
  pageRecordsMax,
  type Shard,
} from "./stream-calls.ts";

/** One reader's way through a table's stream, from shard to shard. */
export type StreamFeed = {
  /** At most 1,000 records after a sequence number; `undefined` is the beginning. */
  read(after: string | undefined): Promise<EngineRecord[]>;
  /** Lets records gather after a batch that took so long, where the machine has no time. */
  restAfter(workMilliseconds: number): void;
  /** The engine's own ARN of the stream; a different one after the table was recreated. */
  findStreamArn(): Promise<string>;
  /** The newest sequence number, `undefined` in an empty stream. */
  findNewest(): Promise<string | undefined>;
};

/** Where a reader stands. */
type Place = {
  shards: Shard[];
  /** The shard that is read; behind the last one there is none yet. */
  at: number;
  iterator: string | undefined;
  /** The last sequence number that was read. */
  position: string | undefined;
};

const nowhere: Place = { shards: [], at: 0, iterator: undefined, position: undefined };

/**
 * Shards are read one after the other: no local engine has two at the same time. That one is closed
 * shows in a missing NextShardIterator only, since one engine gives open shards an end, too.
 * `strain` says how busy the machine is, 0 to 1.
 */
export function createStreamFeed(call: EngineCall, table: Table, strain: () => number): StreamFeed {
  const calls = createStreamCalls(call, table);
  let pace = newPace;
  let place = nowhere;
  /** After a full page there is more to be had at once. */
  let hasMore = true;

  const open = async (
    shards: Shard[],
    at: number,
    position: string | undefined,
  ): Promise<Place> => {
    const shard = shards[at];
    const iterator = shard && (await calls.findIterator(shard, position));
    return { shards, at, iterator, position };
  };

  async function seek(after: string | undefined): Promise<Place> {
    const shards = await calls.listShards();
    const startsBefore = ({ SequenceNumberRange: { StartingSequenceNumber } }: Shard) =>
      after !== undefined && BigInt(StartingSequenceNumber) <= BigInt(after);
    return open(shards, Math.max(0, shards.findLastIndex(startsBefore)), after);
  }

  /** The place behind a closed shard: at the beginning of the next one. */
  async function goOn({ shards, at, position }: Place): Promise<Place> {
    const closed = shards[at]?.ShardId;
    const all = await calls.listShards();
    const next = all.findIndex(({ ShardId }) => ShardId === closed) + 1;
    return { ...(await open(all, next, undefined)), position };
  }

  async function pause(): Promise<void> {
    if (hasMore) return;
    const look = paceLook(pace, Date.now(), strain());
    pace = look.pace;
    if (look.wait > 0) await sleep(look.wait);
  }

  async function read(after: string | undefined): Promise<EngineRecord[]> {
    await pause();
    if (place.iterator === undefined || place.position !== after) place = await seek(after);
    const { iterator } = place;
    if (iterator === undefined) return [];
    // Iterators expire after a while without use; the position is what counts.
    place = { ...place, iterator: undefined };
    const { Records, NextShardIterator } = await calls.readPage(iterator);
    hasMore = Records.length === pageRecordsMax;
    const position = Records.at(-1)?.dynamodb.SequenceNumber ?? place.position;
    place = { ...place, position, iterator: NextShardIterator };
    if (NextShardIterator === undefined) place = await goOn(place);
    return Records;
  }

  return {
    read,
    restAfter(workMilliseconds) {
      pace = paceBatch(pace, Date.now(), workMilliseconds, strain());
    },
    findStreamArn: calls.findArn,
    async findNewest() {
      let newest: string | undefined;
      for (;;) {
        const records = await read(newest);
        if (records.length === 0) return newest;
        newest = records.at(-1)?.dynamodb.SequenceNumber;
      }
    },
  };
}
