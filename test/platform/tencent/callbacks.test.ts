import { createServer, type IncomingMessage, type Server } from "node:http";
import { jest } from "@jest/globals";
import * as setCallback from "../../../functions/tencent/callbacks/set.ts";
import * as updateCallback from "../../../functions/tencent/callbacks/update.ts";
import * as add from "../../../functions/tencent/gifts/add.ts";
import * as send from "../../../functions/tencent/gifts/send.ts";
import * as setSwitch from "../../../functions/tencent/gifts/set-switch.ts";
import * as create from "../../../functions/tencent/rooms/create.ts";
import * as deliveries from "../../../functions/webhooks/list-deliveries.ts";
import * as resend from "../../../functions/webhooks/resend.ts";
import { listen } from "../../../local/reachable.ts";
import { listGifts } from "../../../platform/store/money/gifts.ts";
import { findWallet } from "../../../platform/store/money/wallets.ts";
import { recordNewUser } from "../../../platform/store/people/profile-changes.ts";
import { findProfiles } from "../../../platform/store/people/users.ts";
import { findRoom } from "../../../platform/store/tencent/rooms.ts";
import { callWithBreaker, resetBreaker } from "../../../platform/tencent/breaker.ts";
import { callEndpoint } from "../api-call.ts";
import { setClock } from "../clock.ts";
import { intercept } from "../intercept.ts";
import { callCommand, startTencentStage } from "./stage.ts";

let stage: Awaited<ReturnType<typeof startTencentStage>>;
let application: Server;
let address: string;

/** What the application was asked, and how it answers. */
const asked: { url: URL; id: unknown; body: Record<string, unknown> }[] = [];
/** The application takes its time until this is over. */
let hold: Promise<void> | undefined;
let reply: { status: number; body: string } | "never";

const says = (ErrorCode: unknown, ErrorInfo = "") => ({
  status: 200,
  body: JSON.stringify({ ActionStatus: ErrorCode === 0 ? "OK" : "FAIL", ErrorInfo, ErrorCode }),
});

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

type Command = { handler: Parameters<typeof callCommand>[0] };
const call = async ({ handler }: Command, body: unknown, headers = {}) =>
  callCommand(handler, { body, headers });

const wish = {
  RoomId: "room",
  GiftId: "rose",
  Count: 3,
  From_Account: "giver",
  ReceiverList_Account: ["to1", "to2"],
};
const sendGift = (changes: object = {}, headers = {}) =>
  call(send, { ...wish, ...changes }, headers);
const giftsSent = async () => {
  const { id } = (await findRoom("room"))!;
  return (await listGifts(id, { limit: 100 })).gifts;
};

beforeAll(async () => {
  process.env.LOCAL = "on";
  stage = await startTencentStage();
  application = createServer(async (request, answer) => {
    const body = JSON.parse(await textOf(request));
    const id = request.headers["webhook-id"];
    asked.push({ url: new URL(request.url!, "http://application"), id, body });
    await hold;
    if (reply === "never") return;
    answer.statusCode = reply.status;
    answer.setHeader("location", "/elsewhere");
    answer.end(reply.body);
  });
  address = `http://127.0.0.1:${await listen(application)}/hook?mine=1`;
  await call(create, { RoomInfo: { RoomId: "room", RoomType: "Live", Owner_Account: "host" } });
  await call(add, { GiftId: "rose", Coins: 10, DefaultName: "Rose" });
});
afterAll(async () => {
  application.closeAllConnections();
  await new Promise((done) => application.close(done));
  await stage.stop();
});
beforeEach(() => {
  asked.length = 0;
  resetBreaker();
  reply = says(0);
});

const all = ["Live.CallbackBeforeSendGift"];

test("callbacks are set once, and then updated", async () => {
  const callbacks = { Url: address, CallbackCommandList: all };
  const missing = await call(updateCallback, callbacks);
  expect(missing.body).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 100002 });
  const other = { ...callbacks, Url: "https://cdn.example.com/hook" };
  expect((await call(setCallback, other)).body).toMatchObject({ ErrorCode: 0 });
  expect((await call(setCallback, other)).body).toMatchObject({ ErrorCode: 100300 });
  expect((await call(updateCallback, callbacks)).body).toMatchObject({ ErrorCode: 0 });
});

