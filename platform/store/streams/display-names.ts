import type { Profile, StreamRole } from "../../../domain/people/user.ts";
import { chatMessageOf } from "../../../domain/streams/chat.ts";
import { shownIn } from "../../../domain/streams/display-names.ts";
import { isFundingOpen } from "../../../domain/streams/funding.ts";
import { type LiveStream, liveStreamOf, type Stream } from "../../../domain/streams/stream.ts";
import { setting } from "../../runtime/env.ts";
import { getItems } from "../../table/items.ts";
import type { Reply } from "../../table/record.ts";
import { findProfiles, summary } from "../people/users.ts";
import { sumEscrow } from "./escrow.ts";
import { memberIn, memberKeys } from "./members.ts";
import { findMessage } from "./messages.ts";
import { changeWithReply } from "./stream-changes.ts";

/** Known users, at most 100, as a stream shows them now; those who are unknown are left out. */
export async function findShown(
  stream: Stream,
  userIds: readonly string[],
  now: Date,
): Promise<Map<string, Profile & { role?: StreamRole }>> {
  const keysOf = (userId: string) => memberKeys(stream.id, stream.hostId, userId);
  const [profiles, members] = await Promise.all([
    findProfiles(userIds),
    getItems(userIds.flatMap(keysOf), { consistent: true }),
  ]);
  const shown = [...profiles].map(([userId, profile]) => {
    const member = memberIn(members, keysOf(userId));
    return [userId, shownIn(stream, profile, member, now)] as const;
  });
  return new Map(shown);
}

/** UTF-8 bytes after which a list of streams ends: some twenty whose every text is the longest. */
const listBytesMax = 256 * 1024;

/**
 * Streams, at most 100, as the API shows them: their hosts by their present names and pictures. The
 * list ends before it is larger than 256 KB.
 */
export async function showStreams(streams: readonly Stream[]): Promise<LiveStream[]> {
  const [hosts, collected] = await Promise.all([
    findProfiles(streams.map(({ hostId }) => hostId)),
    findCollected(streams),
  ]);
  let bytes = 0;
  return streams
    .map((stream) => {
      const host = hosts.get(stream.hostId);
      const is = host === undefined ? stream : { ...stream, host: summary(host) };
      return liveStreamOf(is, collected.get(stream.id));
    })
    .filter((shown) => {
      bytes += Buffer.byteLength(JSON.stringify(shown));
      return bytes <= listBytesMax;
    });
}

/** What the escrows hold of the streams that are open for contributions. */
async function findCollected(streams: readonly Stream[]) {
  const open = streams.filter(isFundingOpen);
  const sums = await Promise.all(
    open.map(async ({ id }) => [id, { collected: await sumEscrow(id) }] as const),
  );
  return new Map(sums);
}

/** One stream, as the API shows it. */
export const showStream = async (stream: Stream) => (await showStreams([stream]))[0]!;

/** One stream with the message that is pinned in it. */
export const showWithPin = async (stream: Stream, now: Date): Promise<LiveStream> => {
  const [shown, pinned] = await Promise.all([showStream(stream), findPinned(stream, now)]);
  return { ...shown, pinned };
};

/** What is pinned in a stream; pins of earlier versions have the message's id alone. */
async function findPinned(stream: Stream, now: Date): Promise<LiveStream["pinned"]> {
  const { id, pinned } = stream;
  if (pinned == null) return null;
  const message = pinned.message ?? (await findMessage(id, pinned.messageId, now));
  return message === undefined ? null : chatMessageOf(message, setting("DEFAULT_PICTURE"));
}

/** Changes a stream, as `changeStream`, and answers it as the API shows it, with the reply. */
export async function changeShown(
  stream: Stream,
  decide: (stream: Stream) => Partial<Stream>,
  now: Date,
  idempotentReply: (answer: LiveStream) => Reply<LiveStream>,
): Promise<LiveStream> {
  const replyTo = async (changed: Stream) => idempotentReply(await showStream(changed));
  const { reply } = await changeWithReply(stream, decide, now, replyTo);
  return reply.answer;
}
