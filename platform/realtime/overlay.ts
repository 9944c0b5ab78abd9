import { isOverlay, OverlayKeyId, overlayHolder, StreamId, UserId } from "../../domain/id.ts";
import type { OverlayPlace } from "../../domain/streams/overlay-key.ts";
import type { Caller } from "../auth/caller.ts";
import { isRevoked } from "../auth/revocations.ts";
import { findOverlayKey, findOverlayKeyByText } from "../store/streams/overlay-keys.ts";

/** Seconds: longer than any connection lives, since a key ends only when it is revoked. */
const lifeSeconds = 24 * 3600;

/** What a URL names for its key. */
type KeyQuery = { streamId?: string | undefined; channel?: string | undefined };

/** The stream or the channel that a URL names; undefined where it names both, or neither. */
function placeIn({ streamId, channel }: KeyQuery): OverlayPlace | undefined {
  if ((streamId === undefined) === (channel === undefined)) return undefined;
  const [stream, host] = [StreamId.safeParse(streamId).data, UserId.safeParse(channel).data];
  if (stream !== undefined) return { streamId: stream };
  return host === undefined ? undefined : { channelOf: host };
}

/**
 * Who opens a socket with an overlay key: nobody, for that stream alone, or for the newest live one
 * of that channel. Undefined where the key is not good there.
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
  return { ...nobody, userId: overlayHolder(found.id), expiresAt, ...place };
}

/**
 * Whether what opens a socket is still good. Asked once the socket is in the table, where the
 * revocation of a key or a token looks for it afterwards: so one of the two sees the other.
 */
export async function isStillValid(caller: Caller): Promise<boolean> {
  const { userId } = caller;
  if (!isOverlay(userId)) return !(await isRevoked(caller, { consistent: true }));
  const id = OverlayKeyId.parse(userId.slice(overlayHolder("").length));
  const place = placeOf(caller);
  if (place === undefined) return false;
  return (await findOverlayKey(place, id, { consistent: true })) !== undefined;
}

/** What an overlay's key opens: a channel or one stream. */
function placeOf({ channelOf, streamId }: Caller) {
  if (channelOf !== undefined) return { channelOf };
  return streamId === undefined ? undefined : { streamId };
}
