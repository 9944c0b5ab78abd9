/* Made from docs/openapi.json by `npm run documents`: do not edit. */

import type {
  ChatMessage,
  GiftTotals,
  GoalResult,
  Moment,
  PollResult,
  ProfilePhoto,
  StreamUser,
  Superlike,
  SuperlikeSnapshot,
  TrainResult,
} from "./event-data.ts";

export type TrainSettings = {
  enabled: boolean;
  startCredits: number;
  startSenders: number;
  windowSeconds: number;
  levels: number[];
  levelSeconds: number;
};

export type WebhookEventName =
  | "chat.message"
  | "chat.deleted"
  | "chat.pinned"
  | "chat.unpinned"
  | "gift.sent"
  | "gift.refunded"
  | "superlike.sent"
  | "combo.ended"
  | "stream.started"
  | "stream.ended"
  | "member.banned"
  | "member.unbanned"
  | "settings.changed"
  | "moment.started"
  | "moment.changed"
  | "moment.ended"
  | "notification.created"
  | "wallet.credited"
  | "wallet.debited"
  | "follow.created"
  | "user.renamed"
  | "user.deleted"
  | "webhook.test"
  | "*";

export type LiveStreamBan = {
  _id: string;
  targetUserId: string;
  targetUser: StreamUser;
  liveStreamId: string;
  actionType: "BLOCK" | "CHAT_ONLY";
  reason: string | null;
  createdBy: string;
  deletedAt: string | null;
  deletedBy: string | null;
  createdAt: string;
  updatedAt: string;
  endsAt: string | null;
  scope: "stream" | "channel";
};

export type Pagination = {
  currentPage: number;
  totalPages: number;
  totalItems: number;
  itemsPerPage: number;
  hasNextPage: boolean;
  hasPrevPage: boolean;
};

export type Channel = {
  slowModeSeconds: number;
  followersOnly: boolean;
  blockedWords: string[];
  giftsEnabled: boolean;
  moderators: string[];
  train: TrainSettings;
};

export type CreatedOverlayKey = {
  id: string;
  key: string | null;
  url: string | null;
  description: string | null;
  createdAt: string;
};

export type OverlayKey = {
  id: string;
  description: string | null;
  createdAt: string;
};

export type PageInfo = {
  nextCursor: string | null;
  hasNextPage: boolean;
  limit: number;
};

export type ChatSettings = {
  slowModeSeconds: number;
  followersOnly: boolean;
  blockedWords: string[];
  giftsEnabled: boolean;
  moderators: string[];
};

export type ChatHistory = {
  messages: ChatMessage[];
  page: number;
  limit: number;
  total: number;
  totalPages: number;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  nextCursor: string | null;
};

export type ListedSuperlike = {
  streamId: string;
  senderId: string;
  senderSnapshot: SuperlikeSnapshot;
  price: number;
  timestamp: string;
  id: string;
  refundedAt: string | null;
};

export type ModerationAct = {
  action:
    | "member.banned"
    | "member.unbanned"
    | "chat.deleted"
    | "chat.pinned"
    | "chat.unpinned"
    | "settings.changed";
  actor: StreamUser;
  target: StreamUser | null;
  reason: string | null;
  ban?: {
    actionType: "BLOCK" | "CHAT_ONLY";
    endsAt: string | null;
  };
  at: string;
};

export type CreditPackage = {
  id: string;
  creditAmount: number;
  revenuecatProductId: string;
  storeIdentifier: string;
  storeType: "apple" | "google" | "test" | "web";
  createdAt: string;
  updatedAt: string;
};

export type Transferred = {
  senderId: string;
  recipientId: string;
  transferredAmount: number;
  senderBalance: number;
  recipientBalance: null;
};

export type FollowAnswer = {
  isFollowing: boolean;
  previouslyFollowing: boolean;
};

export type FollowUser = {
  _id: string;
  username: string;
  name: string;
  surname: string;
  profilePhoto: ProfilePhoto;
  availabilityStatus: "available";
  followersCount: number;
  followingCount: number;
  isFollowing: boolean;
  expertise: string | null;
};

export type GiftType = {
  id: string;
  name: string;
  giftId: string;
  creditAmount: number;
  svgUrl: string;
  isActive: boolean;
  createdAt: string;
  updatedAt: string;
};

export type ListedGift = {
  id: string;
  streamId: string;
  giftType: {
    id: string;
    name: string;
    creditAmount: number;
    svgUrl: string;
  };
  count: number;
  combo: number;
  sender: StreamUser;
  receivers: StreamUser[];
  totals: GiftTotals;
  createdAt: string;
  refundedAt: string | null;
};

export type Ranked = {
  rank: number;
  user: StreamUser;
  credits: number;
  gifts: number;
};

export type GiftStatistics = {
  liveStreamId: string;
  totalCount: number;
  giftTypeCounts: Array<{
    giftType: {
      id: string;
      creditAmount: number;
      svgUrl: string;
      isActive: boolean;
    };
    count: number;
  }>;
};

/** May be up to 5 s old */
export type Likes = {
  total: number;
  top: Array<{
    rank: number;
    user: StreamUser;
    likes: number;
  }>;
};

export type OwnMoment = {
  id: string;
  streamId: string;
  kind: "poll" | "goal" | "train";
  status: "open" | "ended" | "cancelled";
  title: string | null;
  options: string[] | null;
  choices: number | null;
  of: "credits" | "gifts" | "likes" | null;
  target: number | null;
  level: number | null;
  reached: boolean | null;
  by: StreamUser | null;
  startedAt: string;
  endsAt: string | null;
  endedAt: string | null;
  spreadSeconds: number | null;
  result: PollResult | GoalResult | TrainResult | null;
  own: { options: number[] } | null;
};

export type Notification = {
  id: string;
  userId: string;
  type: "system";
  category:
    | "live_stream"
    | "payments"
    | "follows"
    | "messages"
    | "following_activity"
    | "announcement";
  title: string;
  message: string;
  metadata: Record<string, unknown>;
  read: boolean;
  createdAt: string;
  updatedAt: string;
};

export type ParkedRecord = {
  id: string;
  reason: string;
  kind: string | null;
  streamId: string | null;
  giftId: string | null;
  receiverId: string | null;
  credits: number | null;
  parkedAt: string;
  expiresAt: string;
};

export type Ticket = {
  ticket: string | null;
  expiresAt: string;
};

export type Revocation = {
  id: string;
  sub?: string;
  jti?: string;
  issuedBefore: string | null;
  at: string;
};

