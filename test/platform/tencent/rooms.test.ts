import { connectionLifeSeconds } from "../../../domain/log/subscriber.ts";
import { changeRoom } from "../../../domain/tencent/room-info.ts";
import * as add from "../../../functions/tencent/gifts/add.ts";
import * as count from "../../../functions/tencent/gifts/count.ts";
import * as send from "../../../functions/tencent/gifts/send.ts";
import * as setSwitch from "../../../functions/tencent/gifts/set-switch.ts";
import * as ban from "../../../functions/tencent/rooms/ban.ts";
import * as create from "../../../functions/tencent/rooms/create.ts";
import * as destroy from "../../../functions/tencent/rooms/destroy.ts";
import * as get from "../../../functions/tencent/rooms/get.ts";
import * as getMetadata from "../../../functions/tencent/rooms/get-metadata.ts";
import * as mute from "../../../functions/tencent/rooms/mute.ts";
import * as setMetadata from "../../../functions/tencent/rooms/set-metadata.ts";
import * as update from "../../../functions/tencent/rooms/update.ts";
import { putSubscriber } from "../../../platform/store/log/subscribers.ts";
import { foldActions } from "../../../platform/store/money/totals.ts";
import { findProfile } from "../../../platform/store/people/users.ts";
import { admitText } from "../../../platform/store/streams/chat-admission.ts";
import { findRoom } from "../../../platform/store/tencent/rooms.ts";
import { commitTransaction } from "../../../platform/table/transact.ts";
import { callCommand, startTencentStage } from "./stage.ts";

let stage: Awaited<ReturnType<typeof startTencentStage>>;

beforeAll(async () => {
  stage = await startTencentStage();
});
afterAll(() => stage.stop());

type Command = { handler: Parameters<typeof callCommand>[0] };
const call = async ({ handler }: Command, body: unknown) =>
  (await callCommand(handler, { body })).body;
const createRoom = (RoomId: string, fields: object = {}) =>
  call(create, { RoomInfo: { RoomId, RoomType: "Live", ...fields } });
const infoOf = async (RoomId: string) => (await call(get, { RoomId })).Response?.RoomInfo;

