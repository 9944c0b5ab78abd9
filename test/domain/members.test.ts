/** Who is banned from a stream, and whom a paid one admits. */

import { assertBannable, isListed, type ListedBan, makeBan } from "../../domain/streams/ban.ts";
import { needsFollowing } from "../../domain/streams/chat-rules.ts";
import { namesAtBan, roleIn, shownIn } from "../../domain/streams/display-names.ts";
import { activeBan, isAdmitted, type Member } from "../../domain/streams/member.ts";
import { message, now, stream } from "./frame-samples.ts";

const timeIn = (seconds: number) => new Date(now.getTime() + seconds * 1000).toISOString();
const ban = (id: string, actionType: "BLOCK" | "CHAT_ONLY", endsAt: string | null = null) => ({
  id,
  actionType,
  endsAt,
});
const { sender: ann } = message(1);

describe("when a user has a ban of the stream and one of its channel", () => {
  const [soon, later] = [timeIn(10), timeIn(20)];
  test.each([
    ["a block counts more than a mute", ban("a", "BLOCK", soon), ban("b", "CHAT_ONLY", later), "a"],
    ["the one without an end counts", ban("a", "BLOCK"), ban("b", "BLOCK", soon), "a"],
    [
      "the one that ends later counts",
      ban("a", "CHAT_ONLY", later),
      ban("b", "CHAT_ONLY", soon),
      "a",
    ],
    ["one that is over does not count", ban("a", "CHAT_ONLY"), ban("b", "BLOCK", timeIn(0)), "a"],
  ])("%s", (_, one, other, expected) => {
    expect(activeBan({ ban: one, channelBan: other }, now)?.id).toBe(expected);
    expect(activeBan({ ban: other, channelBan: one }, now)?.id).toBe(expected);
  });
});

test("a user is banned from a stream once, also while they are banned from its channel", () => {
  const refusal = (code: string) => expect.objectContaining({ code });
  const mute = ban("m", "CHAT_ONLY");
  const bannable = (userId: string, member: Partial<Member> = {}) =>
    assertBannable(stream, userId, { userId, ...member }, now);
  expect(() => bannable("ann", { channelBan: mute })).not.toThrow();
  expect(() => bannable("ann", { ban: { ...mute, endsAt: timeIn(0) } })).not.toThrow();
  expect(() => bannable("ann", { ban: mute })).toThrow(refusal("ban_exists"));
  expect(() => bannable("host")).toThrow(refusal("ban_of_host"));
});

describe("a paid stream", () => {
  const paid = { ...stream, price: 10, guests: ["guest"] };
  const admits = (userId: string, member: Partial<Member> = {}, more: object = {}) =>
    isAdmitted({ ...paid, ...more }, { userId, ...member }, { userId });

  test("admits its host, guests, moderators and overlays, and nobody else without a pass", () => {
    const users = ["host", "guest", "ben", "overlay:1", "ann"];
    expect(users.filter((userId) => admits(userId))).toEqual(users.slice(0, 4));
    expect(admits("ann", { pass: { giftId: "g", at: timeIn(0) } })).toBe(true);
    expect(isAdmitted(paid, undefined, { userId: "ann", roles: ["admin"] })).toBe(true);
  });

  test("admits those who contributed its price, once all contributions went to the host", () => {
    const funding = (outcome: "host" | "back") => ({
      funding: { outcome, collected: 10, closedAt: timeIn(0) },
    });
    const full = { contributed: 10 };
    expect(admits("ann", full)).toBe(false);
    expect(admits("ann", full, funding("back"))).toBe(false);
    expect(admits("ann", full, funding("host"))).toBe(true);
    expect(admits("ann", { contributed: 9 }, funding("host"))).toBe(false);
    expect(admits("ann", { ...full, isFormer: true }, funding("host"))).toBe(false);
  });
});

test("followers-only chat is open to the host, the moderators and admins", () => {
  const users = ["host", "ben", "ann"];
  const bound = (followersOnly: boolean) =>
    users.filter((userId) => needsFollowing({ ...stream, followersOnly }, { userId, roles: [] }));
  expect([bound(true), bound(false)]).toEqual([["ann"], []]);
  const admin = { userId: "ann", roles: ["admin"] };
  expect(needsFollowing({ ...stream, followersOnly: true }, admin)).toBe(false);
});

