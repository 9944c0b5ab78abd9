import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { jest } from "@jest/globals";
import { makeBan } from "../../../domain/streams/ban.ts";
import { activeBan } from "../../../domain/streams/member.ts";
import * as ban from "../../../functions/tencent/rooms/ban.ts";
import * as create from "../../../functions/tencent/rooms/create.ts";
import * as mute from "../../../functions/tencent/rooms/mute.ts";
import { endBan } from "../../../platform/realtime/ban-ends.ts";
import { newId } from "../../../platform/runtime/id.ts";
import { findProfile } from "../../../platform/store/people/users.ts";
import { findBan, liftBan, listBans, recordBan } from "../../../platform/store/streams/bans.ts";
import { admitText } from "../../../platform/store/streams/chat-admission.ts";
import { findMember } from "../../../platform/store/streams/members.ts";
import { listActs } from "../../../platform/store/streams/moderation.ts";
import { findRoom } from "../../../platform/store/tencent/rooms.ts";
import { key } from "../../../platform/table/keys.ts";
import { setClock } from "../clock.ts";
import { callCommand, startTencentStage } from "./stage.ts";

let stage: Awaited<ReturnType<typeof startTencentStage>>;
let streamId: string;

const RoomId = "room";
type Command = { handler: Parameters<typeof callCommand>[0] };
const call = async ({ handler }: Command, body: unknown) =>
  (await callCommand(handler, { body })).body;
const muteMembers = (MemberList_Account: unknown, MuteTime: unknown = 600) =>
  call(mute, { RoomId, MemberList_Account, MuteTime });
const banMembers = (MemberList_Account: unknown, Duration: unknown = 600, fields: object = {}) =>
  call(ban, { RoomId, MemberList_Account, Duration, ...fields });
const heldBy = async (account: string, now = new Date()) =>
  activeBan(await findMember(streamId, account, { consistent: true }), now);

/** Nobody here has a socket. */
const posted = async () => "sent" as const;
const poster = { post: posted, close: posted, probe: posted };

beforeAll(async () => {
  stage = await startTencentStage();
  const room = { RoomId, RoomType: "Live", Owner_Account: "host" };
  expect(await call(create, { RoomInfo: room })).toMatchObject({ ErrorCode: 0 });
  streamId = (await findRoom(RoomId))!.id;
});
afterAll(() => stage.stop());

test("mutes several members until an end, and makes them known", async () => {
  const before = Date.now();
  expect(await muteMembers(["m1", "m2"])).toMatchObject({ ErrorCode: 0 });
  for (const account of ["m1", "m2"]) {
    const held = await heldBy(account);
    expect(held).toMatchObject({ actionType: "CHAT_ONLY" });
    const left = Date.parse(held!.endsAt!) - before;
    expect(left).toBeGreaterThanOrEqual(600_000);
    expect(left).toBeLessThan(660_000);
    expect(await heldBy(account, new Date(before + 700_000))).toBeUndefined();
    expect(await findBan(held!.id, new Date())).toMatchObject({
      createdBy: "administrator",
      deletedAt: null,
    });
    expect(await findProfile(account)).toMatchObject({ userId: account });
  }
});

test("MuteTime 0 lifts a mute, and does nothing to other members", async () => {
  const held = await heldBy("m1");
  expect(await muteMembers(["m1", "never_muted"], 0)).toMatchObject({ ErrorCode: 0 });
  expect(await heldBy("m1")).toBeUndefined();
  expect(await findBan(held!.id, new Date())).toMatchObject({ deletedBy: "administrator" });
  const { actionType, endsAt } = held!;
  const [act, before] = await listActs(streamId, 2, undefined);
  expect(act).toMatchObject({
    action: "member.unbanned",
    actorId: "administrator",
    targetId: "m1",
    ban: { actionType, endsAt },
  });
  expect(before).toMatchObject({ action: "member.banned" });
  const TableName = process.env.TABLE_NAME;
  const { Item } = await stage.client.send(
    new GetCommand({ TableName, Key: key.hostedBan("host", held!.id) }),
  );
  expect(Item).toBeUndefined();
});

