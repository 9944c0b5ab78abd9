import { jest } from "@jest/globals";
import { createTestClient, pass, streamId } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

test("a socket that falls silent is replaced within 30 s, and the viewer resumes at the same position", async () => {
  const { client, sockets, notes, follow, last } = createTestClient();
  const stream = follow();
  await pass(20);
  last().greet();
  last().frame(1);
  await pass(30_000);
  expect(sockets).toHaveLength(2);
  expect(sockets[0]!.readyState).not.toBe(1);
  expect(notes.states).toEqual(["online", "offline", "online"]);
  expect(last().of("subscribe")[0]).toMatchObject({ since: { epoch: "e", frame: 1 } });
  last().greet(2, { recovered: true });
  last().frame(2);
  await pass(10);
  expect(notes.heard).toEqual(["1", "2"]);
  expect(stream.position()).toEqual({ epoch: "e", frame: 2 });
  // Later messages of the dead socket are ignored, and its close ends nothing.
  sockets[0]!.frame(3);
  sockets[0]!.drop();
  await pass(10);
  expect(notes.heard).toEqual(["1", "2"]);
  expect(notes.states.at(-1)).toBe("online");
  client.close();
});

test.each([
  ["a pong", { type: "pong", heads: { [streamId]: 1 } }],
  ["a notification", { type: "notification", data: { id: "n" } }],
])("%s after each ping keeps a quiet socket for an hour", async (_, answer) => {
  const { client, sockets, follow, last } = createTestClient();
  follow();
  await pass(20);
  last().greet();
  last().frame(1);
  for (let second = 0, pings = 0; second < 3600; second++) {
    await pass(1_000);
    if (last().of("ping").length === pings) continue;
    pings = last().of("ping").length;
    last().say(answer);
  }
  expect(sockets).toHaveLength(1);
  client.close();
});

test("a socket with two unanswered subscribes is dead: another is opened within 10 s", async () => {
  const { client, sockets, follow, last } = createTestClient();
  follow();
  await pass(6_000);
  expect(sockets).toHaveLength(1);
  expect(last().of("subscribe")).toHaveLength(2);
  await pass(4_000);
  expect(sockets).toHaveLength(2);
  expect(last().of("subscribe")).toHaveLength(1);
  client.close();
});

test("a server that responds but confirms subscribes slowly keeps its socket for a minute", async () => {
  const { client, sockets, follow, last } = createTestClient();
  follow();
  let answered = 0;
  for (let second = 0; second < 45; second++) {
    await pass(1_000);
    const pings = last().of("ping").length;
    if (pings > answered) last().say({ type: "pong", heads: {} });
    answered = pings;
  }
  expect(sockets).toHaveLength(1);
  expect(answered).toBeGreaterThan(1);
  await pass(30_000);
  expect(sockets.length).toBeGreaterThan(1);
  client.close();
});

test("a client that only waits for notifications detects a dead socket, too", async () => {
  const { client, sockets } = createTestClient();
  await pass(30_000);
  expect(sockets).toHaveLength(2);
  client.close();
});

test("a handshake without a response times out, and another is tried", async () => {
  const { client, sockets, notes } = createTestClient({}, () => false);
  await pass(20_000);
  expect(sockets.length).toBeGreaterThan(1);
  expect(sockets[0]!.readyState).toBe(2);
  sockets[0]!.open();
  await pass(10);
  expect(notes.states).toEqual(["offline"]);
  client.close();
});

test("the ping interval is an option, and a frame in time postpones the ping", async () => {
  const { client, sockets, follow, last } = createTestClient({ pingMilliseconds: 2_000 });
  follow();
  await pass(20);
  last().greet();
  for (let n = 1; n <= 20; n++) {
    await pass(1_000);
    last().frame(n);
  }
  expect(last().of("ping")).toEqual([]);
  await pass(4_000);
  expect(last().of("ping")).not.toEqual([]);
  await pass(10_500);
  expect(sockets).toHaveLength(2);
  client.close();
});

test("a client in a room of 40,000 that was never busy pings no earlier than after 20 s", async () => {
  const { client, follow, last } = createTestClient();
  follow();
  await pass(20);
  last().greet(0, { viewers: 40_000 });
  // In a small room the client would have asked after 18 s at most, here it asks after at least 20
  // s.
  await pass(19_900);
  expect(last().of("ping")).toEqual([]);
  client.close();
});

test("setting the clock back an hour delays nothing", async () => {
  const { client, sockets, follow, last } = createTestClient();
  follow();
  await pass(20);
  jest.setSystemTime(Date.now() - 3_600_000);
  await pass(4_000);
  expect(last().of("subscribe")).toHaveLength(2);
  last().greet();
  last().frame(1);
  await pass(30_000);
  expect(sockets).toHaveLength(2);
  client.close();
});

test("a new socket restarts the timeouts", async () => {
  const { client, follow, last } = createTestClient();
  follow();
  let answered = 0;
  for (let second = 0; second < 40; second++) {
    await pass(1_000);
    const pings = last().of("ping").length;
    if (pings > answered) last().say({ type: "pong", heads: {} });
    answered = pings;
  }
  last().drop();
  await pass(600);
  expect(last().of("subscribe")).toHaveLength(1);
  await pass(4_200);
  expect(last().of("subscribe")).toHaveLength(2);
  client.close();
});

test("a client closed while it opens, waits or follows leaves nothing behind", async () => {
  for (const milliseconds of [0, 5, 50, 5_000, 33_000]) {
    const { client, sockets, follow } = createTestClient();
    follow();
    await pass(milliseconds);
    client.close();
    await pass(10);
    expect({ milliseconds, timers: jest.getTimerCount() }).toEqual({ milliseconds, timers: 0 });
    expect(sockets.filter(({ readyState }) => readyState < 2)).toEqual([]);
  }
});

describe("a browser whose network returns", () => {
  const page = new EventTarget();
  const { addEventListener, removeEventListener } = page;
  const bound = { addEventListener, removeEventListener };
  beforeEach(() => {
    for (const [name, method] of Object.entries(bound))
      Object.assign(globalThis, { [name]: method.bind(page) });
  });
  afterEach(() => {
    for (const name of Object.keys(bound)) Reflect.deleteProperty(globalThis, name);
  });
  const goOnline = () => page.dispatchEvent(new Event("online"));

  test("ends the pause between attempts, and the next pauses are short again", async () => {
    let hasNetwork = true;
    const { client, sockets, last, notes } = createTestClient({}, () => hasNetwork);
    await pass(20_000);
    hasNetwork = false;
    last().drop();
    for (let minutes = 0; minutes < 10; minutes++) {
      await pass(60_000);
      if (last().readyState === 0) last().drop();
    }
    const tried = sockets.length;
    goOnline();
    await pass(500);
    expect(sockets).toHaveLength(tried + 1);
    last().drop();
    hasNetwork = true;
    await pass(520);
    expect(notes.states).toEqual(["online", "offline", "online"]);
    goOnline();
    await pass(5_000);
    expect(sockets).toHaveLength(tried + 2);
    client.close();
    goOnline();
    await pass(60_000);
    expect(sockets).toHaveLength(tried + 2);
  });

  test("does not reconnect earlier than the server has asked", async () => {
    const { client, sockets, last } = createTestClient();
    await pass(20);
    last().say({ type: "closing", code: 4429, reason: "Too many messages" });
    goOnline();
    await pass(59_900);
    expect(sockets).toHaveLength(1);
    await pass(1_000);
    expect(sockets).toHaveLength(2);
    client.close();
  });
});
