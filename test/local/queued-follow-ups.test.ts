/**
 * Operations across two services (docs/decisions/failures.md) on a running system: the call to the
 * second service fails in every possible way, as often as its client tries. The second half must
 * follow nevertheless.
 */
import { randomBytes } from "node:crypto";
import {
  call,
  eventually,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  topUp,
} from "../api/people.ts";
import { type Received, startReceiver } from "../api/receiver.ts";
import { tencent } from "../api/tencent-caller.ts";
import { open, type Viewer, wsUrl } from "../api/viewer.ts";
import { type System, startSystem } from "../system.ts";

let system: System;
/** Receives webhooks and Tencent's callbacks; accepts every gift. */
let inbox: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  process.env.TENCENT_SECRET_KEY = randomBytes(32).toString("hex");
  system = await startSystem({ env: { DEMO: "off" } });
  process.env.API_URL = system.url;
  process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
  inbox = await startReceiver(() => ({ status: 200, body: allowed }));
  const as = await person({ groups: ["admin"] });
  const body = { url: inbox.url, events: ["settings.changed"] };
  expect((await call("POST /api/v1/webhooks", { as, body })).status).toBe(201);
  const names = ["Live.CallbackAfterCreateRoom", "Live.CallbackBeforeSendGift"];
  const callbacks = { Url: inbox.url, CallbackCommandList: names };
  const answer = await tencent("set_callback", callbacks, { service: "live_config" });
  expect(answer.body).toMatchObject({ ErrorCode: 0 });
});
afterAll(async () => {
  await inbox.stop();
  await system.stop();
});
const allowed = JSON.stringify({ ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 });
afterEach(() => call("DELETE /local/faults"));

/** A client's attempts per call: a fault that affects all of them fails the call. */
const tries = 3;

type Aim = { caller: string; service: string; operation: string; keyPrefix?: string };
type Row = {
  name: string;
  aim: Aim;
  /** Runs the first half under the fault; returns what to wait for. */
  begin(): Promise<() => Promise<void>>;
};

const toQueue = (caller: string, queue: string): Aim => ({
  caller,
  service: "sqs",
  operation: "SendMessage",
  keyPrefix: `ovation-dev-${queue}`,
});

/** Waits for one request to the receiver. */
const arrived = async (isIt: (request: Received) => boolean) =>
  void (await eventually(
    async () => inbox.received.some(isIt),
    (isThere) => isThere,
  ));

/** Creates a room through Tencent's API; returns its owner. */
async function createRoom(RoomId: string): Promise<Person> {
  const owner = await person();
  const room = { RoomId, RoomType: "Live", RoomName: "A room", Owner_Account: owner.id };
  const { body } = await tencent("create_room", { RoomInfo: room });
  expect(body).toMatchObject({ ErrorCode: 0 });
  return owner;
}

const closing = (code: number) => (socket: Viewer) => async () => {
  const message = await socket.next(({ type }) => type === "closing");
  expect(message).toMatchObject({ code });
};

/** Repeats a call while it is 5xx; each response must say that it may be repeated. */
const untilDone = (ask: () => ReturnType<typeof call>) =>
  eventually(ask, ({ status, text }) => {
    if (status >= 500 && status !== 503) throw new Error(`${status} ${text}`);
    return status < 500;
  });

/** Opens a socket; a refused handshake is retried, as a client does, with a new query. */
const arriveWith = (query: () => Promise<Record<string, string>>): Promise<Viewer> =>
  eventually(
    async () => {
      const url = `${wsUrl()}?${new URLSearchParams(await query())}`;
      return open(url).catch(() => undefined);
    },
    (socket) => socket !== undefined,
  ) as Promise<Viewer>;
const arrive = (query: Record<string, string>) => arriveWith(async () => query);

const arriveAt = async ({ token }: Person, streamId: string): Promise<Viewer> => {
  const socket = await arrive({ token, streamId });
  await socket.next(({ type }) => type === "subscribed");
  return socket;
};

/** The first bytes are enough for a PNG to be recognized. */
const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);

