/** Figures, times and commands as pages write them. */

import { hueOfGift, tierOf } from "../../web/chat/tier.ts";
import { clockOf } from "../../web/clock.ts";
import { curlOf } from "../../web/curl.ts";
import { type Described, exampleOf, limitsOf } from "../../web/docs/schema.ts";
import { changesOf, savedDraft } from "../../web/draft.ts";
import { noteServerTime, serverNow } from "../../web/server-time.ts";

test("a number of seconds is shown as in a video player", () => {
  expect([0, 5, 65, 3_599, 3_600, 7_265, 90_000].map(clockOf)).toEqual([
    ...["0:00", "0:05", "1:05", "59:59", "1:00:00", "2:01:05", "25:00:00"],
  ]);
});

test("a curl command keeps quotes in values, sends a file, and does not wait for a body of HEAD", () => {
  const url = "https://api.test/a?b=1";
  const body = '{"content":"it\'s \'here\'"}';
  expect(curlOf({ method: "POST", url, token: "$TOKEN", headers: { "x-a": "b" }, body })).toBe(
    `curl -X POST '${url}' -H "authorization: Bearer $TOKEN" -H 'x-a: b' ` +
      `-d '{"content":"it'\\''s '\\''here'\\''"}'`,
  );
  expect(curlOf({ method: "GET", url, body: null })).toBe(`curl '${url}'`);
  expect(curlOf({ method: "HEAD", url })).toBe(`curl -I '${url}'`);
  expect(curlOf({ method: "POST", url, files: { photo: "a.png" } }, "\n")).toBe(
    `curl -X POST\n'${url}'\n-F 'photo=@a.png'`,
  );
});

test("limits are shown only where there are any", () => {
  expect(limitsOf({})).toBe("");
  expect(limitsOf({ minimum: 0, minLength: 0 })).toBe("");
  expect(limitsOf({ minimum: 1, maximum: 1_000_000 })).toBe("1 to 1,000,000");
  expect(limitsOf({ minimum: 0, maximum: 5 })).toBe("0 to 5");
  expect(limitsOf({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })).toBe("at least 1");
  expect(limitsOf({ maxLength: 500, maxItems: 20 })).toBe(
    "at most 500 characters, at most 20 items",
  );
});

test("a draft that is saved keeps what was typed after it was sent", () => {
  const sent = { name: "Rose", price: 10 };
  const now = { name: "Roses", price: 10 };
  expect(changesOf(sent, now)).toEqual({ name: "Roses" });
  // The server may have changed what it stored.
  expect(savedDraft(sent, { name: "Rose", price: 12 }, now)).toEqual({ name: "Roses", price: 12 });
});

test("a gift is a card from 100 credits on, and a moment from 1,000 on", () => {
  expect([99, 100, 999, 1_000].map(tierOf)).toEqual(["row", "card", "card", "moment"]);
  const ours = { id: "g1", svgUrl: "https://x.test/pictures/rose.svg" };
  const other = { id: "g1", svgUrl: "https://cdn.test/rose.webp" };
  expect(hueOfGift(ours)).not.toBe(hueOfGift(other));
});

test("the server's time is that of the latest answer, whatever late or cached ones say", () => {
  const [before, hour] = [Date.now(), 3_600_000];
  expect(Math.abs(serverNow() - before)).toBeLessThan(10_000);
  const note = (milliseconds: number) => noteServerTime(new Date(milliseconds).toISOString());
  note(before - hour);
  expect(serverNow()).toBeLessThan(before - hour / 2);
  note(before + hour);
  for (const late of ["", "no time", null]) noteServerTime(late);
  note(before);
  expect(serverNow()).toBeGreaterThan(before + hour / 2);
});

test("an example keeps to the limits of its schema, and that of a recursive one ends", () => {
  const schemas: Record<string, Described> = {
    Tree: { type: "object", properties: { next: { $ref: "#/components/schemas/Tree" } } },
  };
  const of = (schema: Described) => exampleOf(schema, schemas);
  expect(of({ type: "string", minLength: 8 })).toBe("texttttt");
  expect(of({ type: "string", format: "date-time" })).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  expect(
    [{}, { minimum: 0 }, { minimum: 60 }].map((one) => of({ type: "integer", ...one })),
  ).toEqual([1, 1, 60]);
  expect(of({ enum: ["poll", "goal"] })).toBe("poll");
  expect(of({ type: "array", items: { type: "boolean" } })).toEqual([true]);
  expect(of({ type: "array", items: { type: "boolean" }, maxItems: 0 })).toEqual([]);
  expect(of({ type: ["string", "null"], default: "none" })).toBe("none");
  expect(JSON.stringify(of(schemas.Tree ?? {})).length).toBeLessThan(200);
});
