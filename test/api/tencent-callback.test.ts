import { call, eventually, freshId, giftType, liveStream, person, topUp } from "./people.ts";
import {
  bare,
  callBackInTime as callBack,
  callBackUntilDone,
  callbackQuery,
  charging,
  giftAsked,
} from "./tencent-callback.ts";
import { tencent } from "./tencent-caller.ts";
import { type Message, viewer } from "./viewer.ts";

const charged = { ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 };
const failed = (ErrorCode: number, says: RegExp = /\w{3}/) => ({
  ActionStatus: "FAIL",
  ErrorInfo: expect.stringMatching(says),
  ErrorCode,
});

const walletOf = async (as: { id: string; token: string }) =>
  (await call("GET /api/v1/wallet", { as })).body.data;
const balanceOf = async (as: { id: string; token: string }) => (await walletOf(as)).balance;

/** A live room with its host, a gift of 10 credits, and a sender with credits. */
async function scene(credits = 100) {
  const [{ host, id }, GiftId, sender] = await Promise.all([liveStream(), giftType(10), person()]);
  await topUp(sender, credits);
  const water = { From_Account: sender.id, To_Account: [host.id], GiftId };
  return { host, id, sender, water, asked: (more = {}) => giftAsked(id, { ...water, ...more }) };
}

beforeAll(async () => {
  // The first call takes longer than the others, and on a busy machine longer than allowed.
  const { asked } = await scene(1_000);
  await eventually(
    () => callBackUntilDone(asked()),
    ({ body }) => body.ErrorCode === 0,
  );
});

charging("a gift is charged at our price, credited, counted, listed and pushed", async () => {
  const { host, id, sender, asked } = await scene();
  const watching = await viewer(host);
  watching.send({ action: "subscribe", streamId: id });
  await watching.next(({ type }) => type === "subscribed");

  const answer = await callBack(asked({ Count: 3, Coins: 1 }));
  expect(answer.status).toBe(200);
  expect(answer.text).toBe(JSON.stringify(charged));
  expect(await balanceOf(sender)).toBe(70);
  await eventually(
    () => balanceOf(host),
    (balance) => balance === 30,
  );
  const isGift = ({ type }: Message) => type === "gift.sent";
  const { events } = await watching.next((message) => message.events?.some(isGift));
  expect(events.find(isGift).data).toMatchObject({ count: 3, sender: { _id: sender.id } });
  const list = await call(`GET /api/v1/live-stream/${id}/gifts`, { as: host });
  expect(list.body.data.list).toHaveLength(1);
  const counted = await eventually(
    async () =>
      (await call(`GET /api/v1/live-stream/${id}/gift-statistics`, { as: host })).body.data,
    ({ totalCount }) => totalCount > 0,
  );
  expect(counted.totalCount).toBe(3);
  watching.close();
});

charging("each receiver of a gift is credited, and each call is a separate gift", async () => {
  const { host, sender, asked } = await scene();
  const other = await person();
  await topUp(other, 1);
  const wish = asked({ To_Account: [host.id, other.id], Time: 1703589922 });
  expect((await callBack(wish)).body).toEqual(charged);
  expect((await callBack(wish)).body).toEqual(charged);
  expect(await balanceOf(sender)).toBe(60);
  await eventually(
    () => balanceOf(other),
    (balance) => balance === 21,
  );
});