test.each([
  { Url: undefined },
  { Url: "ftp://example.com" },
  { Url: "example.com" },
  { Url: "https://user:secret@example.com" },
  { Url: `https://example.com/${"x".repeat(500)}` },
  { CallbackCommandList: undefined },
  { CallbackCommandList: "Live.CallbackBeforeSendGift" },
  { CallbackCommandList: ["BeforeSendGift"] },
  { CallbackCommandList: Array.from({ length: 51 }, () => all[0]) },
  { CallbackCommandList: [...all, "Live.CallbackAfterStartBattle"] },
])("refuses the configuration %j", async (changes) => {
  const callbacks = { Url: address, CallbackCommandList: all, ...changes };
  for (const command of [setCallback, updateCallback])
    expect((await call(command, callbacks)).body).toMatchObject({ ErrorCode: 100002 });
});

test("an unknown callback is refused by name", async () => {
  const CallbackCommandList = [...all, "Live.CallbackAfterStartBattle"];
  for (const command of [setCallback, updateCallback]) {
    const { body } = await call(command, { Url: address, CallbackCommandList });
    expect(body.ErrorInfo).toBe(
      "CallbackCommandList.1: Live.CallbackAfterStartBattle is not called; expected " +
        "Live.CallbackBeforeSendGift, Live.CallbackAfterCreateRoom, Live.CallbackAfterDestroyRoom",
    );
  }
});

test("a gift that the application allows moves no credits, counts and is shown", async () => {
  const before = Math.floor(Date.now() / 1000);
  expect((await sendGift()).body).toMatchObject({ ActionStatus: "OK", ErrorCode: 0 });
  expect(asked).toHaveLength(1);
  const [{ url, body }] = asked as [(typeof asked)[0]];
  expect(url.pathname).toBe("/hook");
  expect(Object.fromEntries(url.searchParams)).toEqual({
    mine: "1",
    SdkAppid: "1400000001",
    CallbackCommand: "Live.CallbackBeforeSendGift",
    contenttype: "json",
    ClientIP: "203.0.113.7",
    OptPlatform: "RESTAPI",
  });
  expect(body).toEqual({
    CallbackCommand: "Live.CallbackBeforeSendGift",
    Operator_Account: "administrator",
    RoomId: "room",
    GiftWater: {
      From_Account: "giver",
      To_Account: ["to1", "to2"],
      Time: expect.any(Number),
      GiftId: "rose",
      Count: 3,
      Coins: 30,
    },
  });
  expect((body.GiftWater as { Time: number }).Time).toBeGreaterThanOrEqual(before);
  expect(await findWallet("giver")).toMatchObject({ balance: 0 });
  const [gift] = await giftsSent();
  expect(gift).toMatchObject({ count: 3, charged: false, dueCredits: 0 });
});

test("a gift that the application decides makes no account known, whatever it answers", async () => {
  const unknown = { From_Account: "mistyped-1", ReceiverList_Account: ["mistyped-2"] };
  reply = says(1);
  expect((await sendGift(unknown)).body).toMatchObject({ ErrorCode: 102004 });
  reply = says(0);
  expect((await sendGift(unknown)).body).toMatchObject({ ErrorCode: 0 });
  const [gift] = await giftsSent();
  expect(gift).toMatchObject({
    sender: { userId: "mistyped-1", username: "" },
    receivers: [{ userId: "mistyped-2", username: "" }],
  });
  expect(await findProfiles(["mistyped-1", "mistyped-2"], { consistent: true })).toEqual(new Map());
});

test("any 2xx with the answer 0 allows the gift, since Tencent's reference names no status", async () => {
  reply = { ...says(0), status: 201 };
  expect((await sendGift()).body).toMatchObject({ ErrorCode: 0 });
  reply = { ...says(102101), status: 202 };
  expect((await sendGift()).body).toMatchObject({ ErrorCode: 102101 });
});

