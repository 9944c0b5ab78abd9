import type { EngineCall } from "../aws/engine-call.ts";
import type { Table } from "../model.ts";

/** A stream record as the engine returns it. */
export type EngineRecord = {
  eventName: "INSERT" | "MODIFY" | "REMOVE";
  /** Set if the service itself deleted the item because it had expired. */
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

export type Shard = { ShardId: string; SequenceNumberRange: { StartingSequenceNumber: string } };

/** The maximum of records per page, as in DynamoDB. */
export const pageRecordsMax = 1000;

/** A page of a shard's records; without an iterator the shard is closed and fully read. */
type Page = { Records: EngineRecord[]; NextShardIterator?: string };

/** The fields that are read from each operation's response. */
type Answers = {
  ListStreams: { Streams: { StreamArn: string }[] };
  DescribeStream: { StreamDescription: { Shards: Shard[]; LastEvaluatedShardId?: string } };
  GetShardIterator: { ShardIterator: string };
  GetRecords: Page;
};

/** The operations on a table's stream. */
export type StreamCalls = {
  /** The engine's own ARN of the stream; it changes when the table is recreated. */
  findArn(): Promise<string>;
  listShards(): Promise<Shard[]>;
  /**
   * An iterator after a sequence number, or from the oldest record if that one has been trimmed.
   */
  findIterator(shard: Shard, after: string | undefined): Promise<string>;
  readPage(iterator: string): Promise<Page>;
};

/** Creates the operations of one table's stream. They throw the engine's errors. */
export function createStreamCalls(call: EngineCall, table: Table): StreamCalls {
  let streamArn: string | undefined;

  async function ask<Operation extends keyof Answers>(
    operation: Operation,
    body: Record<string, unknown>,
  ): Promise<Answers[Operation]> {
    const answer = await call(`DynamoDBStreams_20120810.${operation}`, body);
    if (answer.status !== 200) throw new Error(`${operation}: ${JSON.stringify(answer.body)}`);
    return answer.body as Answers[Operation];
  }

  async function findArn(): Promise<string> {
    streamArn ??= (await ask("ListStreams", { TableName: table.name })).Streams[0]?.StreamArn;
    if (streamArn === undefined) throw new Error(`Table ${table.name} has no stream`);
    return streamArn;
  }

  return {
    findArn,
    async listShards() {
      const StreamArn = await findArn();
      const shards: Shard[] = [];
      let ExclusiveStartShardId: string | undefined;
      do {
        const from = ExclusiveStartShardId && { ExclusiveStartShardId };
        const { StreamDescription } = await ask("DescribeStream", { StreamArn, ...from });
        shards.push(...StreamDescription.Shards);
        ExclusiveStartShardId = StreamDescription.LastEvaluatedShardId;
      } while (ExclusiveStartShardId);
      return shards;
    },
    async findIterator({ ShardId }, after) {
      const from = { StreamArn: await findArn(), ShardId };
      const beginning = { ...from, ShardIteratorType: "TRIM_HORIZON" };
      const there = { ...from, ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: after };
      try {
        return (await ask("GetShardIterator", after ? there : beginning)).ShardIterator;
      } catch (error) {
        // Records at this position have been trimmed: continue with the oldest one.
        if (!String(error).includes("TrimmedDataAccess")) throw error;
        return (await ask("GetShardIterator", beginning)).ShardIterator;
      }
    },
    readPage: (ShardIterator) => ask("GetRecords", { ShardIterator, Limit: pageRecordsMax }),
  };
}
