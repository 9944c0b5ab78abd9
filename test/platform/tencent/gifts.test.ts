import { GetCommand, PutCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { receiversMax } from "../../../domain/money/gift-item.ts";
import { profileOf, summaryOf } from "../../../domain/people/user.ts";
import * as add from "../../../functions/tencent/gifts/add.ts";
import * as get from "../../../functions/tencent/gifts/get.ts";
import * as send from "../../../functions/tencent/gifts/send.ts";
import * as setSwitch from "../../../functions/tencent/gifts/set-switch.ts";
import { topUp } from "../../../platform/store/money/wallet-operations.ts";
import { findWallet } from "../../../platform/store/money/wallets.ts";
import { recordNewUser } from "../../../platform/store/people/profile-changes.ts";
import { key } from "../../../platform/table/keys.ts";
import { liveStreamOf } from "../live-stream.ts";
import { callCommand, goodQuery, startTencentStage } from "./stage.ts";

let stage: Awaited<ReturnType<typeof startTencentStage>>;
const TableName = "ovation-test";
const streamId = "64d15f9e2e6c8f4d5a123000";
const now = new Date();

const put = (Item: Record<string, unknown>) =>
  stage.client.send(new PutCommand({ TableName, Item }));

const host = summaryOf(profileOf("host", {}, now), "https://cdn.example.com/person.png");
const streamOf = (id: string, roomId: string | null) => liveStreamOf(host, { id, roomId }, now);

const balanceOf = async (account: string) => (await findWallet(account)).balance;
const setBalance = async (userId: string, balance: number) =>
  put({ ...key.wallet(userId), userId, balance, owed: 0, seq: 0, head: "", revision: 0 });

async function giftsOf(id: string) {
  const { Items = [] } = await stage.client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "PK = :p AND begins_with(SK, :s)",
      ExpressionAttributeValues: { ":p": key.stream(id).PK, ":s": "GIFT#" },
    }),
  );
  return Items;
}

beforeAll(async () => {
  stage = await startTencentStage();
  await put({ ...key.stream(streamId), ...streamOf(streamId, "room_id") });
  await put({ ...key.room("room_id"), streamId, roomId: "room_id" });
  for (const account of ["user1", "user2", "poor", "host"]) await recordNewUser(account, {}, now);
  await setBalance("user1", 1_000_000);
  const body = { GiftId: "gift1", Coins: 10, DefaultName: "Rose", IconUrl: "https://x.example/i" };
  expect((await stage.callRested(add, { body })).body.ErrorCode).toBe(0);
});
afterAll(() => stage.stop());

const wish = {
  RoomId: "room_id",
  GiftId: "gift1",
  Count: 1,
  From_Account: "user1",
  ReceiverList_Account: ["user2"],
};
const sendGift = (changes: object = {}, headers: Record<string, string> = {}) =>
  callCommand(send.handler, { body: { ...wish, ...changes }, headers });

