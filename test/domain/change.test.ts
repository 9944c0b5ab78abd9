import { recordOf } from "../../domain/log/change.ts";
import { change, gift, message, now, picture, record, stream, streamId } from "./frame-samples.ts";

const member = (ban?: object | null, revision = now.getTime()) => ({
  userId: "ann",
  revision,
  ban,
});
const block = (id: string) => ({ id, actionType: "BLOCK", endsAt: null });
const nothing = (made: Parameters<typeof recordOf>[0]) =>
  expect(recordOf(made, picture)).toBeUndefined();

test("a record that changes nothing for viewers causes no event", () => {
  nothing(change("message", message(1), message(1)));
  nothing(change("stream", stream, stream));
  nothing(change("gift", gift(1, { due: undefined }), gift(1)));
  nothing(change("gift", { id: "1", kind: "share" }));
  nothing(change("gift", { id: "1", kind: "proceeds" }));
  nothing(change("member", member(undefined, 2), member()));
  nothing(change("member", { ...member(), lastMessageAt: now.toISOString() }, member()));
  nothing(change("message", undefined, message(1)));
  nothing(change("message", { n: 1, isEmpty: true }));
  const { content: _, ...rest } = message(1);
  const deleted = { ...rest, deletedAt: now.toISOString(), revision: 2 };
  nothing(change("message", { ...deleted, revision: 3 }, deleted));
});

test("a mute that outlasts a block is shown again at the block's end, in an event of its own", () => {
  const mute = { id: "m1", actionType: "CHAT_ONLY", endsAt: null };
  const blocked = member({ ...block("b1"), mute });
  const made = [
    change("member", member(mute)),
    change("member", blocked, member(mute)),
    change("member", member(mute), blocked),
  ].map(record);
  expect(made.map(({ id }) => id)).toEqual(["ban:m1", "ban:b1", "ban:b1:lifted"]);
  expect(made[2]?.events).toMatchObject([
    { type: "member.unbanned", data: { banId: "b1" } },
    { type: "member.banned", data: { banId: "m1" } },
  ]);
  expect(made[2]?.blocks).toBeUndefined();
});

test("a mute that begins or ends under a block does so in an event of its own", () => {
  const mute = (id: string, seconds: number) => {
    const endsAt = new Date(now.getTime() + seconds * 1000).toISOString();
    return { id, actionType: "CHAT_ONLY", endsAt };
  };
  const [short, long] = [mute("m1", 10), mute("m2", 20)];
  const shown = (seconds: number, ban: object | null, was: object) => {
    const at = now.getTime() + seconds * 1000;
    const { id, events, blocks } = record(change("member", member(ban, at), member(was)));
    expect(blocks).toBeUndefined();
    return [id, ...events.map(({ type, at, data }) => [type, at, "banId" in data && data.banId])];
  };
  const [blocked, at] = [block("b1"), new Date(now.getTime() + 5_000).toISOString()];
  const under = { ...blocked, mute: short };
  const ended = ["member.unbanned", short.endsAt, "m1"];
  expect(shown(11, blocked, under)).toEqual(["ban:m1:lifted", ended]);
  expect(shown(5, blocked, under)).toEqual(["ban:m1:lifted", ["member.unbanned", at, "m1"]]);
  const lifted = ["member.unbanned", new Date(now.getTime() + 11_000).toISOString(), "b1"];
  expect(shown(11, null, under)).toEqual(["ban:b1:lifted", lifted, ended]);
  const begins = (seconds: number, id: string) => {
    return ["member.banned", new Date(now.getTime() + seconds * 1000).toISOString(), id];
  };
  expect(shown(1, under, blocked)).toEqual(["ban:m1", begins(1, "m1")]);
  // A longer mute replaces another, unless that has expired.
  const longer = { ...blocked, mute: long };
  expect(shown(5, longer, under)).toEqual(["ban:m2", begins(5, "m2")]);
  expect(shown(11, longer, under)).toEqual(["ban:m2", ended, begins(11, "m2")]);
});

test("banning, lifting and banning again are three events, whatever the revisions", () => {
  const records = [
    record(change("member", member(block("b1")))),
    record(change("member", member(null), member(block("b1")))),
    record(change("member", member(block("b2")), member(null))),
    record(change("member", member(null), member(block("b2")))),
  ];
  expect(new Set(records.map(({ id }) => id)).size).toBe(4);
  const lifted = { streamId, banId: "b1", targetUserId: "ann", actionType: "BLOCK" };
  expect(records.slice(0, 2).flatMap(({ events }) => events)).toEqual([
    { type: "member.banned", at: now.toISOString(), data: { ...lifted, endsAt: null } },
    { type: "member.unbanned", at: now.toISOString(), data: lifted },
  ]);
});

test("BLOCK identifies the blocked user; CHAT_ONLY ends no subscription", () => {
  expect(record(change("member", member(block("b1")))).blocks).toBe("ann");
  const mute = { ...block("b1"), actionType: "CHAT_ONLY" };
  expect(record(change("member", member(mute))).blocks).toBeUndefined();
});