export type LiveStream = {
  id: string;
  title: string;
  liveStreamType: string;
  channelName: string;
  broadcasters: Array<{
    user: string;
    role: "host" | "guest";
    uid: number;
    userSummary: StreamUser;
  }>;
  guests: string[];
  creator: StreamUser;
  thumbnailUrl: string;
  recording: boolean;
  recordingUrl: string | null;
  replayAccess: unknown;
  status:
    | "preparing"
    | "scheduled"
    | "active"
    | "ended"
    | "expired"
    | "cancelled_by_host"
    | "cancelled_by_guest";
  accessType: "free" | "paid";
  price?: number;
  interest: string | null;
  durationGoal: number | null;
  motivation: string | null;
  isActiveReplayOnCreatorProfile: null;
  replayCreditPrice: null;
  startedAt: string | null;
  plannedStartDate: string | null;
  endedAt: string | null;
  plannedEndDate: string | null;
  createdAt: string;
  updatedAt: string;
  fundingGoal: number | null;
  collectedFunding: number;
  fundingPercentage: number;
  giftsEnabled: boolean;
  slowModeSeconds: number;
  followersOnly: boolean;
  realtime?: { url: string };
  pinnedMessageId: string | null;
  pinned: ChatMessage | null;
};

export type FrameRange = {
  epoch: string;
  head: number;
  recovered: boolean;
  frames: Array<Record<string, unknown>>;
  sums?: Record<string, unknown>;
  moments?: Moment[];
};

export type Contributed = {
  streamId: string;
  amount: number;
  collectedFunding: number;
  fundingGoal: number;
  fundingPercentage: number;
};

export type JoinedStream = {
  liveStream: LiveStream;
  token: string | null;
  channelName: string;
  uid: number;
};

export type Creator = {
  _id: string;
  username: string;
  name: string;
  surname: string;
  availabilityStatus: "available";
  profilePhoto: ProfilePhoto;
  expertise: string | null;
  isFollowing: boolean | null;
};

export type Reminder = {
  streamId: string;
  minute: number | null;
  mode: "ON_START" | "BEFORE_START";
  scheduledFor: string;
  status: "ARMED_ON_START" | "SCHEDULED";
};

export type WatchStatistics = {
  streamId: string;
  totalViewers: number;
  averageWatchTimeMinutes: number;
  totalWatchTimeMinutes: number;
  peakViewers: number;
};

export type UpcomingStream = {
  id: string;
  title: string;
  liveStreamType: string;
  channelName: string;
  broadcasters: Array<{
    user: string;
    role: "host" | "guest";
    uid: number;
    userSummary: StreamUser;
  }>;
  guests: string[];
  creator: StreamUser;
  thumbnailUrl: string;
  recording: boolean;
  recordingUrl: string | null;
  replayAccess: unknown;
  status:
    | "preparing"
    | "scheduled"
    | "active"
    | "ended"
    | "expired"
    | "cancelled_by_host"
    | "cancelled_by_guest";
  accessType: "free" | "paid";
  price?: number;
  interest: string | null;
  durationGoal: number | null;
  motivation: string | null;
  isActiveReplayOnCreatorProfile: null;
  replayCreditPrice: null;
  startedAt: string | null;
  plannedStartDate: string | null;
  endedAt: string | null;
  plannedEndDate: string | null;
  createdAt: string;
  updatedAt: string;
  fundingGoal: number | null;
  collectedFunding: number;
  fundingPercentage: number;
  giftsEnabled: boolean;
  slowModeSeconds: number;
  followersOnly: boolean;
  realtime?: { url: string };
  pinnedMessageId: string | null;
  pinned: ChatMessage | null;
  isReminderActive: boolean | null;
};

export type ViewerUser = {
  _id: string;
  username: string;
  name: string;
  surname: string;
  profilePhoto: ProfilePhoto;
  followersCount: number;
  followingCount: number;
  expertise: string | null;
  isFollowing: boolean;
  joinedAt: string;
  role?: "host" | "moderator";
};

export type PublicProfile = {
  _id: string;
  name: string;
  surname: string;
  username: string;
  availabilityStatus: "available";
  profilePhoto: { _id: string; url: string; type: "image" };
  interests: string[];
  expertise: string | null;
  age: number | null;
  minutePriceInLiveStream: number | null;
  followersCount: number;
  followingCount: number;
  bio: string | null;
  instagram: string | null;
  snapchat: string | null;
  x: string | null;
  tiktok: string | null;
  facebook: string | null;
};

export type OwnData = {
  userId: string;
  exportedAt: string;
  profile: {
    userId: string;
    username: string;
    name: string;
    surname: string;
    picture: string;
    pictureId?: string;
    pictureFrom?: string;
    bio?: string;
    interests?: string[];
    expertise?: string;
    links?: Record<string, unknown>;
    usernameChangedAt?: string;
    namesUsedUntil?: string;
    mentioned?: boolean;
    createdAt: string;
    updatedAt: string;
  } | null;
  wallet: {
    balance: number;
    pending: number;
    owed: number;
    spendLimit: number | null;
  };
  transactions: Array<{
    id: string;
    type:
      | "gift_spend"
      | "gift_revenue"
      | "superlike_spend"
      | "superlike_revenue"
      | "credit_purchase"
      | "top_up"
      | "payout"
      | "credit_transfer_sent"
      | "credit_transfer_received"
      | "gift_refund"
      | "gift_refund_reversal"
      | "stream_charge"
      | "stream_revenue"
      | "stream_funding_contribution"
      | "stream_funding_refund";
    direction: "credit" | "debit";
    amount: number;
    balanceAfter: number;
    status: "completed";
    streamId: string | null;
    giftId: string | null;
    reference: string | null;
    occurredAt: string;
    counterpartId: string | null;
  }>;
  messages: Array<{
    id: string;
    streamId: string;
    content?: string;
    replyTo?: string;
    createdAt: string;
  }>;
  notifications: Notification[];
  devices: Array<Record<string, unknown>>;
  following: Array<{
    relationId: string;
    followerId: string;
    followedId: string;
    at: string;
  }>;
  followers: Array<{
    relationId: string;
    followerId: string;
    followedId: string;
    at: string;
  }>;
  reminders: Array<{
    streamId: string;
    userId: string;
    minute: number | null;
    scheduledFor: string;
    dueAt: string;
  }>;
  streams: Array<Record<string, unknown>>;
  invitations: Array<{
    streamId: string;
    createdAt: string;
  }>;
  bans: Array<{
    liveStreamId: string;
    actionType: string;
    reason: string | null;
    createdAt: string;
    endsAt: string | null;
    deletedAt: string | null;
  }>;
  passes: Array<{ streamId: string; at: string }>;
  contributions: Array<{
    streamId: string;
    amount: number;
    at: string;
    returnedAt: string | null;
  }>;
  channel: ChatSettings | null;
  likes: Array<{
    streamId: string;
    likes: number;
    at: string;
  }>;
  votes: Array<{
    streamId: string;
    momentId: string;
    options: number[];
    at: string;
  }>;
  truncated: string[];
};