test("a ban blocks with its reason, and is neither shortened nor lifted by a mute", async () => {
  expect(await banMembers(["m2"], 60, { Reason: "spam" })).toMatchObject({ ErrorCode: 0 });
  const held = await heldBy("m2");
  expect(held).toMatchObject({ actionType: "BLOCK" });
  expect(await findBan(held!.id, new Date())).toMatchObject({
    actionType: "BLOCK",
    reason: "spam",
  });
  await muteMembers(["m2"], 6000);
  await muteMembers(["m2"], 0);
  expect(await heldBy("m2")).toEqual(held);
  expect(await banMembers(["m2"], 5)).toMatchObject({ ErrorCode: 0 });
  expect(await heldBy("m2")).toEqual(held);
  await banMembers(["m2"], 120);
  expect(Date.parse((await heldBy("m2"))!.endsAt!)).toBeGreaterThan(Date.parse(held!.endsAt!));
  // The one that it replaced is over: a host sees one ban, not two.
  expect(await findBan(held!.id, new Date())).toMatchObject({ deletedBy: "administrator" });
  const listed = await listBans("host", { targetUserId: "m2", actionType: "BLOCK" }, new Date());
  expect(listed.map(({ banId }) => banId)).toEqual([(await heldBy("m2"))!.id]);
  await banMembers(["m2"], 0);
  expect(await heldBy("m2")).toBeUndefined();
});

test("a shorter mute or ban does not end a longer one, not even a host's without an end", async () => {
  const stream = (await findRoom(RoomId))!;
  for (const actionType of ["CHAT_ONLY", "BLOCK"] as const) {
    const userId = `held_${actionType}`;
    const call = actionType === "BLOCK" ? banMembers : muteMembers;
    await call([userId], 60);
    await call([userId], 0);
    const target = (await findProfile(userId))!;
    const now = new Date();
    const ban = makeBan({ actionType }, { id: newId(now), stream, target, by: stream.hostId, now });
    await recordBan(stream, ban, now);
    expect(await call([userId], 5)).toMatchObject({ ErrorCode: 0 });
    expect(await heldBy(userId)).toMatchObject({ id: ban.id, endsAt: null });
  }
});

describe("a mute of a banned member", () => {
  const chat = async (userId: string, now: Date) =>
    admitText((await findRoom(RoomId))!, { userId }, "hello", now);
  /** Both in this order, and the mute's id. */
  async function hold(account: string, isMuteFirst: boolean) {
    const calls = [() => muteMembers([account], 1000), () => banMembers([account], 10)];
    for (const call of isMuteFirst ? calls : calls.reverse())
      expect(await call()).toMatchObject({ ErrorCode: 0 });
    const { ban } = (await findMember(streamId, account, { consistent: true }))!;
    expect(await heldBy(account)).toMatchObject({ actionType: "BLOCK" });
    return { ban: ban!, mute: ban!.mute! };
  }

  test.each([true, false])("holds after the ban, whichever came first (%s)", async (isFirst) => {
    const account = `both_${isFirst}`;
    const { ban, mute } = await hold(account, isFirst);
    const [after, over] = [11, 1001].map((seconds) => new Date(Date.now() + seconds * 1000));
    await expect(chat(account, new Date())).rejects.toThrow("member_blocked");
    await expect(chat(account, after!)).rejects.toThrow("member_muted");
    await chat(account, over!);
    expect(await heldBy(account, after)).toMatchObject({ id: mute.id, actionType: "CHAT_ONLY" });
    expect(await findBan(mute.id, after!)).toMatchObject({ deletedAt: null });
    const end = { streamId, userId: account, banId: ban.id, endsAt: ban.endsAt };
    await endBan(poster, end, after!);
    const { ban: left } = (await findMember(streamId, account, { consistent: true }))!;
    expect(left).toMatchObject({ id: mute.id, names: ban.names });
    await expect(chat(account, after!)).rejects.toThrow("member_muted");
  });

  test.each([true, false])("ends under the ban, whichever came first (%s)", async (isFirst) => {
    const account = `under_${isFirst}`;
    const calls = [() => muteMembers([account], 10), () => banMembers([account], 1000)];
    for (const act of isFirst ? calls : calls.reverse()) await act();
    const find = async () => (await findMember(streamId, account, { consistent: true }))!.ban!;
    const { id, mute } = await find();
    const end = { streamId, userId: account, banId: mute!.id, endsAt: mute!.endsAt };
    await endBan(poster, end, new Date(Date.now() + 11_000));
    const left = await find();
    expect([left.id, left.mute]).toEqual([id, undefined]);
  });

  test("stays when the ban is lifted, and can be lifted on its own", async () => {
    const { mute } = await hold("lifted1", true);
    await banMembers(["lifted1"], 0);
    expect(await heldBy("lifted1")).toMatchObject({ id: mute.id });
    await banMembers(["lifted1"], 10);
    await muteMembers(["lifted1"], 0);
    await banMembers(["lifted1"], 0);
    expect(await heldBy("lifted1")).toBeUndefined();
    const other = await hold("lifted2", false);
    const now = new Date();
    await liftBan((await findBan(other.mute.id, now))!, "host", now);
    expect(await heldBy("lifted2")).toMatchObject({ id: other.ban.id });
    await liftBan((await findBan(other.ban.id, now))!, "host", now);
    expect(await heldBy("lifted2")).toBeUndefined();
  });
});

