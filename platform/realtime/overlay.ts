import {
  isOverlay,
  OverlayKeyId,
  overlayHolder,
  overlaysOf,
  StreamId,
  UserId,
} from "../../domain/id.ts";
import type { OverlayScope } from "../../domain/streams/overlay-key.ts";
import type { Caller } from "../auth/caller.ts";
import { isRevoked } from "../auth/revocations.ts";
import { findOverlayKey, findOverlayKeyByText } from "../store/streams/overlay-keys.ts";

/** Seconds; longer than any connection lives, since a key becomes invalid only by revocation. */
const lifeSeconds = 24 * 3600;

/** The query parameters that accompany an overlay key. */
type KeyQuery = { streamId?: string | undefined; channel?: string | undefined };

/** The stream or channel in a URL; undefined if it names both or neither. */
function placeIn({ streamId, channel }: KeyQuery): OverlayScope | undefined {
  if ((streamId === undefined) === (channel === undefined)) return undefined;
  const [stream, host] = [StreamId.safeParse(streamId).data, UserId.safeParse(channel).data];
  if (stream !== undefined) return { streamId: stream };
  return host === undefined ? undefined : { channelOf: host };
}

/**
 * The caller of a socket with an overlay key: without a user, limited to that stream or to the
 * newest live stream of that channel. Undefined if the key is not valid there.
 */
export async function overlayCaller(
  key: string,
  query: KeyQuery,
  now: Date,
): Promise<Caller | undefined> {
  const place = placeIn(query);
  if (place === undefined) return undefined;
  const found = await findOverlayKeyByText(place, key);
  if (found === undefined) return undefined;
  const expiresAt = Math.floor(now.getTime() / 1000) + lifeSeconds;
  const nobody = { roles: [], claims: {}, issuedAt: 0, tokenId: "" };
  // All keys of a host count as one: otherwise each would allow as much traffic as a user.
  const countedAs = overlaysOf(found.channelOf ?? found.hostId ?? found.createdBy);
  return { ...nobody, userId: overlayHolder(found.id), countedAs, expiresAt, ...place };
}

/**
 * Whether a socket's credentials are still valid. Call it after the socket was written: a
 * revocation is written before it looks for sockets, so one of the two sees the other.
 */
export async function isStillValid(caller: Caller): Promise<boolean> {
  const { userId } = caller;
  if (!isOverlay(userId)) return !(await isRevoked(caller, { consistent: true }));
  const id = OverlayKeyId.parse(userId.slice(overlayHolder("").length));
  const place = placeOf(caller);
  if (place === undefined) return false;
  return (await findOverlayKey(place, id, { consistent: true })) !== undefined;
}

/** What an overlay key gives access to: a channel or one stream. */
function placeOf({ channelOf, streamId }: Caller) {
  if (channelOf !== undefined) return { channelOf };
  return streamId === undefined ? undefined : { streamId };
}
