import type { Profile, StreamRole } from "../../../domain/people/user.ts";
import { Member } from "../../../domain/streams/member.ts";
import { shownIn } from "../../../domain/streams/shown.ts";
import { type LiveStream, liveStreamOf, type Stream } from "../../../domain/streams/stream.ts";
import { getItems, nameOf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { read } from "../../table/table.ts";
import { findProfiles, summary } from "../people/users.ts";

/** Known users, at most 100, as a stream shows them now; those who are unknown are left out. */
export async function findShown(
  stream: Stream,
  userIds: readonly string[],
  now: Date,
): Promise<Map<string, Profile & { role?: StreamRole }>> {
  const memberKey = (userId: string) => key.member(stream.id, userId);
  const [profiles, members] = await Promise.all([
    findProfiles(userIds),
    getItems(userIds.map(memberKey), { consistent: true }),
  ]);
  const shown = [...profiles].map(([userId, profile]) => {
    const item = members.get(nameOf(memberKey(userId)));
    return [userId, shownIn(stream, profile, item && read(Member, item), now)] as const;
  });
  return new Map(shown);
}

/** Streams, at most 100, as the API shows them: their hosts by their present names and pictures. */
export async function showStreams(streams: readonly Stream[]): Promise<LiveStream[]> {
  const hosts = await findProfiles(streams.map(({ hostId }) => hostId));
  return streams.map((stream) => {
    const host = hosts.get(stream.hostId);
    return liveStreamOf(host === undefined ? stream : { ...stream, host: summary(host) });
  });
}

/** One stream, as the API shows it. */
export const showStream = async (stream: Stream) => (await showStreams([stream]))[0]!;
