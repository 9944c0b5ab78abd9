/** Blocked words lie apart from their stream, since lists and gifts read streams. */
import type { Stream } from "../../domain/streams/stream.ts";
import { handler as changeSettings } from "../../functions/streams/chat/change-settings.ts";
import { handler as sendMessage } from "../../functions/streams/chat/send-message.ts";
import { handler as featured } from "../../functions/streams/featured.ts";
import { handler as list } from "../../functions/streams/list.ts";
import { handler as upcoming } from "../../functions/streams/upcoming.ts";
import { newId } from "../../platform/runtime/id.ts";
import { changeStream, recordStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { meterTable } from "./call-meter.ts";
import { useOwnTable } from "./table.ts";
import { makeStream, makeUser, someone } from "./wallet-people.ts";

useOwnTable();

const now = () => new Date();

/** As many of the longest words as a stream may have: 40 KB. */
const longest = Array.from({ length: 200 }, (_, at) => `${"\u{1f600}".repeat(47)}${100 + at}`);

const settings = (stream: Stream, body: object) =>
  callEndpoint(changeSettings, { as: stream.hostId, path: { streamId: stream.id }, body });

async function say(stream: Stream, as: string, content: string): Promise<number> {
  const path = { streamId: stream.id };
  return (await callEndpoint(sendMessage, { as, path, body: { content } })).status;
}

test("lists of a hundred streams with the most words read about a unit for two streams", async () => {
  const host = await makeUser(someone("host"));
  const plannedStartDate = new Date(Date.now() + 3_600_000).toISOString();
  const sample = await makeStream(host, { status: "scheduled", plannedStartDate });
  const ids = Array.from({ length: 100 }, () => newId(new Date()));
  const streams = await Promise.all(
    ids.map(async (id) => {
      const stream = { ...sample, id };
      await recordStream(stream);
      return changeStream(stream, () => ({ blockedWords: longest }), now());
    }),
  );
  const measure = meterTable();
  const unitsOf = async (handler: unknown, path = {}, query = {}) => {
    let count = 0;
    const { read } = await measure(async () => {
      const { body } = await callEndpoint(handler, { as: host, path, query });
      count = (body.data as unknown[]).length;
    });
    return { count, read };
  };
  const soon = await unitsOf(upcoming, { userId: host }, { limit: "100" });
  for (const stream of streams)
    await changeStream(stream, () => ({ status: "active", startedAt: stream.createdAt }), now());
  const all = await unitsOf(list);
  const most = await unitsOf(featured);
  expect([soon.count, all.count]).toEqual([100, 100]);
  expect(most.count).toBeGreaterThan(5);
  // With their words inside, 40 KB each, they were 559.
  expect(soon.read).toBeLessThanOrEqual(120);
  expect(all.read).toBeLessThanOrEqual(60);
  expect(most.read).toBeLessThanOrEqual(120);
});

test("a chat blocks the words of its latest change, whatever this process has cached", async () => {
  const [host, viewer] = [await makeUser(someone("host")), await makeUser(someone("viewer"))];
  const stream = await makeStream(host);
  expect(await say(stream, viewer, "apple")).toBe(201);
  for (const [blocked, free] of [
    ["apple", "pear"],
    ["pear", "apple"],
  ] as const) {
    const { body } = await settings(stream, { blockedWords: [blocked, blocked] });
    expect(body.data).toMatchObject({ blockedWords: [blocked] });
    expect(await say(stream, viewer, `an ${blocked}`)).toBe(403);
    expect(await say(stream, viewer, `an ${free}`)).toBe(201);
  }
  expect((await settings(stream, { blockedWords: [] })).body.data).toMatchObject({
    blockedWords: [],
  });
  expect(await say(stream, viewer, "pear and apple")).toBe(201);
});

test("blocked words that an earlier release stored in the stream count, and its next change moves them", async () => {
  const [host, viewer] = [await makeUser(someone("host")), await makeUser(someone("viewer"))];
  const stream = await makeStream(host, { blockedWords: ["apple"] });
  expect(await say(stream, viewer, "apple")).toBe(403);
  expect((await getRawItem(key.stream(stream.id)))?.blockedWords).toEqual(["apple"]);
  const { body } = await settings(stream, { followersOnly: true });
  expect(body.data).toMatchObject({ blockedWords: ["apple"], followersOnly: true });
  const moved = await getRawItem(key.stream(stream.id), { consistent: true });
  expect(moved).toMatchObject({ blockedWords: [], blockedWordsVersion: moved?.revision });
  expect(await getStream(stream.id)).toMatchObject({ blockedWords: ["apple"] });
  // Nothing moves again, and a change that comes late is judged by the words as they are.
  await settings(stream, { followersOnly: false });
  const { blockedWordsVersion } = (await getRawItem(key.stream(stream.id), { consistent: true }))!;
  expect(blockedWordsVersion).toBe(moved?.blockedWordsVersion);
  const late = await changeStream(stream, () => ({ title: "Late" }), now());
  expect(late).toMatchObject({ title: "Late", blockedWords: ["apple"] });
  expect(await say(stream, viewer, "apple")).toBe(403);
});
