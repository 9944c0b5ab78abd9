import * as z from "zod";
import { shownText } from "./text.ts";

/** An id in the form of a MongoDB ObjectId, as in the Allmine API: 24 hex characters. */
const objectId = (what: string) =>
  z
    .string({ error: "expected 24 hex characters" })
    .regex(/^[0-9a-fA-F]{24}$/, "expected 24 hex characters")
    .transform((text) => text.toLowerCase())
    .meta({ description: what, example: "65a1234bcde5678f90123456", maxLength: 24 });

export const StreamId = objectId("The id of a live stream");
export const GiftTypeId = objectId("The id of a gift type");
export const GiftId = objectId("The id of a sent gift");
export const MessageId = objectId("The id of a chat message");
export const NotificationId = objectId("The id of a notification");
export const BanId = objectId("The id of a ban");
export const MomentId = objectId("The id of a moment (a poll, goal or hype train)");
export const OverlayKeyId = objectId("The id of an overlay key");
export const WebhookId = objectId("The id of a webhook");
export const RelationId = objectId("The id of a follow");
export const ActId = objectId("The id of an act of moderation");
export const RevocationId = objectId("The id of a revocation");
export const DeliveryId = objectId("The id of one event's delivery to one receiver");

/** A user's id: the `sub` of their token, and their account's name in the Tencent API. */
export const userIdPattern = /^[A-Za-z0-9_-]{1,64}$/;

export const UserId = z
  .string({ error: "expected 1 to 64 of A-Z a-z 0-9 _ -" })
  .regex(userIdPattern, "expected 1 to 64 of A-Z a-z 0-9 _ -")
  .meta({ description: "The id of a user", example: "64d15f9e2e6c8f4d5a123456", maxLength: 64 });

/** Ids in responses: of an item, and of a user. */
export const shownId = shownText(24);
export const shownUserId = shownText(64);

/** Makes one new id; platform/runtime/id.ts supplies the time and the randomness. */
export function objectIdOf(timeSeconds: number, random: string, counter: number): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  return hex(timeSeconds, 8) + random + hex(counter, 6);
}

/**
 * The holder of a socket opened with an overlay key, which belongs to no user. User ids have no
 * colon, so one field can hold either.
 */
export const overlayHolder = (overlayKeyId: string) => `overlay:${overlayKeyId}`;

/** The name under which limits count the sockets of all overlay keys of a host together. */
export const overlaysOf = (hostId: string) => `overlays:${hostId}`;

/** Whether the holder of a socket is an overlay key: such a socket only reads, and is no viewer. */
export const isOverlay = (holder: string) => holder.startsWith("overlay:");
