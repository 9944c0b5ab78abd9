import { jest } from "@jest/globals";
import { createTestClient, jwt, pass, streamId } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

const closing = (code: number, reason = "") => ({ type: "closing", code, reason });

test("4401: the client reconnects with a fresh token, and the stream continues", async () => {
  let tokens = 0;
  const { client, sockets, notes, follow, last } = createTestClient({
    token: () => jwt(3600, `${++tokens}`),
  });
  follow();
  await pass(20);
  last().greet(7);
  await pass(20_000);
  last().say(closing(4401, "The token has expired"));
  await pass(1_000);
  expect(sockets).toHaveLength(2);
  expect(sockets[0]!.readyState).toBe(2);
  expect(sockets[1]!.token.endsWith(".2")).toBe(true);
  expect(last().of("subscribe")[0]).toMatchObject({ since: { epoch: "e", frame: 7 } });
  expect(notes.ends).toEqual([]);
  client.close();
});

test("a message refused for an expired token also makes the client reconnect", async () => {
  let tokens = 0;
  const { client, sockets, last } = createTestClient({ token: () => jwt(3600, `${++tokens}`) });
  await pass(20);
  last().say({ type: "error", statusCode: 401, errors: ["Authentication required"] });
  await pass(1_000);
  expect(sockets.map(({ token }) => token.at(-1))).toEqual(["1", "2"]);
  client.close();
});

test("4429: the client reconnects after 60 s, not earlier", async () => {
  const { client, sockets, last } = createTestClient();
  await pass(20);
  last().say(closing(4429));
  await pass(59_900);
  expect(sockets).toHaveLength(1);
  await pass(1_000);
  expect(sockets).toHaveLength(2);
  client.close();
});

test.each([4503, 4504])(
  "%s: the client does not reconnect, and each subscription gets the reason",
  async (code) => {
    const { client, sockets, notes, follow, last } = createTestClient();
    const stream = follow();
    await pass(20);
    last().say(closing(code, "Signed out"));
    await pass(120_000);
    expect(sockets).toHaveLength(1);
    expect(sockets[0]!.readyState).toBe(2);
    expect(notes.ends).toEqual([["Signed out", code]]);
    expect(notes.states).toEqual(["online", "ended"]);
    expect(notes.reasons.at(-1)).toEqual(["Signed out", code]);
    expect(stream.isEnded()).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
    follow();
    await pass(1);
    expect(notes.ends.at(-1)).toEqual(["Signed out", code]);
    client.close();
  },
);

test("the connection's state can be read at any time, and each change is reported once to each listener", async () => {
  const { client, last, notes } = createTestClient({ token: () => jwt(3600) });
  const { connection } = client;
  const heard: unknown[][] = [];
  const note = (...change: unknown[]) => heard.push(change);
  const stops = [connection.onChange(note), connection.onChange(note)];
  connection.onChange(() => {
    throw new Error("An error of the app");
  });
  expect(connection).toMatchObject({ state: "connecting", reason: undefined });
  await pass(20);
  expect(connection.state).toBe("online");
  expect(heard.splice(0)).toEqual(
    [["online"], ["online"]].map((one) => [...one, undefined, undefined]),
  );
  stops[0]!();
  last().say(closing(4429, "Too many"));
  await pass(1);
  expect(connection).toMatchObject({ state: "offline", reason: "Too many", statusCode: 4429 });
  expect(heard.splice(0)).toEqual([["offline", "Too many", 4429]]);
  stops[1]!();
  client.close();
  expect(connection).toMatchObject({ state: "ended", reason: "closed", statusCode: undefined });
  expect(heard).toEqual([]);
  expect(notes.states).toEqual(["online", "offline", "ended"]);
  expect(notes.errors).toHaveLength(3);
});

test("after other codes, such as that of a server that restarts, the client reconnects", async () => {
  const { client, sockets, last } = createTestClient();
  await pass(20);
  last().say(closing(4000));
  await pass(1_000);
  expect(sockets).toHaveLength(2);
  client.close();
});

test.each<[string, (held: ReturnType<typeof createTestClient>) => unknown, unknown[]]>([
  ["a lost connection", ({ last }) => last().drop(), ["The connection was lost", undefined]],
  ["a server that falls silent", () => pass(30_000), ["The server does not answer", undefined]],
  ["the server's own", ({ last }) => last().say(closing(4429, "Too much")), ["Too much", 4429]],
  ["a token", ({ last }) => last().say(closing(4401, "Token over")), ["Token over", 4401]],
])("offline is reported with its reason: %s", async (_, part, why) => {
  const held = createTestClient({ token: () => jwt(3600) });
  await pass(20);
  await part(held);
  await pass(1);
  expect(held.notes.reasons[1]).toEqual(why);
  held.client.close();
});

test("offline is reported with its reason: no connection, and an error of token()", async () => {
  const refused = createTestClient({}, () => false);
  await pass(5);
  refused.last().drop();
  expect(refused.notes.reasons).toEqual([["No connection could be opened", undefined]]);
  const signedOut = createTestClient({ token: () => Promise.reject(new Error("Signed out")) });
  await pass(5);
  expect(signedOut.notes.reasons).toEqual([["Signed out", undefined]]);
  refused.client.close();
  signedOut.client.close();
});

test("after close() a subscription ends at once and says why", async () => {
  const { client, notes, follow } = createTestClient();
  await pass(20);
  client.close();
  const stream = follow();
  await pass(1);
  expect(notes.ends).toEqual([["The client is closed", undefined]]);
  expect(stream.isEnded()).toBe(true);
  const heard = [];
  for await (const event of client.subscribe(streamId)) heard.push(event);
  expect(heard).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});

test("a client that finds no server says so once, and after a stable socket tries at once again", async () => {
  const random = jest.spyOn(Math, "random").mockReturnValue(1);
  let isOpening = false;
  const { client, sockets, last, notes } = createTestClient({}, () => isOpening);
  for (let n = 1; n <= 4; n++) {
    await pass(10);
    last().drop();
    while (sockets.length === n) await pass(100);
  }
  expect(notes.states).toEqual(["offline"]);
  last().drop();
  isOpening = true;
  while (notes.states.at(-1) !== "online") await pass(100);
  await pass(11_000);
  const opened = sockets.length;
  last().drop();
  await pass(510);
  expect(sockets).toHaveLength(opened + 1);
  random.mockRestore();
  client.close();
});

test("after a message that cannot be read the client reconnects", async () => {
  const { client, sockets, last, notes } = createTestClient();
  await pass(20);
  last().onmessage?.({ data: "{" });
  await pass(1_000);
  expect([sockets.length, notes.states]).toEqual([2, ["online", "offline", "online"]]);
  client.close();
});

test("4410: after a relay shuts down the client reconnects without delay", async () => {
  const random = jest.spyOn(Math, "random").mockReturnValue(1);
  const { client, sockets, last } = createTestClient();
  await pass(20);
  last().say(closing(4410));
  await pass(20);
  expect(sockets).toHaveLength(2);
  random.mockRestore();
  client.close();
});
