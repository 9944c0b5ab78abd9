import {
  type Profile,
  profileOf,
  type StreamRole,
  type StreamUser,
} from "../../../domain/people/user.ts";
import { chatMessageOf, pinnedMessageOf } from "../../../domain/streams/chat.ts";
import { shownIn, withRole } from "../../../domain/streams/display-names.ts";
import { isFundingOpen } from "../../../domain/streams/funding.ts";
import { type LiveStream, liveStreamOf } from "../../../domain/streams/live-stream.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { setting } from "../../runtime/env.ts";
import { getItems } from "../../table/items.ts";
import type { Reply } from "../../table/transact.ts";
import { findProfiles, userSummary } from "../people/users.ts";
import { sumEscrow } from "./escrow.ts";
import { memberIn, memberKeys } from "./members.ts";
import { findMessage } from "./messages.ts";
import { isPastRetention } from "./retention.ts";
import { changeWithReply } from "./stream-changes.ts";

/** Known users, at most 100, as a stream currently shows them; unknown ones are omitted. */
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

/** UTF-8 bytes after which a list of streams ends: about twenty with all texts at their limits. */
const listBytesMax = 256 * 1024;

/** Guests of a list whose names are read: those of its first streams. */
const namedGuestsMax = 30;

/**
 * Streams, at most 100, as the API shows them: with the current names and pictures of hosts and of
 * the first 30 guests, and only the ids of further guests. The list ends before it exceeds 256 KB.
 */
export async function showStreams(streams: readonly Stream[]): Promise<LiveStream[]> {
  const guests = streams.flatMap((stream) => stream.guests);
  const named = new Set(guests.slice(0, namedGuestsMax));
  const [people, collected] = await Promise.all([
    findProfiles([...streams.map(({ hostId }) => hostId), ...named]),
    findCollected(streams),
  ]);
  for (const userId of guests)
    if (!named.has(userId) && !people.has(userId)) people.set(userId, nameless(userId));
  let bytes = 0;
  return streams
    .map((stream) => {
      const host = people.get(stream.hostId);
      const is = host === undefined ? stream : { ...stream, host: userSummary(host) };
      return liveStreamOf(is, { ...collected.get(stream.id), guests: guestsOf(stream, people) });
    })
    .filter((shown) => {
      bytes += Buffer.byteLength(JSON.stringify(shown));
      return bytes <= listBytesMax;
    });
}

/** A user of whom a response has only the id. */
const nameless = (userId: string): Profile => profileOf(userId, {}, new Date(0));

/** The guests of a stream as it shows them, each once, without deleted users and its host. */
export const guestsOf = (stream: Stream, people: ReadonlyMap<string, Profile>): StreamUser[] =>
  [...new Set(stream.guests)].flatMap((userId) => {
    const guest = people.get(userId);
    if (guest === undefined || userId === stream.hostId) return [];
    return [userSummary(withRole(stream, guest))];
  });

/** The escrow totals of the streams that are open for contributions. */
async function findCollected(streams: readonly Stream[]) {
  const open = streams.filter(isFundingOpen);
  const sums = await Promise.all(
    open.map(async ({ id }) => [id, { collected: await sumEscrow(id) }] as const),
  );
  return new Map(sums);
}

/** One stream, as the API shows it. */
export const showStream = async (stream: Stream) => (await showStreams([stream]))[0]!;

/** One stream with its pinned message. */
export const showWithPin = async (stream: Stream, now: Date): Promise<LiveStream> => {
  const [shown, pinned] = await Promise.all([showStream(stream), findPinned(stream, now)]);
  return { ...shown, pinned };
};

/** What is pinned in a stream; null if it was deleted or is too old to be shown. */
export async function findPinned(
  stream: Pick<Stream, "id" | "pinned">,
  now: Date,
): Promise<LiveStream["pinned"]> {
  if (stream.pinned == null) return null;
  const message =
    pinnedMessageOf(stream) ?? (await findMessage(stream.id, stream.pinned.messageId, now));
  if (message === undefined || isPastRetention(message.createdAt, now)) return null;
  return chatMessageOf(message, setting("DEFAULT_PICTURE"));
}

/** Changes a stream as `changeStream` does, and returns it as the API shows it, with the reply. */
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
