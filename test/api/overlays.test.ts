import { WebSocket } from "ws";
import { createClient, type Event, type Options } from "../../client/index.ts";
import {
  admin,
  apiUrl,
  call,
  eventually,
  expectFailure,
  freshId,
  liveStream,
  type Person,
  person,
  say,
  sentences,
} from "./people.ts";
import {
  type Message,
  ofType,
  open,
  refusedHandshake,
  type Viewer,
  watch,
  wsUrl,
} from "./viewer.ts";

const answers = (requestId: string) => (message: Message) => message.requestId === requestId;
const keysOf = (streamId: string) => `/api/v1/live-stream/${streamId}/overlay-keys`;

type Made = { id: string; key: string; url: string; description: string | null; createdAt: string };

async function makeKey(streamId: string, as: Person, body?: object): Promise<Made> {
  const route = `POST /api/v1/live-stream/${streamId}/overlay-keys`;
  const made = await call(route, { as, ...(body && { body }) });
  expect({ status: made.status, text: made.text }).toMatchObject({ status: 201 });
  return made.body.data;
}

const urlOf = (streamId: string, key: string, more = {}) =>
  `${wsUrl()}?${new URLSearchParams({ key, streamId, ...more })}`;

async function ask(socket: Viewer, message: object): Promise<Message> {
  const requestId = freshId();
  socket.send({ ...message, requestId });
  return socket.next(answers(requestId));
}

test("a host creates keys, each shown once, and neither in lists nor in repeated responses", async () => {
  const { id, host } = await liveStream();
  const route = `POST ${keysOf(id)}`;
  const body = { description: " OBS ✓ " };
  const first = await call(route, { as: host, body, key: "k" });
  expect(first.status).toBe(201);
  const made: Made = first.body.data;
  expect(Object.keys(made)).toEqual(["id", "key", "url", "description", "createdAt"]);
  expect(made.key.length).toBeGreaterThan(40);
  expect(made).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    url: `/overlay?streamId=${id}&key=${made.key}`,
    description: "OBS ✓",
  });
  const again = await call(route, { as: host, body, key: "k" });
  expect(again.status).toBe(201);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.body.data).toEqual({ ...made, key: null, url: null });
  const other = await makeKey(id, await admin());
  expect(other).toMatchObject({ description: null });
  expect(other.key).not.toBe(made.key);
  const list = await call(`GET /api/v1/live-stream/${id}/overlay-keys`, { as: host });
  const shown = [other, made].map(({ id: keyId, description, createdAt }) => ({
    id: keyId,
    description,
    createdAt,
  }));
  expect(list.body.data.list).toEqual(shown);
  expect(list.text).not.toContain("ovk_");
  const page = await call(`GET ${keysOf(id)}?limit=1`, { as: host });
  expect(page.body.data).toMatchObject({ list: [shown[0]], pageInfo: { hasNextPage: true } });
  const next = `GET ${keysOf(id)}?limit=1&after=${page.body.data.pageInfo.nextCursor}`;
  expect((await call(next, { as: host })).body.data.list).toEqual([shown[1]]);
});

test("only the host and admins create, list and revoke keys", async () => {
  const [{ id, host }, stranger, moderator] = await Promise.all([
    ...[liveStream(), person(), person()],
  ] as const);
  await call("GET /api/v1/users/me", { as: moderator });
  const settings = { moderators: [moderator.id] };
  const changed = await call(`PATCH /api/v1/live-stream/${id}/chat-settings`, {
    as: host,
    body: settings,
  });
  expect(changed.status).toBe(200);
  const made = await makeKey(id, host);
  const routes = [`POST ${keysOf(id)}`, `GET ${keysOf(id)}`, `DELETE ${keysOf(id)}/${made.id}`];
  for (const route of routes) {
    expectFailure(await call(route), 401, sentences[401]);
    for (const as of [stranger, moderator])
      expectFailure(await call(route, { as }), 403, sentences[403]);
  }
  const socket = await open(urlOf(id, made.key));
  socket.close();
  const elsewhere = await liveStream(host);
  const foreign = `DELETE ${keysOf(elsewhere.id)}/${made.id}`;
  expectFailure(await call(foreign, { as: host }), 404, sentences[404]);
  for (const keyId of ["x", "0".repeat(23), `${freshId()}0`])
    expectFailure(await call(`DELETE ${keysOf(id)}/${keyId}`, { as: host }), 400, sentences[400]);
  const revoke = `DELETE /api/v1/live-stream/${id}/overlay-keys/${made.id}`;
  expect((await call(revoke, { as: await admin() })).status).toBe(204);
  expectFailure(await call(revoke, { as: host }), 404, sentences[404]);
});

