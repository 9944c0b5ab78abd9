import { expect, test } from "@jest/globals";
import description from "../../docs/openapi.json" with { type: "json" };
import { byTag, type OpenApi, referenceOf } from "../../web/docs/document.ts";

const { operations } = referenceOf(description as unknown as OpenApi);
const groups = new Map(byTag(operations));
const callsOf = (tag: string) => groups.get(tag)!.map(({ method, path }) => `${method} ${path}`);

test("the reference begins with the calls that an app makes first", () => {
  expect(callsOf("Live Streams").slice(0, 3)).toEqual([
    "POST /api/v1/live-stream/create",
    "POST /api/v1/live-stream/join-as-creator",
    "POST /api/v1/live-stream/join",
  ]);
  expect([...groups.keys()].slice(0, 3)).toEqual(["Live Streams", "Live Stream Chat", "Gifts"]);
  expect(callsOf("Live Stream Chat")[0]).toBe("POST /api/v1/live-stream/{streamId}/chat/messages");
  expect(callsOf("Wallet")[0]).toBe("GET /api/v1/wallet");
});

test("staff calls come after those of an app's users, tag by tag", () => {
  for (const [tag, listed] of groups) {
    const isStaffs = listed.map(({ description = "" }) => description.startsWith("Needs"));
    expect([tag, ...isStaffs]).toEqual([tag, ...isStaffs.toSorted()]);
  }
  expect(callsOf("Gifts").at(-1)).toMatch(/gift-types/);
});
