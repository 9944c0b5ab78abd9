import { makeUserSig } from "../platform/tencent/sign.ts";
import {
  call,
  eventually,
  freshId,
  giftType,
  liveStream,
  person,
  topUp,
  untilStarted,
} from "./people.ts";
import { secretKey, tencent, tencentQuery, tencentRested } from "./tencent-caller.ts";
import { type Message, viewer, watch } from "./viewer.ts";

const ok = { ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 };
const failed = (ErrorCode: number) => ({
  ActionStatus: "FAIL",
  ErrorInfo: expect.stringMatching(/\w{3}/),
  ErrorCode,
  RequestId: expect.stringMatching(/^Id-[0-9a-f]{32}-O-Seq-\d+$/),
});

const balanceOf = async (as: { id: string; token: string }) =>
  (await call("GET /api/v1/wallet", { as })).body.data.balance;

/** A room with an owner, a gift of 10 Coins, and a sender with credits. */
async function scene(credits = 1000) {
  const [owner, sender] = await Promise.all([person(), person()]);
  const RoomId = `room-${freshId()}`;
  const GiftId = freshId().slice(0, 20);
  const room = { RoomId, RoomType: "Live", Owner_Account: owner.id };
  const made = await tencent("create_room", { RoomInfo: room });
  expect(made.body).toMatchObject({ ...ok, Response: { RoomId } });
  const gift = { GiftId, Coins: 10, DefaultName: "Rose", IconUrl: "https://cdn.example.com/r.png" };
  expect((await tencentRested("add_gift", gift)).body).toMatchObject(ok);
  await topUp(sender, credits);
  const wish = { RoomId, GiftId, Count: 1, From_Account: sender.id };
  return { owner, sender, RoomId, GiftId, wish: { ...wish, ReceiverList_Account: [owner.id] } };
}