describe("response codes", () => {
  test("102101: credits too low, and nothing moves", async () => {
    const { sender, asked } = await scene(9);
    const { body, headers } = await callBackUntilDone(asked());
    expect(body).toEqual(failed(102101, /^Insufficient credits: balance 9, price 10$/));
    expect(headers.get("x-error-code")).toBe("credits_too_low");
    expect(await balanceOf(sender)).toBe(9);
  });

  test("102102: the sender is blocked in the room", async () => {
    const { host, id, sender, asked } = await scene();
    const body = { targetUserId: sender.id, liveStreamId: id };
    expect((await call("POST /api/v1/live-stream-ban", { as: host, body })).status).toBe(200);
    expect((await callBackUntilDone(asked())).body).toEqual(failed(102102, /From_Account/));
  });

  test("102103: an unknown gift, room or account", async () => {
    const { id, sender, host, asked, water } = await scene();
    const stranger = freshId();
    for (const wish of [
      asked({ GiftId: "nosuch" }),
      giftAsked(`room-${freshId()}`, water),
      asked({ From_Account: stranger }),
      asked({ To_Account: [host.id, stranger] }),
    ])
      expect((await callBackUntilDone(wish)).body).toEqual(failed(102103));
    expect(await balanceOf(sender)).toBe(100);
    const send = (from: string, to: string[]) =>
      tencent("send_gift", {
        RoomId: id,
        GiftId: water.GiftId,
        Count: 1,
        From_Account: from,
        ReceiverList_Account: to,
      });
    expect((await send(stranger, [host.id])).body).toMatchObject(
      failed(100002, new RegExp(stranger)),
    );
    expect((await send(sender.id, [stranger])).body).toMatchObject(
      failed(100002, new RegExp(stranger)),
    );
    const looked = await call(`GET /api/v1/users/${stranger}/stats`, { as: host });
    expect(looked.status).toBe(404);
    expect(await balanceOf(sender)).toBe(100);
  });

  charging("102104: gifts are switched off, or the room has ended", async () => {
    const { host, id, asked } = await scene();
    const off = { giftsEnabled: false };
    await call(`PATCH /api/v1/live-stream/${id}/chat-settings`, { as: host, body: off });
    expect((await callBack(asked())).body).toEqual(failed(102104));
    await call(`PATCH /api/v1/live-stream/${id}/chat-settings`, {
      as: host,
      body: { giftsEnabled: true },
    });
    expect((await callBack(asked())).body).toEqual(charged);
    await call(`POST /api/v1/live-stream/${id}/end`, { as: host });
    expect((await callBack(asked())).body).toEqual(failed(102104));
  });

  charging("102105: the sender's daily limit", async () => {
    const { sender, asked } = await scene();
    const as = await person({ groups: ["admin"] });
    const body = { spendLimit: 15 };
    await call(`PUT /api/v1/wallets/${sender.id}/spend-limit`, { as, body });
    expect((await callBack(asked())).body).toEqual(charged);
    expect((await callBack(asked())).body).toEqual(failed(102105, /spend limit/));
    expect(await balanceOf(sender)).toBe(90);
  });

  test("1: all other refusals", async () => {
    const { host, asked } = await scene();
    await topUp(host, 100);
    expect((await callBackUntilDone(asked({ From_Account: host.id }))).body).toEqual(failed(1));
    expect(await balanceOf(host)).toBe(100);
  });
});

charging("one callback creates a room and its owner, another ends it", async () => {
  const { sender, water } = await scene();
  const [RoomId, owner] = [`room-${freshId()}`, freshId()];
  const at = Date.now();
  const created = (more = {}, EventTime = at) => ({
    CallbackCommand: "Live.CallbackAfterCreateRoom",
    Operator_Account: owner,
    EventTime,
    RoomInfo: { RoomId, RoomType: "Live", RoomName: "Friday", ...more },
  });
  const query = callbackQuery({ CallbackCommand: "Live.CallbackAfterCreateRoom" });
  const wish = giftAsked(RoomId, { ...water, To_Account: [owner] });
  const { Operator_Account: _, ...ownerless } = created();
  expect((await callBackUntilDone(ownerless, { query })).body).toEqual(failed(1, /Owner_Account/));
  expect((await callBack(wish)).body).toEqual(failed(102103));
  expect((await callBackUntilDone(created(), { query })).body).toEqual(charged);
  // Tencent may repeat a callback; a room with this name and another owner is refused.
  expect((await callBackUntilDone(created({ Owner_Account: owner }), { query })).body).toEqual(
    charged,
  );
  expect(
    (await callBackUntilDone(created({ Owner_Account: sender.id }, at + 1), { query })).body,
  ).toEqual(failed(1, /another owner/));
  expect((await callBack(wish)).body).toEqual(charged);
  const over = { CallbackCommand: "Live.CallbackAfterDestroyRoom", RoomInfo: { RoomId } };
  expect((await callBackUntilDone({ ...over, EventTime: at - 1 })).body).toEqual(charged);
  expect((await callBack(wish)).body).toEqual(charged);
  for (const _ of [1, 2]) expect((await callBackUntilDone(over)).body).toEqual(charged);
  expect((await callBack(wish)).body).toEqual(failed(102104));
  expect(await balanceOf(sender)).toBe(80);
});

