import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { messageIdOf, numberInId } from "../../domain/streams/chat.ts";

const now = new Date("2026-01-15T10:30:00.000Z");

describe("the id of a message", () => {
  test("has ObjectId form and holds the message's number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), fc.string(), (n, streamId) => {
        const id = messageIdOf(streamId, n, now);
        expect(id).toMatch(/^[0-9a-f]{24}$/);
        expect(numberInId(id)).toBe(n);
      }),
    );
  });

  test("differs between streams that have the same number in the same second", () => {
    const ids = Array.from({ length: 1000 }, (_, i) =>
      messageIdOf(`64d15f9e2e6c8f4d5a12${i.toString(16).padStart(4, "0")}`, 1, now),
    );
    expect(new Set(ids).size).toBe(1000);
  });
});