describe("send_gift", () => {
  test("answers the seed's body word for word, and charges the price", async () => {
    const before = await balanceOf("user1");
    const { statusCode, body } = await sendGift();
    expect(statusCode).toBe(200);
    const { RequestId, ...rest } = body;
    expect(rest).toEqual({ ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 });
    expect(RequestId).toMatch(/^Id-[0-9a-f]{32}-O-Seq-\d+$/);
    expect(before - (await balanceOf("user1"))).toBe(10);
  });

  test("several items for several receivers, once each; Count is 1 by default", async () => {
    const before = await balanceOf("user1");
    const ReceiverList_Account = ["user2", "host"];
    expect((await sendGift({ Count: 3, ReceiverList_Account })).body.ErrorCode).toBe(0);
    expect((await sendGift({ Count: undefined })).body.ErrorCode).toBe(0);
    expect(before - (await balanceOf("user1"))).toBe(10 * 3 * 2 + 10);
  });

  test("an account becomes known by a top-up, and can receive credits from then on", async () => {
    const toThem = () => sendGift({ ReceiverList_Account: ["user2", "newcomer"] });
    const refused = await toThem();
    expect(refused.body).toMatchObject({ ErrorCode: 100002 });
    expect(refused.body.ErrorInfo).toBe("There is no user newcomer");
    const { Item } = await stage.client.send(
      new GetCommand({ TableName, Key: key.profile("newcomer") }),
    );
    expect(Item).toBeUndefined();
    const booking = { userId: "newcomer", amount: 1, reference: "first", now };
    await topUp(booking, (answer) => ({ answer, remember: [] }));
    expect((await toThem()).body.ErrorCode).toBe(0);
  });

  test("a stream's id is a RoomId too", async () => {
    expect((await sendGift({ RoomId: streamId })).body.ErrorCode).toBe(0);
  });

  const bad: [string, object, number][] = [
    ["no RoomId", { RoomId: undefined }, 100002],
    ["a RoomId that is a number", { RoomId: 1 }, 100002],
    ["an empty RoomId", { RoomId: "" }, 100002],
    ["a RoomId of 49 bytes", { RoomId: "x".repeat(49) }, 100002],
    ["a RoomId of 48 bytes that is not there", { RoomId: "ä".repeat(24) }, 100002],
    ["a RoomId of another case", { RoomId: "Room_id" }, 100002],
    ["a stream's id in capitals", { RoomId: streamId.toUpperCase() }, 100002],
    ["a lone surrogate", { RoomId: "\ud800" }, 100002],
    ["no GiftId", { GiftId: undefined }, 100002],
    ["an unknown GiftId", { GiftId: "gift2" }, 102002],
    ["Count as text", { Count: "1" }, 100002],
    ["Count 0", { Count: 0 }, 100002],
    ["Count -1", { Count: -1 }, 100002],
    ["Count 1.5", { Count: 1.5 }, 100002],
    ["Count null", { Count: null }, 100002],
    ["a huge Count", { Count: 1e15 }, 100002],
    ["no From_Account", { From_Account: undefined }, 100002],
    ["a From_Account with #", { From_Account: "user1#WALLET" }, 100002],
    ["an unknown From_Account", { From_Account: "nobody" }, 100002],
    ["an unknown receiver", { ReceiverList_Account: ["nobody"] }, 100002],
    ["an unknown receiver among others", { ReceiverList_Account: ["user2", "nobody"] }, 100002],
    ["credits too low", { From_Account: "poor" }, 100002],
    ["no receivers", { ReceiverList_Account: undefined }, 100002],
    ["an empty list of receivers", { ReceiverList_Account: [] }, 100002],
    ["a receiver that is no list", { ReceiverList_Account: "user2" }, 100002],
    ["a receiver that is a number", { ReceiverList_Account: [1] }, 100002],
    ["one receiver twice", { ReceiverList_Account: ["user2", "user2"] }, 100002],
    ["too many receivers", { ReceiverList_Account: list(receiversMax + 1) }, 100002],
    ["the sender among the receivers", { ReceiverList_Account: ["user1"] }, 100002],
  ];
  test.each(bad)("%s: nothing moves", async (_, changes, ErrorCode) => {
    const before = await balanceOf("user1");
    const count = (await giftsOf(streamId)).length;
    const { body } = await sendGift(changes);
    expect(body).toMatchObject({ ActionStatus: "FAIL", ErrorCode });
    expect(body.ErrorInfo).toMatch(/\w{3}/);
    expect(await balanceOf("user1")).toBe(before);
    expect(await giftsOf(streamId)).toHaveLength(count);
  });

  test("says that credits are too low, and how many receivers are allowed", async () => {
    expect((await sendGift({ From_Account: "poor" })).body.ErrorInfo).toBe(
      "Insufficient credits: balance 0, price 10",
    );
    const many = await sendGift({ ReceiverList_Account: list(receiversMax + 1) });
    expect(many.body.ErrorInfo).toMatch("at most 13 accounts");
  });

  test("a price over the limit is refused", async () => {
    const expensive = { GiftId: "expensive", Coins: 1_000_000_000, DefaultName: "Expensive" };
    expect((await stage.callRested(add, { body: expensive })).body.ErrorCode).toBe(0);
    const { body } = await sendGift({ GiftId: "expensive", Count: 2 });
    expect(body).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 100002 });
    expect(body.ErrorInfo).toMatch(/^price: expected at most 1000000000/);
  });

  test("a blocked sender is refused", async () => {
    const ban = { id: "b", actionType: "BLOCK", endsAt: null };
    await put({ ...key.member(streamId, "user1"), userId: "user1", revision: 1, ban });
    expect((await sendGift()).body).toMatchObject({ ErrorCode: 100002 });
    await put({ ...key.member(streamId, "user1"), userId: "user1", revision: 2, ban: null });
    expect((await sendGift()).body.ErrorCode).toBe(0);
  });

  test("a room that has ended accepts no gift", async () => {
    const id = "64d15f9e2e6c8f4d5a123001";
    await put({ ...key.stream(id), ...streamOf(id, null), status: "ended" });
    expect((await sendGift({ RoomId: id })).body).toMatchObject({ ErrorCode: 100002 });
  });
});

function list(length: number): string[] {
  return Array.from({ length }, (_, at) => `receiver${at}`);
}