export type Device = {
  token: string | null;
  platform: "ios" | "android" | "web" | null;
  deviceId: string | null;
  timezone: string | null;
  liveActivityPushToStartToken: string | null;
  updatedAt: string;
};

export type SignedIn = {
  token: string | null;
  expiresIn: number;
};

export type SignIn = {
  issuer: string;
  clientId: string;
  authorizationEndpoint: string | null;
  scope: string;
  groupsClaim: string;
};

export type Transaction = {
  id: string;
  type:
    | "gift_spend"
    | "gift_revenue"
    | "superlike_spend"
    | "superlike_revenue"
    | "credit_purchase"
    | "top_up"
    | "payout"
    | "credit_transfer_sent"
    | "credit_transfer_received"
    | "gift_refund"
    | "gift_refund_reversal"
    | "stream_charge"
    | "stream_revenue"
    | "stream_funding_contribution"
    | "stream_funding_refund";
  direction: "credit" | "debit";
  amount: number;
  balanceAfter: number;
  status: "completed";
  counterpart: UserSummary | null;
  streamId: string | null;
  giftId: string | null;
  reference: string | null;
  occurredAt: string;
};

export type UserSummary = {
  _id: string;
  username: string;
  name: string;
  surname: string;
  profilePhoto: ProfilePhoto;
  availabilityStatus: "available";
};

export type Booked = {
  userId: string;
  amount: number;
  balance: number;
  reference: string;
};

export type Webhook = {
  id: string;
  url: string;
  events: string[];
  description: string | null;
  enabled: boolean;
  createdAt: string;
};

export type MadeWebhook = {
  id: string;
  url: string;
  events: string[];
  description: string | null;
  enabled: boolean;
  createdAt: string;
  secret: string | null;
};

export type WebhookDelivery = {
  id: string;
  eventId: string;
  type: string;
  createdAt: string;
  attempts: number;
  status: "pending" | "delivered" | "failed";
  statusCode: number | null;
  error: string | null;
  nextAttemptAt: string | null;
};

/** Error codes of every call. */
export type CommonErrorCode =
  | "body_too_large"
  | "internal_error"
  | "request_blocked"
  | "request_invalid"
  | "too_many_requests"
  | "unavailable";

/** All error codes of the API. */
export type ErrorCode = Operations[keyof Operations]["code"];