describe("create_room and get_room_info", () => {
  test("creates a live stream whose alias is the RoomId", async () => {
    const before = Math.floor(Date.now() / 1000);
    expect(await createRoom("first", { Owner_Account: "owner1" })).toMatchObject({
      ActionStatus: "OK",
      ErrorCode: 0,
      Response: { RoomId: "first" },
    });
    const stream = await findRoom("first");
    expect(stream).toMatchObject({ status: "active", title: "first", hostId: "owner1" });
    expect(await findRoom(stream!.id)).toMatchObject({ id: stream!.id });
    expect(await findProfile("owner1")).toMatchObject({ userId: "owner1" });
    const { CreateTime, ...info } = await infoOf("first");
    expect(CreateTime).toBeGreaterThanOrEqual(before);
    expect(info).toEqual({
      RoomId: "first",
      RoomName: "first",
      RoomType: "Live",
      Owner_Account: "owner1",
      IsSeatEnabled: false,
      TakeSeatMode: "FreeToTake",
      MaxSeatCount: 0,
      MaxMemberCount: 0,
      IsMessageDisabled: false,
      CoverURL: "https://cdn.example.com/stream.png",
      Category: [],
      ActivityStatus: 0,
      ViewCount: 0,
      IsPublicVisible: true,
    });
    expect(await infoOf(stream!.id)).toMatchObject({ RoomId: "first" });
  });

  test("stores its fields, and the caller owns a room without an owner", async () => {
    const fields = {
      RoomName: "Friday",
      CoverURL: "https://cdn.example.com/cover.png",
      Category: [1, 2],
      MaxMemberCount: 300,
      IsPublicVisible: false,
      IsSeatEnabled: true,
      TakeSeatMode: "ApplyToTake",
      MaxSeatCount: 8,
      ActivityStatus: 2,
    };
    await createRoom("second", { ...fields, SeatTemplate: "VideoDynamicGrid9Seats" });
    expect(await infoOf("second")).toMatchObject({ ...fields, Owner_Account: "administrator" });
    expect(await findRoom("second")).toMatchObject({
      title: "Friday",
      thumbnailUrl: fields.CoverURL,
    });
  });

  test("a notice for the followers of its owner is queued", async () => {
    await createRoom("noticed");
    const { id: streamId } = (await findRoom("noticed"))!;
    expect(stage.sent).toContainEqual({ streamId, step: 0 });
  });

  test("its current viewers are counted, each once", async () => {
    await createRoom("watched");
    const { id: streamId } = (await findRoom("watched"))!;
    const [connectedAt, revision] = [Date.now(), 1];
    const times = { connectedAt, expiresAt: connectedAt / 1000 + connectionLifeSeconds };
    for (const [connectionId, userId] of Object.entries({ a1: "ann", a2: "ann", b1: "ben" }))
      await putSubscriber({ connectionId, streamId, userId, revision, ...times });
    expect(await infoOf("watched")).toMatchObject({ ViewCount: 2 });
  });

  test("a cover that is served here stays when its room's back end names it again", async () => {
    const CoverURL = "https://cdn.example.com/again.png";
    await createRoom("covered", { CoverURL });
    const made = (await findRoom("covered"))!;
    const copied = { ...made, thumbnailUrl: "https://x.example.com/pictures/1", pictureId: "1" };
    expect(changeRoom(copied, { RoomId: "covered", CoverURL }, "")).toBeUndefined();
    const other = "https://cdn.example.com/other.png";
    expect(changeRoom(copied, { RoomId: "covered", CoverURL: other }, "")).toMatchObject({
      thumbnailUrl: other,
      room: { CoverURL: other },
    });
  });

  test("an empty CoverURL removes the cover that was given, and no other picture", async () => {
    const CoverURL = "https://cdn.example.com/gone.png";
    await createRoom("uncovered", { CoverURL });
    await call(update, { RoomInfo: { RoomId: "uncovered", CoverURL: "" } });
    const cover = (await infoOf("uncovered")).CoverURL;
    expect(cover).toBe("https://cdn.example.com/stream.png");
    const uploaded = { ...(await findRoom("uncovered"))!, thumbnailUrl: "https://a.example/1" };
    expect(changeRoom(uploaded, { RoomId: "uncovered", CoverURL: "" }, cover)).toBeUndefined();
  });

  test("an existing room is 100010 for its owner and 100003 for others, also by a stream's id", async () => {
    const { id } = (await findRoom("first"))!;
    for (const RoomId of ["first", id]) {
      expect(await createRoom(RoomId, { Owner_Account: "owner1" })).toMatchObject({
        ActionStatus: "FAIL",
        ErrorCode: 100010,
      });
      expect(await createRoom(RoomId)).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 100003 });
    }
  });

  test("the owner of a refused room stays unknown", async () => {
    const answer = await createRoom("first", { Owner_Account: "typo1" });
    expect(answer).toMatchObject({ ErrorCode: 100003 });
    expect(await findProfile("typo1")).toBeUndefined();
  });

  test("the one of two owners at once who becomes known owns the room", async () => {
    const owners = ["rival1", "rival2"];
    const create = (Owner_Account: string) => createRoom("rivals", { Owner_Account });
    const answers = await Promise.all(owners.map(create));
    expect(answers.map(({ ErrorCode }) => ErrorCode).sort()).toEqual([0, 100003]);
    const profiles = await Promise.all(owners.map((owner) => findProfile(owner)));
    const known = profiles.flatMap((profile) => profile?.userId ?? []);
    expect(known).toEqual([(await findRoom("rivals"))?.hostId]);
  });

  test("one of many concurrent calls creates the room", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => createRoom("race")));
    const codes = answers.map(({ ErrorCode }) => ErrorCode).sort();
    expect(codes).toEqual([0, 100010, 100010, 100010, 100010, 100010]);
  });

  const bad: [string, object][] = [
    ["no RoomId", { RoomId: undefined }],
    ["a RoomId of 49 bytes", { RoomId: "x".repeat(49) }],
    ["another RoomType", { RoomType: "Meeting" }],
    ["no RoomType", { RoomType: undefined }],
    ["a RoomName of 101 bytes", { RoomName: `${"ä".repeat(50)}x` }],
    ["a CoverURL of 201 bytes", { CoverURL: "x".repeat(201) }],
    ["four categories", { Category: [1, 2, 3, 4] }],
    ["a category as text", { Category: ["1"] }],
    ["a flag as a number", { IsMessageDisabled: 1 }],
    ["another TakeSeatMode", { TakeSeatMode: "Never" }],
    ["a fraction", { MaxMemberCount: 1.5 }],
    ["an owner with spaces", { Owner_Account: "a b" }],
    ["an owner that is a number", { Owner_Account: 12 }],
  ];
  test.each(bad)("refuses %s", async (_, fields) => {
    expect(await createRoom("bad", fields)).toMatchObject({ ErrorCode: 100002 });
    expect(await findRoom("bad")).toBeUndefined();
  });

  test("refuses a body without RoomInfo", async () => {
    expect(await call(create, { RoomId: "bad", RoomType: "Live" })).toMatchObject({
      ErrorCode: 100002,
      ErrorInfo: expect.stringMatching(/^RoomInfo: /),
    });
  });
});

