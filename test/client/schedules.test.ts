import { setImmediate as turn } from "node:timers/promises";
import { jest } from "@jest/globals";
import { createClient, type Options, type Position } from "../../client/index.ts";
import { createRandom } from "../platform/push/random.ts";
import { createFollowing } from "./audience.ts";
import { createFaultProxy } from "./fault-proxy.ts";
import { createFrameServer } from "./frame-server.ts";

/** `SCHEDULES=20000 npm test -- test/client/schedules` plays more schedules, `SEED=7` others. */
const runs = Number(process.env.SCHEDULES ?? (process.env.CI ? 1_000 : 100));
const firstSeed = Number(process.env.SEED ?? 1);

const faultMilliseconds = 90_000;
/** The longest that a client may wait: 60 s after 4429, 30 s of back-off, 30 s of silence. */
const calmMilliseconds = 150_000;

beforeEach(() => jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask"] }));
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** Advances virtual time with all timers that fall due; pending promises run in between. */
async function playUntil(end: number): Promise<void> {
  const mark = setTimeout(() => {}, Math.ceil(end - performance.now()) + 1);
  while (performance.now() < end) {
    jest.advanceTimersToNextTimer();
    await turn();
  }
  clearTimeout(mark);
}

/** A token that lives 40 to 200 s. While there are faults, fetching it may fail or hang. */
function tokensOf(random: () => number, isFaulty: () => boolean) {
  return async () => {
    if (isFaulty() && random() < 0.05) throw new Error("No token now");
    if (isFaulty() && random() < 0.02) return new Promise<string>(() => {});
    const claims = { exp: Math.floor(Date.now() / 1000) + 40 + Math.floor(random() * 160) };
    return `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
  };
}

/** Plays one client through the faults of a seed; returns what was wrong and what was seen. */
async function play(seed: number) {
  const random = createRandom(seed);
  jest.spyOn(Math, "random").mockImplementation(createRandom(seed + 1_000_000));
  const server = createFrameServer();
  const proxy = createFaultProxy(server, random);
  const begun = performance.now();
  const isFaulty = () => performance.now() - begun < faultMilliseconds;
  const client = createClient({
    url: "http://127.0.0.1:9",
    token: tokensOf(random, isFaulty),
    WebSocket: proxy.Socket as unknown as NonNullable<Options["WebSocket"]>,
    onError: () => {},
  });
  const followings = ["aa", "bb"].map((id) =>
    createFollowing(client, server, id, { isReader: id === "bb", random }),
  );
  /** More followers of the first stream, for some time: from now, or from an earlier position. */
  const companions: ReturnType<typeof createFollowing>[] = [];
  const places: (Position | undefined)[] = [undefined];
  while (isFaulty()) {
    await playUntil(performance.now() + random() * 1_000);
    const streamId = random() < 0.5 ? "aa" : "bb";
    if (random() < 0.6) server.say(streamId, 1 + Math.floor(random() * 4));
    if (random() < 0.1) proxy.strike();
    if (random() < 0.02) void followings[streamId === "aa" ? 0 : 1]!.resume();
    if (random() < 0.1) places.push(followings[0]!.position());
    if (random() < 0.03) {
      const since = places[Math.floor(random() * places.length)];
      const manner = { isReader: false, random, since, least: followings[0]!.position() };
      companions.push(createFollowing(client, server, "aa", manner));
    }
    if (random() < 0.02) companions.shift()?.close();
    if (random() < 0.004) server.reset(streamId);
    if (random() < 0.001) proxy.block(streamId);
    if (random() < 0.002) proxy.dismiss(random() < 0.6 ? 4429 : 4503);
  }
  proxy.calm();
  for (let n = 0; n < 5; n++) {
    await playUntil(performance.now() + calmMilliseconds / 5);
    if (n < 3) for (const streamId of ["aa", "bb"]) server.say(streamId, 1);
  }
  const listeners = followings.length + companions.length;
  followings.push(...companions);
  const wrong = [...proxy.wrong, ...followings.flatMap((one) => one.wrong)];
  for (const [n, one] of followings.entries()) if (!one.isWhole()) wrong.push(`${n} is not whole`);
  client.close();
  await playUntil(performance.now() + 20_000);
  if (followings.some((one) => one.isReading())) wrong.push("a reader is left waiting");
  if (proxy.open() > 0) wrong.push(`${proxy.open()} sockets are left`);
  if (jest.getTimerCount() > 0) wrong.push(`${jest.getTimerCount()} timers are left`);
  jest.clearAllTimers();
  const shown = followings.reduce((sum, one) => sum + one.shown(), 0);
  const ends = followings.flatMap((one) => one.ends);
  return {
    wrong: wrong.map((what) => `seed ${seed}: ${what}`),
    shown,
    ends,
    sockets: proxy.count(),
    listeners,
  };
}

test("under random network faults every event arrives once and in order, or the end is reported", async () => {
  const wrong: string[] = [];
  const seen = { shown: 0, ends: 0, sockets: 0, listeners: 0 };
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const run = await play(seed);
    wrong.push(...run.wrong);
    seen.shown += run.shown;
    seen.ends += run.ends.length;
    seen.sockets += run.sockets;
    seen.listeners += run.listeners;
  }
  expect(wrong.slice(0, 20)).toEqual([]);
  // The schedules do real work: many sockets each, and hundreds of events.
  expect(seen.sockets / runs).toBeGreaterThan(5);
  expect(seen.shown / runs).toBeGreaterThan(100);
  expect(seen.listeners / runs).toBeGreaterThan(2.5);
  if (runs >= 500) expect(seen.ends).toBeGreaterThan(0);
}, 600_000);
