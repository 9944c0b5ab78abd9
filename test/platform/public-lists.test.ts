import { jest } from "@jest/globals";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { endStream } from "../../domain/streams/stream-lifecycle.ts";
import { handler as statsOf } from "../../functions/people/users/stats.ts";
import { handler as catchStreamers } from "../../functions/streams/catch-streamers.ts";
import { handler as featured } from "../../functions/streams/featured.ts";
import { handler as listAll } from "../../functions/streams/list.ts";
import { handler as mostWatched } from "../../functions/streams/most-watched-creators.ts";
import { handler as past } from "../../functions/streams/past.ts";
import { handler as upcoming } from "../../functions/streams/upcoming.ts";
import { cached } from "../../platform/runtime/cached.ts";
import { listNotices } from "../../platform/store/people/notices.ts";
import { changeStream, recordStream } from "../../platform/store/streams/stream-changes.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { getRawItem, type Item, putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { meterTable } from "./call-meter.ts";
import { setClock } from "./clock.ts";
import { liveStreamOf } from "./live-stream.ts";
import { useOwnTable } from "./table.ts";
import { makeStream, makeUser, someone } from "./wallet-people.ts";

useOwnTable();

test.each([
  ["featured", featured],
  ["catch-streamers", catchStreamers],
  ["most-watched-creators", mostWatched],
])("%s is read once in some seconds, however many request it", async (_, handler) => {
  await makeStream(await makeUser("host"));
  const measure = meterTable();
  const ask = (limit?: string) =>
    callEndpoint(handler, { as: "", ...(limit && { query: { limit } }) });
  const first = await measure(async () => expect((await ask()).status).toBe(200));
  expect(first.calls).toBeGreaterThan(0);
  const limits = handler === catchStreamers ? ["1", "7", "100"] : [undefined];
  const others = await measure(() => Promise.all(limits.map(ask)));
  expect(others).toEqual({ steps: 0, calls: 0, read: 0, write: 0 });
});

test("rooms that their back end hides are in no public list, however many there are", async () => {
  setClock(Date.now() + 60_000);
  const host = summaryOf(profileOf("host", {}, new Date()), "https://cdn.example.com/p.png");
  const later = new Date(Date.now() + 1_000);
  const rooms = Array.from({ length: 105 }, (_, n) =>
    liveStreamOf(host, { room: { IsPublicVisible: n === 0 } }, later),
  );
  const other = summaryOf(profileOf(await makeUser(someone("other")), {}, later), "");
  const watched = liveStreamOf(other, { room: { IsPublicVisible: false } }, later);
  rooms.push(watched);
  const shown = [liveStreamOf(host), liveStreamOf(host)];
  await Promise.all([...rooms, ...shown].map((stream) => recordStream(stream)));
  for (const { id } of [watched, ...shown]) await putItem({ ...key.audience(id), visitors: 3 });
  // One that is hidden while it is live.
  await changeStream(rooms[0]!, () => ({ room: { IsPublicVisible: false } }), later);
  const ask = async (handler: unknown, query = {}, as = "") =>
    (await callEndpoint(handler, { as, query })).body.data as Record<string, unknown>[];
  const ids = shown.map(({ id }) => id).sort();
  expect((await ask(featured)).map(({ id }) => id).sort()).toEqual(ids);
  // The newest hundred are hidden; the next page has the others.
  const newest = rooms.map(({ id }) => id).sort();
  const page = { after: newest[6]!, limit: "100" };
  expect(await ask(listAll, {}, "host")).toEqual([]);
  const { body } = await callEndpoint(listAll, { as: "host", query: page });
  expect((body.data as { list: Stream[] }).list.map(({ id }) => id).sort()).toEqual(ids);
  expect((await ask(mostWatched)).map(({ _id }) => _id)).toEqual(["host"]);
  const caught = await ask(catchStreamers, { limit: "100" });
  const live = caught.map(({ activeLiveStream }) => activeLiveStream as Stream);
  expect(live.map(({ id }) => id).sort()).toEqual(ids);
  expect(await ask(catchStreamers, { limit: "1" })).toHaveLength(1);
  // Followers are notified of rooms that were public when they began.
  const noted = (await listNotices(1_000)).map(({ streamId }) => streamId);
  expect(noted.sort()).toEqual([rooms[0]!.id, ...ids].sort());
  for (const stream of [...rooms, ...shown]) {
    const current = await getStream(stream.id, { consistent: true });
    await changeStream(current, (one) => endStream(one, later, "host"), later);
  }
  const pastOf = async (as: string) => {
    const { body } = await callEndpoint(past, { as, path: { userId: "host" } });
    return (body.data as { id: string }[]).map(({ id }) => id);
  };
  expect((await pastOf("")).sort()).toEqual(ids);
  expect(await pastOf("host")).toHaveLength(20);
  const countOf = async (as: string) =>
    (await callEndpoint(statsOf, { as, path: { userId: "host" } })).body.data;
  expect(await countOf("viewer")).toMatchObject({ totalLiveStreams: shown.length });
  const own = [...rooms, ...shown].filter(({ hostId }) => hostId === "host");
  expect(await countOf("host")).toMatchObject({ totalLiveStreams: own.length });
  jest.useRealTimers();
});

test("scheduled rooms that their back end hides are shown only to their host", async () => {
  const now = new Date();
  const id = await makeUser(someone("planner"));
  const host = summaryOf(profileOf(id, {}, now), "");
  const plannedStartDate = new Date(now.getTime() + 3_600_000).toISOString();
  const plan = { status: "scheduled", startedAt: null, plannedStartDate } as const;
  const makePlan = () => liveStreamOf(host, plan);
  const [shown, hidden, old] = [makePlan(), makePlan(), makePlan()];
  for (const stream of [shown, hidden, old]) await recordStream(stream);
  for (const stream of [hidden, old])
    await changeStream(stream, () => ({ room: { IsPublicVisible: false } }), now);
  // As an earlier release wrote it.
  const { isHidden: _, ...entry } = (await getRawItem(key.hosted(id, old.id)))!;
  await putItem(entry as Item);
  const upcomingOf = async (as: string) => {
    const { body } = await callEndpoint(upcoming, { as, path: { userId: id } });
    return (body.data as { id: string }[]).map((stream) => stream.id);
  };
  for (const as of ["", "viewer"]) expect(await upcomingOf(as)).toEqual([shown.id]);
  expect((await upcomingOf(id)).sort()).toEqual([shown.id, hidden.id, old.id].sort());
});

describe("a cached value", () => {
  const at = (seconds: number) => new Date(seconds * 1000);

  test("is rebuilt after its expiry, once for all waiting callers", async () => {
    let made = 0;
    const count = cached(5_000, async () => ++made);
    expect(await Promise.all([count(at(0)), count(at(0)), count(at(4))])).toEqual([1, 1, 1]);
    expect(await count(at(5))).toBe(2);
  });

  test("is rebuilt at once after a failure", async () => {
    let tries = 0;
    const make = cached(5_000, async () => {
      tries += 1;
      if (tries === 1) throw new Error("busy");
      return tries;
    });
    await expect(make(at(0))).rejects.toThrow("busy");
    expect(await make(at(1))).toBe(2);
  });
});
