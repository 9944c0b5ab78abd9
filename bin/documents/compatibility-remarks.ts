/** How Ovation implements an operation or a group of fields of a reference API. */
export type Remark = {
  /** `METHOD /path`, or the name of another part of the reference. */
  of: string;
  state: "done" | "different" | "missing";
  /** The difference, or why it is missing. */
  why?: string;
};

const done = (...operations: string[]): Remark[] =>
  operations.map((of) => ({ of, state: "done" as const }));
const different = (of: string, why: string): Remark => ({ of, state: "different", why });
const missing = (of: string, why: string): Remark => ({ of, state: "missing", why });

const stream = "/api/v1/live-stream";
const interests = "Feeds by interest are not implemented";
const listCut =
  "A response ends before 256 KB: about twenty streams with all texts at their limits";
const replays = "Recording and replay belong to the video service, which Ovation does not include";

/** The operations of the Allmine mobile API, in the order of its reference. */
export const allmineOperations: readonly Remark[] = [
  different(
    "POST /api/v1/gifts/create",
    "Also returns `id`; accepts `expectedPrice`, and `quantity` (1 to 999)",
  ),
  different("GET /api/v1/gifts/gift-types", "Also returns `id`, `name` and `giftId`"),
  ...done(`GET ${stream}/{id}/gift-statistics`),
  different(`GET ${stream}/{id}/chat/messages`, "Also accepts `after`, returns `nextCursor`"),
  different(`POST ${stream}/{id}/chat/messages`, "Also accepts `replyTo`"),
  ...done(`POST ${stream}/{id}/chat/superlike`, "GET /v1/app-config"),
  different("GET /api/v1/notifications", "Returns at most 200 rows and 256 KB"),
  ...done("GET /api/v2/notifications", "POST /api/v1/notifications"),
  ...done("PATCH /api/v1/notifications/{id}/read"),
  different("DELETE /api/v1/notifications/bulk", "Takes 1 to 100 ids; an empty list is 400"),
  different(
    "POST /api/v1/notifications/device-token",
    "Only stores the token; your back end reads it (`GET /api/v1/users/{userId}/devices`) and pushes. `timezone` is stored as sent; without a token, `deviceId` is required",
  ),
  ...done("DELETE /api/v1/notifications/device-token/{token}"),
  different(
    `POST ${stream}/create`,
    "Also accepts JSON, and `fundingGoal`; at most 1,000 that have not begun",
  ),
  different(`GET ${stream}`, "Returns the newest 100, up to 256 KB; `after` returns pages of all"),
  ...done(`GET ${stream}/{id}`, `DELETE ${stream}/{id}`, `POST ${stream}/{id}/cancel`),
  different(`POST ${stream}/join`, "`token` is null: the video service issues it"),
  different(`POST ${stream}/join-as-creator`, "`token` is null: the video service issues it"),
  different(`POST ${stream}/join-as-guest`, "`token` is null: the video service issues it"),
  different(
    `POST ${stream}/{id}/fund`,
    "Returns `collectedFunding` and the goal; only for `scheduled` streams",
  ),
  different(
    `GET ${stream}/funded`,
    "Covers the newest 100 streams with contributions; `after` returns pages of all",
  ),
  ...done(`GET ${stream}/{id}/viewers`, `POST ${stream}/{id}/reminder`),
  missing(`PATCH ${stream}/{id}/replay-settings`, replays),
  missing(`POST ${stream}/{id}/replay-rentals`, replays),
  missing(`GET ${stream}/{id}/replay-status`, replays),
  ...done(`GET ${stream}/featured`),
  different(`GET ${stream}/catch-streamers`, listCut),
  different(`GET ${stream}/most-watched-creators`, "A viewer counts once per stream"),
  different(
    `GET ${stream}/guest-streams`,
    "Covers the newest 100 invitations; `after` returns pages of all",
  ),
  ...done(`GET ${stream}/my-active-stream`),
  different(`GET ${stream}/user/{userId}/past-streams`, listCut),
  different("GET /api/v2/live-stream/user/{userId}/upcoming-live-streams", listCut),
  missing("For-You feeds (live, scheduled, crowdfunding)", interests),
  different("GET /api/v1/participant/stream/{streamId}/statistics", "Also returns `peakViewers`"),
  different("POST /api/v1/live-stream-ban", "Also accepts `durationSeconds` and `scope`"),
  ...done("GET /api/v1/live-stream-ban"),
  ...done("GET /api/v1/live-stream-ban/{id}", "GET /api/v1/live-stream-ban/check/{targetUserId}"),
  ...done("DELETE /api/v1/live-stream-ban/{id}"),
  ...done("POST /api/v1/follow/{userId}", "DELETE /api/v1/follow/{userId}"),
  ...done("GET /api/v1/follow/me/followers"),
  different(
    "GET /api/v1/users/profile/username/{username}",
    "`age` and `minutePriceInLiveStream` are null, `availabilityStatus` is always `available`",
  ),
  ...done("GET /api/v1/users/{userId}/stats", "GET /api/v1/users/search"),
  ...done("PATCH /api/v1/users/username"),
  different("GET /api/v2/users/search", "Pictures of 40 and 76 pixels only"),
  different(
    "GET /api/v1/users/me/transactions",
    "Has additional types: received gifts, superlikes, refunds and their reversals, top-ups and payouts; every entry is `completed`",
  ),
  missing("Grouped transactions", "The path in the reference is unknown"),
  ...done("GET /api/v1/credit-packages"),
  different("POST /api/v1/credit-packages/purchase", "Only if the stage allows purchases"),
  different("POST /api/v1/messages/credit-transfer", "`recipientBalance` is null"),
  missing("POST /api/v1/auth/verify-otp", "An OpenID Connect issuer signs users in"),
  missing("POST /api/v1/auth/refresh", "An OpenID Connect issuer renews tokens"),
  missing("RevenueCat webhook", "A back end tops wallets up (docs/money-in.md)"),
  missing("Socket.IO `/live-stream`", "A plain WebSocket with numbered frames (docs/realtime.md)"),
];

