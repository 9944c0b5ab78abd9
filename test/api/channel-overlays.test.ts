import { WebSocket } from "ws";
import { createClient, type Subscription } from "../../client/index.ts";
import {
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
import { type Message, open, refusedHandshake, type Viewer, wsUrl } from "./viewer.ts";

type Made = { id: string; key: string; url: string; description: string | null; createdAt: string };

const keys = "/api/v1/channel/overlay-keys";
const urlOf = (channel: string, key: string, more = {}) =>
  `${wsUrl()}?${new URLSearchParams({ key, channel, ...more })}`;
const end = (id: string, as: Person) => call(`POST /api/v1/live-stream/${id}/end`, { as });
async function makeKey(as: Person, body?: object): Promise<Made> {
  const made = await call("POST /api/v1/channel/overlay-keys", { as, ...(body && { body }) });
  expect({ status: made.status, text: made.text }).toMatchObject({ status: 201 });
  return made.body.data;
}

/** A socket's messages about channels and subscriptions, in order. */
const told = ({ messages }: Viewer) =>
  messages
    .filter(({ type }: Message) => type === "channel" || type === "subscribed")
    .map(({ type, streamId }: Message) => [type, streamId]);

async function ask(socket: Viewer, message: object): Promise<Message> {
  const requestId = freshId();
  socket.send({ ...message, requestId });
  return socket.next((answer) => answer.requestId === requestId);
}

test("a host creates, lists and revokes the keys of their channel, each shown once", async () => {
  const [host, other] = await Promise.all([person(), person()]);
  const route = "POST /api/v1/channel/overlay-keys";
  const first = await call(route, { as: host, body: { description: "OBS" }, key: "k" });
  expect(first.status).toBe(201);
  const made: Made = first.body.data;
  expect(made).toMatchObject({
    description: "OBS",
    url: `/overlay?channel=${host.id}&key=${made.key}`,
  });
  const again = await call(route, { as: host, body: { description: "OBS" }, key: "k" });
  expect(again.body.data).toEqual({ ...made, key: null, url: null });
  const { id, description, createdAt } = made;
  const list = await call("GET /api/v1/channel/overlay-keys", { as: host });
  expect(list.body.data.list).toEqual([{ id, description, createdAt }]);
  expect((await call(`GET ${keys}`, { as: other })).body.data.list).toEqual([]);
  expectFailure(await call(route), 401, sentences[401]);
  expectFailure(await call(route, { as: host, body: { description: "" } }), 400, sentences[400]);
  expectFailure(await call(`DELETE ${keys}/${id}`, { as: other }), 404, sentences[404]);
  const { id: streamId } = await liveStream(host);
  const ofStream = `${wsUrl()}?${new URLSearchParams({ key: made.key, streamId })}`;
  for (const url of [
    ofStream,
    urlOf(other.id, made.key),
    urlOf(host.id, made.key, { streamId }),
    urlOf("no user!", made.key),
  ])
    expect([url, await refusedHandshake(url)]).toEqual([url, 401]);
  const overlay = await open(urlOf(host.id, made.key));
  const closing = overlay.next(({ type }) => type === "closing");
  const revoked = await call(`DELETE /api/v1/channel/overlay-keys/${id}`, { as: host });
  expect(revoked.status).toBe(204);
  expect(await closing).toMatchObject({ code: 4504 });
  expect(await refusedHandshake(urlOf(host.id, made.key))).toBe(401);
});

test("a channel's overlay follows from one live stream to the next", async () => {
  const host = await person();
  const { key } = await makeKey(host);
  const overlay = await open(urlOf(host.id, key));
  const isTold = (count: number) =>
    eventually(
      async () => told(overlay),
      ({ length }) => length >= count,
    );
  expect(await isTold(1)).toEqual([["channel", null]]);
  const one = await liveStream(host);
  const first = [
    ["channel", null],
    ["channel", one.id],
    ["subscribed", one.id],
  ];
  expect(await isTold(3)).toEqual(first);
  await say(one.id, host, "hello");
  const frame = await overlay.next(({ type }) => type === "events");
  expect(frame).toMatchObject({ streamId: one.id, viewers: 0 });
  const since = { epoch: frame.epoch, frame: 0 };
  const again = await ask(overlay, { action: "subscribe", streamId: one.id, since });
  expect(again).toMatchObject({ type: "subscribed", recovered: true });
  const foreign = await liveStream();
  const two = await liveStream(host);
  await eventually(
    async () => told(overlay).slice(-2),
    ([channel, subscribed]) => channel?.[1] === two.id && subscribed?.[1] === two.id,
  );
  for (const streamId of [foreign.id, one.id])
    expect(await ask(overlay, { action: "subscribe", streamId })).toMatchObject({
      type: "error",
      statusCode: 403,
      code: "stream_not_granted",
    });
  const { heads } = await ask(overlay, { action: "ping" });
  expect(Object.keys(heads)).toEqual([two.id]);
  const late = await open(urlOf(host.id, key));
  await late.next(({ type }) => type === "subscribed");
  expect(told(late)).toEqual([
    ["channel", two.id],
    ["subscribed", two.id],
  ]);
  const before = overlay.messages.length;
  await end(two.id, host);
  await overlay.next(({ type, streamId }) => type === "subscribed" && streamId === one.id, before);
  await end(one.id, host);
  await eventually(
    async () => [overlay, late].map((socket) => told(socket).at(-1)),
    (last) => last.every((message) => message?.[0] === "channel" && message[1] === null),
  );
  overlay.close();
  late.close();
});

test("the client follows a channel from one stream to the next", async () => {
  const host = await person();
  const { key } = await makeKey(host);
  const heard: string[] = [];
  const channels: (string | null)[] = [];
  const ends: string[] = [];
  let stream: Subscription | undefined;
  const client = createClient({
    url: apiUrl(),
    socketUrl: wsUrl(),
    overlayKey: { channel: host.id, key },
    WebSocket: WebSocket as never,
    onChannel(streamId) {
      channels.push(streamId);
      stream?.close();
      if (streamId === null) return;
      stream = client.subscribe(streamId, {
        onEnd: (reason) => ends.push(reason),
        onEvent: ({ type, data }) => {
          if (type === "chat.message") heard.push(data.content);
        },
      });
    },
  });
  const says = (id: string, content: string) =>
    eventually(
      async () => (await say(id, host, content)) && heard.at(-1) === content,
      (isHeard) => isHeard,
    );
  const one = await liveStream(host);
  await eventually(
    async () => channels.at(-1),
    (last) => last === one.id,
  );
  await says(one.id, "one");
  const two = await liveStream(host);
  await eventually(
    async () => channels.at(-1),
    (last) => last === two.id,
  );
  await says(two.id, "two");
  expect(ends).toEqual(["closed"]);
  client.close();
});
