import fc from "fast-check";
import { readMessage } from "../../client/compact.ts";
import { makeFrame } from "../../domain/log/frame.ts";
import { compactText } from "../../platform/push/encodings.ts";
import {
  change,
  chatRecord,
  emptyLog,
  giftRecord,
  message,
  now,
  record,
  stream,
  streamId,
} from "../domain/frame-samples.ts";

const bodyOf = (records: Parameters<typeof makeFrame>[1]) =>
  makeFrame(emptyLog, records, { streamId, viewers: 7 }, now).frame.body;

const text = fc
  .string({ unit: "binary", minLength: 1, maxLength: 40 })
  .filter((s) => s.isWellFormed());
const sender = fc.constantFrom("ann", "ben", "cem", "a-b");

const something = fc.oneof(
  fc
    .record({ n: fc.nat(1e6), text, sender })
    .map(({ n, text, sender }) => chatRecord(n, text, 1, sender)),
  fc
    .record({ n: fc.nat(1e6), count: fc.nat(9) })
    .map(({ n, count }) => giftRecord(n, { count: count + 1 })),
  fc.nat(1e6).map((n) => giftRecord(n, { kind: "superlike", giftType: undefined })),
  fc.constant(record(change("stream", { ...stream, revision: 9, slowModeSeconds: 5 }, stream))),
);

test("a compact frame expands to the same events, byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(something, { maxLength: 60 }), async (records) => {
      const body = bodyOf(records);
      expect(JSON.stringify(await readMessage(compactText(body)))).toBe(body);
    }),
    { numRuns: 200 },
  );
});

test.each(["streamId", "_id", "createdAt"])(
  "a message that ends with its own %s, after an equals sign, stays the same",
  async (name) => {
    const sent = JSON.parse(bodyOf([chatRecord(1)])).events[0].data;
    const body = bodyOf([chatRecord(1, `a=b${sent[name]}`)]);
    expect(sent[name]).toEqual(expect.any(String));
    expect(JSON.stringify(await readMessage(compactText(body)))).toBe(body);
  },
);

test("a compact frame shows each size of an uploaded picture", async () => {
  const old = message(1);
  const url = `https://live.example/pictures/${"a".repeat(24)}`;
  const sender = { ...old.sender, picture: url };
  const body = bodyOf([record(change("message", { ...old, sender }, undefined))]);
  expect(JSON.stringify(await readMessage(compactText(body)))).toBe(body);
  expect(body).toContain(`"40":"${url}-40","76":"${url}-76"`);
});

test("a frame of twenty messages is at most a third as large, one of a hundred a sixth", () => {
  const share = (count: number) => {
    const body = bodyOf(
      Array.from({ length: count }, (_, n) =>
        chatRecord(n, `hello number ${n}`, 1, `user${n % 12}`),
      ),
    );
    return compactText(body).length / body.length;
  };
  expect(share(1)).toBeLessThan(0.8);
  expect(share(20)).toBeLessThan(1 / 3);
  expect(share(60)).toBeLessThan(1 / 6);
});
