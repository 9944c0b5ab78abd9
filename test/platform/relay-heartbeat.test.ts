/**
 * A relay closes its sockets if it stops, if it has no heartbeat and so counts as dead, and when
 * their tokens expire.
 */
import { jest } from "@jest/globals";
import { closeInWaves } from "../../relay/closing.ts";
import type { Connection } from "../../relay/model.ts";
import { startPeriodicWork } from "../../relay/periodic-work.ts";
import { createState } from "../../relay/state.ts";
import { passQuickly } from "./clock.ts";
import { intercept } from "./intercept.ts";
import { connectionOf } from "./relay-connection.ts";
import { useOwnTable } from "./table.ts";

useOwnTable({ RELAY_URL: "wss://relay.live.acme.com/ws" });

afterEach(() => {
  jest.useRealTimers();
});

/** What the socket of a relay gets whose heartbeats fail between these seconds. */
async function sentWithout({ from, until }: { from: number; until: number }) {
  const sent: unknown[] = [];
  const began = Date.now();
  const secondsAfter = () => (Date.now() - began) / 1_000;
  const restore = intercept(async ({ name, input }, next) => {
    const isMark = name === "PutCommand" && JSON.stringify(input).includes("MAIL#");
    const isLost = isMark && secondsAfter() >= from && secondsAfter() < until;
    if (isLost) throw new Error("The table does not answer");
    return next();
  });
  await passQuickly(async () => {
    const state = createState();
    const connection: Connection = {
      ...connectionOf("ann"),
      send: (message) => void sent.push(message),
      close: (code) => void sent.push(code),
    };
    state.connections.set(connection.id, connection);
    const work = startPeriodicWork(state);
    while (secondsAfter() < 25 && sent.length < 2)
      await new Promise((done) => setTimeout(done, 100));
    work.stop();
  }).finally(restore);
  return sent;
}

test("a relay closes its sockets before functions consider them dead", async () => {
  expect(await sentWithout({ from: 0, until: 16 })).toEqual([
    { type: "closing", code: 4410, reason: "Reconnect at once" },
    1001,
  ]);
});

test("a relay keeps its sockets if its heartbeats fail for less than that", async () => {
  expect(await sentWithout({ from: 3, until: 11 })).toEqual([]);
});

test("a socket whose token expires gets one last message, and is closed a second later", async () => {
  const sent: unknown[] = [];
  const fresh = connectionOf("ann");
  const connection: Connection = {
    ...fresh,
    caller: { ...fresh.caller, expiresAt: 1 },
    write: (...frames) => void sent.push(...frames.map(String)),
    close: (code) => void sent.push(code),
  };
  await passQuickly(async () => {
    const state = createState();
    state.connections.set(connection.id, connection);
    const work = startPeriodicWork(state);
    await new Promise((done) => setTimeout(done, 5_000));
    work.stop();
  });
  expect(sent).toEqual([expect.stringContaining('"type":"closing","code":4401'), 1000]);
});

test("sockets of a relay that stops are closed evenly, each half a second after its last message", async () => {
  const [told, closed] = [[] as number[], [] as number[]];
  const sockets = Array.from(
    { length: 100 },
    (_, n): Connection => ({
      ...connectionOf(`viewer-${n}`),
      send: () => void told.push(Date.now()),
      close: () => void closed.push(Date.now()),
    }),
  );
  const began = Date.now();
  const ended = await passQuickly(async () => {
    await closeInWaves(sockets, 10_000);
    return Date.now();
  });
  for (const [n, at] of told.entries()) expect(closed[n]! - at).toBeGreaterThanOrEqual(500);
  const inSecond = (from: number) => told.filter((at) => at >= from && at < from + 1_000).length;
  expect(Math.max(...told.map(inSecond))).toBeLessThanOrEqual(12);
  expect(ended - began).toBeLessThanOrEqual(10_500);
});