describe("dedupe", () => {
  const query = callbackQuery({ dedupe: "60" });

  charging("makes one gift of equal calls, even concurrent ones", async () => {
    const { sender, asked } = await scene(10);
    const wish = asked();
    const calls = Array.from({ length: 6 }, () => callBack(wish, { query }));
    for (const { body } of await Promise.all(calls)) expect(body).toEqual(charged);
    expect((await callBack(wish, { query })).body).toEqual(charged);
    expect(await walletOf(sender)).toMatchObject({ balance: 0 });
  });

  charging("repeats a refusal, whatever has changed since", async () => {
    const { sender, asked } = await scene(9);
    const wish = asked();
    expect((await callBack(wish, { query })).body).toEqual(failed(102101));
    await topUp(sender, 91);
    expect((await callBack(wish, { query })).body).toEqual(failed(102101, /balance 9/));
    expect(await balanceOf(sender)).toBe(100);
    expect((await callBack(wish)).body).toEqual(charged);
  });

  charging("distinguishes gifts by sender, receivers, room, gift, count and time", async () => {
    const { host, sender, asked } = await scene();
    const [other, pricier] = await Promise.all([person(), giftType(1)]);
    await topUp(other, 10);
    const wish = asked();
    const { Time } = wish.GiftWater;
    const others = [
      wish,
      asked({ Time, From_Account: other.id }),
      asked({ Time, To_Account: [other.id] }),
      asked({ Time, GiftId: pricier }),
      asked({ Time, Count: 2 }),
      asked({ Time: Time + 1 }),
    ];
    for (const one of others) expect((await callBack(one, { query })).body).toEqual(charged);
    expect(await balanceOf(sender)).toBe(100 - 10 - 10 - 1 - 20 - 10);
    // Fields that do not identify the gift do not make another one.
    const again = {
      ...wish,
      Operator_Account: host.id,
      GiftWater: { ...wish.GiftWater, Coins: 7 },
    };
    expect((await callBack(again, { query })).body).toEqual(charged);
    expect(await balanceOf(sender)).toBe(49);
  });

  charging("lasts as long as the URL says", async () => {
    const { sender, asked } = await scene();
    const wish = asked();
    const short = callbackQuery({ dedupe: "1" });
    expect((await callBack(wish, { query: short })).body).toEqual(charged);
    await new Promise((done) => setTimeout(done, 1100));
    expect((await callBack(wish, { query: short })).body).toEqual(charged);
    expect(await balanceOf(sender)).toBe(80);
  });
});

describe("authentication", () => {
  charging("accepts either spelling, and any way of appending parameters", async () => {
    const { sender, asked } = await scene();
    const key = process.env.TENCENT_CALLBACK_KEY!;
    const name = "Live.CallbackBeforeSendGift";
    const { CallbackCommand: _, ...rest } = asked();
    for (const query of [
      `key=${key}&SdkAppId=1400000001&WebhookCommand=${name}`,
      `key=${key}&SdkAppid=1400000001&CallbackCommand=${name}`,
      `key=${key}?SdkAppid=1400000001&CallbackCommand=${name}&contenttype=json`,
      `dedupe=1&key=${key}?SdkAppid=1400000001&CallbackCommand=${name}`,
    ])
      expect((await callBack(rest, { query })).body).toEqual(charged);
    const named = { ...rest, WebhookCommand: name };
    const query = callbackQuery({ CallbackCommand: "Live.CallbackAfterCreateBattle" });
    expect((await callBack(named, { query })).body).toEqual(charged);
    expect(await balanceOf(sender)).toBe(50);
  });

  test("refuses all other callers", async () => {
    const { sender, asked } = await scene();
    const key = process.env.TENCENT_CALLBACK_KEY!;
    for (const query of [
      callbackQuery({ key: undefined }),
      callbackQuery({ key: "" }),
      callbackQuery({ key: `${key}0` }),
      callbackQuery({ key: key.slice(1) }),
      `${callbackQuery()}&key=${key}`,
      callbackQuery({ SdkAppid: "1400000002" }),
      callbackQuery({ SdkAppid: undefined }),
      callbackQuery({ SdkAppid: "01400000001" }),
      `${callbackQuery()}&SdkAppId=1400000001`,
    ]) {
      const { status, body, text } = await callBackUntilDone(asked(), { query });
      expect({ query, status, body }).toEqual({ query, status: 200, body: failed(1) });
      expect(text).not.toContain(key);
    }
    expect(await balanceOf(sender)).toBe(100);
  });
});