const noes: [string, typeof reply, number, RegExp][] = [
  ["1", says(1, "not today"), 102004, /^not today$/],
  ["102101", says(102101, "insufficient balance"), 102101, /^insufficient balance$/],
  ["102100", says(102100), 102100, /rejected/],
  ["102200", says(102200), 102200, /rejected/],
  ["102201", says(102201), 102004, /no usable answer/],
  ["2", says(2), 102004, /no usable answer/],
  ["a code as text", says("0"), 102004, /no usable answer/],
  ["no ErrorInfo", { status: 200, body: '{"ErrorCode":0}' }, 102004, /no usable answer/],
  ["no JSON", { status: 200, body: "OK" }, 102004, /no usable answer/],
  ["204", { status: 204, body: "" }, 102004, /no usable answer/],
  ["500", { ...says(0), status: 500 }, 102004, /no usable answer/],
  ["a redirect", { ...says(0), status: 307 }, 102004, /no usable answer/],
  ["too much", { status: 200, body: "x".repeat(20_000) }, 102004, /no usable answer/],
  ["nothing in time", "never", 102004, /no usable answer/],
];
test.each(noes)("the answer %s rejects: nothing is sent", async (_, answer, code, info) => {
  reply = answer;
  const before = (await giftsSent()).length;
  const { body } = await sendGift();
  expect(body).toMatchObject({ ActionStatus: "FAIL", ErrorCode: code });
  expect(body.ErrorInfo).toMatch(info);
  expect(asked).toHaveLength(1);
  expect(await giftsSent()).toHaveLength(before);
});

test("a callback without a usable response is listed for admins, and cannot be resent", async () => {
  const admin = { as: "admin", roles: ["admin"] as const };
  const rows = async () => {
    const listing = { ...admin, path: { id: "tencent" }, query: { limit: "100" } };
    const { body } = await callEndpoint(deliveries.handler, listing);
    return (body.data as { list: Record<string, unknown>[] }).list;
  };
  const before = new Set((await rows()).map(({ id }) => id));
  reply = says(1);
  await sendGift();
  reply = { ...says(0), status: 500 };
  await sendGift();
  const listed = (await rows()).filter(({ id }) => !before.has(id));
  // The answer 1 is a verdict: it is no failure of the application.
  expect(listed).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      eventId: expect.stringMatching(/^question:/),
      type: "Live.CallbackBeforeSendGift",
      createdAt: expect.any(String),
      attempts: 1,
      status: "failed",
      statusCode: 500,
      error: "The answer was 500",
      nextAttemptAt: null,
    },
  ]);
  const again = { ...admin, path: { id: "tencent", deliveryId: String(listed[0]!.id) } };
  const refused = await callEndpoint(resend.handler, again);
  expect(refused.status).toBe(409);
  expect(String(refused.body.errors)).toMatch(/cannot be resent/);
  expect(asked).toHaveLength(2);
});

test("a callback that was not sent, since the application hangs, is not listed as failed", async () => {
  const listing = { as: "admin", roles: ["admin"] as const, path: { id: "tencent" } };
  const rows = async () =>
    (await callEndpoint(deliveries.handler, { ...listing, query: { limit: "100" } })).body.data;
  const before = await rows();
  setClock(Date.now());
  const late = Object.assign(new Error(), { name: "TimeoutError" });
  // The second call is the one that may try again in this second.
  for (let times = 0; times < 2; times++)
    await callWithBreaker(1400000001, () => Promise.reject(late)).catch(() => undefined);
  const { body } = await sendGift();
  jest.useRealTimers();
  expect(body).toMatchObject({ ErrorCode: 102004, ErrorInfo: expect.stringMatching(/no usable/) });
  expect(asked).toHaveLength(0);
  expect(await rows()).toEqual(before);
});

test("an approved gift is sent even if the table fails to note that the application responds", async () => {
  const late = Object.assign(new Error(), { name: "TimeoutError" });
  await callWithBreaker(1400000001, () => Promise.reject(late)).catch(() => undefined);
  const before = (await giftsSent()).length;
  const end = intercept(({ input }, next) =>
    JSON.stringify(input).includes("answeredAt = ") ? Promise.reject(late) : next(),
  );
  try {
    setClock(Date.now() + 1_100);
    expect((await sendGift()).body.ErrorCode).toBe(0);
    setClock(Date.now() + 1_100);
    expect((await sendGift()).body.ErrorCode).toBe(0);
  } finally {
    end();
    jest.useRealTimers();
  }
  expect(asked).toHaveLength(2);
  expect(await giftsSent()).toHaveLength(before + 2);
});

