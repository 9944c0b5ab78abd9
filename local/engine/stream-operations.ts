import { streamArnOf } from "./arns.ts";
import type { Body, Context, Operation } from "./context.ts";
import { EngineFailure, invalid, notFound } from "./failure.ts";
import type { StreamRow } from "./stream-log.ts";
import type { Table } from "./tables.ts";

const recordsMax = 1000;
const answerBytesMax = 1024 * 1024;
const iteratorMilliseconds = 15 * 60_000;

/** Numbers as long as AWS's, so that they sort as text. */
const spell = (sequence: number) => String(sequence).padStart(21, "0");

const shardOf = (table: Table) =>
  `shardId-${String(table.createdAt).padStart(20, "0")}-${String(table.id).padStart(8, "0")}`;

export const listStreams: Operation = ({ tables }, body) => {
  const table = tables.find(body.TableName);
  return { Streams: table?.streamLabel ? [{ StreamArn: streamArnOf(table) }] : [] };
};

function findStream({ tables }: Context, arn: unknown): Table {
  const table = tables.list().find((one) => one.streamLabel && streamArnOf(one) === arn);
  if (!table) throw notFound(`Requested resource not found: Stream: ${arn} not found`);
  return table;
}

/** Every stream has one shard, which stays open. */
export const describeStream: Operation = (context, body) => {
  const table = findStream(context, body.StreamArn);
  return {
    StreamDescription: {
      StreamArn: streamArnOf(table),
      Shards: [
        {
          ShardId: shardOf(table),
          SequenceNumberRange: { StartingSequenceNumber: spell(context.log.first(table) ?? 1) },
        },
      ],
    },
  };
};

type Iterator = { table: number; after: number; at: number };

export const getShardIterator: Operation = (context, body) => {
  const table = findStream(context, body.StreamArn);
  if (body.ShardId !== shardOf(table))
    throw notFound(`Requested resource not found: Shard: ${body.ShardId} in Stream not found`);
  const type = String(body.ShardIteratorType);
  if (type !== "TRIM_HORIZON" && type !== "AFTER_SEQUENCE_NUMBER")
    throw invalid(`This engine does not have the ShardIteratorType ${type}`);
  const isAfter = type === "AFTER_SEQUENCE_NUMBER";
  const after = isAfter ? Number(body.SequenceNumber) : 0;
  if (!Number.isSafeInteger(after)) throw invalid("Invalid SequenceNumber");
  const first = context.log.first(table) ?? context.log.newest() + 1;
  if (isAfter && after + 1 < first)
    throw new EngineFailure(
      "TrimmedDataAccessException",
      "The operation attempted to read past the oldest stream record in a shard",
    );
  return { ShardIterator: write({ table: table.id, after, at: context.now() }) };
};

const write = (iterator: Iterator) => Buffer.from(JSON.stringify(iterator)).toString("base64url");

export const getRecords: Operation = (context, body) => {
  const iterator = readIterator(body.ShardIterator);
  if (iterator.at < context.now() - iteratorMilliseconds)
    throw new EngineFailure("ExpiredIteratorException", "Iterator expired");
  const table = context.tables.list().find(({ id }) => id === iterator.table);
  if (!table) throw notFound();
  const limit = Math.min(Number(body.Limit ?? recordsMax), recordsMax);
  if (!(limit >= 1)) throw invalid("Limit must be at least 1");
  const records: Body[] = [];
  let { after } = iterator;
  let bytes = 0;
  for (const row of context.log.read(table, iterator.after, limit)) {
    bytes += row.bytes;
    if (records.length > 0 && bytes > answerBytesMax) break;
    records.push(recordOf(table, row));
    after = row.sequence;
  }
  return {
    Records: records,
    NextShardIterator: write({ table: table.id, after, at: context.now() }),
  };
};

function readIterator(text: unknown): Iterator {
  try {
    return JSON.parse(Buffer.from(String(text), "base64url").toString()) as Iterator;
  } catch {
    throw invalid("Invalid ShardIterator");
  }
}

function recordOf(table: Table, row: StreamRow): Body {
  return {
    eventID: `${table.id}-${row.sequence}`,
    eventName: row.event,
    eventVersion: "1.1",
    eventSource: "aws:dynamodb",
    awsRegion: "us-east-1",
    ...(row.by === "ttl" && {
      userIdentity: { Type: "Service", PrincipalId: "dynamodb.amazonaws.com" },
    }),
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(row.at / 1000),
      Keys: JSON.parse(row.keys),
      ...(row.new && { NewImage: JSON.parse(row.new) }),
      ...(row.old && { OldImage: JSON.parse(row.old) }),
      SequenceNumber: spell(row.sequence),
      SizeBytes: row.bytes,
      StreamViewType: table.input.StreamSpecification?.StreamViewType,
    },
  };
}
