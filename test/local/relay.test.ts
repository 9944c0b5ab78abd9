/** A stage with a relay, as seen by its clients and the runner. */
import { connect, type Socket } from "node:net";
import WebSocket from "ws";
import { type Client, createClient } from "../../client/index.ts";
import { addressLimits } from "../../relay/addresses.ts";
import { admin, call, eventually, liveStream, type Person, person } from "../api/people.ts";
import { type Message, ofType, open, refusedHandshake, type Viewer } from "../api/viewer.ts";
import { relayOf, type System, socketsOf, startSystem } from "../system.ts";

let system: System;
let relayUrl: string;
let apiSockets: string;

beforeAll(async () => {
  system = await startSystem({ env: { RELAY: "on", DEMO: "off" } });
  process.env.API_URL = system.url;
  apiSockets = `${system.url.replace("http", "ws")}/ws`;
  relayUrl = await relayOf(system.url);
});

afterAll(() => system?.stop());

async function watchAt(url: string, as: Person, query: Record<string, string>): Promise<Viewer> {
  return open(`${url}?${new URLSearchParams({ token: as.token, ...query })}`);
}

async function say(streamId: string, as: Person, content: string): Promise<void> {
  const answer = await call(`POST /api/v1/live-stream/${streamId}/chat/messages`, {
    as,
    body: { content },
  });
  expect(answer.status).toBe(201);
}

const textsIn = (viewer: Viewer): string[] =>
  viewer.events().flatMap(({ type, data }) => (type === "chat.message" ? [data.content] : []));

const hears = (viewer: Viewer, content: string) =>
  viewer.next(({ events = [] }) => events.some((one: Message) => one.data.content === content));

const framesIn = ({ messages }: Viewer) => messages.filter(ofType("events"));

test("with RELAY=on tests open their sockets at the relay, otherwise at the API", async () => {
  const before = process.env.RELAY;
  try {
    process.env.RELAY = "on";
    expect(await socketsOf(system.url)).toBe(relayUrl);
    delete process.env.RELAY;
    expect(await socketsOf(system.url)).toBe(apiSockets);
  } finally {
    if (before !== undefined) process.env.RELAY = before;
  }
});

test("reading and joining a stream show where it is served", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const read = await call(`GET /api/v1/live-stream/${id}`, { as });
  expect(read.body.data.realtime).toEqual({ url: relayUrl });
  const joined = await call("POST /api/v1/live-stream/join", { as, body: { liveStreamId: id } });
  expect(joined.body.data.liveStream.realtime).toEqual({ url: relayUrl });
});

test("viewers through the relay and through the API get the same frames, and count as two", async () => {
  const [{ id }, one, other] = await Promise.all([liveStream(), person(), person()]);
  const byRelay = await watchAt(relayUrl, one, { streamId: id });
  const byApi = await watchAt(apiSockets, other, { streamId: id });
  await Promise.all([byRelay.next(ofType("subscribed")), byApi.next(ofType("subscribed"))]);
  // The count is up to five seconds old.
  await eventually(
    async () => {
      await say(id, one, "how many?");
      await hears(byApi, "how many?");
      return framesIn(byApi).at(-1).viewers;
    },
    (viewers) => viewers === 2,
  );
  await say(id, other, "last");
  await Promise.all([hears(byRelay, "last"), hears(byApi, "last")]);
  const common = framesIn(byApi).map(({ frame }) => frame);
  const relayed = framesIn(byRelay).filter(({ frame }) => common.includes(frame));
  expect(relayed).toEqual(framesIn(byApi));
  const viewers = await call(`GET /api/v1/live-stream/${id}/viewers`, { as: one });
  expect(viewers.body.data.participantAudienceTotal).toBe(2);
  const ids = viewers.body.data.list.map(({ _id }: { _id: string }) => _id);
  expect(ids.sort()).toEqual([one.id, other.id].sort());
  byRelay.close();
  byApi.close();
});

