/* Made from docs/asyncapi.json by `npm run documents`: do not edit. */

export type StreamUser = {
  _id: string;
  username: string;
  name: string;
  surname: string;
  profilePhoto: ProfilePhoto;
  availabilityStatus: "available";
  role?: "host" | "moderator";
};

export type ProfilePhoto = {
  _id: string;
  url: string;
  type: "image";
  variants: { "40": string; "76": string };
  createdAt: string;
  updatedAt: string;
};

export type ChatMessage = {
  _id: string;
  streamId: string;
  content: string;
  sender: StreamUser;
  createdAt: string;
  updatedAt: string;
  replyTo?: string;
  deleted?: true;
};

export type GiftTotals = { count: number; credits: number };

export type GiftSent = {
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
};

export type SuperlikeSnapshot = {
  _id: string;
  username: string;
  name: string;
  surname: string;
  profilePhoto: string;
  role?: "host" | "moderator";
};

export type Superlike = {
  streamId: string;
  senderId: string;
  senderSnapshot: SuperlikeSnapshot;
  price: number;
  timestamp: string;
};

export type PollResult = {
  votes: number[];
  voters: number;
  winner: number | null;
};

export type GoalResult = {
  amount: number;
  reached: boolean;
};

export type TrainResult = {
  level: number;
  credits: number;
  top: Array<{ user: StreamUser; credits: number }>;
};

export type Moment = {
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
};

/** The data of every event, by its type. */
export type EventData = {
  /** A chat message, as in the HTTP API; a deleted message has no text */
  "chat.message": ChatMessage;
  /** A chat message was deleted */
  "chat.deleted": {
    messageId: string;
    streamId: string;
  };
  /** A chat message was pinned, replacing the previous pin. `message` is null for pins made by an earlier version of Ovation */
  "chat.pinned": {
    messageId: string;
    streamId: string;
    message: ChatMessage | null;
  };
  /** The pinned chat message was unpinned */
  "chat.unpinned": {
    messageId: string;
    streamId: string;
  };
  /** A gift was sent; the stream's `totals` include it */
  "gift.sent": GiftSent;
  /** A gift was refunded; the stream's `totals` no longer include it */
  "gift.refunded": {
    id: string;
    streamId: string;
    credits: number;
    refundedAt: string;
    totals: { count: number; credits: number };
  };
  /** A superlike, as in the HTTP API */
  "superlike.sent": Superlike;
  /** A sender's combo of one gift type ended: no further gift for 5 s */
  "combo.ended": {
    comboId: string;
    sender: StreamUser;
    giftType: {
      id: string;
      name: string;
      creditAmount: number;
      svgUrl: string;
    };
    count: number;
    credits: number;
  };
  /** The stream went live */
  "stream.started": {
    streamId: string;
    status:
      | "preparing"
      | "scheduled"
      | "active"
      | "ended"
      | "expired"
      | "cancelled_by_host"
      | "cancelled_by_guest";
    startedAt: string | null;
  };
  /** The stream ended; only moderation events can follow */
  "stream.ended": {
    streamId: string;
    status:
      | "preparing"
      | "scheduled"
      | "active"
      | "ended"
      | "expired"
      | "cancelled_by_host"
      | "cancelled_by_guest";
    endedAt: string | null;
  };
  /** A user was blocked (BLOCK) or muted (CHAT_ONLY) */
  "member.banned": {
    streamId: string;
    banId: string;
    targetUserId: string;
    actionType: "BLOCK" | "CHAT_ONLY";
    endsAt: string | null;
  };
  /** A ban was lifted */
  "member.unbanned": {
    streamId: string;
    banId: string;
    targetUserId: string;
    actionType: "BLOCK" | "CHAT_ONLY";
  };
  /** The chat settings changed to these */
  "settings.changed": {
    streamId: string;
    slowModeSeconds: number;
    followersOnly: boolean;
    giftsEnabled: boolean;
    moderators: string[];
  };
  /** A poll, goal or hype train started */
  "moment.started": Moment;
  /** A goal was reached (once per goal), or a hype train reached a level */
  "moment.changed": Moment;
  /** A poll, goal or hype train ended with its result, or was cancelled */
  "moment.ended": Moment;
};
