/** All that can be read of a life, by every route that reads. */
import type { callEndpoint } from "../api-call.ts";
import type { Life } from "./life.ts";

type Call = Parameters<typeof callEndpoint>[1];

const api = "/api/v1";
const live = `${api}/live-stream`;

/** Calls by route: several if the route shows several things, or differs by user. */
export function readsOf(life: Life): Record<string, Call | Call[]> {
  const { host, fan, streamId, funded, paid } = life;
  const path = { streamId };
  const own = { as: host, path };
  const admin = { as: "admin", roles: ["admin"] as const };
  const service = { as: "back-end", roles: ["service"] as const };
  return {
    [`GET ${api}/channel`]: { as: host },
    [`GET ${api}/channel/overlay-keys`]: { as: host },
    [`GET ${api}/credit-packages`]: { as: fan },
    [`GET ${api}/follow/me/followers`]: { as: host },
    [`GET ${api}/follow/me/following`]: { as: fan },
    [`GET ${api}/gifts/gift-types`]: { as: fan },
    [`GET ${api}/gifts/gift-types/{id}`]: { as: fan, path: { id: life.giftType } },
    [`GET ${api}/gifts/{id}`]: life.gifts.map((id) => ({ as: host, path: { id } })),
    [`GET ${live}`]: { as: fan },
    [`GET ${live}/catch-streamers`]: { as: fan },
    [`GET ${live}/featured`]: { as: fan },
    [`GET ${live}/funded`]: { as: fan },
    [`GET ${live}/guest-streams`]: { as: life.guest },
    [`GET ${live}/most-watched-creators`]: { as: fan },
    [`GET ${live}/my-active-stream`]: { as: host },
    [`GET ${live}/user/{userId}/past-streams`]: { as: fan, path: { userId: host } },
    [`GET ${live}/{streamId}`]: [streamId, funded, paid].map((id) => ({
      as: fan,
      path: { streamId: id },
    })),
    [`GET ${live}/{streamId}/chat-settings`]: own,
    [`GET ${live}/{streamId}/chat/messages`]: own,
    [`GET ${live}/{streamId}/chat/messages/{messageId}`]: {
      as: fan,
      path: { streamId, messageId: life.messages[1]! },
    },
    [`GET ${live}/{streamId}/events`]: { as: fan, path, query: { after: "0" } },
    [`GET ${live}/{streamId}/gift-statistics`]: own,
    [`GET ${live}/{streamId}/gifts`]: own,
    [`GET ${live}/{streamId}/leaderboard`]: own,
    [`GET ${live}/{streamId}/likes`]: { as: fan, path },
    [`GET ${live}/{streamId}/moderation-log`]: own,
    [`GET ${live}/{streamId}/moments`]: own,
    [`GET ${live}/{streamId}/moments/{momentId}`]: [life.poll, life.goal].map((momentId) => ({
      as: fan,
      path: { streamId, momentId },
    })),
    [`GET ${live}/{streamId}/overlay-keys`]: own,
    [`GET ${live}/{streamId}/superlikes`]: own,
    [`GET ${live}/{streamId}/train`]: own,
    [`GET ${live}/{streamId}/viewers`]: own,
    [`GET ${api}/live-stream-ban`]: { as: host },
    [`GET ${api}/live-stream-ban/check/{targetUserId}`]: {
      as: host,
      path: { targetUserId: life.banned },
      query: { liveStreamId: streamId },
    },
    [`GET ${api}/live-stream-ban/{id}`]: { as: host, path: { id: life.banId } },
    [`GET ${api}/notifications`]: { as: fan },
    [`GET ${api}/notifications/unread-count`]: { as: fan },
    [`GET ${api}/operations/parked`]: admin,
    [`GET ${api}/participant/stream/{streamId}/statistics`]: { as: host, path },
    [`GET ${api}/revocations`]: admin,
    [`GET ${api}/users/me`]: { as: host },
    [`GET ${api}/users/me/export`]: [{ as: host }, { as: fan }],
    [`GET ${api}/users/me/transactions`]: [{ as: host }, { as: fan }],
    [`GET ${api}/users/profile/username/{username}`]: { as: fan, path: { username: fan } },
    [`GET ${api}/users/search`]: { as: fan, query: { q: "Hannah" } },
    [`GET ${api}/users/{userId}`]: { as: fan, path: { userId: host } },
    [`GET ${api}/users/{userId}/devices`]: { ...service, path: { userId: fan } },
    [`GET ${api}/users/{userId}/stats`]: { as: fan, path: { userId: host } },
    [`GET ${api}/wallet`]: [{ as: host }, { as: fan }],
    [`GET ${api}/wallets/{userId}`]: { ...admin, path: { userId: host } },
    [`GET ${api}/wallets/{userId}/transactions`]: { ...service, path: { userId: fan } },
    [`GET ${api}/webhooks`]: admin,
    [`GET ${api}/webhooks/{id}`]: { ...admin, path: { id: life.webhook } },
    [`GET ${api}/webhooks/{id}/deliveries`]: { ...admin, path: { id: life.webhook } },
    "GET /api/v2/live-stream/user/{userId}/upcoming-live-streams": {
      as: fan,
      path: { userId: host },
    },
    "GET /api/v2/notifications": [{ as: fan }, { as: fan, query: { read: "true" } }],
    "GET /api/v2/users/search": { as: fan, query: { q: "Hannah" } },
  };
}

/** What Tencent's API shows of a life, by its commands. */
export const commandsOf = ({ RoomId, GiftId, CategoryId, streamId }: Life) =>
  ({
    "categories/get": { CategoryId },
    "category-languages/get": { CategoryId, Language: "en" },
    "gifts/count": { RoomId: streamId },
    "gifts/get": { GiftId },
    "languages/get": { GiftId, Language: "en" },
    "relations/get": { CategoryId },
    "rooms/get": { RoomId },
    "rooms/get-metadata": { RoomId },
  }) as Record<string, object>;
