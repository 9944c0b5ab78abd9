/** The subjects of the API, by which its description is ordered, and what each is about. */
export const tags = {
  App: "Settings of the app, descriptions of the API, and whether it works",
  Channel: "What a host keeps from stream to stream",
  Credits: "Packages of credits, and transfers between users",
  Follows: "Who follows whom",
  Gifts: "Gift types, gifts and their refunds, statistics and leaderboards",
  "Likes and Moments": "Likes, polls, goals and hype trains",
  "Live Stream Bans": "Blocked and muted users of a stream or a channel",
  "Live Stream Chat": "Messages, pins, superlikes and the rules of a stream's chat",
  "Live Streams": "Streams from their creation to their end, and who watches them",
  Notifications: "A user's notifications, and the devices that they are pushed to",
  Operations: "Records that could not be processed and were put aside",
  Overlays: "Keys with which an overlay reads the frames of a stream",
  Pictures: "Uploaded pictures",
  Sessions: "Tickets for sockets, and tokens that are refused",
  "Sign-in": "Signing in with the stage's issuer",
  Tencent: "Commands and callbacks of Tencent's live engine: always HTTP 200",
  Users: "Profiles, names and the user's own data",
  Wallet: "Balances, ledgers, top-ups and payouts",
  Webhooks: "Signed HTTP calls to a back end for every event",
} as const;

export type Tag = keyof typeof tags;