test("a key's description is text of 1 to 100 characters or absent", async () => {
  const { id, host } = await liveStream();
  const route = `POST ${keysOf(id)}`;
  for (const description of ["", "  ", "x".repeat(101), 5, [], {}, true, "a\u0000", "\ud800"]) {
    const answer = await call(route, { as: host, body: { description } });
    expectFailure(answer, 400, sentences[400]);
    expect(answer.body.errors[1]).toMatch(/^description: /);
  }
  for (const raw of ["[]", "{", '"x"', "null"])
    expectFailure(await call(route, { as: host, raw }), 400, sentences[400]);
  expect(await makeKey(id, host, { description: null })).toMatchObject({ description: null });
  const long = "😀".repeat(100);
  expect(await makeKey(id, host, { description: long })).toMatchObject({ description: long });
});

test("a stream has at most twenty keys, even after concurrent calls", async () => {
  const { id, host } = await liveStream();
  const asked = Array.from({ length: 24 }, async () => {
    const made = () => call(`POST ${keysOf(id)}`, { as: host });
    return eventually(made, ({ status }) => status !== 503);
  });
  const statuses = (await Promise.all(asked)).map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array(20).fill(201), ...Array(4).fill(409)]);
  const { list } = (await call(`GET ${keysOf(id)}?limit=100`, { as: host })).body.data;
  expect(list).toHaveLength(20);
  const revoked = await call(`DELETE ${keysOf(id)}/${list[7].id}`, { as: host });
  expect(revoked.status).toBe(204);
  await makeKey(id, host);
  expectFailure(await call(`POST ${keysOf(id)}`, { as: host }), 409, sentences[409]);
});

test("a key reads its stream's frames and nothing else; it is no viewer and has no user", async () => {
  const [{ id, host }, other, fan] = await Promise.all([liveStream(), liveStream(), person()]);
  const { key } = await makeKey(id, host);
  const overlay = await open(urlOf(id, key));
  await overlay.next(() => true);
  expect(overlay.messages[0]).toMatchObject({ type: "subscribed", streamId: id, viewers: 0 });
  const watching = await watch(fan, id);
  const viewers = await call(`GET /api/v1/live-stream/${id}/viewers`, { as: fan });
  expect(viewers.body.data.list.map(({ _id }: Message) => _id)).toEqual([fan.id]);
  expect(viewers.body.data.participantAudienceTotal).toBe(1);
  // The count is up to five seconds old.
  const frame = await eventually(
    async () => {
      const content = freshId();
      await say(id, fan, content);
      const hears = ({ events = [] }: Message) =>
        events.some(({ data }: Message) => data.content === content);
      const shown = await overlay.next(hears);
      expect(shown).toEqual(await watching.next(hears));
      return shown;
    },
    ({ viewers: count }) => count === 1,
  );
  expect(frame.viewers).toBe(1);
  // The mark moves when all viewers have the frame, so just after this one.
  await eventually(
    () => ask(overlay, { action: "ping" }),
    ({ heads }) => heads?.[id] === frame.frame,
  );
  const since = { epoch: frame.epoch, frame: 0 };
  const subscribed = await ask(overlay, { action: "subscribe", streamId: id, since });
  expect(subscribed).toMatchObject({ type: "subscribed", recovered: true });
  for (const message of [
    { action: "subscribe", streamId: other.id },
    { action: "unsubscribe", streamId: other.id },
    { action: "subscribe", streamId: freshId() },
    { action: "chat", streamId: id, content: "x" },
    {},
  ])
    expect([message, await ask(overlay, message)]).toMatchObject([
      {},
      { type: "error", statusCode: 403, errors: [sentences[403], expect.any(String)] },
    ]);
  overlay.send("not json");
  expect(await overlay.next(({ statusCode }) => statusCode === 400)).toBeDefined();
  const bearer = { authorization: `Bearer ${key}` };
  for (const route of [`GET /api/v1/live-stream/${id}/events`, "GET /api/v1/wallet"])
    expectFailure(await call(route, { headers: bearer }), 401, sentences[401]);
  const left = await ask(overlay, { action: "unsubscribe", streamId: id });
  expect(left).toMatchObject({ type: "unsubscribed", streamId: id });
  const statistics = await call(`GET /api/v1/participant/stream/${id}/statistics`, { as: host });
  expect(statistics.body).toMatchObject({ totalViewers: 1, peakViewers: 1 });
  overlay.close();
  watching.close();
});

