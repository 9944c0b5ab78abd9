import * as z from "zod";
import { StreamId } from "../../../domain/id.ts";
import {
  CreatedOverlayKey,
  createdOverlayKeyOf,
  makeOverlayKey,
  NewOverlayKey,
  overlayKeyReplay,
  overlayKeyText,
} from "../../../domain/streams/overlay-key.ts";
import { hashOfSecret, newSecret } from "../../../platform/auth/secret.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { recordOverlayKey } from "../../../platform/store/streams/overlay-keys.ts";
import { getHostedStream } from "../../../platform/store/streams/stream-access.ts";

/** Creates a key with which an overlay, such as OBS, reads a stream without a user's token. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/overlay-keys",
    summary: "Create a key that lets an overlay read the frames of a stream",
    tag: "Overlays",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    body: NewOverlayKey,
    isBodyOptional: true,
    answer: [201, CreatedOverlayKey],
    replay: overlayKeyReplay,
    cost: { read: 5, write: 6, kilobytes: 1 },
    refusals: [
      "stream_not_found",
      "member_blocked",
      "pass_required",
      "stream_not_yours",
      "too_many_overlay_keys",
    ],
    grants: { read: ["STREAM"], write: ["OVERLAY"] },
  },
  async ({ path: { streamId }, body, caller, now, newId, idempotentReply }) => {
    const { hostId } = await getHostedStream(streamId, caller, now);
    const id = newId();
    const key = overlayKeyText(id, newSecret());
    const made = { id, streamId, hostId, createdBy: caller.userId, hash: hashOfSecret(key), now };
    const stored = makeOverlayKey(body, made);
    return recordOverlayKey(
      { streamId },
      stored,
      idempotentReply(createdOverlayKeyOf(stored, key)),
    );
  },
);