test("the host of a stream is shown as its host, even if they are among its moderators", () => {
  const both = { ...stream, moderators: ["host", "ben"] };
  expect(["host", "ben", "ann"].map((userId) => roleIn(both, userId))).toEqual([
    "host",
    "moderator",
    undefined,
  ]);
});

describe("the names of a user", () => {
  const shown = (names: object, blockedWords: string[], member?: Member) => {
    const { name, surname } = shownIn(
      { ...stream, blockedWords },
      { ...ann, ...names },
      member,
      now,
    );
    return { name, surname };
  };

  test("do not make a blocked word together", () => {
    const empty = { name: "", surname: "" };
    expect(shown({ name: "bad", surname: "word" }, ["badword"])).toEqual(empty);
    expect(shown({ name: "bad", surname: "word" }, ["bad word"])).toEqual(empty);
    expect(shown({ name: "bad", surname: "words" }, ["bad"])).toEqual({
      name: "",
      surname: "words",
    });
    const fine = { name: "good", surname: "word" };
    expect(shown(fine, ["badword"])).toEqual(fine);
  });

  test("stay those of the time when a mute began, and those of a first mute in a second", () => {
    const names = { name: "Before", surname: "" };
    const muted = { userId: "ann", ban: { ...ban("m", "CHAT_ONLY"), names } };
    const renamed = { ...ann, name: "After", surname: "" };
    expect(shown(renamed, [], muted)).toEqual(names);
    expect(namesAtBan(renamed, muted, now)).toEqual(names);
    expect(namesAtBan(renamed, undefined, now)).toEqual({ name: "After", surname: "" });
  });
});

describe("the list of a host's bans", () => {
  const listed: ListedBan = {
    banId: "1",
    liveStreamId: "s1",
    targetUserId: "ann",
    username: "Ann_Name",
    actionType: "BLOCK",
    createdAt: timeIn(0),
    deletedAt: null,
  };
  const isIn = (filter: object, more: object = {}, at = now) =>
    isListed({ ...listed, ...more }, filter, at);

  test("has the bans of a stream, and those of the whole channel with them", () => {
    expect(isIn({ liveStreamId: "s1" })).toBe(true);
    expect(isIn({ liveStreamId: "s2" })).toBe(false);
    expect(isIn({ liveStreamId: "s2" }, { scope: "channel" })).toBe(true);
  });

  test("is searched by id or by username, whose case does not matter", () => {
    for (const targetUser of ["ann", "ann_name", "ANN_NAME"])
      expect(isIn({ targetUser })).toBe(true);
    expect(isIn({ targetUser: "ann_" })).toBe(false);
    expect([isIn({ actionType: "BLOCK" }), isIn({ actionType: "CHAT_ONLY" })]).toEqual([
      true,
      false,
    ]);
  });

  test("includes the first and the last millisecond of a span", () => {
    const span = { dateFrom: timeIn(0), dateTo: timeIn(10) };
    expect([0, 10].map((at) => isIn(span, { createdAt: timeIn(at) }))).toEqual([true, true]);
    expect([-0.001, 10.001].map((at) => isIn(span, { createdAt: timeIn(at) }))).toEqual([
      false,
      false,
    ]);
  });

  test("has no ban that was lifted or has ended", () => {
    expect(isIn({}, { deletedAt: timeIn(0) })).toBe(false);
    expect([isIn({}, { endsAt: timeIn(0) }), isIn({}, { endsAt: timeIn(1) })]).toEqual([
      false,
      true,
    ]);
  });

  test("shows an empty reason as none", () => {
    const context = { id: "1", stream, target: ann, by: "host", now };
    expect(makeBan({ actionType: "BLOCK", reason: "" }, context).reason).toBeNull();
    expect(makeBan({ actionType: "BLOCK", reason: "spam" }, context).reason).toBe("spam");
  });
});