describe("update_room_info", () => {
  const updateRoom = (RoomInfo: object) => call(update, { RoomInfo });

  test("changes the given fields and keeps the others", async () => {
    await createRoom("changing", { RoomName: "Before", Category: [7] });
    const before = (await findRoom("changing"))!;
    const change = { RoomName: "After", IsMessageDisabled: true, Notice: "be kind" };
    expect(await updateRoom({ RoomId: "changing", ...change })).toMatchObject({ ErrorCode: 0 });
    expect(await infoOf("changing")).toMatchObject({
      RoomName: "After",
      IsMessageDisabled: true,
      Category: [7],
    });
    await updateRoom({ RoomId: "changing", ...change });
    expect((await findRoom("changing"))?.revision).toBe(before.revision + 1);
  });

  test("a room whose name is white space has its id as title", async () => {
    await createRoom("blank", { RoomName: " \t " });
    expect(await infoOf("blank")).toMatchObject({ RoomName: "blank" });
    await updateRoom({ RoomId: "blank", RoomName: " Friday " });
    expect(await infoOf("blank")).toMatchObject({ RoomName: " Friday " });
    await updateRoom({ RoomId: "blank", RoomName: "\n" });
    expect(await infoOf("blank")).toMatchObject({ RoomName: "blank" });
  });

  test("with messages switched off, only the owner may chat", async () => {
    await createRoom("quiet", { Owner_Account: "owner1", IsMessageDisabled: true });
    const says = async (userId: string) =>
      admitText((await findRoom("quiet"))!, { userId }, "hello", new Date());
    await expect(says("viewer")).rejects.toThrow("messages_disabled");
    await says("owner1");
    await updateRoom({ RoomId: "quiet", IsMessageDisabled: false });
    await says("viewer");
  });

  test("refuses invalid fields and unknown rooms", async () => {
    const bad = [{ Notice: "x".repeat(101) }, { RoomName: 1 }, { RoomId: "nowhere" }];
    for (const fields of bad)
      expect(await updateRoom({ RoomId: "changing", ...fields })).toMatchObject({
        ActionStatus: "FAIL",
        ErrorCode: 100002,
      });
  });
});

describe("destroy_room", () => {
  test("ends the stream; the RoomId is free again", async () => {
    await createRoom("short");
    const first = (await findRoom("short"))!;
    expect(await call(destroy, { RoomId: "short" })).toMatchObject({ ErrorCode: 0 });
    expect(await findRoom("short")).toMatchObject({ status: "ended" });
    const members = { MemberList_Account: ["viewer"], MuteTime: 60, Duration: 60 };
    const fields = { Enabled: true, ...members, Metadata: [{ Key: "a", Value: "1" }] };
    const body = { RoomId: "short", ...fields, RoomInfo: { RoomId: "short", RoomName: "Longer" } };
    for (const command of [get, destroy, getMetadata, setMetadata, setSwitch, update, ban, mute])
      expect(await call(command, body)).toMatchObject({
        ErrorCode: 100002,
        ErrorInfo: "RoomId: there is no room short",
      });
    expect(await createRoom("short", { Owner_Account: "owner2" })).toMatchObject({ ErrorCode: 0 });
    const second = (await findRoom("short"))!;
    expect(second.id).not.toBe(first.id);
    expect(second).toMatchObject({ status: "active", hostId: "owner2" });
    expect(await findRoom(first.id)).toMatchObject({ status: "ended" });
    // The id of a stream stays its own.
    expect(await createRoom(first.id)).toMatchObject({ ErrorCode: 100010 });
    expect(await createRoom(first.id, { Owner_Account: "x" })).toMatchObject({ ErrorCode: 100003 });
  });

  test("one of many concurrent calls creates the next room", async () => {
    await createRoom("again");
    await call(destroy, { RoomId: "again" });
    const answers = await Promise.all(Array.from({ length: 6 }, () => createRoom("again")));
    const codes = answers.map(({ ErrorCode }) => ErrorCode).sort();
    expect(codes).toEqual([0, 100010, 100010, 100010, 100010, 100010]);
  });
});

