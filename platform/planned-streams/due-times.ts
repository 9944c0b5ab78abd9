import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { applyDueChange, dueAt, isReturning } from "../../domain/streams/funding.ts";
import { Stream } from "../../domain/streams/stream.ts";
import { sendAt } from "../aws/queues.ts";
import { readEach } from "../lambda/consumer.ts";
import { millisecondsLeft } from "../runtime/deadline.ts";
import { setting } from "../runtime/env.ts";
import { returnPage } from "../store/money/fundings.ts";
import { listDueStreams } from "../store/streams/escrow.ts";
import { changeStream } from "../store/streams/stream-changes.ts";
import { getItem, unmarshallItem } from "../table/items.ts";
import { key, readKey } from "../table/keys.ts";

/**
 * A message of the queue `plans`: check a stream; `after` is the last member whose contribution was
 * returned, and `isLeft` says whether an earlier one failed.
 */
export const DueStreamMessage = z.object({
  streamId: StreamId,
  after: z.string().optional(),
  isLeft: z.boolean().optional(),
});
type DueStreamMessage = z.infer<typeof DueStreamMessage>;

/**
 * Streams further in the future get no message, which would be sent on every 15 minutes. The sweep
 * finds them.
 */
const timedMillisecondsMax = 24 * 3_600_000;

/** The longest time of a page of returned contributions: none is begun with less time left. */
const pageMilliseconds = 15_000;

async function queue(message: DueStreamMessage, at: string, now: Date): Promise<void> {
  if (Date.parse(at) - now.getTime() > timedMillisecondsMax) return;
  await sendAt(setting("PLANS_QUEUE_URL"), message, { at: new Date(at), now });
}

/** Queues streams for the due times in their records. */
export async function queueDueTimes(records: readonly DynamoDBRecord[], now: Date): Promise<void> {
  for (const { streamId, at } of readEach(records, dueIn)) await queue({ streamId }, at, now);
}

/** The due time in a record, if it has changed. */
function dueIn({ dynamodb }: DynamoDBRecord): { streamId: string; at: string }[] {
  const [image, old] = [unmarshallItem(dynamodb?.NewImage), unmarshallItem(dynamodb?.OldImage)];
  if (image === undefined || readKey(image).kind !== "stream") return [];
  const stream = Stream.parse(image);
  const at = dueAt(stream);
  const isNew = at !== undefined && at !== (old && dueAt(Stream.parse(old)));
  return isNew ? [{ streamId: stream.id, at }] : [];
}

/** Queues all streams whose time has come. Repeating it is harmless. */
export async function queueDueStreams(now: Date): Promise<void> {
  for (const streamId of await listDueStreams(now))
    await queue({ streamId }, now.toISOString(), now);
}

/**
 * Performs the due action on a stream: returns contributions, page by page, or ends a stream that
 * has not begun in time. Before that time the message is sent on.
 */
export async function applyDueTime(message: DueStreamMessage, now: Date): Promise<void> {
  const { streamId } = message;
  const stream = await getItem(Stream, key.stream(streamId), { consistent: true });
  const at = stream && dueAt(stream);
  if (stream === undefined || at === undefined) return;
  if (isReturning(stream)) return returnAll(stream, message, now);
  if (at > now.toISOString()) return queue({ streamId }, at, now);
  await changeStream(stream, (current) => applyDueChange(current, now), now);
}

/** Throws at the end if a member was left: the message, or the sweep, starts again. */
async function returnAll(
  stream: Stream,
  { after, isLeft }: DueStreamMessage,
  now: Date,
): Promise<void> {
  let place = after;
  let failure: unknown =
    isLeft && new Error(`Some contributions to the stream ${stream.id} were not returned`);
  do {
    const page = await returnPage(stream.id, place, now);
    failure ||= page.failure;
    place = page.next;
    if (place !== undefined && millisecondsLeft() < pageMilliseconds) {
      const rest = { streamId: stream.id, after: place, isLeft: Boolean(failure) };
      return queue(rest, now.toISOString(), now);
    }
  } while (place !== undefined);
  if (failure) throw failure;
  const finish = (current: Stream) => {
    const { funding } = current;
    if (funding === undefined || !isReturning(current)) return undefined;
    return { funding: { ...funding, returnedAt: now.toISOString() } };
  };
  await changeStream(stream, finish, now);
}
