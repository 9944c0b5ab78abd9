import { jest } from "@jest/globals";
import { createTestClient, pass, streamId } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

const relay = "wss://relay.example/ws";

/** A client that the API has moved to a relay, and whether sockets open from now on. */
async function moveClient() {
  let isOpening = true;
  const { client, sockets, follow, last } = createTestClient({}, () => isOpening);
  follow();
  await pass(20);
  last().say({ type: "moved", streamId, url: relay });
  return {
    client,
    last,
    setOpening: (is: boolean) => {
      isOpening = is;
    },
    /** Watches through the relay for a while, until no socket opens any more. */
    async loseRelay(): Promise<void> {
      await pass(20);
      last().greet(7);
      await pass(20_000);
      isOpening = false;
    },
    /** Where the sockets were opened: at the relay, or at the API, which may move them or not. */
    places: () =>
      sockets.map(({ url }) =>
        url.startsWith(relay) ? "relay" : url.includes("moves=1") ? "API" : "API alone",
      ),
    /** Fails the current attempt, and waits for the next one. */
    async refuse(): Promise<void> {
      const before = sockets.length;
      last().drop();
      for (let n = 0; n < 100 && sockets.length === before; n++) await pass(100);
    },
  };
}

test("a client that cannot open the relay's socket is served by the API", async () => {
  const { client, setOpening, places, refuse } = await moveClient();
  setOpening(false);
  await pass(20);
  await refuse();
  expect(places()).toEqual(["API", "relay", "API alone"]);
  client.close();
});

test("a viewer whose relay dies is refused once by the dead task, and returns to the relay", async () => {
  const { client, last, loseRelay, setOpening, places, refuse } = await moveClient();
  await loseRelay();
  await refuse();
  setOpening(true);
  await refuse();
  await pass(20);
  expect(places()).toEqual(["API", "relay", "relay", "relay"]);
  expect(last().of("subscribe")[0]).toMatchObject({ since: { epoch: "e", frame: 7 } });
  client.close();
});

test("a client whose relay stops asks the API at once where to go", async () => {
  const { client, last, places } = await moveClient();
  await pass(20);
  last().greet(7);
  await pass(1_000);
  last().say({ type: "closing", code: 4410, reason: "Reconnect at once" });
  await pass(20);
  expect(places()).toEqual(["API", "relay", "API"]);
  client.close();
});

test("a client that the relay no longer admits asks the API where to go", async () => {
  const { client, loseRelay, places, refuse } = await moveClient();
  await loseRelay();
  for (let n = 0; n < 4; n++) await refuse();
  expect(places()).toEqual(["API", "relay", "relay", "relay", "relay", "API"]);
  client.close();
});

test("a client whose relays close each socket at once reconnects ever more slowly", async () => {
  const { client, last, places } = await moveClient();
  for (let milliseconds = 0; milliseconds < 60_000; milliseconds += 50) {
    await pass(50);
    if (last().readyState !== 1) continue;
    const isAtRelay = places().at(-1) === "relay";
    if (isAtRelay) last().say({ type: "closing", code: 4410, reason: "Reconnect at once" });
    else last().say({ type: "moved", streamId, url: relay });
  }
  // The first moves are made at once.
  expect(places().length).toBeLessThan(20);
  client.close();
});

test("a relay gets the ticket once, and the query that the application asked for", async () => {
  let tickets = 0;
  const { client, follow, sockets, last } = createTestClient({
    token: undefined,
    ticket: () => `own-${++tickets}`,
    compact: true,
  });
  follow();
  await pass(20);
  last().say({ type: "moved", streamId, url: relay, ticket: "given" });
  await pass(20);
  last().drop();
  await pass(2_000);
  const queries = sockets.map(({ url }) => Object.fromEntries(new URL(url).searchParams));
  expect(queries.map(({ ticket }) => ticket)).toEqual(["own-1", "given", "own-2"]);
  for (const { frame } of queries) expect(frame).toBe("compact");
  client.close();
});
