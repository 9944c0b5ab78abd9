/** The tags that group the API's operations, with their descriptions. */
export const tags = {
  App: "Settings for apps, API descriptions and health",
  Channel: "The settings, bans and overlay keys that a host keeps across streams",
  Credits: "Credit packages, and transfers between users",
  Follows: "Followers and followed users",
  Gifts: "Gift types, gifts and their refunds, statistics and leaderboards",
  "Likes and Moments": "Likes, polls, goals and hype trains",
  "Live Stream Bans": "Blocked and muted users of a stream or a channel",
  "Live Stream Chat": "Messages, pins, superlikes and chat settings of a stream",
  "Live Streams": "Streams from creation to end, and their viewers",
  Notifications: "A user's notifications and push devices",
  Operations: "Parked records: gifts that could not be settled",
  Overlays: "Keys that let an overlay read the frames of a stream",
  Pictures: "Uploaded pictures",
  Sessions: "Socket tickets, sign-out and token revocations",
  "Sign-in": "Sign-in with the stage's issuer",
  Tencent: "Commands and callbacks of Tencent's live engine: always HTTP 200",
  Users: "Profiles, names and personal data",
  Wallet: "Balances, ledgers, top-ups and payouts",
  Webhooks: "Signed HTTP requests to your back end, one per event",
} as const;

export type Tag = keyof typeof tags;