test("keys of other streams, revoked and invented keys are 401 at the handshake", async () => {
  const [{ id, host }, other, as] = await Promise.all([liveStream(), liveStream(), person()]);
  const [made, kept] = [await makeKey(id, host), await makeKey(id, host)];
  const swapped = made.key.slice(0, -43) + kept.key.slice(-43);
  const bad = [
    urlOf(other.id, made.key),
    urlOf(freshId(), made.key),
    urlOf("x", made.key),
    `${wsUrl()}?key=${made.key}`,
    urlOf(id, swapped),
    urlOf(id, `${made.key}x`),
    urlOf(id, made.key.toUpperCase()),
    urlOf(id, ""),
    urlOf(id, "ovk_"),
    urlOf(id, as.token),
    urlOf(id, "%00"),
    urlOf(id, "x".repeat(5_000)),
    urlOf(id, made.key, { token: as.token }),
  ];
  for (const url of bad) expect([url, await refusedHandshake(url)]).toEqual([url, 401]);
  expect(await refusedHandshake(urlOf(id, made.key), ["bearer", as.token])).toBe(401);
  (await open(urlOf(id.toUpperCase(), made.key))).close();
  await call(`DELETE ${keysOf(id)}/${made.id}`, { as: host });
  expect(await refusedHandshake(urlOf(id, made.key))).toBe(401);
  (await open(urlOf(id, kept.key))).close();
});

test("revoking an overlay key closes its sockets with 4504 within 10 s, and no others", async () => {
  const { id, host } = await liveStream();
  const [made, kept] = [await makeKey(id, host), await makeKey(id, host)];
  const leaving = await Promise.all([1, 2, 3].map(() => open(urlOf(id, made.key))));
  const staying = await Promise.all([open(urlOf(id, kept.key)), watch(host, id)]);
  const ends = leaving.map(
    ({ socket }) => new Promise<number>((done) => socket.once("close", () => done(Date.now()))),
  );
  const revokedAt = Date.now();
  expect((await call(`DELETE ${keysOf(id)}/${made.id}`, { as: host })).status).toBe(204);
  for (const overlay of leaving)
    expect(await overlay.next(ofType("closing"))).toEqual({
      type: "closing",
      code: 4504,
      reason: expect.any(String),
    });
  for (const end of ends) expect((await end) - revokedAt).toBeLessThan(10_000);
  await say(id, host, "still here");
  for (const socket of staying) {
    await socket.next(({ events }) =>
      events?.some(({ data }: Message) => data.content === "still here"),
    );
    expect(socket.messages.some(ofType("closing"))).toBe(false);
    socket.close();
  }
});

test("the client follows a stream with an overlay key, and does not reconnect once it is revoked", async () => {
  const { id, host } = await liveStream();
  const made = await makeKey(id, host);
  const states: unknown[][] = [];
  const client = createClient({
    url: apiUrl(),
    socketUrl: wsUrl(),
    overlayKey: { streamId: id, key: made.key },
    WebSocket: WebSocket as unknown as NonNullable<Options["WebSocket"]>,
    onState: (...state) => states.push(state),
  });
  const heard: Event[] = [];
  const stream = client.subscribe(id, { onEvent: (event) => heard.push(event) });
  await eventually(
    async () => stream.position(),
    (position) => position !== undefined,
  );
  for (const content of ["1", "2", "3"]) await say(id, host, content);
  const said = () =>
    heard.flatMap(({ type, data }) => (type === "chat.message" ? [(data as Message).content] : []));
  await eventually(
    async () => said().length,
    (count) => count >= 3,
  );
  expect(said()).toEqual(["1", "2", "3"]);
  expect(await client.userId()).toBeUndefined();
  await call(`DELETE ${keysOf(id)}/${made.id}`, { as: host });
  await eventually(
    async () => states.at(-1)?.[0],
    (state) => state === "ended",
  );
  expect(states).toEqual([["online"], ["ended", expect.any(String), 4504]]);
  client.close();
});
