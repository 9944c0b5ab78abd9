import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { PutCommand, QueryCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { Frame, withoutText } from "../../../domain/log/frame.ts";
import { type KnownLog, knownFrom } from "../../../domain/log/known-log.ts";
import { limits } from "../../limits.ts";
import { key } from "../../table/keys.ts";
import { read, table, tableName } from "../../table/table.ts";
import { getLog } from "./logs.ts";

/** Puts the next frame of a log; false when its number is taken: then the log is read again. */
export async function putFrame(streamId: string, frame: Frame): Promise<boolean> {
  try {
    await table().send(
      new PutCommand({
        TableName: tableName(),
        Item: { ...key.frame(streamId, frame.n), ...frame },
        ConditionExpression: "attribute_not_exists(PK)",
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** The largest number that a frame's key can carry. */
const numberMax = 999_999_999_999;

/**
 * Reads a log consistently, newest frame first, as far back as a record of this time (in seconds)
 * may be in a frame.
 */
export async function readBack(streamId: string, oldest: number, now: Date): Promise<KnownLog> {
  const log = await getLog(streamId);
  const frames: Frame[] = [];
  for await (const frame of queryFrames(streamId, { newestFirst: true })) {
    // The newest frame says where the log ends, however old it is.
    if (frame.newest < oldest && frames.length > 0)
      return knownFrom(log, frames, frame.newest, now);
    frames.push(frame);
  }
  return knownFrom(log, frames, undefined, now);
}

type Range = { from?: number; to?: number; newestFirst?: boolean; pageSize?: number };

/** A consistent Query for the frames of a range, both ends included. */
const between = (streamId: string, from: number, to: number) => ({
  TableName: tableName(),
  ConsistentRead: true,
  KeyConditionExpression: "PK = :log AND SK BETWEEN :from AND :to",
  ExpressionAttributeValues: {
    ":log": key.frame(streamId, from).PK,
    ":from": key.frame(streamId, from).SK,
    ":to": key.frame(streamId, to).SK,
  },
});

/** The frames of a range in their order, read consistently and as far as the reader goes on. */
export async function* queryFrames(streamId: string, range: Range = {}): AsyncGenerator<Frame> {
  const { from = 0, to = numberMax, newestFirst = false } = range;
  if (to < from) return;
  let start: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await table().send(
      new QueryCommand({
        ...between(streamId, from, to),
        ScanIndexForward: !newestFirst,
        Limit: range.pageSize ?? limits().pageFrames,
        ExclusiveStartKey: start,
      }),
    );
    for (const item of Items) yield read(Frame, item);
    start = LastEvaluatedKey;
  } while (start !== undefined);
}

/** All frames of a range that are kept, read consistently. */
export async function listFrames(streamId: string, from: number, to: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of queryFrames(streamId, { from, to })) frames.push(frame);
  return frames;
}

/** What a log goes on from: the end of a frame without its events. */
const FrameEnd = Frame.pick({ n: true, newest: true, totals: true });
type FrameEnd = z.infer<typeof FrameEnd>;

/** The end of the newest frame that lies in the table, expired or not. */
export async function findNewestFrame(streamId: string): Promise<FrameEnd | undefined> {
  const { Items = [] } = await table().send(
    new QueryCommand({
      ...between(streamId, 0, numberMax),
      // Its events may be 32 KB, and nobody who asks for the newest frame looks at them.
      ProjectionExpression: "n, newest, totals",
      ScanIndexForward: false,
      Limit: 1,
    }),
  );
  return Items[0] && read(FrameEnd, Items[0]);
}

/** Tries of taking a text out of one frame against others who do the same. */
const triesMax = 10;

/**
 * Takes a deleted message's text out of the kept frame that shows it: an update under the revision
 * that was read, so that it never brings an expired frame back.
 */
export async function takeText(streamId: string, messageId: string, n: number): Promise<void> {
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const { value: frame } = await queryFrames(streamId, { from: n, to: n }).next();
    const body = frame && withoutText(frame.body, messageId);
    if (frame === undefined || body === undefined) return;
    if (await replaceBody(streamId, frame, body)) return;
  }
  throw new Error(`The frame ${n} of ${streamId} is changed too often`);
}

async function replaceBody(streamId: string, frame: Frame, body: string): Promise<boolean> {
  try {
    await table().send(
      new UpdateCommand({
        TableName: tableName(),
        Key: key.frame(streamId, frame.n),
        UpdateExpression: "SET body = :body, revision = :next",
        ConditionExpression: "revision = :revision",
        ExpressionAttributeValues: {
          ":body": body,
          ":revision": frame.revision,
          ":next": frame.revision + 1,
        },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** How far the clock of the function that wrote a message may be off the table's clock. */
const clockSeconds = 600;

const Newest = z.object({ n: z.number(), newest: z.number() });

/**
 * The number of the frame that covers a record: found by its time, since `newest` grows with the
 * numbers. Undefined when it is not kept any more.
 */
export async function findCovering(
  streamId: string,
  recordId: string,
  writtenAtSeconds: number,
): Promise<number | undefined> {
  const top = await findNewestFrame(streamId);
  if (top === undefined) return undefined;
  const from = await findFirstSince(streamId, top.n, writtenAtSeconds - clockSeconds);
  for await (const frame of queryFrames(streamId, { from }))
    if (frame.covers.split(" ").includes(recordId)) return frame.n;
  return undefined;
}

/** The least number whose frame, or the next one kept, has a `newest` of at least this time. */
async function findFirstSince(streamId: string, top: number, seconds: number): Promise<number> {
  let [low, high] = [1, top];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const range = { from: middle, pageSize: 1 };
    const found = await queryFrames(streamId, range).next();
    const { n, newest } = Newest.parse(found.value ?? { n: top, newest: seconds });
    if (newest < seconds) low = n + 1;
    else high = middle;
  }
  return low;
}