test("a ban that has ended by itself is not lifted by the next one", async () => {
  await banMembers(["m5"], 1);
  const first = await heldBy("m5");
  setClock(Date.now() + 2_000);
  expect(await banMembers(["m5"], 60)).toMatchObject({ ErrorCode: 0 });
  jest.useRealTimers();
  expect(await findBan(first!.id, new Date(Date.now() + 10_000))).toMatchObject({
    deletedAt: first!.endsAt,
    deletedBy: null,
  });
});

test("each change has a larger revision", async () => {
  const revision = async () => (await findMember(streamId, "m3"))?.revision ?? 0;
  let last = 0;
  for (const seconds of [10, 20, 0]) {
    await banMembers(["m3"], seconds);
    expect(await revision()).toBeGreaterThan(last);
    last = await revision();
  }
  await banMembers(["m3"], 0);
  expect(await revision()).toBe(last);
});

const many = (length: number) => Array.from({ length }, (_, at) => `many${at}`);

test("twenty members at once, and no more", async () => {
  expect(await banMembers(many(20))).toMatchObject({ ErrorCode: 0 });
  expect(await heldBy("many19")).toMatchObject({ actionType: "BLOCK" });
  for (const command of [muteMembers, banMembers])
    expect(await command(many(21))).toMatchObject({ ErrorCode: 100002 });
});

test("an account that was never muted or banned stays unknown when a mute or ban is lifted", async () => {
  expect(await muteMembers(["typo1"], 0)).toMatchObject({ ErrorCode: 0 });
  expect(await banMembers(["typo1"], 0)).toMatchObject({ ErrorCode: 0 });
  expect(await findProfile("typo1")).toBeUndefined();
});

test("refuses the host, invalid fields and unknown rooms, and changes nothing", async () => {
  const host = await banMembers(["m4", "host"]);
  expect(host).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 100002 });
  expect(await findProfile("m4")).toBeUndefined();
  // Nothing is lifted from the host, who can be among those who are let in again.
  expect(await banMembers(["m4", "host"], 0)).toMatchObject({ ErrorCode: 0 });
  const bad = [
    banMembers([]),
    banMembers("m4"),
    banMembers(["m4", "m4"]),
    banMembers(["m4"], "60"),
    banMembers(["m4"], -1),
    banMembers(["m4"], 2 ** 32),
    banMembers(["m4"], 60, { Reason: "x".repeat(201) }),
    banMembers(["m4"], 60, { RoomId: "nowhere" }),
    muteMembers(["m4"], null),
    muteMembers([4]),
  ];
  for (const answer of await Promise.all(bad)) expect(answer).toMatchObject({ ErrorCode: 100002 });
  expect(await heldBy("m4")).toBeUndefined();
});