test("only a socket that supports moves gets a stream's relay, by URL and by message", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const moved = { type: "moved", streamId: id, url: relayUrl };
  const byUrl = await watchAt(apiSockets, as, { moves: "1", streamId: id });
  await byUrl.next(() => true);
  expect(byUrl.messages[0]).toEqual(moved);
  byUrl.send({ action: "subscribe", streamId: id, requestId: "r" });
  expect(await byUrl.next(({ requestId }) => requestId === "r")).toEqual({
    ...moved,
    requestId: "r",
  });
  const stays = await watchAt(apiSockets, as, { streamId: id });
  await stays.next(() => true);
  expect(stays.messages[0].type).toBe("subscribed");
  byUrl.close();
  stays.close();
});

test("a ticket's socket is moved with another ticket, which opens one socket there", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const given = await call("POST /api/v1/ws-tickets", { as, body: { streamId: id } });
  const first = await open(`${apiSockets}?moves=1&ticket=${given.body.data.ticket}`);
  first.send({ action: "subscribe", streamId: id, requestId: "r" });
  const { type, url, ticket } = await first.next(({ requestId }) => requestId === "r");
  expect({ type, url }).toEqual({ type: "moved", url: relayUrl });
  const there = `${url}?streamId=${id}&ticket=${ticket}`;
  const second = await open(there);
  await second.next(ofType("subscribed"));
  expect(await refusedHandshake(there)).toBe(401);
  second.send({ action: "subscribe", streamId: (await liveStream()).id });
  expect(await second.next(ofType("error"))).toMatchObject({ code: "stream_not_granted" });
  first.close();
  second.close();
});

test("a socket at a relay gets its user's notifications, and the end of its session", async () => {
  const [as, root] = await Promise.all([person(), admin()]);
  const watching = await watchAt(relayUrl, as, {});
  const closed = new Promise((done) => watching.socket.once("close", done));
  const note = {
    userId: as.id,
    title: "Hello",
    message: "You",
    type: "system",
    category: "payments",
  };
  const made = await call("POST /api/v1/notifications", { as: root, body: note });
  expect(made.status).toBe(201);
  expect((await watching.next(ofType("notification"))).data).toMatchObject({ title: "Hello" });
  const revoked = await call("POST /api/v1/revocations", { as: root, body: { sub: as.id } });
  expect(revoked.status).toBe(201);
  expect(await watching.next(ofType("closing"))).toMatchObject({ code: 4503 });
  await closed;
});

test("a blocked user gets nothing from their ban on, and cannot subscribe again", async () => {
  const [{ id, host }, as, other] = await Promise.all([liveStream(), person(), person()]);
  const [blocked, stays] = await Promise.all([
    watchAt(relayUrl, as, { streamId: id }),
    watchAt(relayUrl, other, { streamId: id }),
  ]);
  await Promise.all([blocked.next(ofType("subscribed")), stays.next(ofType("subscribed"))]);
  const body = { targetUserId: as.id, liveStreamId: id };
  expect((await call("POST /api/v1/live-stream-ban", { as: host, body })).status).toBe(200);
  expect(await blocked.next(ofType("unsubscribed"))).toMatchObject({ reason: "blocked" });
  await say(id, other, "gone?");
  await hears(stays, "gone?");
  const from = blocked.messages.length;
  blocked.send({ action: "subscribe", streamId: id });
  expect(await blocked.next(ofType("error"), from)).toMatchObject({ statusCode: 403 });
  const heard = blocked.events().map(({ type }) => type);
  expect(heard.filter((type) => type !== "stream.started")).toEqual([]);
  blocked.close();
  stays.close();
});

test("a deleted text is in no frame that is sent again", async () => {
  const [{ id, host }, as] = await Promise.all([liveStream(), person()]);
  const first = await watchAt(relayUrl, as, { streamId: id });
  const { epoch } = await first.next(ofType("subscribed"));
  await say(id, as, "a secret");
  await hears(first, "a secret");
  const [{ data }] = first.events().filter(({ type }) => type === "chat.message");
  const path = `DELETE /api/v1/live-stream/${id}/chat/messages/${data._id}`;
  expect((await call(path, { as: host })).status).toBe(204);
  await first.next(({ events = [] }) =>
    events.some(({ type }: Message) => type === "chat.deleted"),
  );
  const again = await watchAt(relayUrl, as, { streamId: id, since: `${epoch}:0` });
  await again.next(({ events = [] }) =>
    events.some(({ type }: Message) => type === "chat.deleted"),
  );
  expect(again.messages[0]).toMatchObject({ type: "subscribed", recovered: true });
  expect(textsIn(again)).toEqual([""]);
  first.close();
  again.close();
});

