import * as z from "zod";
import { refuse } from "../../../domain/refusal.ts";
import { Stream, type StreamStatus } from "../../../domain/streams/stream.ts";
import { BoundedMap } from "../../runtime/caches.ts";
import { getItem, listItems, type ReadOptions } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import type { Action } from "../../table/transact.ts";

/**
 * A stream's blocked words, up to 36 KB, stored separately from the stream's item, which lists and
 * gifts read.
 */
const Words = z.object({ version: z.number().int(), words: z.array(z.string()) });

/** A cache by stream: the words of a version never change. */
const known = new BoundedMap<string, z.infer<typeof Words>>(200);

/**
 * The stream with its blocked words, as of its version or later. Reads them consistently if this
 * process has not cached them. Streams without words, and those from before words had their own
 * item, cost no read.
 */
export async function withWords(stream: Stream): Promise<Stream> {
  const { id, blockedWordsVersion: version } = stream;
  if (version === undefined) return stream;
  let found = known.get(id);
  if (found === undefined || found.version < version) {
    found = await getItem(Words, key.blockedWords(id), { consistent: true });
    if (found === undefined) throw new Error(`The blocked words of the stream ${id} are missing`);
    known.set(id, found);
  }
  return { ...stream, blockedWords: found.words };
}

/** The stream; undefined if there is none or it was deleted. */
export async function findStream(
  streamId: string,
  reading: ReadOptions = {},
): Promise<Stream | undefined> {
  const stream = await getItem(Stream, key.stream(streamId), reading);
  return stream?.deletedAt === null ? withWords(stream) : undefined;
}

/** The stream; refuses with `stream_not_found`. */
export async function getStream(streamId: string, reading: ReadOptions = {}): Promise<Stream> {
  return (await findStream(streamId, reading)) ?? refuse("stream_not_found", { streamId });
}

/** Checks in a transaction that a stream has this status, whatever was read before it. */
export const hasStatus = (streamId: string, status: StreamStatus): Action => ({
  label: "status",
  ConditionCheck: {
    Key: key.stream(streamId),
    ConditionExpression: "#status = :status",
    ExpressionAttributeNames: { "#status": "status" },
    ExpressionAttributeValues: { ":status": status },
  },
});

/**
 * Streams in the order of their ids, without their blocked words and without deleted ones.
 */
export async function findStreams(streamIds: readonly string[]): Promise<Stream[]> {
  const streams = await listItems(
    Stream,
    streamIds.map((streamId) => key.stream(streamId)),
  );
  return streams.filter(({ deletedAt }) => deletedAt === null);
}
