import * as z from "zod";
import { OverlayKeyId, overlayHolder, StreamId } from "../../../domain/id.ts";
import { refuse } from "../../../domain/refusal.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { queueSocketRevocation } from "../../../platform/realtime/revoked-sockets.ts";
import { getOverlayKey, removeOverlayKey } from "../../../platform/store/streams/overlay-keys.ts";
import { existingFirst, getHostedStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/live-stream/{streamId}/overlay-keys/{keyId}",
    summary: "Revoke an overlay key and close its sockets",
    tag: "Overlays",
    caller: "user",
    path: z.object({ streamId: StreamId, keyId: OverlayKeyId }),
    answer: [204, z.void()],
    cost: { read: 7, write: 4 },
    refusals: [
      "stream_not_found",
      "overlay_key_not_found",
      "member_blocked",
      "pass_required",
      "stream_not_yours",
    ],
    grants: { read: ["STREAM", "OVERLAY"], write: ["OVERLAY"], queues: ["moments"] },
  },
  async ({ path: { streamId, keyId }, caller, now }) => {
    await existingFirst(getHostedStream(streamId, caller, now), getOverlayKey({ streamId }, keyId));
    const isRemoved = await removeOverlayKey({ streamId }, keyId);
    if (!isRemoved) refuse("overlay_key_not_found", { keyId });
    await queueSocketRevocation({ holder: overlayHolder(keyId), withdrawn: "overlay_key" }, now);
  },
);
