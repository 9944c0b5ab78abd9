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

/** Creates a key with which an overlay shows the caller's current live stream. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/channel/overlay-keys",
    summary: "Create a key that lets an overlay read the newest live stream of my channel",
    tag: "Channel",
    caller: "user",
    body: NewOverlayKey,
    isBodyOptional: true,
    answer: [201, CreatedOverlayKey],
    replay: overlayKeyReplay,
    cost: { read: 5, write: 6, kilobytes: 1 },
    refusals: ["too_many_overlay_keys"],
    grants: { write: ["OVERLAY"] },
  },
  async ({ body, caller: { userId }, now, newId, idempotentReply }) => {
    const id = newId();
    const key = overlayKeyText(id, newSecret());
    const place = { channelOf: userId };
    const made = { id, ...place, createdBy: userId, hash: hashOfSecret(key), now };
    const stored = makeOverlayKey(body, made);
    return recordOverlayKey(place, stored, idempotentReply(createdOverlayKeyOf(stored, key)));
  },
);
