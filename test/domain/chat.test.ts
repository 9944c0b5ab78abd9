import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import {
  chatMessageOf,
  messageAnswered,
  messageIdOf,
  numberInId,
  withoutText,
} from "../../domain/streams/chat.ts";
import { assertNotSlowed, chatRulesOf, makeMessage } from "../../domain/streams/chat-rules.ts";
import { historyOf } from "../../domain/streams/history.ts";
import { makeStream, NewStream } from "../../domain/streams/new-stream.ts";

import { stream } from "./frame-samples.ts";

const now = new Date("2026-01-15T10:30:00.000Z");

describe("the id of a message", () => {
  test("has ObjectId form and contains the message's number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), fc.string(), (n, streamId) => {
        const id = messageIdOf(streamId, n, now);
        expect(id).toMatch(/^[0-9a-f]{24}$/);
        expect(numberInId(id)).toBe(n);
      }),
    );
  });

  test("differs between streams with the same number in the same second", () => {
    const ids = Array.from({ length: 1000 }, (_, i) =>
      messageIdOf(`64d15f9e2e6c8f4d5a12${i.toString(16).padStart(4, "0")}`, 1, now),
    );
    expect(new Set(ids).size).toBe(1000);
  });
});

describe("the reply that an Idempotency-Key remembers", () => {
  const picture = "https://cdn.example.com/person.png";
  const host = profileOf("host", { given_name: "Ann" }, now);
  const given = { id: "64d15f9e2e6c8f4d5a123000", defaultThumbnail: picture, now };
  const stream = makeStream(NewStream.parse({ title: "Live" }), {
    ...given,
    host: summaryOf(host, picture),
  });

  test.each([
    ["a viewer without a picture", profileOf("viewer", {}, now), undefined],
    ["the host, who has a role", host, undefined],
    ["a user with a picture", profileOf("v", { picture: "https://a.example/b.png" }, now), "f"],
  ])("and the message's text give the same message again: of %s", (_, sender, reply) => {
    const replyTo = reply?.repeat(24);
    const message = makeMessage({ content: "hello", replyTo }, { stream, sender, n: 7, now });
    const answer = chatMessageOf(message, picture);
    const again = messageAnswered(withoutText(answer), "hello", picture);
    expect(chatMessageOf(again, picture)).toEqual(answer);
    expect(again).toEqual(message);
  });
});

describe("slow mode", () => {
  const slowed = { ...stream, slowModeSeconds: 5 };

  test("is for viewers, not for the host, the moderators and admins", () => {
    const secondsOf = (userId: string, roles: string[] = []) =>
      chatRulesOf(slowed, { userId, roles }, 3).slowModeSeconds;
    const seconds = ["host", "ben", "ann"].map((userId) => secondsOf(userId));
    expect([...seconds, secondsOf("ann", ["admin"])]).toEqual([0, 0, 5, 0]);
  });

  test("ends after its seconds, and names a wait after which the next message is accepted", () => {
    const say = (milliseconds: number) => () =>
      assertNotSlowed(
        { lastMessageAt: now.toISOString() },
        { slowModeSeconds: 5 },
        new Date(now.getTime() + milliseconds),
      );
    expect(say(5_000)).not.toThrow();
    expect(say(4_001)).toThrow(expect.objectContaining({ retryAfterSeconds: 1 }));
    expect(say(3_999)).toThrow(expect.objectContaining({ retryAfterSeconds: 2 }));
  });
});

test("every page of the history but the newest has a previous one, wherever a cursor begins", () => {
  const page = (skipped: number) => historyOf([], 10, { skipped, total: 20 });
  expect([0, 5, 10].map((at) => page(at).hasPreviousPage)).toEqual([false, true, true]);
  expect([0, 5, 10].map((at) => page(at).hasNextPage)).toEqual([true, true, false]);
});
