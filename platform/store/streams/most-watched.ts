import * as z from "zod";
import { objectIdOf } from "../../../domain/id.ts";
import { rankHosts } from "../../../domain/streams/creator.ts";
import { listItems } from "../../table/items.ts";
import { type Key, key } from "../../table/keys.ts";
import { listLive, listSince, newestFirst } from "./stream-lists.ts";

/** The audience of a stream: viewers as of the newest frame, and past visitors. */
const Audience = z.object({
  PK: z.string(),
  viewers: z.number().int().default(0),
  visitors: z.number().int().default(0),
});

/** Ids of the live streams with the most current viewers; ties in favour of the latest start. */
export async function listMostViewed(limit: number): Promise<string[]> {
  const live = (await listLive()).sort(newestFirst("startedAt"));
  const audiences = await readAudiences(live.map(({ streamId }) => key.log(streamId)));
  const seen = (streamId: string) => audiences.get(key.log(streamId).PK) ?? 0;
  const ranked = live.sort((a, b) => seen(b.streamId) - seen(a.streamId));
  return ranked.slice(0, limit).map(({ streamId }) => streamId);
}

const monthSeconds = 30 * 24 * 3600;

/**
 * Ids of the hosts whose streams of the last 30 days had the most viewers, each counted once per
 * stream; among the newest 1,000 streams.
 */
export async function listMostWatched(limit: number, now: Date): Promise<string[]> {
  const since = objectIdOf(Math.floor(now.getTime() / 1000) - monthSeconds, "0".repeat(10), 0);
  const streams = await listSince(since);
  const [past, present] = await Promise.all([
    readAudiences(streams.map(({ streamId }) => key.audience(streamId))),
    readAudiences(
      streams.flatMap(({ streamId, status }) => (status === "active" ? key.log(streamId) : [])),
    ),
  ]);
  return rankHosts(
    streams.map(({ streamId, hostId }) => {
      const { PK } = key.audience(streamId);
      // A user who left and returned counts twice until they leave again.
      return { hostId, viewers: (past.get(PK) ?? 0) + (present.get(PK) ?? 0) };
    }),
  ).slice(0, limit);
}

async function readAudiences(keys: readonly Key[]): Promise<Map<string, number>> {
  const audiences = await listItems(Audience, keys);
  return new Map(audiences.map(({ PK, viewers, visitors }) => [PK, viewers + visitors]));
}
