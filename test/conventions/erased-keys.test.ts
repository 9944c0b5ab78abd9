import { expect, test } from "@jest/globals";
import { key } from "../../platform/table/keys.ts";

/** Parameters of keys that are no user's id; all others may be one. */
const others = [
  ...["streamId", "giftId", "giftTypeId", "messageId", "momentId", "banId", "roomId", "webhookId"],
  ...["connectionId", "relationId", "sdkAppId", "id", "hash", "username", "text", "reference"],
  ...["n", "seq", "level", "index", "receiver", "shard", "node", "part", "slot", "pool", "second"],
  ...["at", "day", "command", "kind", "of", "language"],
];

/** What an erasure does with the items at each key that has a user's id. */
type Fate = { erased: string } | { expires: string } | { kept: string };

const ban = { kept: "a ban applies to the id, also to its next user; the names in it are erased" };
const trace = { erased: "once its stream, gift, ban or host is done (traced.ts)" };

const fates: Record<string, Fate> = {
  profile: { erased: "with the deletion (removal.ts)" },
  searchText: { erased: "with the deletion (removal.ts)" },
  searchSample: { erased: "with the deletion (removal.ts)" },
  notification: { erased: "erase-people.ts" },
  olderNotification: { erased: "erase-people.ts" },
  unread: { erased: "erase-people.ts" },
  readMark: { erased: "erase-people.ts" },
  device: { erased: "erase-people.ts" },
  announcement: { erased: "erase-people.ts" },
  funded: { erased: "erase-people.ts" },
  guestOf: { erased: "erase-people.ts" },
  marker: { erased: "erase-people.ts" },
  follower: { erased: "erase-people.ts" },
  following: { erased: "erase-people.ts" },
  channel: { erased: "erase-hosted.ts" },
  overlayKey: { erased: "those of a channel (erase-hosted.ts)" },
  openStream: { erased: "with the cancellation of what has not begun (erase-hosted.ts)" },
  escrowOf: { erased: "whose contribution it is (erase-streams.ts)" },
  reminder: { erased: "erase-streams.ts" },
  dueReminder: { erased: "erase-streams.ts" },
  like: { erased: "moves to the anonymous remainder (erase-streams.ts)" },
  vote: { erased: "moves to the anonymous remainder (erase-moments.ts)" },
  tracedStream: trace,
  tracedGift: trace,
  tracedBan: trace,
  tracedHost: trace,
  erasure: { erased: "at its own end (erasure.ts)" },
  claim: { expires: "within seconds" },
  call: { expires: "once its outcome is known" },
  socket: { expires: "with the connection" },
  revokedUser: { expires: "with the tokens that it revokes" },
  resumeRate: { expires: "within seconds" },
  bucket: { expires: "once it is full again" },
  hostedBan: { kept: "the user's ban of another user, whose name is erased with their account" },
  member: ban,
  channelMember: ban,
  sender: ban,
  wallet: { kept: "credits must add up" },
  reference: { kept: "credits must not be paid twice" },
  entry: { kept: "the ledger: credits must add up, and it has no names" },
  fan: { kept: "sums of the ledger, without names" },
  visits: { kept: "watch times of streams, without names" },
  followCounts: { kept: "two numbers, which fall to zero with the relations" },
  overlayKeyCount: { kept: "a number" },
  hosted: { kept: "the streams stay, without the names in them (erase-hosted.ts)" },
  overFor: { kept: "has only a digit made from the id" },
  delivery: { kept: "its receiver is a webhook; it expires" },
};

/** The names of a key's parameters. */
const parametersOf = (make: (...values: never[]) => unknown): string[] =>
  [
    ...(/^\(([^)]*)\)/.exec(make.toString())?.[1] ?? "").matchAll(/(\w+)\s*(?:=[^,]*)?(?:,|$)/g),
  ].map(([, name = ""]) => name);

test("an erasure erases every item with a user's id, or there is a reason to keep it", () => {
  const named = Object.entries(key).filter(([, make]) =>
    parametersOf(make).some((name) => !others.includes(name)),
  );
  expect(named.map(([name]) => name).sort()).toEqual(Object.keys(fates).sort());
});