/** A client of the published library that records everything it is shown. */
function follow(as: Person, streamId: string) {
  const texts: string[] = [];
  const states: unknown[] = [];
  const client: Client = createClient({
    url: system.url,
    token: as.token,
    WebSocket: WebSocket as never,
    onState: (...given) => states.push(given),
  });
  const { ready } = client.subscribe(streamId, {
    onEvent({ type, data }) {
      if (type === "chat.message") texts.push(data.content);
    },
  });
  return { client, ready, texts, states };
}

const socketsAtRelay = async (as: Person, streamId: string) => {
  const { body } = await call(`GET /api/v1/live-stream/${streamId}/viewers`, { as });
  return body.data.participantAudienceTotal as number;
};

test("a client follows its stream at the relay; when the relay dies nothing is lost or duplicated", async () => {
  const [{ id }, as, speaker] = await Promise.all([liveStream(), person(), person()]);
  const watching = follow(as, id);
  await watching.ready;
  const sent: string[] = [];
  const send = async (content: string) => {
    sent.push(content);
    await say(id, speaker, content);
  };
  const heardAll = async () => {
    await eventually(
      async () => watching.texts.length,
      (count) => count >= sent.length,
    );
    expect(watching.texts).toEqual(sent);
  };
  await send("before");
  await heardAll();
  expect(await socketsAtRelay(as, id)).toBe(1);
  const killed = await fetch(`${system.url}/local/relay`, { method: "DELETE" });
  expect(killed.status).toBe(204);
  for (let n = 1; n <= 20; n++) await send(`message ${n}`);
  await heardAll();
  await send("after");
  await heardAll();
  watching.client.close();
});

test("a returning viewer gets the handshake's response and what they missed in one write", async () => {
  const [host, viewer] = [await person(), await person()];
  const { id } = await liveStream(host);
  const watching = await watchAt(relayUrl, viewer, { streamId: id });
  const { epoch, head } = await watching.next(ofType("subscribed"));
  await say(id, host, "first");
  await hears(watching, "first");
  const { hostname, port } = new URL(relayUrl);
  const query = new URLSearchParams({
    token: viewer.token,
    streamId: id,
    since: `${epoch}:${head}`,
  });
  const socket = connect(Number(port), hostname);
  const chunk = await new Promise<string>((done) => {
    socket.once("data", (data) => done(data.toString("latin1")));
    const lines = [
      ...[`GET /ws?${query} HTTP/1.1`, `Host: ${hostname}`, "Connection: Upgrade"],
      ...["Upgrade: websocket", "Sec-WebSocket-Version: 13"],
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  });
  socket.destroy();
  expect(chunk).toMatch(/^HTTP\/1.1 101 .*"type":"subscribed".*"first"/s);
});

test("an address has no more connections than its share, and is admitted again when they close", async () => {
  const { port, hostname } = new URL(relayUrl);
  const held: Socket[] = [];
  // Connections of earlier tests, and those opened here until one is refused.
  const isCut = () =>
    new Promise<boolean>((done) => {
      const socket = connect(Number(port), hostname);
      held.push(socket);
      socket.on("error", () => done(true));
      socket.once("close", () => done(true));
      // A response shows that it was admitted.
      socket.once("data", () => done(false));
      socket.write("GET / HTTP/1.1\r\nHost: relay\r\n\r\nGET /ws HTTP/1.1\r\n");
    });
  let wasCut = false;
  // On a slow machine the first connections may still be sending their requests.
  while (!wasCut && held.length <= 4 * addressLimits.connections) {
    const tries = await Promise.all(Array.from({ length: 100 }, isCut));
    wasCut = tries.includes(true);
  }
  expect(wasCut).toBe(true);
  expect(held.length).toBeGreaterThan(addressLimits.connections - 300);
  for (const socket of held) socket.removeAllListeners("close").destroy();
  const as = await person();
  const opened = await eventually(
    () => watchAt(relayUrl, as, {}).catch(() => undefined),
    (found) => found !== undefined,
  );
  opened!.close();
});
