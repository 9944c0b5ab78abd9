/** For each route the most expensive call that its callers can make in the fullest table. */

import type { Role } from "../../../platform/auth/caller.ts";
import { picture } from "../../api/picture-files.ts";
import { fullWebhook, longPoll, longText, longTrain, longUrl, userAt } from "./fullest.ts";
import {
  type Found,
  fundedId,
  giftType,
  host,
  idAt,
  paidId,
  pastId,
  plannedId,
  planner,
  streamId,
  viewer,
} from "./world.ts";

/** `form` is the bytes of a file in a form, under its field's name, and other fields. */
export type ExpensiveCall = {
  as?: string;
  roles?: readonly Role[];
  path?: Record<string, string>;
  query?: Record<string, string>;
  body?: unknown;
  form?: { field: string; bytes: Uint8Array<ArrayBuffer>; others?: Record<string, string> };
};

const inStream = { streamId };
const api = "/api/v1";
const live = `${api}/live-stream`;
const png = Buffer.from(picture("image/png", 3_000_000));
const note = {
  userId: viewer,
  type: "system",
  category: "payments",
  title: longText(200),
  message: longText(2_000),
  metadata: { a: "y".repeat(8 * 1024 - 8) },
};
const hundred = { limit: "100" };
const twenty = Array.from({ length: 20 }, (_, n) => userAt(n + 5));
const longStream = {
  title: longText(200),
  liveStreamType: longText(50),
  interest: longText(100),
  motivation: longText(500),
};
const booking = { amount: 1, reference: longText(128) };
const admin = { as: viewer, roles: ["admin"] as const };
const service = { as: viewer, roles: ["service"] as const };

