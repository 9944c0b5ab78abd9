import { freshId } from "./people.ts";
import { callBackUntilDone as callBack, callbackQuery } from "./tencent-callback.ts";
import { tencent } from "./tencent-caller.ts";

const done = { ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 };
const failed = (says: RegExp) => ({
  ActionStatus: "FAIL",
  ErrorInfo: expect.stringMatching(says),
  ErrorCode: 1,
});

test("a destroyed room is named as in Tencent's samples, next to its RoomInfo or in it", async () => {
  const owner = freshId();
  const info = { RoomName: "live name", Owner_Account: 144115216631667, ViewCount: 0 };
  const named: ((RoomId: string) => object)[] = [
    (RoomId) => ({ RoomId }),
    (RoomId) => ({ RoomId, RoomInfo: info }),
    (RoomId) => ({ RoomId, RoomInfo: null }),
    (RoomId) => ({ RoomId, RoomInfo: { RoomId, ...info } }),
    (RoomId) => ({ RoomInfo: { RoomId } }),
  ];
  const destroyed = { Operator_Account: "@TIM#SYSTEM", EventType: "DestroyBySystem" };
  const query = callbackQuery({ CallbackCommand: "Live.CallbackAfterDestroyRoom" });
  for (const fields of named) {
    const RoomId = `room-${freshId()}`;
    await tencent("create_room", { RoomInfo: { RoomId, RoomType: "Live", Owner_Account: owner } });
    const body = { ...destroyed, EventTime: Date.now(), ...fields(RoomId) };
    expect((await callBack(body, { query })).body).toEqual(done);
    expect((await tencent("get_room_info", { RoomId })).body.ErrorCode).toBe(100002);
  }
  expect((await callBack(destroyed, { query })).body).toEqual(failed(/RoomId/));
});

test("a room that exists at Tencent's is created here, whatever its optional fields contain", async () => {
  const query = callbackQuery({ CallbackCommand: "Live.CallbackAfterCreateRoom" });
  const create = (RoomInfo: object, Operator_Account: unknown = "operator1") =>
    callBack(
      { Operator_Account, RoomInfo: { RoomId: `room-${freshId()}`, ...RoomInfo } },
      { query },
    );
  const wrong = {
    RoomType: undefined,
    TakeSeatMode: 1,
    Category: null,
    CoverURL: null,
    RoomName: "a\u200bb",
    IsSeatEnabled: "yes",
    MaxSeatCount: -1,
  };
  const [RoomId, owner] = [`room-${freshId()}`, Number(`9${Date.now()}`)];
  const room = { RoomId, ...wrong, Owner_Account: owner, MaxMemberCount: 7 };
  expect((await create(room)).body).toEqual(done);
  const { RoomInfo } = (await tencent("get_room_info", { RoomId })).body.Response;
  expect(RoomInfo).toMatchObject({
    RoomName: RoomId,
    Owner_Account: String(owner),
    TakeSeatMode: "FreeToTake",
    Category: [],
    IsSeatEnabled: false,
    MaxSeatCount: 0,
    MaxMemberCount: 7,
  });
  for (const Owner_Account of ["", null, undefined])
    expect((await create({ Owner_Account })).body).toEqual(done);
  for (const Owner_Account of ["two words", {}, -0.5])
    expect((await create({ Owner_Account })).body).toEqual(failed(/Owner_Account/));
  expect((await create({}, "")).body).toEqual(failed(/Owner_Account/));
  expect((await create({ RoomId: "" })).body).toEqual(failed(/RoomId/));
});

test("a time in the far future counts as absent: it neither blocks a RoomId nor keeps its room open", async () => {
  const RoomId = `room-${freshId()}`;
  const room = { RoomId, Owner_Account: freshId() };
  const after = (happened: "Create" | "Destroy", EventTime: number) => {
    const CallbackCommand = `Live.CallbackAfter${happened}Room`;
    const body = { Operator_Account: "operator1", EventTime, RoomInfo: room };
    return callBack(body, { query: callbackQuery({ CallbackCommand }) });
  };
  const codeOf = async () => (await tencent("get_room_info", { RoomId })).body.ErrorCode;
  // Such as microseconds, where milliseconds are expected.
  const far = Date.now() * 1000;
  for (const [created, destroyed] of [
    [far, Date.now()],
    [Date.now() + 1_000, far],
    [Date.now() + 2_000, Date.now() + 3_000],
  ] as const) {
    expect((await after("Create", created)).body).toEqual(done);
    expect(await codeOf()).toBe(0);
    expect((await after("Destroy", destroyed)).body).toEqual(done);
    expect(await codeOf()).toBe(100002);
  }
});