describe("bad input is answered in Tencent's form, and moves nothing", () => {
  test.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s", async (method) => {
    const answer = await bare(method, callbackQuery());
    expect(answer.status).toBe(200);
    if (method !== "HEAD") expect(await answer.json()).toEqual(failed(1, /POST/));
  });

  test("bodies that are not JSON objects, or too large", async () => {
    for (const raw of ["", "null", "[]", '"x"', "{", '{"a":1', "\u0000", "x".repeat(70_000)])
      expect((await callBackUntilDone(undefined, { raw })).body).toEqual(failed(1));
    for (const bytes of [new Uint8Array([0xff, 0xfe, 0]), new Uint8Array(11 * 1024 * 1024)]) {
      const answer = await bare("POST", callbackQuery(), bytes);
      expect([answer.status, await answer.json()]).toEqual([200, failed(1)]);
    }
  });

  test("every field of the payload", async () => {
    const { sender, asked } = await scene();
    const values = [null, "", 0, -1, 1.5, true, [], {}, "x".repeat(5000), "\u0000", ["", 1]];
    const good = asked();
    const { GiftWater, ...top } = good;
    const broken: object[] = values.flatMap((value) => [
      ...["RoomId", "GiftWater"].map((name) => ({ ...good, [name]: value })),
      ...["From_Account", "To_Account", "GiftId", "Count"].map((name) => ({
        ...top,
        GiftWater: { ...GiftWater, [name]: value },
      })),
      { ...good, CallbackCommand: value },
    ]);
    broken.push({ ...good, GiftWater: { ...GiftWater, Time: "now" } }, { RoomId: top.RoomId });
    broken.push(asked({ To_Account: [sender.id, sender.id] }), asked({ Count: 1_000_001 }));
    for (const body of broken) {
      const query = callbackQuery({ CallbackCommand: undefined });
      const { status, body: told } = await callBackUntilDone(body, { query });
      const { ErrorCode } = told;
      expect({ body, status }).toEqual({ body, status: 200 });
      expect({ body, isRefused: [1, 102103].includes(ErrorCode) }).toEqual({
        body,
        isRefused: true,
      });
    }
    for (const dedupe of ["0", "61", "-1", "1.5", "x", ""])
      expect((await callBackUntilDone(good, { query: callbackQuery({ dedupe }) })).body).toEqual(
        failed(1, /^dedupe: /),
      );
    expect(await balanceOf(sender)).toBe(100);
  });
});

charging("the description matches the actual requests and responses", async () => {
  const { body } = await call("GET /openapi.json");
  const { post } = body.paths["/tencent/callback"];
  const asked = post.requestBody.content["application/json"].examples.beforeSendGift.value;
  const answers = post.responses[200].content["application/json"].examples;
  const { host, id, sender, water } = await scene(10);
  const wish = {
    ...asked,
    RoomId: id,
    GiftWater: { ...asked.GiftWater, ...water, To_Account: [host.id] },
  };
  expect((await callBack(wish)).body).toEqual(answers.done.value);
  const refused = await callBack(wish);
  expect(refused.body).toEqual(answers.creditsTooLow.value);
  expect(await balanceOf(sender)).toBe(0);
  const RoomId = freshId();
  const unknown = await callBack({ ...wish, RoomId });
  const { ErrorInfo, ...other } = answers.roomNotFound.value;
  expect(unknown.body).toEqual({ ...other, ErrorInfo: ErrorInfo.replace(asked.RoomId, RoomId) });
  const query = callbackQuery({ key: "0".repeat(48) });
  const shut = await callBack(wish, { query });
  expect(shut.body).toEqual(answers.wrongKey.value);
  for (const { headers } of [refused, unknown, shut])
    expect(post["x-error-codes"]).toContain(headers.get("x-error-code"));
  const { afterCreateRoom, afterDestroyRoom } =
    post.requestBody.content["application/json"].examples;
  for (const { value } of [afterCreateRoom, afterDestroyRoom]) {
    const RoomInfo = { ...value.RoomInfo, RoomId };
    expect((await callBack({ ...value, RoomInfo })).body).toEqual(answers.done.value);
  }
});