/** By route; several where another query may cost more. */
export const listExpensiveCalls = (
  found: Found,
): Record<string, ExpensiveCall | ExpensiveCall[]> => ({
  [`GET ${api}/credit-packages`]: {},
  [`GET ${api}/follow/me/followers`]: { as: host, query: { limit: "50" } },
  [`GET ${api}/gifts/gift-types`]: {},
  [`GET ${api}/gifts/gift-types/{id}`]: { path: { id: giftType.id } },
  [`GET ${live}/{streamId}/chat-settings`]: { as: host, path: inStream },
  [`PATCH ${api}/channel`]: {
    as: host,
    body: {
      train: { ...longTrain, levelSeconds: 599 },
      blockedWords: Array.from({ length: 200 }, (_, n) => `${"각".repeat(46)}${3_000 + n}`),
      moderators: twenty,
    },
  },
  [`GET ${api}/channel`]: { as: host },
  [`GET ${api}/channel/overlay-keys`]: { as: host, query: hundred },
  [`GET ${api}/follow/me/following`]: { as: host, query: { limit: "100" } },
  [`GET ${api}/gifts/{id}`]: { path: { id: found.giftId } },
  [`GET ${live}/{streamId}/chat/messages/{messageId}`]: {
    path: { streamId, messageId: found.messageIds[0]! },
  },
  [`GET ${live}/{streamId}/likes`]: { path: inStream, query: hundred },
  [`GET ${live}/{streamId}/moments`]: [
    { path: inStream, query: hundred },
    { path: inStream, query: { ...hundred, kind: "goal" } },
  ],
  [`GET ${live}/{streamId}/moments/{momentId}`]: {
    path: { streamId, momentId: found.momentIds[0]! },
  },
  [`GET ${live}/{streamId}/superlikes`]: { path: inStream, query: hundred },
  [`GET ${api}/users/{userId}`]: { path: { userId: host } },
  [`GET ${api}/users/{userId}/devices`]: { ...service, path: { userId: host } },
  [`GET ${api}/wallets/{userId}/transactions`]: [
    { ...service, path: { userId: host }, query: hundred },
    { ...service, path: { userId: host }, query: { reference: "none" } },
  ],
  "GET /api/v2/users/search": [{ query: { ...hundred, q: "z" } }, { query: hundred }],
  [`GET ${live}`]: {},
  [`GET ${api}/live-stream-ban`]: [
    { as: host, query: hundred },
    // For a stream that is over, the channel says whether a moderator sees its bans, too.
    { as: userAt(6), query: { ...hundred, liveStreamId: pastId } },
  ],
  [`GET ${api}/live-stream-ban/check/{targetUserId}`]: [streamId, pastId].map((liveStreamId) => ({
    as: userAt(6),
    path: { targetUserId: userAt(20) },
    query: { liveStreamId },
  })),
  [`GET ${api}/live-stream-ban/{id}`]: { as: host, path: { id: idAt(3) } },
  [`GET ${live}/catch-streamers`]: { query: hundred },
  [`GET ${live}/featured`]: {},
  [`GET ${live}/funded`]: {},
  [`GET ${live}/guest-streams`]: {},
  [`GET ${live}/most-watched-creators`]: {},
  [`GET ${live}/my-active-stream`]: { as: host },
  [`GET ${live}/user/{userId}/past-streams`]: { path: { userId: host }, query: hundred },
  [`GET ${live}/{streamId}`]: { path: inStream },
  [`GET ${live}/{streamId}/chat/messages`]: [
    { path: inStream, query: hundred },
    { path: inStream, query: { ...hundred, after: found.messageIds[1]! } },
  ],
  [`GET ${live}/{streamId}/events`]: { path: inStream, query: { after: "0" } },
  [`GET ${live}/{streamId}/gift-statistics`]: { path: inStream },
  [`GET ${live}/{streamId}/gifts`]: { path: inStream, query: hundred },
  [`GET ${live}/{streamId}/leaderboard`]: { path: inStream, query: hundred },
  [`GET ${live}/{streamId}/moderation-log`]: { as: host, path: inStream, query: hundred },
  [`GET ${live}/{streamId}/overlay-keys`]: { as: host, path: inStream, query: hundred },
  [`GET ${live}/{streamId}/viewers`]: [
    { path: inStream, query: { ...hundred, search: "z" } },
    { path: inStream, query: hundred },
  ],
  [`GET ${api}/notifications`]: { as: host },
  [`GET ${api}/notifications/unread-count`]: { as: host },
  [`GET ${api}/participant/stream/{streamId}/statistics`]: { path: inStream },
  [`GET ${api}/users/me`]: {},
  [`GET ${api}/users/me/export`]: { as: host },
  [`GET ${api}/users/me/transactions`]: [
    { as: host, query: { ...hundred, types: "gift_revenue" } },
    { as: host, query: { ...hundred, page: "5" } },
    { as: host, query: { ...hundred, after: "1500" } },
  ],
  [`GET ${api}/users/profile/username/{username}`]: {
    path: { username: "u00001".padEnd(30, "0") },
  },
  [`GET ${api}/users/search`]: [
    { query: { ...hundred, q: "z" } },
    { query: { ...hundred, q: "z", expertise: "photographer" } },
    { query: { ...hundred, q: "z", expertise: "chef" } },
    { query: hundred },
  ],
  [`GET ${api}/users/{userId}/stats`]: { path: { userId: host } },
  [`GET ${api}/wallet`]: { as: host },
  [`GET ${api}/wallets/{userId}`]: { ...admin, path: { userId: host } },
  "GET /api/v2/live-stream/user/{userId}/upcoming-live-streams": {
    path: { userId: host },
    query: hundred,
  },
  "GET /api/v2/notifications": [
    { as: host, query: hundred },
    { as: host, query: { ...hundred, category: "payments" } },
    { as: host, query: { ...hundred, read: "true" } },
  ],
  "GET /asyncapi.json": {},
  "GET /openapi.json": {},
  "GET /health": {},
  "GET /v1/app-config": {},
  [`PATCH ${api}/gifts/gift-types/{id}`]: {
    ...admin,
    path: { id: giftType.id },
    body: { name: longText(99) },
  },
  [`PATCH ${live}/{streamId}/chat-settings`]: {
    as: host,
    path: inStream,
    body: {
      blockedWords: Array.from({ length: 200 }, (_, n) => `${"각".repeat(46)}${2_000 + n}`),
      moderators: twenty,
    },
  },
  [`PATCH ${api}/notifications/{id}/read`]: {
    as: host,
    path: { id: found.noteIds[0]! },
    body: { isRead: true },
  },
  [`PATCH ${api}/users/username`]: { as: userAt(500), body: { newUsername: "y".repeat(30) } },
  [`POST ${api}/credit-packages/purchase`]: { body: { packageId: found.packageId } },
  [`POST ${api}/follow/{userId}`]: { as: userAt(7), path: { userId: userAt(9) } },
  [`POST ${api}/gifts/create`]: { body: { giftTypeId: giftType.id, liveStreamId: streamId } },
  [`POST ${api}/gifts/gift-types`]: {
    ...admin,
    body: { name: longText(100), svgUrl: longUrl("new"), creditAmount: 5, giftId: "fullest" },
  },
  [`POST ${api}/gifts/gift-types/{id}/image`]: {
    ...admin,
    path: { id: giftType.id },
    form: { field: "image", bytes: png },
  },
  [`POST ${api}/gifts/{id}/refund`]: { ...admin, path: { id: found.giftId } },
  [`POST ${api}/live-stream-ban`]: {
    as: host,
    body: { targetUserId: userAt(511), liveStreamId: streamId, reason: longText(500) },
  },
  [`POST ${live}/create`]: [
    { as: planner, body: { ...longStream, guests: twenty, thumbnail: longUrl("thumbnail") } },
    {
      as: planner,
      form: {
        field: "thumbnail",
        bytes: png,
        others: { ...longStream, guests: JSON.stringify(twenty) },
      },
    },
  ],
  [`POST ${live}/join`]: { body: { liveStreamId: paidId } },
  [`POST ${live}/{streamId}/fund`]: { path: { streamId: fundedId }, body: { amount: 1 } },
  [`POST ${live}/{streamId}/passes/{userId}/refund`]: {
    ...admin,
    path: { streamId: paidId, userId: viewer },
  },
  [`POST ${live}/join-as-creator`]: { as: host, body: { liveStreamId: plannedId } },
  [`POST ${live}/join-as-guest`]: { as: userAt(5), body: { liveStreamId: streamId } },
  [`POST ${live}/{streamId}/cancel`]: { as: host, path: { streamId: idAt(11) } },
  [`POST ${live}/{streamId}/chat/messages`]: { path: inStream, body: { content: longText(500) } },
  [`POST ${api}/channel/overlay-keys`]: { as: host, body: { description: longText(100) } },
  [`POST ${live}/{streamId}/chat/superlike`]: { path: inStream },
  [`POST ${live}/{streamId}/end`]: { as: host, path: { streamId: idAt(10) } },
  [`PUT ${live}/{streamId}/likes`]: { path: inStream, body: { session: "session-1", total: 9 } },
  [`PUT ${live}/{streamId}/moments/{momentId}/vote`]: {
    path: { streamId, momentId: found.momentIds[0]! },
    body: { options: Array.from({ length: 10 }, (_, n) => n) },
  },
  [`GET ${live}/{streamId}/train`]: { as: host, path: inStream },
  [`PUT ${live}/{streamId}/train`]: { as: host, path: inStream, body: longTrain },
  [`POST ${live}/{streamId}/moments`]: { as: host, path: inStream, body: longPoll },
  [`POST ${live}/{streamId}/moments/{momentId}/end`]: {
    as: host,
    path: { streamId, momentId: found.momentIds[1]! },
  },
  [`POST ${live}/{streamId}/moments/{momentId}/cancel`]: {
    as: host,
    path: { streamId, momentId: found.momentIds[2]! },
  },
  [`POST ${live}/{streamId}/overlay-keys`]: {
    as: host,
    path: inStream,
    body: { description: longText(100) },
  },
  [`POST ${live}/{streamId}/reminder`]: { path: { streamId: idAt(14) }, body: {} },
  [`POST ${api}/messages/credit-transfer`]: { body: { recipientId: host, amount: 1 } },
  [`POST ${api}/notifications`]: { body: note },
  [`POST ${api}/notifications/device-token`]: {
    as: host,
    body: {
      token: "t".repeat(4_096),
      deviceId: longText(200),
      timezone: longText(100),
      platform: "web",
      liveActivityPushToStartToken: "t".repeat(4_096),
    },
  },
  [`POST ${api}/notifications/read-all`]: { as: host },
  [`POST ${api}/revocations`]: { ...admin, body: { sub: userAt(300) } },
  [`POST ${api}/users/me/photo`]: { form: { field: "photo", bytes: png } },
  [`POST ${api}/users/me/sign-out`]: { as: userAt(301) },
  [`POST ${api}/wallets/{userId}/payouts`]: { ...admin, path: { userId: host }, body: booking },
  [`POST ${api}/wallets/{userId}/top-ups`]: {
    ...admin,
    path: { userId: host },
    body: { ...booking, reference: longText(127) },
  },
  [`POST ${api}/webhooks`]: {
    ...admin,
    body: fullWebhook,
  },
  [`POST ${api}/ws-tickets`]: { body: { streamId } },
  [`PUT ${live}/{streamId}/chat/pin`]: {
    as: host,
    path: inStream,
    body: { messageId: found.messageIds[0]! },
  },
  [`PUT ${api}/users/me`]: {
    as: userAt(501),
    body: {
      name: longText(99),
      surname: longText(99),
      bio: longText(499),
      interests: Array.from({ length: 20 }, () => longText(49)),
    },
  },
  [`PUT ${api}/users/{userId}`]: {
    ...service,
    path: { userId: userAt(502) },
    body: { username: "renamed", name: longText(99), surname: longText(99) },
  },
  [`PUT ${api}/wallets/{userId}/spend-limit`]: {
    ...admin,
    path: { userId: host },
    body: { spendLimit: 5 },
  },
  [`GET ${api}/revocations`]: { ...admin, query: hundred },
  [`GET ${api}/operations/parked`]: { ...admin, query: hundred },
  [`GET ${api}/webhooks`]: { ...admin, query: hundred },
  [`GET ${api}/webhooks/{id}`]: { ...admin, path: { id: found.webhookId } },
  [`GET ${api}/webhooks/{id}/deliveries`]: {
    ...admin,
    path: { id: found.webhookId },
    query: hundred,
  },
  [`PATCH ${api}/webhooks/{id}`]: {
    ...admin,
    path: { id: found.webhookId },
    body: fullWebhook,
  },
  [`POST ${api}/webhooks/{id}/rotate-secret`]: { ...admin, path: { id: found.webhookId } },
  [`POST ${api}/webhooks/{id}/test`]: { ...admin, path: { id: found.webhookId } },
  [`DELETE ${api}/webhooks/{id}`]: { ...admin, path: { id: found.webhookId } },
  [`DELETE ${api}/channel/overlay-keys/{keyId}`]: {
    as: host,
    path: { keyId: found.channelKeyId },
  },
  [`DELETE ${live}/{streamId}/overlay-keys/{keyId}`]: {
    as: host,
    path: { streamId, keyId: found.keyId },
  },
  [`DELETE ${live}/{streamId}/chat/messages/{messageId}`]: {
    as: host,
    path: { streamId, messageId: found.messageIds[1]! },
  },
  [`DELETE ${live}/{streamId}/chat/pin`]: { as: host, path: inStream },
  [`DELETE ${api}/follow/{userId}`]: { as: userAt(3), path: { userId: host } },
  [`DELETE ${api}/live-stream-ban/{id}`]: { as: host, path: { id: idAt(3) } },
  [`DELETE ${live}/{streamId}`]: { as: host, path: { streamId: pastId } },
  [`DELETE ${api}/notifications/bulk`]: { as: host, body: { ids: found.noteIds.slice(1, 101) } },
  [`DELETE ${api}/notifications/device-token/{token}`]: {
    as: host,
    path: { token: "t".repeat(4_096) },
  },
  [`DELETE ${api}/users/me`]: { as: userAt(510) },
});
