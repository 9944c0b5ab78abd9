import { setTimeout as sleep } from "node:timers/promises";
import type { EngineCall } from "../aws/engine-call.ts";
import type { Table } from "../model.ts";

/** A stream record as the engine gives it. */
export type EngineRecord = {
  eventName: "INSERT" | "MODIFY" | "REMOVE";
  /** Who did it, where that was the service: it expired the item. */
  userIdentity?: { Type: string; PrincipalId: string };
  dynamodb: {
    Keys: Record<string, unknown>;
    NewImage?: Record<string, unknown>;
    OldImage?: Record<string, unknown>;
    SequenceNumber: string;
    SizeBytes?: number;
    ApproximateCreationDateTime?: number;
  };
};

/** One reader's way through a table's stream, from shard to shard. */
export type StreamFeed = {
  /** At most 1,000 records after a sequence number; `undefined` is the beginning. */
  read(after: string | undefined): Promise<EngineRecord[]>;
  /** Lets records gather after a batch that took so long, before the next look. */
  restAfter(workMilliseconds: number): void;
  /** The engine's own ARN of the stream; another one after the table was made anew. */
  findStreamArn(): Promise<string>;
  /** The newest sequence number, `undefined` in an empty stream. */
  findNewest(): Promise<string | undefined>;
};

/**
 * The mean time between two looks of a reader, and how many may come without one. Lambda looks four
 * times a second; here the first writes after a pause are seen at once, and what follows gathers.
 */
const lookMilliseconds = 50;
const looksAtOnce = 4;
/**
 * How long a reader rests after a batch, as a share of what the batch took: beside a large room the
 * machine has time for those who write, and the next batch is larger. No longer than Lambda does.
 */
const restShare = 0.75;
const restMillisecondsMax = 250;
/** Records of one page, which is the most that DynamoDB gives. */
const pageRecordsMax = 1000;

type Shard = { ShardId: string; SequenceNumberRange: { StartingSequenceNumber: string } };

/** What is read of the answers to each operation. */
type Answers = {
  ListStreams: { Streams: { StreamArn: string }[] };
  DescribeStream: { StreamDescription: { Shards: Shard[]; LastEvaluatedShardId?: string } };
  GetShardIterator: { ShardIterator: string };
  GetRecords: { Records: EngineRecord[]; NextShardIterator?: string };
};

/**
 * Shards are read one after the other: no local engine has two at the same time. That one is closed
 * shows in a missing NextShardIterator only, since one engine gives open shards an end, too.
 */
export function createStreamFeed(call: EngineCall, table: Table): StreamFeed {
  let streamArn: string | undefined;
  let shards: Shard[] = [];
  let shardIndex = 0;
  let iterator: string | undefined;
  let position: string | undefined;
  /** Looks that may be had at once, as of a time in milliseconds since 1970. */
  let looks = { left: looksAtOnce, at: 0 };
  let restsUntil = 0;
  /** After a full page there is more to be had at once. */
  let hasMore = true;

  const ask = async <Operation extends keyof Answers>(
    operation: Operation,
    body: Record<string, unknown>,
  ) => {
    const answer = await call(`DynamoDBStreams_20120810.${operation}`, body);
    if (answer.status !== 200) throw new Error(`${operation}: ${JSON.stringify(answer.body)}`);
    return answer.body as Answers[Operation];
  };
  const findStreamArn = async (): Promise<string> => {
    streamArn ??= (await ask("ListStreams", { TableName: table.name })).Streams[0]?.StreamArn;
    if (!streamArn) throw new Error(`Table ${table.name} has no stream`);
    return streamArn;
  };
  const listShards = async () => {
    const arn = await findStreamArn();
    shards = [];
    let start: string | undefined;
    do {
      const { StreamDescription } = await ask("DescribeStream", {
        StreamArn: arn,
        ...(start && { ExclusiveStartShardId: start }),
      });
      shards.push(...StreamDescription.Shards);
      start = StreamDescription.LastEvaluatedShardId;
    } while (start);
  };
  const openShard = async (after: string | undefined) => {
    const shard = shards[shardIndex];
    if (!shard) return;
    const from = { StreamArn: streamArn, ShardId: shard.ShardId };
    const beginning = { ...from, ShardIteratorType: "TRIM_HORIZON" };
    const there = { ...from, ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: after };
    try {
      iterator = (await ask("GetShardIterator", after ? there : beginning)).ShardIterator;
    } catch (error) {
      // What lies before the oldest kept record is gone; the oldest is the next one then.
      if (!String(error).includes("TrimmedDataAccess")) throw error;
      iterator = (await ask("GetShardIterator", beginning)).ShardIterator;
    }
  };
  const seek = async (after: string | undefined) => {
    await listShards();
    const startsBefore = (shard: Shard) =>
      after !== undefined &&
      BigInt(shard.SequenceNumberRange.StartingSequenceNumber) <= BigInt(after);
    shardIndex = Math.max(0, shards.findLastIndex(startsBefore));
    await openShard(after);
    position = after;
  };

  const pause = async () => {
    if (hasMore) return;
    const gained = (Date.now() - looks.at) / lookMilliseconds;
    looks = { left: Math.min(looksAtOnce, looks.left + gained) - 1, at: Date.now() };
    const early = Math.max(-looks.left * lookMilliseconds, restsUntil - Date.now());
    if (early > 0) await sleep(early);
  };
  const read = async (after: string | undefined): Promise<EngineRecord[]> => {
    await pause();
    if (iterator === undefined || position !== after) await seek(after);
    if (iterator === undefined) return [];
    let page: { Records: EngineRecord[]; NextShardIterator?: string };
    try {
      page = await ask("GetRecords", { ShardIterator: iterator, Limit: pageRecordsMax });
    } catch (error) {
      // Iterators expire after a while without use; the position is what counts.
      iterator = undefined;
      throw error;
    }
    hasMore = page.Records.length === pageRecordsMax;
    iterator = page.NextShardIterator;
    position = page.Records.at(-1)?.dynamodb.SequenceNumber ?? position;
    if (iterator === undefined) {
      const closed = shards[shardIndex]?.ShardId;
      await listShards();
      shardIndex = shards.findIndex((shard) => shard.ShardId === closed) + 1;
      await openShard(undefined);
    }
    return page.Records;
  };
  return {
    read,
    restAfter(workMilliseconds) {
      restsUntil = Date.now() + Math.min(workMilliseconds * restShare, restMillisecondsMax);
    },
    findStreamArn,
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