describe("room metadata", () => {
  const set = (Metadata: unknown, RoomId = "meta") => call(setMetadata, { RoomId, Metadata });
  const read = async (Keys?: string[]) =>
    (await call(getMetadata, { RoomId: "meta", Keys })).Response?.Metadata;

  beforeAll(() => createRoom("meta"));

  test("sets, replaces and reads entries, hostile keys too", async () => {
    expect(await read()).toEqual([]);
    const entries = [
      { Key: "a", Value: "1" },
      { Key: "__proto__", Value: "2" },
    ];
    expect(await set(entries)).toMatchObject({ ErrorCode: 0 });
    expect(await read([])).toEqual(entries);
    await set([{ Key: "a", Value: "" }]);
    expect(await read(["a", "missing"])).toEqual([{ Key: "a", Value: "" }]);
    expect(await read(["__proto__"])).toEqual([{ Key: "__proto__", Value: "2" }]);
  });

  test("enforces its limits", async () => {
    const entries = (length: number, Value: string) =>
      Array.from({ length }, (_, at) => ({ Key: `key${at}`, Value }));
    const bad: unknown[] = [
      [],
      {},
      [{ Key: "", Value: "1" }],
      [{ Key: "a" }],
      [{ Key: "a", Value: 1 }],
      [{ Key: "x".repeat(51), Value: "1" }],
      [{ Key: "a", Value: "x".repeat(2049) }],
      [...entries(1, "1"), ...entries(1, "2")],
      entries(9, "1"),
      entries(11, "1"),
    ];
    for (const metadata of bad) expect(await set(metadata)).toMatchObject({ ErrorCode: 100002 });
    expect(await set(entries(8, "x".repeat(2048)))).toMatchObject({ ErrorCode: 100002 });
    expect(await set(entries(7, "x".repeat(2048)))).toMatchObject({ ErrorCode: 0 });
    expect(await set([{ Key: "a", Value: "1" }], "nowhere")).toMatchObject({ ErrorCode: 100002 });
  });

  test("concurrent writers all count", async () => {
    await createRoom("busy");
    const keys = ["a", "b", "c", "d", "e"];
    await Promise.all(keys.map((Key) => set([{ Key, Value: Key }], "busy")));
    const { Response } = await call(getMetadata, { RoomId: "busy" });
    expect(Response.Metadata.map(({ Key }: { Key: string }) => Key).sort()).toEqual(keys);
  });
});

describe("get_gift_count", () => {
  test("counts quantities, their price and distinct senders, also of one sender", async () => {
    await createRoom("counted");
    const { id: streamId } = (await findRoom("counted"))!;
    const none = { Sequence: 0, TotalCount: 0, TotalCoins: 0, GiftSenderCount: 0 };
    expect((await call(count, { RoomId: "counted" })).Response).toEqual(none);
    const giftTypeId = "65a1234bcde5678f90123456";
    const fold = { streamId, giftTypeId, gifts: 1 };
    await commitTransaction(foldActions([{ ...fold, senderId: "u1", count: 3, credits: 30 }]));
    await commitTransaction(foldActions([{ ...fold, senderId: "u2", count: 1, credits: 5 }]));
    expect((await call(count, { RoomId: "counted" })).Response).toEqual({
      Sequence: 2,
      TotalCount: 4,
      TotalCoins: 35,
      GiftSenderCount: 2,
    });
    const of = async (From_Account: string) =>
      (await call(count, { RoomId: "counted", From_Account })).Response;
    expect(await of("u1")).toMatchObject({ TotalCount: 3, TotalCoins: 30, GiftSenderCount: 1 });
    expect(await of("u3")).toEqual({ ...none, Sequence: 2 });
    const refund = { ...fold, gifts: -1, senderId: "u2", count: -1, credits: -5 };
    await commitTransaction(foldActions([refund]));
    expect(await of("u2")).toEqual({ ...none, Sequence: 2 });
    expect(await call(count, { RoomId: "nowhere" })).toMatchObject({ ErrorCode: 100002 });
    await call(destroy, { RoomId: "counted" });
    expect((await call(count, { RoomId: "counted" })).Response.TotalCoins).toBe(30);
  });

  test("a room created here accepts gifts", async () => {
    await createRoom("gifts");
    await call(add, { GiftId: "g", Coins: 1, DefaultName: "G" });
    const wish = { RoomId: "gifts", GiftId: "g", ReceiverList_Account: ["administrator"] };
    expect(await call(send, { ...wish, From_Account: "owner1" })).toMatchObject({
      ErrorCode: 100002,
      ErrorInfo: "Insufficient credits: balance 0, price 1",
    });
  });
});
