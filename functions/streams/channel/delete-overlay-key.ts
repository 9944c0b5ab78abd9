import * as z from "zod";
import { OverlayKeyId, overlayHolder } from "../../../domain/id.ts";
import { refuse } from "../../../domain/refusal.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { queueSocketRevocation } from "../../../platform/realtime/revoked-sockets.ts";
import { removeOverlayKey } from "../../../platform/store/streams/overlay-keys.ts";

export const { contract, handler } = endpoint(
  {
    route: "DELETE /api/v1/channel/overlay-keys/{keyId}",
    summary: "Revoke an overlay key of my channel and close its sockets",
    tag: "Channel",
    caller: "user",
    path: z.object({ keyId: OverlayKeyId }),
    answer: [204, z.void()],
    cost: { read: 6, write: 4 },
    refusals: ["overlay_key_not_found"],
    grants: { write: ["OVERLAY"], queues: ["moments"] },
  },
  async ({ path: { keyId }, caller, now }) => {
    const isRemoved = await removeOverlayKey({ channelOf: caller.userId }, keyId);
    if (!isRemoved) refuse("overlay_key_not_found", { keyId });
    await queueSocketRevocation({ holder: overlayHolder(keyId), withdrawn: "overlay_key" }, now);
  },
);