test("no callback is sent for impossible gifts, nor again for a call with a key", async () => {
  expect((await sendGift({ ReceiverList_Account: ["giver"] })).body.ErrorCode).toBe(100002);
  expect((await sendGift({ GiftId: "nothing" })).body.ErrorCode).toBe(102002);
  await call(setSwitch, { RoomId: "room", Enabled: false });
  expect((await sendGift()).body.ErrorCode).toBe(102008);
  await call(setSwitch, { RoomId: "room", Enabled: true });
  expect(asked).toHaveLength(0);

  const key = { "idempotency-key": "asked-once" };
  const first = await sendGift({}, key);
  const again = await sendGift({}, key);
  expect(again.body).toEqual(first.body);
  expect(again.headers).toMatchObject({ "idempotency-replayed": "true" });
  expect(asked).toHaveLength(1);
});

test("a gift without a key sends its own id with the callback", async () => {
  const before = (await giftsSent()).map(({ id }) => id);
  await sendGift();
  await sendGift();
  const ids = (await giftsSent()).map(({ id }) => id).filter((id) => !before.includes(id));
  expect(ids).toHaveLength(2);
  expect(asked.map(({ id }) => id).sort()).toEqual(ids.sort());
});

/*
 * Planted faults that turn them red: a question that claims nothing; an id of each question's own.
 */
test("two concurrent calls with one key send one callback, and make one gift", async () => {
  const before = (await giftsSent()).length;
  const { promise, resolve: go } = Promise.withResolvers<void>();
  hold = promise;
  const key = { "idempotency-key": "asked-at-once" };
  const both = [sendGift({}, key), sendGift({}, key)];
  await new Promise((done) => setTimeout(done, 500));
  go();
  hold = undefined;
  const answers = await Promise.all(both);
  expect(asked).toHaveLength(1);
  expect(answers.filter(({ body }) => body.ErrorCode === 0).length).toBeGreaterThanOrEqual(1);
  for (const { body } of answers) expect([0, 60018]).toContain(body.ErrorCode);
  expect(await giftsSent()).toHaveLength(before + 1);
});

test("a repeated key sends the same id with the callback, and another key another one", async () => {
  reply = { ...says(0), status: 500 };
  const key = { "idempotency-key": "asked-again" };
  expect((await sendGift({}, key)).body.ErrorCode).toBe(102004);
  reply = says(0);
  expect((await sendGift({}, key)).body.ErrorCode).toBe(0);
  await sendGift({}, { "idempotency-key": "another" });
  const [lost, again, another] = asked.map(({ id }) => id);
  expect(lost).toMatch(/^[\w-]{43}$/);
  expect(again).toBe(lost);
  expect(another).not.toBe(lost);
});

/*
 * Planted fault that turns it red: an id of the key alone, under which an application that knows it
 * charges nothing for the second gift.
 */
test("a key whose gift was allowed and not sent calls back for another gift under another id", async () => {
  const key = { "idempotency-key": "asked-for-two" };
  const undo = intercept(({ name }, next) => {
    if (name === "TransactWriteCommand") throw new Error("The table is broken");
    return next();
  });
  expect((await sendGift({}, key)).body.ErrorCode).toBe(100001);
  expect((await sendGift({}, key)).body.ErrorCode).toBe(100001);
  undo();
  expect((await sendGift({ Count: 9 }, key)).body.ErrorCode).toBe(0);
  const [allowed, again, other] = asked.map(({ id }) => id);
  expect(again).toBe(allowed);
  expect(other).toMatch(/^[\w-]{43}$/);
  expect(other).not.toBe(allowed);
});

test("a URL without callbacks does not decide: the sender is charged", async () => {
  await call(updateCallback, { Url: address, CallbackCommandList: [] });
  expect((await sendGift()).body.ErrorInfo).toBe("There is no user giver");
  for (const account of ["giver", "to1", "to2"]) await recordNewUser(account, {}, new Date());
  expect((await sendGift()).body.ErrorInfo).toMatch(/^Insufficient credits/);
  expect(asked).toHaveLength(0);
});