describe("the Tencent API", () => {
  test("a gift is charged, credited, counted and pushed once", async () => {
    const { owner, sender, RoomId, GiftId, wish } = await scene();
    // Other tests begin streams meanwhile: the first page has the newest.
    const streams = await call("GET /api/v1/live-stream?limit=100", { as: owner });
    const stream = streams.body.data.find(
      ({ creator }: { creator: { _id: string } }) => creator._id === owner.id,
    );
    expect(stream).toMatchObject({ title: RoomId, status: "active" });
    const RoomInfo = { RoomId, IsPublicVisible: false };
    expect((await tencent("update_room_info", { RoomInfo })).body).toMatchObject(ok);
    const shown = await call("GET /api/v1/live-stream?limit=100", { as: owner });
    expect(JSON.stringify(shown.body.data)).not.toContain(stream.id);
    await untilStarted(stream.id, owner);
    const watching = await viewer(owner);
    watching.send({ action: "subscribe", streamId: stream.id });
    await watching.next(({ type }) => type === "subscribed");

    const key = freshId();
    const first = await tencent("send_gift", { ...wish, Count: 3 }, { key });
    const again = await tencent("send_gift", { ...wish, Count: 3 }, { key });
    expect(first.status).toBe(200);
    expect(first.body).toEqual({ ...ok, RequestId: expect.stringMatching(/^Id-/) });
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await balanceOf(sender)).toBe(970);
    await eventually(
      () => balanceOf(owner),
      (balance) => balance === 30,
    );
    const counted = await eventually(
      async () => (await tencent("get_gift_count", { RoomId })).body.Response,
      ({ TotalCount }) => TotalCount > 0,
    );
    expect(counted).toEqual({ Sequence: 1, TotalCount: 3, TotalCoins: 30, GiftSenderCount: 1 });
    const pushed = await watching.next(({ type }) => type === "events");
    expect(pushed.events[0]).toMatchObject({
      type: "gift.sent",
      data: { streamId: stream.id, count: 3, giftType: { name: "Rose", creditAmount: 10 } },
    });
    expect(watching.events()).toHaveLength(1);
    watching.close();

    const types = await call("GET /api/v1/gifts/gift-types", { as: owner });
    expect(types.body.data).toContainEqual(
      expect.objectContaining({ giftId: GiftId, creditAmount: 10, name: "Rose" }),
    );
  });

  test("streams and gift types of the HTTP API are rooms and gifts in Tencent's API", async () => {
    const [{ host, id: RoomId }, GiftId, sender] = await Promise.all([
      liveStream(),
      giftType(7),
      person(),
    ]);
    await topUp(sender, 10);
    const wish = { RoomId, GiftId, From_Account: sender.id, ReceiverList_Account: [host.id] };
    expect((await tencent("send_gift", wish)).body).toMatchObject(ok);
    const low = await tencent("send_gift", wish);
    expect(low.body).toEqual(failed(100002));
    expect(low.body.ErrorInfo).toBe("Insufficient credits: balance 3, price 7");
    const info = await tencent("get_room_info", { RoomId });
    expect(info.body.Response.RoomInfo).toMatchObject({ RoomId, Owner_Account: host.id });
  });

  test("a room admits its owner, and up to MaxMemberCount viewers with all their sockets", async () => {
    const { owner, RoomId } = await scene();
    const limit = async (MaxMemberCount: number) => {
      const changed = await tencent("update_room_info", { RoomInfo: { RoomId, MaxMemberCount } });
      expect(changed.body).toMatchObject(ok);
    };
    await limit(1);
    const mine = await call("GET /api/v1/live-stream?moderated=true", { as: owner });
    const streamId = mine.body.data[0].id;
    const [ann, bob] = await Promise.all([person(), person()]);
    const first = await watch(ann, streamId);
    const again = await watch(ann, streamId);
    (await watch(owner, streamId)).close();

    const full = { type: "error", statusCode: 409, code: "room_full" };
    const outside = await viewer(bob);
    const ask = async (requestId: string) => {
      outside.send({ action: "subscribe", streamId, requestId });
      return outside.next((message) => message.requestId === requestId);
    };
    expect(await ask("a")).toMatchObject(full);
    const direct = await viewer(bob, { query: { streamId } });
    expect(await direct.next(() => true)).toMatchObject(full);
    const join = () =>
      call("POST /api/v1/live-stream/join", { as: bob, body: { liveStreamId: streamId } });
    expect((await join()).body).toMatchObject({ statusCode: 409, code: "room_full" });

    first.close();
    again.close();
    const answers = async () => ask(freshId());
    await eventually(answers, ({ type }) => type === "subscribed");
    expect((await join()).status).toBe(200);
    await limit(0);
    (await watch(ann, streamId)).close();
    for (const one of [outside, direct]) one.close();
  });

  test("the gift switch applies to both APIs", async () => {
    const { sender, RoomId, wish } = await scene();
    expect((await tencent("set_gift_switch", { RoomId, Enabled: false })).body).toMatchObject(ok);
    expect((await tencent("send_gift", wish)).body).toEqual(failed(102008));
    expect(await balanceOf(sender)).toBe(1000);
    expect((await tencent("set_gift_switch", { RoomId, Enabled: true })).body).toMatchObject(ok);
    expect((await tencent("send_gift", wish)).body).toMatchObject(ok);
  });

  test("a banned member is refused by both APIs until the end of the ban", async () => {
    const { sender, RoomId, wish } = await scene();
    const members = { RoomId, MemberList_Account: [sender.id] };
    expect((await tencent("ban_member", { ...members, Duration: 600 })).body).toMatchObject(ok);
    expect((await tencent("send_gift", wish)).body).toEqual(failed(100002));
    expect((await tencent("ban_member", { ...members, Duration: 0 })).body).toMatchObject(ok);
    expect((await tencent("send_gift", wish)).body).toMatchObject(ok);
  });

  test("viewers receive the end of a mute although the member is banned", async () => {
    const begin = async () => {
      const [{ host, id: RoomId }, member] = await Promise.all([liveStream(), person()]);
      await untilStarted(RoomId, host);
      const watching = await watch(host, RoomId);
      const members = { RoomId, MemberList_Account: [member.id] };
      const muted = await tencentRested("mute_member", { ...members, MuteTime: 6 });
      const banned = await tencentRested("ban_member", { ...members, Duration: 600 });
      for (const { body } of [muted, banned]) expect(body).toMatchObject(ok);
      const bans = () => watching.events().filter(({ type }) => type === "member.banned");
      await watching.next(() => bans().length === 2);
      const [mute, block] = bans();
      return { watching, isInTime: block.at < mute.data.endsAt };
    };
    let { watching, isInTime } = await begin();
    // A busy machine, or others' calls of a command, may keep the ban until the mute is over.
    while (!isInTime) {
      watching.close();
      ({ watching, isInTime } = await begin());
    }
    const isEnd = ({ type }: Message) => type === "member.unbanned";
    const { events } = await watching.next((message) => message.events?.some(isEnd));
    const seen = watching.events();
    expect(seen.map(({ type, data }) => [type, data.actionType])).toEqual([
      ["member.banned", "CHAT_ONLY"],
      ["member.banned", "BLOCK"],
      ["member.unbanned", "CHAT_ONLY"],
    ]);
    const [{ data: mute }] = seen;
    expect(events.find(isEnd)).toMatchObject({ at: mute.endsAt, data: { banId: mute.banId } });
    expect(Date.now() - Date.parse(mute.endsAt)).toBeLessThan(10_000);
    watching.close();
  });

  test("a destroyed room is an ended stream", async () => {
    const { RoomId, wish } = await scene();
    expect((await tencent("destroy_room", { RoomId })).body).toMatchObject(ok);
    expect((await tencent("send_gift", wish)).body).toEqual(failed(100002));
    expect((await tencent("get_room_info", { RoomId })).body).toEqual(failed(100002));
  });

  test("metadata is stored", async () => {
    const { RoomId } = await scene();
    const Metadata = [{ Key: "k", Value: "v" }];
    expect((await tencent("set_room_metadata", { RoomId, Metadata })).body).toMatchObject(ok);
    // Another file floods this command: each has a rate for all of an application's calls.
    const { body } = await eventually(
      () => tencent("get_room_metadata", { RoomId, Keys: [] }),
      (answer) => answer.body.ErrorCode !== 60007,
    );
    expect(body).toMatchObject({ ...ok, Response: { Metadata } });
  });

  test("failures are always HTTP 200, in the order of checks", async () => {
    const now = Math.floor(Date.now() / 1000);
    const sign = (changes: object) => makeUserSig({ secretKey: secretKey(), ...changes });
    const cases: [number, string, Record<string, string>][] = [
      [60009, "send_gifts", { sdkappid: "" }],
      [60012, "send_gift", { sdkappid: "" }],
      [60006, "send_gift", { sdkappid: "abc" }],
      [70020, "send_gift", { sdkappid: "1400000002" }],
      [70003, "send_gift", { usersig: "" }],
      [70014, "send_gift", { usersig: sign({ sdkAppId: 5 }) }],
      [70013, "send_gift", { identifier: "not-admin" }],
      [70009, "send_gift", { usersig: sign({ secretKey: "another" }) }],
      [70001, "send_gift", { usersig: sign({ time: now - 100, expire: 50 }) }],
      [60010, "send_gift", { identifier: "user1", usersig: sign({ identifier: "user1" }) }],
      [60003, "send_gift", {}],
    ];
    for (const [code, command, changes] of cases) {
      const answer = await tencent(command, {}, { query: tencentQuery(changes), raw: "{" });
      expect({ status: answer.status, body: answer.body }).toEqual({
        status: 200,
        body: failed(code),
      });
    }
    const raw = new Uint8Array(Buffer.from('{"RoomId":"\x80"}', "latin1"));
    expect((await tencent("send_gift", undefined, { raw })).body).toEqual(failed(60003));
    const { body, headers } = await tencent("send_gift", {});
    expect(body).toEqual(failed(100002));
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-request-id")).toMatch(/./);
  });

  test("unknown paths, other methods and large bodies are HTTP 200 too", async () => {
    const paths = ["/v4", "/v4/", "/v4/x", "/v4/live_engine_http_srv/send_gift/", "/v4/a/b/c/d"];
    const routes = paths.map((path) => `POST ${path}`);
    for (const route of [...routes, "GET /v4/live_engine_http_srv/send_gift"]) {
      const { status, body } = await call(route);
      expect({ route, status, code: body?.ErrorCode }).toEqual({ route, status: 200, code: 60009 });
    }
    const raw = JSON.stringify({ RoomId: "x".repeat(70_000) });
    const large = await tencent("send_gift", undefined, { raw });
    expect(large).toMatchObject({ status: 200, body: { ErrorCode: 60002 } });
  });

  test("configuration commands are limited to one call a second", async () => {
    const read = () => tencent("get_gift", { GiftId: "nothing" });
    const round = async () => {
      const began = performance.now();
      const answers = await Promise.all([read(), read(), read()]);
      const codes = answers.map(({ body }) => body.ErrorCode);
      return { milliseconds: performance.now() - began, codes };
    };
    // On a slow machine three calls may take more than a second.
    const { codes } = await eventually(round, ({ milliseconds }) => milliseconds < 1000);
    expect(codes.filter((code) => code === 100012).length).toBeGreaterThanOrEqual(2);
    expect((await tencentRested("get_gift", { GiftId: "nothing" })).body).toEqual(failed(102002));
  });
});
