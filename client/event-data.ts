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
  variants: {
    "40": string;
    "76": string;
  };
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

export type GiftTotals = {
  count: number;
  credits: number;
};

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
  top: Array<{
    user: StreamUser;
    credits: number;
  }>;
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
  /** A chat message, as HTTP answers it; a deleted one has lost its text */
  "chat.message": ChatMessage;
  /** A chat message was deleted */
  "chat.deleted": {
    messageId: string;
    streamId: string;
  };
  /** A chat message was pinned; the one before it is no longer pinned. `message` is null where a version before this one pinned it */
  "chat.pinned": {
    messageId: string;
    streamId: string;
    message: ChatMessage | null;
  };
  /** No chat message is pinned any more */
  "chat.unpinned": {
    messageId: string;
    streamId: string;
  };
  /** A gift; totals are those of the stream with this gift */
  "gift.sent": GiftSent;
  /** A gift was refunded; totals are those without it */
  "gift.refunded": {
    id: string;
    streamId: string;
    credits: number;
    refundedAt: string;
    totals: {
      count: number;
      credits: number;
    };
  };
  /** A superlike, as HTTP answers it */
  "superlike.sent": Superlike;
  /** A sender's row of the same gift is over: nothing followed for 5 s */
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
  /** The stream is over: nothing but moderation follows */
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
  /** The rules of the chat changed; these hold now */
  "settings.changed": {
    streamId: string;
    slowModeSeconds: number;
    followersOnly: boolean;
    giftsEnabled: boolean;
    moderators: string[];
  };
  /** A poll, a goal or a hype train began */
  "moment.started": Moment;
  /** A goal was reached, which happens once, or a hype train reached a level */
  "moment.changed": Moment;
  /** A moment is over: with its result, or cancelled without one */
  "moment.ended": Moment;
};
