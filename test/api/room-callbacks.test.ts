import { testHere } from "./elsewhere.ts";
import {
  admin,
  call,
  eventually,
  expectFailure,
  freshId,
  person,
  sentences,
  topUp,
} from "./people.ts";
import { type Reply, startReceiver } from "./receiver.ts";
import { tencent } from "./tencent-caller.ts";

const test = testHere("a deployed stage cannot call receivers on this machine");

const afterRooms = ["Live.CallbackAfterCreateRoom", "Live.CallbackAfterDestroyRoom"];

/** Configures room callbacks to this URL, without callbacks that decide about gifts. */
async function configure(Url: string, CallbackCommandList: string[]) {
  const calling = { service: "live_config" };
  const body = { Url, CallbackCommandList };
  const set = await tencent("set_callback", body, calling);
  if (set.body.ErrorCode === 0) return;
  const { body: answer } = await tencent("update_callback", body, calling);
  expect(answer).toMatchObject({ ErrorCode: 0 });
}

type Inbox = Awaited<ReturnType<typeof startReceiver>>;

/** The callbacks for a room, in order of arrival. */
const callbackAnswerOf = (inbox: Inbox, roomId: string) =>
  inbox.received.filter(({ body }) => body.RoomInfo?.RoomId === roomId);

/** The next replies about a room: other tests' rooms are called back here too. */
const replies = new Map<string, Reply[]>();
let inbox: Inbox;
beforeAll(async () => {
  inbox = await startReceiver(({ body }) => replies.get(body.RoomInfo?.RoomId)?.shift() ?? 200);
  await configure(inbox.url, afterRooms);
});
afterAll(async () => {
  await configure(inbox.url, []);
  await inbox.stop();
});

test("the application gets callbacks for a room's start and end, in order, with exact totals", async () => {
  const [host, fan] = [await person(), await person()];
  await call("GET /api/v1/users/me", { as: host });
  await topUp(fan, 1_000);
  const RoomId = `room-${freshId()}`;
  const room = { RoomId, RoomType: "Live", RoomName: "My room", Owner_Account: host.id };
  const made = await tencent("create_room", { RoomInfo: { ...room, Category: [1, 2] } });
  expect(made.body).toMatchObject({ ErrorCode: 0 });
  const gift = { RoomId, GiftId: "gift1", From_Account: fan.id, ReceiverList_Account: [host.id] };
  for (const Count of [1, 2])
    expect((await tencent("send_gift", { ...gift, Count })).body).toMatchObject({ ErrorCode: 0 });
  expect((await tencent("destroy_room", { RoomId })).body).toMatchObject({ ErrorCode: 0 });
  await eventually(
    async () => callbackAnswerOf(inbox, RoomId),
    (told) => told.length === 2,
  );
  const [created, destroyed] = callbackAnswerOf(inbox, RoomId);
  expect(created!.body).toEqual({
    CallbackCommand: "Live.CallbackAfterCreateRoom",
    Operator_Account: "administrator",
    EventTime: expect.any(Number),
    RoomInfo: expect.objectContaining({ ...room, Category: [1, 2], SeatTemplate: "" }),
  });
  expect(destroyed!.body).toEqual({
    CallbackCommand: "Live.CallbackAfterDestroyRoom",
    Operator_Account: "administrator",
    RoomId,
    EventType: "DestroyByUser",
    EventTime: expect.any(Number),
    RoomInfo: expect.objectContaining(room),
    Statistic: {
      TotalViewers: 0,
      TotalGiftsSent: 3,
      TotalGiftCoins: 30,
      TotalUniqueGiftSenders: 1,
      TotalLikesReceived: 0,
    },
  });
  const query = new URL(destroyed!.path, inbox.url).searchParams;
  expect(Object.fromEntries(query)).toEqual({
    SdkAppid: "1400000001",
    CallbackCommand: "Live.CallbackAfterDestroyRoom",
    contenttype: "json",
    ClientIP: expect.any(String),
    OptPlatform: "RESTAPI",
  });
});

test("the callback of a room's end names who ended it, also if an admin did", async () => {
  const [host, as] = [await person(), await admin()];
  await call("GET /api/v1/users/me", { as: host });
  for (const ending of [host, as]) {
    const RoomId = `room-${freshId()}`;
    await tencent("create_room", {
      RoomInfo: { RoomId, RoomType: "Live", Owner_Account: host.id },
    });
    const mine = await call("GET /api/v1/live-stream/my-active-stream", { as: host });
    const route = `POST /api/v1/live-stream/${mine.body.data.id}/end`;
    expect((await call(route, { as: ending })).status).toBe(200);
    const told = await eventually(
      async () => callbackAnswerOf(inbox, RoomId),
      ({ length }) => length === 2,
    );
    expect(told[1]?.body).toMatchObject({ Operator_Account: ending.id });
  }
});

test("callbacks of rooms that end at the same time keep each room's order", async () => {
  const rooms = Array.from({ length: 8 }, () => `room-${freshId()}`);
  await Promise.all(
    rooms.map(async (RoomId) => {
      await tencent("create_room", { RoomInfo: { RoomId, RoomType: "Live" } });
      await tencent("destroy_room", { RoomId });
    }),
  );
  const told = await eventually(
    async () => rooms.map((RoomId) => callbackAnswerOf(inbox, RoomId)),
    (all) => all.every(({ length }) => length === 2),
  );
  for (const ofRoom of told)
    expect(ofRoom.map(({ body }) => body.CallbackCommand)).toEqual(afterRooms);
});

test("a failed callback is retried, and admins see the outcome", async () => {
  const RoomId = `room-${freshId()}`;
  replies.set(RoomId, [503]);
  await tencent("create_room", { RoomInfo: { RoomId, RoomType: "Live" } });
  await eventually(
    async () => callbackAnswerOf(inbox, RoomId),
    (told) => told.length === 2,
  );
  const [first, second] = callbackAnswerOf(inbox, RoomId);
  expect(second!.text).toBe(first!.text);
  expect(second!.headers["webhook-id"]).toBe(first!.headers["webhook-id"]);
  const route = "GET /api/v1/webhooks/tencent/deliveries?limit=100";
  const as = await admin();
  const rows = async () => (await call(route, { as })).body.data.list;
  const ofRoom = (row: { eventId: string }) => row.eventId === first!.headers["webhook-id"];
  const [row] = await eventually(
    async () => (await rows()).filter(ofRoom),
    ([one]) => one?.status === "delivered",
  );
  expect(row).toMatchObject({ type: "Live.CallbackAfterCreateRoom", attempts: 2, statusCode: 200 });
  const resend = () => call(`POST /api/v1/webhooks/tencent/deliveries/${row.id}/resend`, { as });
  expect((await resend()).status).toBe(200);
  await eventually(
    async () => callbackAnswerOf(inbox, RoomId),
    (told) => told.length === 3,
  );
  // The application has since left this callback out of its list.
  await configure(inbox.url, afterRooms.slice(1));
  expectFailure(await resend(), 409, sentences[409]);
  await configure(inbox.url, afterRooms);
  expectFailure(await call(route, { as: await person() }), 403, sentences[403]);
});