/** The input and result of each call, by route; `code` lists its error codes. */
export type Operations = {
  /** Get the description of the WebSocket API (AsyncAPI 3.0) */
  "GET /asyncapi.json": {
    answer: { asyncapi: string };
    code: CommonErrorCode;
  };
  /** Get the settings that clients need */
  "GET /v1/app-config": {
    answer: { superLikePrice: number };
    code: CommonErrorCode;
  };
  /** Check the health of the system */
  "GET /health": {
    answer: { status: "ok"; stage: string };
    code: CommonErrorCode;
  };
  /** Get the description of this API (OpenAPI 3.1) */
  "GET /openapi.json": {
    answer: { openapi: string };
    code: CommonErrorCode;
  };
  /** Check whether a user is banned from a live stream; users may check themselves */
  "GET /api/v1/live-stream-ban/check/{targetUserId}": {
    path: { targetUserId: string };
    query: { liveStreamId: string };
    answer: {
      isBanned: boolean;
      ban: LiveStreamBan | null;
    };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "user_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator";
  };
  /** Block or mute a user in a live stream or a whole channel */
  "POST /api/v1/live-stream-ban": {
    body: {
      targetUserId: string;
      liveStreamId: string;
      actionType?: "BLOCK" | "CHAT_ONLY";
      reason?: string | null;
      durationSeconds?: number | null;
      scope?: "stream" | "channel";
    };
    answer: LiveStreamBan;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "user_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator"
      | "ban_of_host"
      | "ban_exists"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List the newest 1,000 bans of my streams, newest first, or those of one that I moderate */
  "GET /api/v1/live-stream-ban": {
    query?: {
      page?: number;
      limit?: number;
      targetUserId?: string;
      targetUser?: string;
      liveStreamId?: string;
      actionType?: "BLOCK" | "CHAT_ONLY";
      dateFrom?: string;
      dateTo?: string;
    };
    answer: {
      list: LiveStreamBan[];
      pagination: Pagination;
    };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator";
  };
  /** Get a ban of a live stream, active or lifted */
  "GET /api/v1/live-stream-ban/{id}": {
    path: { id: string };
    answer: LiveStreamBan;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "ban_not_found"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator";
  };
  /** Lift a ban; its record stays readable */
  "DELETE /api/v1/live-stream-ban/{id}": {
    path: { id: string };
    answer: LiveStreamBan;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "ban_not_found"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator"
      | "ban_lifted";
  };
  /** Update my channel; the change also applies to my streams that have not ended */
  "PATCH /api/v1/channel": {
    body: {
      slowModeSeconds?: number;
      followersOnly?: boolean;
      blockedWords?: string[];
      giftsEnabled?: boolean;
      moderators?: string[];
      train?: TrainSettings;
    };
    answer: Channel;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "user_not_found"
      | "media_type_unsupported"
      | "changed_meanwhile";
  };
  /** Get my channel: the chat and hype train settings that my new streams start with */
  "GET /api/v1/channel": {
    answer: Channel;
    code: CommonErrorCode | "token_invalid";
  };
  /** Create a key that lets an overlay read the newest live stream of my channel */
  "POST /api/v1/channel/overlay-keys": {
    body: {
      description?: string | null;
    };
    answer: CreatedOverlayKey;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "too_many_overlay_keys"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List the overlay keys of my channel, newest first; the key values are not shown */
  "GET /api/v1/channel/overlay-keys": {
    query?: { after?: string; limit?: number };
    answer: { list: OverlayKey[]; pageInfo: PageInfo };
    code: CommonErrorCode | "token_invalid";
  };
  /** Revoke an overlay key of my channel and close its sockets */
  "DELETE /api/v1/channel/overlay-keys/{keyId}": {
    path: { keyId: string };
    answer: undefined;
    code: CommonErrorCode | "token_invalid" | "overlay_key_not_found";
  };
  /** Update a stream's chat settings; omitted fields stay unchanged */
  "PATCH /api/v1/live-stream/{streamId}/chat-settings": {
    path: { streamId: string };
    body: {
      slowModeSeconds?: number;
      followersOnly?: boolean;
      blockedWords?: string[];
      giftsEnabled?: boolean;
      moderators?: string[];
    };
    answer: ChatSettings;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "user_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator"
      | "stream_not_yours"
      | "media_type_unsupported"
      | "changed_meanwhile";
  };
  /** Get a stream's chat settings */
  "GET /api/v1/live-stream/{streamId}/chat-settings": {
    path: { streamId: string };
    answer: ChatSettings;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator";
  };
  /** Delete a chat message: your own, or any as host, moderator or admin */
  "DELETE /api/v1/live-stream/{streamId}/chat/messages/{messageId}": {
    path: { streamId: string; messageId: string };
    answer: undefined;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "message_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator";
  };
  /** Get a chat message */
  "GET /api/v1/live-stream/{streamId}/chat/messages/{messageId}": {
    path: { streamId: string; messageId: string };
    answer: ChatMessage;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "message_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** List a live stream's chat messages, newest first */
  "GET /api/v1/live-stream/{streamId}/chat/messages": {
    path: { streamId: string };
    query?: {
      page?: number;
      after?: string;
      limit?: number;
    };
    answer: ChatHistory;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** Send a message to the chat of a live stream */
  "POST /api/v1/live-stream/{streamId}/chat/messages": {
    path: { streamId: string };
    body: {
      content: string;
      replyTo?: string | null;
    };
    answer: ChatMessage;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "message_not_found"
      | "member_blocked"
      | "pass_required"
      | "member_muted"
      | "stream_not_live"
      | "messages_disabled"
      | "word_blocked"
      | "followers_only"
      | "slow_mode"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List a stream's superlikes, newest first */
  "GET /api/v1/live-stream/{streamId}/superlikes": {
    path: { streamId: string };
    query?: { after?: string; limit?: number };
    answer: { list: ListedSuperlike[]; pageInfo: PageInfo };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** List a stream's moderation log, newest first (moderators only) */
  "GET /api/v1/live-stream/{streamId}/moderation-log": {
    path: { streamId: string };
    query?: { after?: string; limit?: number };
    answer: { list: ModerationAct[]; pageInfo: PageInfo };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator";
  };
  /** Pin a chat message, replacing the current pin */
  "PUT /api/v1/live-stream/{streamId}/chat/pin": {
    path: { streamId: string };
    body: {
      messageId: string;
    };
    answer: { streamId: string; messageId: string };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "message_not_found"
      | "pinned_too_often"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator"
      | "media_type_unsupported";
  };
  /** Unpin the pinned message of a stream's chat, if any */
  "DELETE /api/v1/live-stream/{streamId}/chat/pin": {
    path: { streamId: string };
    answer: undefined;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator";
  };
  /** Send a superlike to a live stream */
  "POST /api/v1/live-stream/{streamId}/chat/superlike": {
    path: { streamId: string };
    answer: Superlike;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "user_not_found"
      | "member_blocked"
      | "pass_required"
      | "gift_to_oneself"
      | "stream_not_live"
      | "credits_too_low"
      | "spend_limit_reached"
      | "key_reused"
      | "key_in_progress";
  };
  /** List the credit packages */
  "GET /api/v1/credit-packages": {
    query?: {
      storeType?: "apple" | "google" | "test" | "web";
      activeOnly?: boolean;
    };
    answer: CreditPackage[];
    code: CommonErrorCode;
  };
  /** Buy a credit package without paying */
  "POST /api/v1/credit-packages/purchase": {
    body: {
      packageId: string;
    };
    answer: Record<string, never>;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "package_not_found"
      | "balance_too_high"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Send credits to another user */
  "POST /api/v1/messages/credit-transfer": {
    body: {
      recipientId: string;
      amount: number;
    };
    answer: Transferred;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "transfer_to_oneself"
      | "user_not_found"
      | "credits_too_low"
      | "spend_limit_reached"
      | "balance_too_high"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Follow a user */
  "POST /api/v1/follow/{userId}": {
    path: { userId: string };
    answer: FollowAnswer;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "user_not_found"
      | "follow_oneself"
      | "key_reused"
      | "key_in_progress";
  };
  /** Unfollow a user */
  "DELETE /api/v1/follow/{userId}": {
    path: { userId: string };
    answer: FollowAnswer;
    code: CommonErrorCode | "token_invalid" | "user_not_found";
  };
  /** List my followers, newest first */
  "GET /api/v1/follow/me/followers": {
    query?: { after?: string; limit?: number };
    answer: { users: FollowUser[]; pageInfo: PageInfo };
    code: CommonErrorCode | "token_invalid";
  };
  /** List the users I follow, ordered by id */
  "GET /api/v1/follow/me/following": {
    query?: { after?: string; limit?: number };
    answer: { users: FollowUser[]; pageInfo: PageInfo };
    code: CommonErrorCode | "token_invalid";
  };
  /** Upload the image of a gift type */
  "POST /api/v1/gifts/gift-types/{id}/image": {
    path: { id: string };
    body:
      | {
          image: Blob;
        }
      | FormData;
    answer: GiftType;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "gift_type_not_found"
      | "gift_type_exists"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress"
      | "changed_meanwhile";
  };
  /** Update a gift type */
  "PATCH /api/v1/gifts/gift-types/{id}": {
    path: { id: string };
    body: {
      creditAmount?: number;
      svgUrl?: string;
      name?: string;
      isActive?: boolean;
      giftId?: string;
    };
    answer: GiftType;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "gift_type_not_found"
      | "gift_type_exists"
      | "media_type_unsupported"
      | "changed_meanwhile";
  };
  /** Get a gift type, active or inactive */
  "GET /api/v1/gifts/gift-types/{id}": {
    path: { id: string };
    answer: GiftType;
    code: CommonErrorCode | "token_invalid" | "gift_type_not_found";
  };
  /** Send a gift to a live stream */
  "POST /api/v1/gifts/create": {
    body: {
      giftTypeId: string;
      liveStreamId: string;
      quantity?: number;
      expectedPrice?: number;
    };
    answer: { message: "Success"; id: string };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "gift_type_not_found"
      | "user_not_found"
      | "member_blocked"
      | "pass_required"
      | "gift_to_oneself"
      | "stream_not_live"
      | "gifts_switched_off"
      | "gift_type_inactive"
      | "price_too_high"
      | "credits_too_low"
      | "spend_limit_reached"
      | "price_changed"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Create a gift type */
  "POST /api/v1/gifts/gift-types": {
    body: {
      creditAmount: number;
      svgUrl: string;
      name: string;
      isActive?: boolean;
      giftId?: string;
    };
    answer: GiftType;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "gift_type_exists"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List the active gift types, cheapest first */
  "GET /api/v1/gifts/gift-types": {
    query?: { inactive?: boolean };
    answer: GiftType[];
    code: CommonErrorCode | "token_invalid" | "role_missing";
  };
  /** Get a gift */
  "GET /api/v1/gifts/{id}": {
    path: { id: string };
    answer: ListedGift;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "gift_not_found"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** List a stream's top gifters, without refunded gifts */
  "GET /api/v1/live-stream/{streamId}/leaderboard": {
    path: { streamId: string };
    query?: { limit?: number };
    answer: Ranked[];
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** List a stream's gifts, newest first */
  "GET /api/v1/live-stream/{streamId}/gifts": {
    path: { streamId: string };
    query?: { after?: string; limit?: number };
    answer: { list: ListedGift[]; pageInfo: PageInfo };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** Refund a gift or superlike */
  "POST /api/v1/gifts/{id}/refund": {
    path: { id: string };
    answer: {
      id: string;
      refundedAt: string;
      credits: number;
    };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "gift_not_found"
      | "stream_not_yours"
      | "refund_not_yours"
      | "gift_already_refunded"
      | "refund_not_covered"
      | "balance_too_high"
      | "key_reused"
      | "key_in_progress";
  };
  /** Get the gift statistics of a stream */
  "GET /api/v1/live-stream/{streamId}/gift-statistics": {
    path: { streamId: string };
    answer: GiftStatistics;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** Get a stream's like count and top likers */
  "GET /api/v1/live-stream/{streamId}/likes": {
    path: { streamId: string };
    query?: { limit?: number };
    answer: Likes;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** Like a live stream: report how many taps a session has made so far */
  "PUT /api/v1/live-stream/{streamId}/likes": {
    path: { streamId: string };
    body: {
      session: string;
      total: number;
    };
    answer: { total: number; next: number };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "stream_not_live"
      | "media_type_unsupported";
  };
  /** Cancel a poll or goal; it gets no result */
  "POST /api/v1/live-stream/{streamId}/moments/{momentId}/cancel": {
    path: { streamId: string; momentId: string };
    answer: Moment;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "moment_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator"
      | "moment_over"
      | "key_reused"
      | "key_in_progress";
  };
  /** Set a stream's hype train settings; disabling cancels the open train */
  "PUT /api/v1/live-stream/{streamId}/train": {
    path: { streamId: string };
    body: TrainSettings;
    answer: TrainSettings;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "stream_not_yours"
      | "media_type_unsupported"
      | "changed_meanwhile";
  };
  /** Get a stream's hype train settings */
  "GET /api/v1/live-stream/{streamId}/train": {
    path: { streamId: string };
    answer: TrainSettings;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "stream_not_yours";
  };
  /** End a poll or goal now */
  "POST /api/v1/live-stream/{streamId}/moments/{momentId}/end": {
    path: { streamId: string; momentId: string };
    answer: Moment;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "moment_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator"
      | "moment_over"
      | "key_reused"
      | "key_in_progress";
  };
  /** Get a poll, goal or hype train, with the caller's own vote */
  "GET /api/v1/live-stream/{streamId}/moments/{momentId}": {
    path: { streamId: string; momentId: string };
    answer: OwnMoment;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "moment_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** List the polls, goals and hype trains of a live stream, newest first */
  "GET /api/v1/live-stream/{streamId}/moments": {
    path: { streamId: string };
    query?: {
      after?: string;
      limit?: number;
      kind?: "poll" | "goal" | "train";
      status?: "open" | "ended" | "cancelled";
    };
    answer: {
      list: Moment[];
      sums: Record<string, unknown>;
      pageInfo: PageInfo;
    };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** Start a poll or goal in a live stream */
  "POST /api/v1/live-stream/{streamId}/moments": {
    path: { streamId: string };
    body:
      | {
          kind: "poll";
          title: string;
          options: string[];
          seconds: number;
          choices?: number;
        }
      | {
          kind: "goal";
          title: string;
          of: "credits" | "gifts" | "likes";
          target: number;
          seconds?: number | null;
        };
    answer: Moment;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_moderator"
      | "stream_not_live"
      | "too_many_moments"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Vote in a poll; a new vote replaces the previous one */
  "PUT /api/v1/live-stream/{streamId}/moments/{momentId}/vote": {
    path: { streamId: string; momentId: string };
    body: {
      options: number[];
    };
    answer: { momentId: string; options: number[] };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "moment_not_found"
      | "member_blocked"
      | "pass_required"
      | "not_a_poll"
      | "moment_over"
      | "stream_not_live"
      | "media_type_unsupported";
  };
  /** Count my unread notifications, at most 1,000 */
  "GET /api/v1/notifications/unread-count": {
    answer: { count: number };
    code: CommonErrorCode | "token_invalid";
  };
  /** Create a notification for a user */
  "POST /api/v1/notifications": {
    body: {
      userId: string;
      type: "system";
      category:
        | "live_stream"
        | "payments"
        | "follows"
        | "messages"
        | "following_activity"
        | "announcement";
      title: string;
      message: string;
      metadata?: Record<string, unknown>;
    };
    answer: Notification;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "notification_not_yours"
      | "user_not_found"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List my notifications, newest first: at most 200 and 256 KB */
  "GET /api/v1/notifications": {
    query?: {
      type?: "system";
      category?:
        | "live_stream"
        | "payments"
        | "follows"
        | "messages"
        | "following_activity"
        | "announcement";
      read?: boolean;
      isRead?: boolean;
    };
    answer: Notification[];
    code: CommonErrorCode | "token_invalid";
  };
  /** Delete several of my notifications; ids that are not mine are skipped */
  "DELETE /api/v1/notifications/bulk": {
    body: {
      ids: string[];
    };
    answer: undefined;
    code: CommonErrorCode | "token_invalid" | "media_type_unsupported";
  };
  /** List my newest 1,000 notifications in pages, newest first */
  "GET /api/v2/notifications": {
    query?: {
      type?: "system";
      category?:
        | "live_stream"
        | "payments"
        | "follows"
        | "messages"
        | "following_activity"
        | "announcement";
      read?: boolean;
      isRead?: boolean;
      page?: number;
      limit?: number;
    };
    answer: {
      list: Notification[];
      pagination: Pagination;
    };
    code: CommonErrorCode | "token_invalid";
  };
  /** Mark one of my notifications as read or unread */
  "PATCH /api/v1/notifications/{id}/read": {
    path: { id: string };
    body: {
      isRead: boolean;
    };
    answer: Notification;
    code: CommonErrorCode | "token_invalid" | "notification_not_found" | "media_type_unsupported";
  };
  /** Mark my newest 1,000 unread notifications as read */
  "POST /api/v1/notifications/read-all": {
    answer: { updated: number };
    code: CommonErrorCode | "token_invalid" | "key_reused" | "key_in_progress";
  };
  /** Delete one of my push devices */
  "DELETE /api/v1/notifications/device-token/{token}": {
    path: { token: string };
    answer: undefined;
    code: CommonErrorCode | "token_invalid" | "device_not_found";
  };
  /** Register or update a device for push notifications */
  "POST /api/v1/notifications/device-token": {
    body: {
      token?: string | null;
      platform?: "ios" | "android" | "web";
      deviceId?: string | null;
      timezone?: string | null;
      liveActivityPushToStartToken?: string | null;
    };
    answer: { success: true };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List parked records: gifts that could not be settled, newest day first */
  "GET /api/v1/operations/parked": {
    query?: { after?: string; limit?: number };
    answer: { list: ParkedRecord[]; pageInfo: PageInfo };
    code: CommonErrorCode | "token_invalid" | "role_missing";
  };
  /** Redrive a parked record: its credits reach their receiver exactly once */
  "POST /api/v1/operations/parked/{id}/redrive": {
    path: { id: string };
    answer: {
      id: string;
      outcome: "settled" | "settled_before" | "gone";
    };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "parked_not_found"
      | "parked_unfit"
      | "key_reused"
      | "key_in_progress";
  };
  /** Create a key that lets an overlay read the frames of a stream */
  "POST /api/v1/live-stream/{streamId}/overlay-keys": {
    path: { streamId: string };
    body: {
      description?: string | null;
    };
    answer: CreatedOverlayKey;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "stream_not_yours"
      | "too_many_overlay_keys"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List the overlay keys of a stream, newest first; the key values are not shown */
  "GET /api/v1/live-stream/{streamId}/overlay-keys": {
    path: { streamId: string };
    query?: { after?: string; limit?: number };
    answer: { list: OverlayKey[]; pageInfo: PageInfo };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "stream_not_yours";
  };
  /** Revoke an overlay key and close its sockets */
  "DELETE /api/v1/live-stream/{streamId}/overlay-keys/{keyId}": {
    path: { streamId: string; keyId: string };
    answer: undefined;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "overlay_key_not_found"
      | "member_blocked"
      | "pass_required"
      | "stream_not_yours";
  };
  /** Refund a user's pass for a paid stream; the user loses access */
  "POST /api/v1/live-stream/{streamId}/passes/{userId}/refund": {
    path: { streamId: string; userId: string };
    answer: {
      id: string;
      refundedAt: string;
      credits: number;
    };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "pass_not_found"
      | "gift_already_refunded"
      | "balance_too_high"
      | "key_reused"
      | "key_in_progress";
  };
  /** Get a ticket that opens one socket within 60 s, instead of a token */
  "POST /api/v1/ws-tickets": {
    body: {
      streamId?: string | null;
    };
    answer: Ticket;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List the admins' revocations that are still in effect, newest first */
  "GET /api/v1/revocations": {
    query?: { after?: string; limit?: number };
    answer: { list: Revocation[]; pageInfo: PageInfo };
    code: CommonErrorCode | "token_invalid" | "role_missing";
  };
  /** Revoke one token, or a user's tokens issued up to a given time, and close their sockets */
  "POST /api/v1/revocations": {
    body: {
      sub?: string;
      jti?: string;
      issuedBefore?: string;
    };
    answer: Revocation;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Sign out everywhere: revoke all my tokens and close my sockets */
  "POST /api/v1/users/me/sign-out": {
    answer: undefined;
    code: CommonErrorCode | "token_invalid" | "key_reused" | "key_in_progress";
  };
  /** Cancel a stream that has not started; guests can cancel a planned stream */
  "POST /api/v1/live-stream/{streamId}/cancel": {
    path: { streamId: string };
    answer: LiveStream;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "stream_not_yours"
      | "stream_not_cancellable"
      | "key_reused"
      | "key_in_progress";
  };
  /** List the streams that are live now, most recently started first */
  "GET /api/v1/live-stream/catch-streamers": {
    query?: { limit?: number };
    answer: Array<{
      creator: StreamUser;
      activeLiveStream: LiveStream;
    }>;
    code: CommonErrorCode;
  };
  /** Create a live stream; it goes live when its host joins */
  "POST /api/v1/live-stream/create": {
    body:
      | {
          title: string;
          guests?: string[] | "" | null;
          thumbnail?: string | Blob | null;
          price?: number | null;
          fundingGoal?: number | null;
          liveStreamType?: string | null;
          interest?: string | null;
          durationGoal?: number | null;
          motivation?: string | null;
          plannedStartDate?: string | null;
        }
      | FormData;
    answer: LiveStream;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "user_not_found"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Delete a stream that is not live; its payments stay in the ledger */
  "DELETE /api/v1/live-stream/{streamId}": {
    path: { streamId: string };
    answer: LiveStream;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "stream_not_yours"
      | "stream_live";
  };
  /** Get a live stream */
  "GET /api/v1/live-stream/{streamId}": {
    path: { streamId: string };
    answer: LiveStream;
    code: CommonErrorCode | "token_invalid" | "stream_not_found" | "member_blocked";
  };
  /** End a live stream */
  "POST /api/v1/live-stream/{streamId}/end": {
    path: { streamId: string };
    answer: LiveStream;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "stream_not_yours"
      | "stream_not_live"
      | "key_reused"
      | "key_in_progress";
  };
  /** Get a live stream's frames after a position, with an optional long poll */
  "GET /api/v1/live-stream/{streamId}/events": {
    path: { streamId: string };
    query?: {
      epoch?: string;
      after?: number;
      wait?: number;
    };
    answer: FrameRange;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** List the ten live streams with the most viewers */
  "GET /api/v1/live-stream/featured": {
    answer: LiveStream[];
    code: CommonErrorCode;
  };
  /** Contribute credits to a planned stream; they are returned if it does not take place */
  "POST /api/v1/live-stream/{streamId}/fund": {
    path: { streamId: string };
    body: {
      amount: number;
    };
    answer: Contributed;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "funding_to_oneself"
      | "stream_not_scheduled"
      | "stream_not_funded"
      | "funding_over"
      | "funding_full"
      | "credits_too_low"
      | "spend_limit_reached"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List the planned streams that I funded: of my newest 100, or a page */
  "GET /api/v1/live-stream/funded": {
    query?: { after?: string; limit?: number };
    answer:
      | LiveStream[]
      | {
          list: LiveStream[];
          pageInfo: PageInfo;
        };
    code: CommonErrorCode | "token_invalid";
  };
  /** List the streams to which I am invited: the newest 100, or a page */
  "GET /api/v1/live-stream/guest-streams": {
    query?: {
      after?: string;
      limit?: number;
      status?:
        | "preparing"
        | "scheduled"
        | "active"
        | "ended"
        | "expired"
        | "cancelled_by_host"
        | "cancelled_by_guest";
      sortBy?:
        | "createdAt"
        | "updatedAt"
        | "startedAt"
        | "plannedStartDate"
        | "endedAt"
        | "durationGoal"
        | "fundingGoal";
      sortOrder?: "asc" | "desc";
    };
    answer:
      | LiveStream[]
      | {
          list: LiveStream[];
          pageInfo: PageInfo;
        };
    code: CommonErrorCode | "token_invalid";
  };
  /** Join a live stream as a viewer; a paid stream is charged once */
  "POST /api/v1/live-stream/join": {
    body: {
      liveStreamId: string;
      expectedPrice?: number;
    };
    answer: JoinedStream;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "user_not_found"
      | "member_blocked"
      | "stream_not_live"
      | "room_full"
      | "price_changed"
      | "credits_too_low"
      | "spend_limit_reached"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Go live: join a stream as its host, which makes it active */
  "POST /api/v1/live-stream/join-as-creator": {
    body: {
      liveStreamId: string;
    };
    answer: JoinedStream;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "stream_not_yours"
      | "stream_not_startable"
      | "too_many_live_streams"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Join a live stream as an invited guest */
  "POST /api/v1/live-stream/join-as-guest": {
    body: {
      liveStreamId: string;
    };
    answer: JoinedStream;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "not_a_guest"
      | "stream_not_live"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List the streams of all hosts, newest first: the newest 100, or a page */
  "GET /api/v1/live-stream": {
    query?: {
      after?: string;
      limit?: number;
      moderated?: boolean;
    };
    answer:
      | LiveStream[]
      | {
          list: LiveStream[];
          pageInfo: PageInfo;
        };
    code: CommonErrorCode | "token_invalid";
  };
  /** List the hosts with the most viewers in the newest 1,000 streams of the last 30 days */
  "GET /api/v1/live-stream/most-watched-creators": {
    answer: Creator[];
    code: CommonErrorCode | "token_invalid";
  };
  /** Get my most recently started live stream, or null */
  "GET /api/v1/live-stream/my-active-stream": {
    answer: LiveStream | null;
    code: CommonErrorCode | "token_invalid";
  };
  /** List the ended streams among the newest 1,000 of a user, most recent first */
  "GET /api/v1/live-stream/user/{userId}/past-streams": {
    path: { userId: string };
    query?: { limit?: number };
    answer: LiveStream[];
    code: CommonErrorCode | "token_invalid" | "user_not_found";
  };
  /** Set a reminder for a scheduled stream, at its start or some minutes before */
  "POST /api/v1/live-stream/{streamId}/reminder": {
    path: { streamId: string };
    body: {
      minute?: number | null;
    };
    answer: Reminder;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "stream_not_scheduled"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Get the viewer count and watch time of a stream, of at most 10,000 past viewers */
  "GET /api/v1/participant/stream/{streamId}/statistics": {
    path: { streamId: string };
    answer: WatchStatistics;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** List the scheduled streams among a user's newest 1,000, around the current time, earliest first */
  "GET /api/v2/live-stream/user/{userId}/upcoming-live-streams": {
    path: { userId: string };
    query?: {
      limit?: number;
      minutesBefore?: number;
      minutesAfter?: number;
    };
    answer: UpcomingStream[];
    code: CommonErrorCode | "token_invalid" | "user_not_found";
  };
  /** List the current viewers of a live stream, latest first */
  "GET /api/v1/live-stream/{streamId}/viewers": {
    path: { streamId: string };
    query?: {
      page?: number;
      limit?: number;
      search?: string;
    };
    answer: {
      list: ViewerUser[];
      pagination: Pagination;
      participantAudienceTotal: number;
    };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "stream_not_found"
      | "member_blocked"
      | "pass_required";
  };
  /** Update my profile; omitted fields stay unchanged, null clears a field */
  "PUT /api/v1/users/me": {
    body: {
      name?: string | null;
      surname?: string | null;
      bio?: string | null;
      interests?: string[] | null;
      expertise?:
        | "musician"
        | "trainer"
        | "chef"
        | "photographer"
        | "designer"
        | "stylist"
        | "gamer"
        | "educator"
        | "coach"
        | "entertainer"
        | "developer"
        | "creator"
        | null;
      profilePhoto?: string | null;
      links?: {
        instagram?: string | null;
        snapchat?: string | null;
        x?: string | null;
        tiktok?: string | null;
        facebook?: string | null;
      } | null;
    };
    answer: PublicProfile;
    code: CommonErrorCode | "token_invalid" | "media_type_unsupported" | "changed_meanwhile";
  };
  /** Delete my account; the ledger is kept, and `forfeit=true` gives up the balance */
  "DELETE /api/v1/users/me": {
    query?: { forfeit?: boolean };
    answer: undefined;
    code: CommonErrorCode | "token_invalid" | "account_in_use";
  };
  /** Get my profile */
  "GET /api/v1/users/me": {
    answer: PublicProfile;
    code: CommonErrorCode | "token_invalid";
  };
  /** Set a user's names, or import a user; omitted fields stay unchanged */
  "PUT /api/v1/users/{userId}": {
    path: { userId: string };
    body: {
      create?: boolean;
      username?: string;
      name?: string;
      surname?: string;
    };
    answer: PublicProfile;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "user_not_found"
      | "username_reserved"
      | "username_taken"
      | "media_type_unsupported";
  };
  /** Get a user's public profile */
  "GET /api/v1/users/{userId}": {
    path: { userId: string };
    answer: PublicProfile;
    code: CommonErrorCode | "token_invalid" | "user_not_found";
  };
  /** Upload my profile picture */
  "POST /api/v1/users/me/photo": {
    body:
      | {
          photo: Blob;
        }
      | FormData;
    answer: PublicProfile;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress"
      | "changed_meanwhile";
  };
  /** Change my username (once in 30 days); admins can change another user's with `userId` */
  "PATCH /api/v1/users/username": {
    body: {
      newUsername: string;
      userId?: string;
    };
    answer: PublicProfile;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "user_not_found"
      | "username_reserved"
      | "username_taken"
      | "username_changed_lately"
      | "media_type_unsupported"
      | "changed_meanwhile";
  };
  /** Export my data: the newest 1,000 items of each kind */
  "GET /api/v1/users/me/export": {
    answer: OwnData;
    code: CommonErrorCode | "token_invalid";
  };
  /** Get a user's public profile by username (case-insensitive) */
  "GET /api/v1/users/profile/username/{username}": {
    path: { username: string };
    answer: PublicProfile;
    code: CommonErrorCode | "username_not_found" | "user_not_found";
  };
  /** List a user's devices with their push tokens, most recently saved first */
  "GET /api/v1/users/{userId}/devices": {
    path: { userId: string };
    answer: Device[];
    code: CommonErrorCode | "token_invalid" | "role_missing" | "user_not_found";
  };
  /** Search users by name prefix; without a query, returns a sample */
  "GET /api/v1/users/search": {
    query?: {
      page?: number;
      limit?: number;
      q?: string;
      expertise?:
        | "musician"
        | "trainer"
        | "chef"
        | "photographer"
        | "designer"
        | "stylist"
        | "gamer"
        | "educator"
        | "coach"
        | "entertainer"
        | "developer"
        | "creator";
    };
    answer: { list: FollowUser[]; pagination: Pagination };
    code: CommonErrorCode | "token_invalid";
  };
  /** Search users by name prefix (same as version 1) */
  "GET /api/v2/users/search": {
    query?: {
      page?: number;
      limit?: number;
      q?: string;
      expertise?:
        | "musician"
        | "trainer"
        | "chef"
        | "photographer"
        | "designer"
        | "stylist"
        | "gamer"
        | "educator"
        | "coach"
        | "entertainer"
        | "developer"
        | "creator";
    };
    answer: { list: FollowUser[]; pagination: Pagination };
    code: CommonErrorCode | "token_invalid";
  };
  /** Exchange an authorization code of the stage's issuer for a token, with its PKCE verifier */
  "POST /api/v1/sign-in": {
    body: {
      code: string;
      codeVerifier: string;
      redirectUri: string;
    };
    answer: SignedIn;
    code:
      | CommonErrorCode
      | "sign_in_failed"
      | "sign_in_unavailable"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Get the sign-in settings of this stage */
  "GET /api/v1/sign-in": {
    answer: SignIn;
    code: CommonErrorCode;
  };
  /** Count a user's followers, followed users and (at most 1,000) live streams */
  "GET /api/v1/users/{userId}/stats": {
    path: { userId: string };
    answer: {
      followers: number;
      following: number;
      totalLiveStreams: number;
    };
    code: CommonErrorCode | "token_invalid" | "user_not_found";
  };
  /** List my transactions, newest first; a filter searches 1,000 per call, and `after` continues */
  "GET /api/v1/users/me/transactions": {
    query?: {
      page?: number;
      after?: number;
      limit?: number;
      types?: string;
      "types[]"?: string;
      statuses?: string;
      "statuses[]"?: string;
      direction?: "credit" | "debit";
      dateFrom?: string;
      dateTo?: string;
      sort?: "asc" | "desc";
    };
    answer: {
      list: Transaction[];
      pagination: Pagination;
      pageInfo: PageInfo;
    };
    code: CommonErrorCode | "token_invalid";
  };
  /** Set a user's daily spend limit */
  "PUT /api/v1/wallets/{userId}/spend-limit": {
    path: { userId: string };
    body: {
      spendLimit: number | null;
    };
    answer: { userId: string; spendLimit: number | null };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "user_not_found"
      | "media_type_unsupported";
  };
  /** Get my wallet */
  "GET /api/v1/wallet": {
    answer: {
      balance: number;
      pending: number;
      owed: number;
      spendLimit: number;
    };
    code: CommonErrorCode | "token_invalid";
  };
  /** Get a user's wallet */
  "GET /api/v1/wallets/{userId}": {
    path: { userId: string };
    answer: {
      balance: number;
      pending: number;
      owed: number;
      spendLimit: number;
      userId: string;
    };
    code: CommonErrorCode | "token_invalid" | "role_missing" | "user_not_found";
  };
  /** List a user's transactions, newest first; `reference` selects one booking */
  "GET /api/v1/wallets/{userId}/transactions": {
    path: { userId: string };
    query?: {
      after?: number;
      limit?: number;
      reference?: string;
    };
    answer: { list: Transaction[]; pageInfo: PageInfo };
    code: CommonErrorCode | "token_invalid" | "role_missing" | "user_not_found";
  };
  /** Pay out credits from a user's wallet */
  "POST /api/v1/wallets/{userId}/payouts": {
    path: { userId: string };
    body: {
      amount: number;
      reference: string;
    };
    answer: Booked;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "user_not_found"
      | "reference_exists"
      | "credits_too_low"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Top up a user's wallet */
  "POST /api/v1/wallets/{userId}/top-ups": {
    path: { userId: string };
    body: {
      amount: number;
      reference: string;
    };
    answer: Booked;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "reference_exists"
      | "balance_too_high"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** Update a webhook. Disabling it also cancels pending retries */
  "PATCH /api/v1/webhooks/{id}": {
    path: { id: string };
    body: {
      url?: string;
      events?: WebhookEventName[];
      description?: string | null;
      enabled?: boolean;
    };
    answer: Webhook;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "webhook_not_found"
      | "media_type_unsupported"
      | "changed_meanwhile";
  };
  /** Delete a webhook; it receives nothing more, retries included */
  "DELETE /api/v1/webhooks/{id}": {
    path: { id: string };
    answer: undefined;
    code: CommonErrorCode | "token_invalid" | "role_missing" | "webhook_not_found";
  };
  /** Get a webhook */
  "GET /api/v1/webhooks/{id}": {
    path: { id: string };
    answer: Webhook;
    code: CommonErrorCode | "token_invalid" | "role_missing" | "webhook_not_found";
  };
  /** Create a webhook; it receives every event of its types from now on */
  "POST /api/v1/webhooks": {
    body: {
      url: string;
      events: WebhookEventName[];
      description?: string | null;
    };
    answer: MadeWebhook;
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "too_many_webhooks"
      | "media_type_unsupported"
      | "key_reused"
      | "key_in_progress";
  };
  /** List the webhooks, newest first */
  "GET /api/v1/webhooks": {
    query?: { after?: string; limit?: number };
    answer: { list: Webhook[]; pageInfo: PageInfo };
    code: CommonErrorCode | "token_invalid" | "role_missing";
  };
  /** List a webhook's deliveries of the last seven days, newest events first */
  "GET /api/v1/webhooks/{id}/deliveries": {
    path: { id: "tencent" | string };
    query?: { after?: string; limit?: number };
    answer: { list: WebhookDelivery[]; pageInfo: PageInfo };
    code: CommonErrorCode | "token_invalid" | "role_missing" | "webhook_not_found";
  };
  /** Resend an event now, with the same id and body */
  "POST /api/v1/webhooks/{id}/deliveries/{deliveryId}/resend": {
    path: { id: "tencent" | string; deliveryId: string };
    answer: { id: string };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "webhook_not_found"
      | "delivery_not_found"
      | "webhook_disabled"
      | "delivery_not_resendable"
      | "key_reused"
      | "key_in_progress";
  };
  /** Rotate a webhook's secret; both secrets sign for 24 hours */
  "POST /api/v1/webhooks/{id}/rotate-secret": {
    path: { id: string };
    answer: {
      secret: string | null;
      previousUntil: string;
    };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "webhook_not_found"
      | "key_reused"
      | "key_in_progress";
  };
  /** Send a webhook.test event to a webhook */
  "POST /api/v1/webhooks/{id}/test": {
    path: { id: string };
    answer: { eventId: string };
    code:
      | CommonErrorCode
      | "token_invalid"
      | "role_missing"
      | "webhook_not_found"
      | "webhook_disabled"
      | "key_reused"
      | "key_in_progress";
  };
};
