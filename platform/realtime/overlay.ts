import { OverlayKeyId, StreamId } from "../../domain/id.ts";
import { isOverlay, overlayHolder } from "../../domain/streams/holder.ts";
import type { Caller } from "../caller.ts";
import { isRevoked } from "../revocations.ts";
import { findOverlayKey, findOverlayKeyByText } from "../store/streams/overlay-keys.ts";

/** Seconds: longer than any connection lives, since a key ends only when it is revoked. */
const lifeSeconds = 24 * 3600;

/** Who opens a socket with a stream's key: nobody, for that stream alone. Undefined for any other. */
export async function overlayCaller(
  key: string,
  streamId: string | undefined,
  now: Date,
): Promise<Caller | undefined> {
  const stream = StreamId.safeParse(streamId).data;
  if (stream === undefined) return undefined;
  const found = await findOverlayKeyByText(stream, key);
  if (found === undefined) return undefined;
  const expiresAt = Math.floor(now.getTime() / 1000) + lifeSeconds;
  const nobody = { roles: [], claims: {}, issuedAt: 0, tokenId: "" };
  return { ...nobody, userId: overlayHolder(found.id), expiresAt, streamId: stream };
}

/**
 * Whether what opens a socket is still good. Asked once the socket is in the table, where whoever
 * revokes a key or a token looks for it afterwards: so one of the two sees the other.
 */
export async function isStillGood(caller: Caller): Promise<boolean> {
  const { userId, streamId } = caller;
  if (streamId === undefined || !isOverlay(userId))
    return !(await isRevoked(caller, { consistent: true }));
  const id = OverlayKeyId.parse(userId.slice(overlayHolder("").length));
  return (await findOverlayKey(streamId, id, { consistent: true })) !== undefined;
}
