import { expect, test } from "@jest/globals";
import { type UserEvent, userEventsOf } from "../../domain/log/user-event.ts";
import type { Entry } from "../../domain/money/ledger.ts";
import { itemsOf } from "../../domain/money/ledger.ts";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { chain } from "../../platform/store/money/ledger.ts";

const at = "2026-05-01T12:00:00.000Z";
const createdAt = Date.parse(at) / 1000;
const summaryFor = (userId: string) =>
  summaryOf(profileOf(userId, {}, new Date(at)), "https://x/p.png");
const people = {
  find: (userId: string) => (userId === "gone" ? null : summaryFor(userId)),
  show: summaryFor,
};
const shown = (events: readonly UserEvent[]) =>
  events.map(({ dataOf, people: _, ...event }) => ({ ...event, data: dataOf(people) }));

test("each entry of a ledger's item is a separate event, with its number in the id", () => {
  const entry = (
    seq: number,
    amount: number,
    balanceAfter: number,
    counterpart: string | null,
  ): Entry => ({
    userId: "ann",
    seq,
    amount,
    balanceAfter,
    counterpart,
    type: "gift_revenue",
    streamId: null,
    giftId: null,
    reference: null,
    occurredAt: at,
  });
  const [item] = itemsOf(
    chain("", [entry(1, 5, 5, "bob"), entry(2, -2, 3, "gone"), entry(3, 4, 7, null)]).chained,
  );
  const change = { kind: "entry", createdAt, old: undefined, new: item } as const;
  expect(userEventsOf(change).map((event) => event.people)).toEqual([["bob"], ["gone"], []]);
  expect(userEventsOf({ ...change, old: item })).toEqual([]);
  expect(shown(userEventsOf(change))).toMatchObject([
    {
      id: "entry:ann:1",
      type: "wallet.credited",
      userId: "ann",
      at,
      data: { counterpart: { _id: "bob" } },
    },
    {
      id: "entry:ann:2",
      type: "wallet.debited",
      data: { userId: "ann", direction: "debit", amount: 2, balanceAfter: 3, counterpart: null },
    },
    { id: "entry:ann:3", data: { amount: 4, balanceAfter: 7, counterpart: null } },
  ]);
});

test("a changed name and a deletion are events of a profile, and nothing else is", () => {
  const was = { ...profileOf("ann", { given_name: "Ann" }, new Date(at)), PK: "USER#ann" };
  const later = "2026-05-01T12:00:01.000Z";
  const of = (image: object | undefined, old: object | null = was) =>
    shown(
      userEventsOf({
        kind: "profile",
        createdAt,
        old: (old ?? undefined) as never,
        new: image as never,
      }),
    );
  const renamed = { ...was, surname: "Lee", updatedAt: later };
  const before = { username: "", name: "Ann", surname: "" };
  expect(of(renamed)).toEqual([
    {
      id: `user:ann:${later}`,
      type: "user.renamed",
      at: later,
      userId: "ann",
      data: { userId: "ann", before, after: { ...before, surname: "Lee" } },
    },
  ]);
  expect(of({ ...was, bio: "x", updatedAt: later })).toEqual([]);
  expect(of(was, null)).toEqual([]);
  expect(of(undefined)).toEqual([
    {
      id: `user:ann:${at}:deleted`,
      type: "user.deleted",
      userId: "ann",
      // After all else of its second: receivers sort by it.
      at: "2026-05-01T12:00:00.999Z",
      data: { userId: "ann" },
    },
  ]);
});

test("a notification and a follow are events when they are created", () => {
  const relation = { relationId: "r1", followerId: "bob", followedId: "ann", at };
  const follow = { kind: "relation", createdAt, old: undefined, new: relation } as const;
  expect(userEventsOf(follow)[0]!.people).toEqual(["bob", "ann"]);
  expect(shown(userEventsOf(follow))).toMatchObject([
    {
      id: "follow:r1",
      type: "follow.created",
      userId: "ann",
      data: { follower: { _id: "bob" }, followed: { _id: "ann" } },
    },
  ]);
  const id = "65a1234bcde5678f90123456";
  const note = {
    id,
    userId: "ann",
    type: "system",
    category: "follows",
    title: "t",
    message: "m",
    metadata: '{"a":1}',
    read: false,
    createdAt: at,
    updatedAt: at,
    revision: 1,
  };
  const made = { kind: "notification", createdAt, old: undefined, new: note } as const;
  expect(shown(userEventsOf(made))).toMatchObject([
    { id: `notification:${id}`, type: "notification.created", data: { metadata: { a: 1 } } },
  ]);
  expect(userEventsOf({ ...made, old: note, new: { ...note, read: true } })).toEqual([]);
  for (const image of [relation, undefined])
    expect(userEventsOf({ ...follow, old: relation, new: image })).toEqual([]);
});
