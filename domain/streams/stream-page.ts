import * as z from "zod";
import { StreamId } from "../id.ts";
import { PageInfo, wholeNumber } from "../page.ts";
import { rowsOf } from "../text.ts";
import { LiveStream } from "./live-stream.ts";

/** The most streams of one response. */
export const streamsMax = 100;

/**
 * The query of a list of streams that is paged if `after` is given. `limit` alone changes nothing:
 * clients of the Allmine API may send it.
 */
export const StreamsQuery = z.object({
  after: StreamId.optional().meta({
    description: `A stream's id: returns a page of the streams before it, newest first. Pass the last id of the list or the \`nextCursor\` of the previous page; \`${"f".repeat(24)}\` returns the first page`,
  }),
  limit: wholeNumber(1, streamsMax)
    .default(20)
    .meta({ description: "The maximum number of rows of a page; ignored without `after`" }),
});
export type StreamsQuery = z.infer<typeof StreamsQuery>;

/** One list, as in the Allmine API, or a page. */
export const Streams = z.union([
  rowsOf(LiveStream),
  z.object({ list: rowsOf(LiveStream), pageInfo: PageInfo }),
]);
export type Streams = z.input<typeof Streams>;