test("an expired ban ends when it expired, before the one that replaces it", () => {
  const endsAt = new Date(now.getTime() + 10_000).toISOString();
  const timed = { ...block("b1"), endsAt };
  const after = (seconds: number, ban: object | null) =>
    record(change("member", member(ban, now.getTime() + seconds * 1000), member(timed))).events.map(
      ({ type, at }) => (type === "member.unbanned" ? [type, at] : [type]),
    );
  expect(after(10, null)).toEqual([["member.unbanned", endsAt]]);
  expect(after(10, block("b2"))).toEqual([["member.unbanned", endsAt], ["member.banned"]]);
  expect(after(9, block("b2"))).toEqual([["member.banned"]]);
  expect(after(9, null)[0]![1]).not.toBe(endsAt);
});

describe("a ban from the host's channel", () => {
  const inChannel = (revision: number, ban: object | null, lifted?: object) => ({
    ...member(undefined, revision),
    channel: { revision, ban, lifted },
  });
  const shown = (next: object, before?: object) =>
    record(change("member", next, before)).events.map(({ type, data }) => [
      type,
      "banId" in data && data.banId,
    ]);

  test("is shown once by each stream, and so is its end", () => {
    const banned = inChannel(1, block("c1"));
    expect(shown(banned)).toEqual([["member.banned", "c1"]]);
    expect(record(change("member", banned)).blocks).toBe("ann");
    nothing(change("member", inChannel(2, block("c1")), banned));
    const lifted = inChannel(3, null, block("c1"));
    expect(shown(lifted, banned)).toEqual([["member.unbanned", "c1"]]);
    nothing(change("member", { ...lifted, revision: 4 }, lifted));
  });

  test("is shown to have ended by a stream that went live during it", () => {
    const lifted = inChannel(3, null, block("c1"));
    expect(shown(lifted, member())).toEqual([["member.unbanned", "c1"]]);
  });

  test("that replaces another is shown after the end of that one", () => {
    expect(shown(inChannel(2, block("c2")), inChannel(1, block("c1")))).toEqual([
      ["member.unbanned", "c1"],
      ["member.banned", "c2"],
    ]);
  });
});

test("the same record has the same id, whatever else is in its batch", () => {
  const twice = [1, 2].map(() =>
    record(change("stream", { ...stream, revision: 5, slowModeSeconds: 3 }, stream)),
  );
  expect(twice[0]).toEqual(twice[1]);
});

test.each([
  [{ status: "active" }, { status: "preparing" }, ["stream.started"]],
  [{ status: "ended", endedAt: now.toISOString() }, { status: "active" }, ["stream.ended"]],
  [{ status: "cancelled_by_host" }, { status: "scheduled" }, ["stream.ended"]],
  [{ status: "cancelled_by_guest" }, { status: "scheduled" }, ["stream.ended"]],
  [{ status: "expired" }, { status: "scheduled" }, ["stream.ended"]],
  [{ slowModeSeconds: 5 }, {}, ["settings.changed"]],
  [{ giftsEnabled: false }, {}, ["settings.changed"]],
  [{ moderators: ["ann"] }, {}, ["settings.changed"]],
  [{ pinned: { messageId: "m1" } }, {}, ["chat.pinned"]],
  [{ pinned: { messageId: "m2" } }, { pinned: { messageId: "m1" } }, ["chat.pinned"]],
  [{ pinned: null }, { pinned: { messageId: "m1" } }, ["chat.unpinned"]],
  [
    { pinned: null, giftsEnabled: false },
    { pinned: { messageId: "m1" } },
    ["settings.changed", "chat.unpinned"],
  ],
])("a stream that becomes %j was %j: %j", (next, before, types) => {
  const made = record(
    change("stream", { ...stream, revision: 2, ...next }, { ...stream, ...before }),
  );
  expect(made.events.map(({ type }) => type)).toEqual(types);
  expect(made.lane).toBe("always");
});

test("only moderators see the blocked words", () => {
  const next = { ...stream, revision: 2, slowModeSeconds: 1, blockedWords: ["secretword"] };
  expect(JSON.stringify(record(change("stream", next, stream)))).not.toContain("secretword");
});

test("a combo ends once, through the item of its first gift", () => {
  const ended = { comboEnded: { count: 3, credits: 30, at: now.toISOString() } };
  const made = record(change("gift", gift(1, ended), gift(1)));
  expect(made.id).toBe(`combo:${gift(1).comboId}`);
  expect(made.events[0]).toMatchObject({ type: "combo.ended", data: { count: 3, credits: 30 } });
  nothing(change("gift", gift(1, { ...ended, due: undefined }), gift(1, ended)));
});

test("an item that does not match its schema is a fault, never an event", () => {
  expect(() => recordOf(change("message", { id: "1" }), picture)).toThrow();
  expect(() => recordOf(change("gift", { ...gift(1), price: "10" }), picture)).toThrow();
});
