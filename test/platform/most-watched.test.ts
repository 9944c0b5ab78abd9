/** The public lists of live streams and hosts with the most viewers. */
import { revisionAt } from "../../domain/log/subscriber.ts";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { connectionExpiry } from "../../platform/store/log/connections.ts";
import { listMostViewed, listMostWatched } from "../../platform/store/log/most-watched.ts";
import { subscriberItem } from "../../platform/store/log/subscribers.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { meterTable } from "./call-meter.ts";
import { liveStreamOf } from "./live-stream.ts";
import { startTable } from "./table.ts";
import { someone } from "./wallet-people.ts";

let stop: () => Promise<void>;
beforeEach(async () => {
  ({ stop } = await startTable());
});
afterEach(() => stop());

const now = new Date();

/** A stream with the viewers of its newest frame, and past visitors. */
async function streamWith(
  viewers: number,
  visitors: number,
  {
    status = "active",
    secondsAgo = 0,
    countedSecondsAgo = 4,
  }: { status?: "active" | "ended"; secondsAgo?: number; countedSecondsAgo?: number } = {},
) {
  const host = summaryOf(profileOf(someone("host"), {}, now), "https://cdn.example.com/p.png");
  const startedAt = new Date(now.getTime() - 1000 * secondsAgo).toISOString();
  const { id, hostId, ...stream } = liveStreamOf(host, { status, startedAt });
  await recordStream({ id, hostId, ...stream });
  const countedAt = now.getTime() - 1000 * countedSecondsAgo;
  await putItem({ ...key.log(id), viewers, countedAt });
  await putItem({ ...key.audience(id), visitors });
  return { id, hostId };
}

test("live streams are listed by viewers, and hosts by all viewers, without those of ended streams' last frames", async () => {
  const few = await streamWith(1, 4);
  const many = await streamWith(3, 0, { secondsAgo: 60 });
  const newer = await streamWith(3, 3);
  const ended = await streamWith(9, 2, { status: "ended" });
  const watched = await listMostViewed(10, now);
  expect(watched).toEqual([newer.id, many.id, few.id]);
  expect(await listMostViewed(2, now)).toEqual([newer.id, many.id]);
  expect(await listMostWatched(10, now)).toEqual(
    [newer, few, many, ended].map(({ hostId }) => hostId),
  );
});

/** Subscribes viewers to a stream, without a frame. */
async function subscribe(streamId: string, count: number) {
  const times = { connectedAt: now.getTime(), expiresAt: connectionExpiry(now.getTime()) };
  for (let n = 0; n < count; n++) {
    const revision = revisionAt(now, n);
    const own = { connectionId: `c${n}`, userId: `viewer-${n}`, streamId, revision, ...times };
    await putItem(subscriberItem(own));
  }
}

test("viewers who came without a frame count, and those who left without one do not", async () => {
  const left = await streamWith(500, 0, { countedSecondsAgo: 60 });
  const silent = await streamWith(0, 0, { countedSecondsAgo: 60 });
  await subscribe(silent.id, 3);
  const chatting = await streamWith(2, 0);
  expect(await listMostViewed(10, now)).toEqual([silent.id, chatting.id, left.id]);
  expect(await listMostWatched(10, now)).toEqual([silent.hostId, chatting.hostId]);
});

test("silent streams that were counted before the clock was set back are counted again", async () => {
  const left = await streamWith(500, 0, { countedSecondsAgo: -3_600 });
  const silent = await streamWith(0, 0, { countedSecondsAgo: -3_600 });
  await subscribe(silent.id, 3);
  expect(await listMostViewed(10, now)).toEqual([silent.id, left.id]);
});

test("a silent stream with more viewers than one list reads keeps its last count", async () => {
  const large = await streamWith(3_000, 0, { countedSecondsAgo: 60 });
  await subscribe(large.id, 1_001);
  const smaller = await streamWith(2_000, 0);
  expect(await listMostViewed(10, now)).toEqual([large.id, smaller.id]);
});

test("a list counts those of many silent streams that had the most viewers at their last count", async () => {
  for (let n = 0; n < 50; n++) await streamWith(10, 0, { countedSecondsAgo: 60 });
  const fewer = await streamWith(5, 0, { countedSecondsAgo: 60 });
  await subscribe(fewer.id, 20);
  const measure = meterTable();
  const { read } = await measure(async () => {
    expect((await listMostViewed(1, now))[0]).toBe(fewer.id);
  });
  // Each of the fifty costs half a unit, and each of the logs too.
  expect(read).toBeLessThanOrEqual(60);
});