describe("Idempotency-Key on send_gift", () => {
  test("the same request takes effect once and gets the same response", async () => {
    const before = await balanceOf("user1");
    const headers = { "Idempotency-Key": "key-1" };
    const first = await sendGift({}, headers);
    const again = await sendGift({ Unknown: 1 }, headers);
    expect(first.headers).not.toHaveProperty("idempotency-replayed");
    expect(again.headers).toMatchObject({ "idempotency-replayed": "true" });
    expect(again.body).toEqual(first.body);
    expect(before - (await balanceOf("user1"))).toBe(10);

    const other = await sendGift({ Count: 2 }, headers);
    expect(other.body).toMatchObject({ ErrorCode: 100002 });
    expect(other.body.ErrorInfo).toMatch(/Idempotency-Key was used with another request/);
    expect(before - (await balanceOf("user1"))).toBe(10);
  });

  test("another administrator's key is another key", async () => {
    const before = await balanceOf("user1");
    const headers = { "idempotency-key": "key-2" };
    await sendGift({}, headers);
    const query = goodQuery("second");
    const other = await callCommand(send.handler, { body: wish, headers, query });
    expect(other.headers).not.toHaveProperty("idempotency-replayed");
    expect(before - (await balanceOf("user1"))).toBe(20);
  });

  test("concurrent calls take effect once", async () => {
    const before = await balanceOf("user1");
    const headers = { "idempotency-key": "key-3" };
    const all = await Promise.all(Array.from({ length: 8 }, () => sendGift({}, headers)));
    expect(all.filter(({ body }) => body.ErrorCode === 0).length).toBeGreaterThanOrEqual(1);
    for (const { body } of all) expect([0, 60018]).toContain(body.ErrorCode);
    expect(before - (await balanceOf("user1"))).toBe(10);
  });

  test("a response stays after the wallet is empty and the switch off; a refusal is not kept", async () => {
    const headers = { "idempotency-key": "key-4" };
    const poor = { From_Account: "poor" };
    expect((await sendGift(poor, headers)).body.ErrorCode).toBe(100002);
    await setBalance("poor", 10);
    expect((await sendGift(poor, headers)).body.ErrorCode).toBe(0);
    expect(await balanceOf("poor")).toBe(0);
    const again = await sendGift(poor, headers);
    expect(again.body.ErrorCode).toBe(0);
    expect(again.headers).toMatchObject({ "idempotency-replayed": "true" });
  });

  test.each(["", "ä", "x".repeat(129)])("the key %j is refused", async (name) => {
    const { body } = await sendGift({}, { "idempotency-key": name });
    expect(body).toMatchObject({ ErrorCode: 100002 });
    expect(body.ErrorInfo).toMatch(/^Idempotency-Key: /);
  });
});

describe("set_gift_switch", () => {
  const set = (body: unknown) => callCommand(setSwitch.handler, { body });

  test("switches gifts off and on, one revision per change", async () => {
    const revision = async () =>
      (await stage.client.send(new GetCommand({ TableName, Key: key.stream(streamId) }))).Item
        ?.revision;
    const before = await revision();
    expect((await set({ RoomId: "room_id", Enabled: false })).body.ErrorCode).toBe(0);
    expect((await set({ RoomId: "room_id", Enabled: false })).body.ErrorCode).toBe(0);
    expect(await revision()).toBe(before + 1);
    expect((await sendGift()).body).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 102008 });
    expect((await set({ RoomId: streamId, Enabled: true })).body.ErrorCode).toBe(0);
    expect((await sendGift()).body.ErrorCode).toBe(0);
  });

  test("refuses invalid fields and unknown rooms", async () => {
    const bad = [{ RoomId: "room_id" }, { RoomId: "room_id", Enabled: 1 }, { Enabled: true }];
    for (const body of [...bad, { RoomId: "nowhere", Enabled: true }])
      expect((await set(body)).body).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 100002 });
  });
});

describe("add_gift and get_gift", () => {
  test("a gift is read back, and replaced by adding it again", async () => {
    const body = {
      GiftId: "crown",
      IconUrl: "https://cdn.example.com/crown.png",
      ResourceUrl: "https://cdn.example.com/crown.mp4",
      Coins: 500,
      Level: 3,
      ExtensionInfo: '{"a":1}',
      DefaultName: "Krone 👑",
      DefaultDesc: "golden",
    };
    expect((await stage.callRested(add, { body })).body.ErrorCode).toBe(0);
    const read = await stage.callRested(get, { body: { GiftId: "crown" } });
    expect(read.body).toMatchObject({ ActionStatus: "OK", ErrorCode: 0, GiftInfo: body });
    const replaced = { GiftId: "crown", Coins: 7, DefaultName: "Crown" };
    expect((await stage.callRested(add, { body: replaced })).body.ErrorCode).toBe(0);
    const { GiftInfo } = (await stage.callRested(get, { body: { GiftId: "crown" } })).body;
    expect(GiftInfo).toEqual({
      ...replaced,
      IconUrl: "",
      ResourceUrl: "",
      Level: 0,
      ExtensionInfo: "",
      DefaultDesc: "",
    });
    const before = await balanceOf("user1");
    expect((await sendGift({ GiftId: "crown" })).body.ErrorCode).toBe(0);
    expect(before - (await balanceOf("user1"))).toBe(7);
  });

  test("an unknown gift is 102002", async () => {
    const { body } = await stage.callRested(get, { body: { GiftId: "nothing" } });
    expect(body).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 102002 });
  });
});