const rows: Row[] = [
  {
    name: "a combo's second gift, and the message that ends the combo",
    aim: toQueue("money-settle", "combos"),
    async begin() {
      const [{ id }, ann, giftTypeId] = await Promise.all([liveStream(), person(), giftType(10)]);
      await topUp(ann, 1_000);
      const socket = await arriveAt(ann, id);
      const body = { giftTypeId, liveStreamId: id };
      const give = () => call("POST /api/v1/gifts/create", { as: ann, key: freshId(), body });
      const sent = () => socket.events().filter(({ type }) => type === "gift.sent");
      // On a busy machine two gifts may be more than 5 s apart, so they form no combo.
      let gifts = 0;
      do {
        const answers = await Promise.all([give(), give()]);
        gifts += answers.filter(({ status }) => status === 201).length;
        await socket.next(() => sent().length >= gifts);
      } while (!sent().some(({ data }) => data.combo === 2));
      return async () => {
        await socket.next(({ events = [] }) => /combo\.ended/.test(JSON.stringify(events)));
        const ends = socket.events().filter(({ type }) => type === "combo.ended");
        expect(ends).toHaveLength(1);
        socket.close();
      };
    },
  },
  {
    name: "a new user, and the message that lets the search find them",
    aim: toQueue("money-settle", "users"),
    async begin() {
      const name = `n${freshId()}`;
      const ann = await person({ claims: { preferred_username: name } });
      await call("GET /api/v1/users/me", { as: ann });
      return async () => {
        const look = () => call(`GET /api/v1/users/search?query=${name}`, { as: ann });
        await eventually(look, ({ text }) => text.includes(ann.id));
      };
    },
  },
  {
    name: "a sign-out, and the message that ends the sockets",
    aim: toQueue("sessions-sign-out", "moments"),
    async begin() {
      const ann = await person();
      const socket = await arrive({ token: ann.token });
      expect((await call("POST /api/v1/users/me/sign-out", { as: ann })).status).toBe(204);
      return closing(4503)(socket);
    },
  },
  {
    name: "a token's revocation, and the message that ends its sockets",
    aim: toQueue("sessions-revoke", "moments"),
    async begin() {
      const jti = `token ${freshId()}`;
      const [boss, ann] = [await person({ groups: ["admin"] }), await person({ claims: { jti } })];
      const socket = await arrive({ token: ann.token });
      const answer = await call("POST /api/v1/revocations", { as: boss, body: { jti } });
      expect(answer.status).toBe(201);
      return closing(4503)(socket);
    },
  },
  {
    name: "an overlay key's removal, and the message that ends its sockets",
    aim: toQueue("overlays-delete", "moments"),
    async begin() {
      const { host, id: streamId } = await liveStream();
      const keys = `/api/v1/live-stream/${streamId}/overlay-keys`;
      const { id, key } = (await call(`POST ${keys}`, { as: host, body: {} })).body.data;
      const socket = await arrive({ key, streamId });
      expect((await call(`DELETE ${keys}/${id}`, { as: host })).status).toBe(204);
      return closing(4504)(socket);
    },
  },
  {
    name: "a connection, and the message at its token's end",
    aim: toQueue("realtime-connect", "moments"),
    async begin() {
      // Each try has its own token: on a slow machine one could expire before the last try.
      const query = async () => ({ token: (await person({ expiresIn: 20 })).token });
      // A handshake without a timer is refused, so every accepted socket has one.
      atTheEnd.push(closing(4401)(await arriveWith(query)));
      return async () => undefined;
    },
  },
  {
    name: "a deletion, and the message that goes on with the erasure",
    aim: toQueue("users-delete-me", "erasures"),
    async begin() {
      const [{ id }, ann, other] = await Promise.all([liveStream(), person(), person()]);
      const [say, content] = [`POST /api/v1/live-stream/${id}/chat/messages`, `text-${freshId()}`];
      expect((await call(say, { as: ann, body: { content } })).status).toBe(201);
      await untilDone(() => call("DELETE /api/v1/users/me", { as: ann }));
      return async () => {
        const read = () => call(say.replace("POST", "GET"), { as: other });
        await eventually(read, ({ text }) => !text.includes(content));
      };
    },
  },
  {
    name: "a missed frame, and the message that sends it",
    aim: { ...toQueue("realtime-fan-out", "resumes"), operation: "SendMessageBatch" },
    async begin() {
      const [{ host, id }, ann] = await Promise.all([liveStream(), person()]);
      const content = `text-${freshId()}`;
      const before = await arriveAt(ann, id);
      const { epoch, head } = before.messages.find(({ type }) => type === "subscribed");
      before.close();
      await call(`POST /api/v1/live-stream/${id}/chat/messages`, { as: host, body: { content } });
      const look = () => call(`GET /api/v1/live-stream/${id}/events?after=${head}`, { as: ann });
      await eventually(look, ({ text }) => text.includes(content));
      const socket = await arrive({ token: ann.token });
      socket.send({ action: "subscribe", streamId: id, since: { epoch, frame: head } });
      return async () => {
        await socket.next(({ events = [] }) => JSON.stringify(events).includes(content));
        socket.close();
      };
    },
  },
  {
    name: "a picture's bytes, and the item that shows them",
    aim: { caller: "streams-create", service: "s3", operation: "PutObject" },
    async begin() {
      const [ann, key] = [await person(), freshId()];
      const create = () => {
        const raw = new FormData();
        raw.set("title", "with a picture");
        raw.set("thumbnail", new Blob([png], { type: "image/png" }), "p.png");
        return call("POST /api/v1/live-stream/create", { as: ann, key, raw });
      };
      const { status, body } = await untilDone(create);
      expect(status).toBe(201);
      return async () => {
        const shown = await fetch(body.data.thumbnailUrl);
        expect(new Uint8Array(await shown.arrayBuffer())).toEqual(png);
        const { streams } = (await call("GET /api/v1/users/me/export", { as: ann })).body.data;
        expect(streams).toHaveLength(1);
      };
    },
  },
  {
    name: "an event of the log, and the message that sends it to a webhook",
    aim: { ...toQueue("realtime-fan-out", "deliveries"), operation: "SendMessageBatch" },
    async begin() {
      const { host, id } = await liveStream();
      const body = { slowModeSeconds: 7 };
      await call(`PATCH /api/v1/live-stream/${id}/chat-settings`, { as: host, body });
      return () => arrived(({ body: { data } }) => data?.streamId === id);
    },
  },
  {
    name: "a room's beginning, and the message that tells the application",
    aim: toQueue("realtime-fan-out", "rooms"),
    async begin() {
      const RoomId = `room-${freshId()}`;
      await createRoom(RoomId);
      const isIt = ({ RoomInfo }: { RoomInfo?: { RoomId: string } }) => RoomInfo?.RoomId === RoomId;
      return () => arrived(({ body }) => isIt(body));
    },
  },
  {
    name: "an application's consent, and the gift",
    aim: { caller: "gifts-send", service: "dynamodb", operation: "TransactWriteItems" },
    async begin() {
      const [RoomId, ann, GiftId] = [`room-${freshId()}`, await person(), await giftType(10)];
      await topUp(ann, 1);
      const host = await createRoom(RoomId);
      const gift = { RoomId, GiftId, From_Account: ann.id, ReceiverList_Account: [host.id] };
      const key = freshId();
      await eventually(
        () => tencent("send_gift", gift, { key }),
        ({ body }) => body.ErrorCode === 0,
      );
      const asked = inbox.received.filter(({ body }) => body.RoomId === RoomId);
      expect(new Set(asked.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
      return async () => {
        const count = async () => (await tencent("get_gift_count", { RoomId })).body.Response;
        await eventually(count, ({ TotalCount }) => TotalCount === 1);
      };
    },
  },
];

/** Effects at tokens' expiry, which later kinds of failures need not wait for. */
const atTheEnd: (() => Promise<void>)[] = [];

const outcomes = [
  ...["error_before", "throttle", "silence", "silence_after_commit", "error_after_commit"],
];

test.each(outcomes)(
  "%s: the queued second half of every call is done, though the call failed",
  async (kind) => {
    for (const { aim } of rows)
      expect(
        (await call("POST /local/faults", { body: { ...aim, kind, count: tries } })).status,
      ).toBe(201);
    const outcome = await Promise.allSettled(
      rows.map(async ({ name, begin }) => {
        const follow = await begin();
        await follow();
        return name;
      }),
    );
    const wrong = outcome.flatMap((one, at) =>
      one.status === "rejected" ? [`${rows[at]!.name}: ${one.reason}`] : [],
    );
    expect(wrong).toEqual([]);
    // A call that took effect without a response is retried while its effect exists.
    const strikes = async () => {
      const { faults } = (await call("GET /local/faults")).body;
      return faults.map(({ struck }: { struck: number }) => struck) as number[];
    };
    await eventually(strikes, (all) => all.every((struck) => struck === tries));
  },
);

test("each socket was closed when its token expired, although the call that set its timer had failed", async () => {
  expect(atTheEnd).toHaveLength(outcomes.length);
  await Promise.all(atTheEnd.map((closes) => closes()));
});