/** Groups of fields of the Allmine mobile API. */
export const allmineFields: readonly Remark[] = [
  ...done("LiveStream: `price`, `fundingGoal`, `collectedFunding`, `fundingPercentage`, `status`"),
  different(
    "LiveStream: `broadcasters`",
    "Lists have the names of the first 30 guests, and only the ids of the others",
  ),
  different(
    "LiveStream: additional fields",
    "`slowModeSeconds`, `followersOnly`, `giftsEnabled`, `pinnedMessageId`, `pinned`",
  ),
  ...done("Envelope, sentences of failures, bare bodies", "ProfilePhoto, FollowUser"),
  different("UserSummary", "Also has `role` where the user is a host or moderator of the stream"),
  ...done("ViewerUser", "SuperlikeSnapshot", "Notification"),
  different("Failures", "Also have `code`"),
  different("Pagination", "Lists that only Ovation has use cursors"),
  different(
    "LiveStream: `replayAccess`, `recordingUrl`, `replayCreditPrice`",
    `Null, \`replayAccess\` as a whole. ${replays}`,
  ),
  different(
    "LiveStreamBan",
    "Also has `endsAt` and `scope`. No `member.unbanned` for bans by Tencent's `ban_member` " +
      "that end more than 15 days ahead",
  ),
  different("Ids", "A user's id is the token's `sub`, which need not be an ObjectId"),
  different("`X-Language`, `X-Timezone` and other client headers", "Accepted and ignored"),
];

/** Groups of fields of Tencent's API; all of its commands are implemented. */
const callbacks =
  "Supports three callbacks and refuses others; deployed, only an https `Url` on port 443";
const laterEnd = "one that ends earlier does not replace one that ends later; 0 seconds lift it";

/** The commands of the Tencent API that differ from its reference; all others are done. */
export const tencentCommands: readonly Remark[] = [
  different("live_config/set_callback", callbacks),
  different("live_config/update_callback", callbacks),
  different(
    "live_engine_http_srv/add_gift",
    "Replaces an existing gift; `Coins` 0, or more than 1,500 gifts, are 100002",
  ),
  different("live_engine_http_srv/ban_member", `Leaves mutes unchanged; ${laterEnd}`),
  different(
    "live_engine_http_srv/mute_member",
    `At most 20 accounts, where the reference names no limit; ${laterEnd}`,
  ),
  different(
    "live_engine_http_srv/send_gift",
    "Charges the sender's Ovation wallet, unless a before-send callback decides; more than " +
      "13 receivers, a `Count` over 1,000,000 or a price over 1,000,000,000 are 100002",
  ),
];

export const tencentFields: readonly Remark[] = [
  ...done("Query, UserSig, `ActionStatus`, `ErrorInfo`, `ErrorCode`", "`IsPublicVisible`"),
  different(
    "`MaxMemberCount`",
    "The owner and moderators can always enter; users who join at the same time may exceed it",
  ),
  different("`TakeSeatMode`", "Only the names: the older numbers 1 and 2 are 100002"),
  different("Error 60015", "Not used: a value of the wrong type is 100002"),
  different(
    "`Live.CallbackBeforeSendGift` from Tencent",
    "A gift to more than 13 receivers gets the code 1",
  ),
  different(
    "`EventType` of `Live.CallbackAfterDestroyRoom`",
    "Never `DestroyBySystem`, since no room is destroyed automatically",
  ),
];
