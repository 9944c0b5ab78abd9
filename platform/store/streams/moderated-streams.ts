import type { Acting } from "../../../domain/streams/stream-lifecycle.ts";
import { type Key, key, prefix } from "../../table/keys.ts";
import { queryItems } from "../../table/query.ts";
import { listLive, readListed, type StreamWalk } from "./stream-lists.ts";

/** The most hosts, besides the caller, whose streams are listed. */
const hostsMax = 20;

/**
 * The ids of streams that a user may moderate, newest first: all live ones, and the newest others.
 * Reads at most `limit` open streams of each host, and as many of all their streams. Hosts who have
 * removed the moderator may be among them.
 */
export async function listModerated(
  { userId, roles }: Acting,
  { limit }: StreamWalk,
): Promise<string[]> {
  const newest = async (at: Key, start: string) =>
    (await queryItems(at, start, { limit, newestFirst: true })).map(readListed);
  const place = key.tracedHost(userId, "");
  const traces = await queryItems(place, prefix.tracedHosts, { limit: hostsMax });
  const hosts = new Set([userId, ...traces.map(({ hostId }) => String(hostId))]);
  const lists = [...hosts].flatMap((hostId) => [
    newest(key.openStream(hostId, ""), prefix.openStreams),
    newest(key.hosted(hostId, ""), prefix.hosted),
  ]);
  if (roles.includes("admin"))
    lists.push(listLive(), newest(key.listedStream(""), prefix.listedStreams));
  const found = (await Promise.all(lists)).flat();
  const statusOf = new Map(found.map(({ streamId, status }) => [streamId, status]));
  const ids = [...statusOf.keys()].sort().reverse();
  const { live = [], others = [] } = Object.groupBy(ids, (id) =>
    statusOf.get(id) === "active" ? "live" : "others",
  );
  return [...live, ...others].slice(0, limit).sort().reverse();
}
