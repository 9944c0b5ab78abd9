import type { Stream } from "../../../domain/streams/stream.ts";
import {
  type Streams,
  type StreamsQuery,
  streamsMax,
} from "../../../domain/streams/stream-page.ts";
import { showStreams } from "./display-names.ts";
import type { StreamWalk } from "./stream-lists.ts";
import { findStreams } from "./streams.ts";

/**
 * The streams of a list that `choose` keeps, as the API shows them: of the newest hundred if the
 * query has no `after`, and otherwise of a page, which may have fewer rows than its limit although
 * others follow.
 */
export async function showListed(
  { after, ...query }: StreamsQuery,
  listIds: (walk: StreamWalk) => Promise<string[]>,
  choose: (streams: Stream[]) => Stream[],
): Promise<Streams> {
  const isPaged = after !== undefined;
  const limit = isPaged ? query.limit : streamsMax;
  const ids = await listIds({ limit: limit + Number(isPaged), after });
  const chosen = choose(await findStreams(ids.slice(0, limit)));
  const list = await showStreams(chosen);
  if (!isPaged) return list;
  // A list also ends before it is too long, and the next page begins there.
  const isCut = list.length < chosen.length;
  const hasNextPage = isCut || ids.length > limit;
  const last = isCut ? list.at(-1)?.id : ids[limit - 1];
  const nextCursor = hasNextPage ? (last ?? null) : null;
  return { list, pageInfo: { nextCursor, hasNextPage, limit } };
}
