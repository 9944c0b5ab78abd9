import { jest } from "@jest/globals";
import * as z from "zod";
import { refuse } from "../../../domain/refusal.ts";
import { command } from "../../../platform/tencent/command.ts";
import { setClock } from "../clock.ts";
import { makeUserSig } from "./sign.ts";
import { callCommand, goodQuery, secretKey, startTencentStage } from "./stage.ts";

let stage: Awaited<ReturnType<typeof startTencentStage>>;

beforeAll(async () => {
  stage = await startTencentStage();
});
afterAll(() => stage.stop());

const body = z.object({ RoomId: z.string(), Refuse: z.boolean().optional() });
const answer = z.object({ Echo: z.string() });

const { contract, handler } = command(
  {
    command: "live_engine_http_srv/test",
    summary: "Test",
    body,
    answer,
    refusals: ["gifts_switched_off"],
    grants: { read: ["STREAM"] },
  },
  async ({ body: { RoomId, Refuse } }) => {
    if (RoomId === "crash") throw new Error("The inside, which nobody may see");
    if (RoomId === "undeclared") refuse("gift_to_oneself");
    if (RoomId === "misfit") return { Echo: 1 as unknown as string };
    if (Refuse) refuse("gifts_switched_off");
    return { Echo: RoomId };
  },
);

const slow = command(
  {
    command: "live_engine_http_srv/test_slow",
    summary: "Test",
    refusals: [],
    callsPerSecond: 1,
    grants: { write: ["CATALOGUE"] },
  },
  async () => undefined,
);

const good = { RoomId: "room" };

describe("command", () => {
  afterEach(() => void jest.useRealTimers());

  test("a success has the common response and its additions", async () => {
    const done = await callCommand(handler, { body: good });
    expect(done.statusCode).toBe(200);
    expect(Object.keys(done.body)).toEqual([
      "ActionStatus",
      "ErrorInfo",
      "ErrorCode",
      "RequestId",
      "Echo",
    ]);
    expect(done.body).toMatchObject({ ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 });
    expect(done.body.RequestId).toMatch(/^Id-[0-9a-f]{32}-O-Seq-\d+$/);
    expect(done.headers).toMatchObject({ "x-request-id": "request-1" });
    expect((await callCommand(handler, { body: good })).body.RequestId).not.toBe(
      done.body.RequestId,
    );
  });

  test("has the grants for its own reads and writes", () => {
    expect(contract.grants).toEqual({ read: ["STREAM"], tencentSecret: true });
    expect(slow.contract.grants).toEqual({ write: ["CATALOGUE", "RATE"], tencentSecret: true });
  });

  const now = Math.floor(Date.now() / 1000);
  const sign = (signing: Partial<Parameters<typeof makeUserSig>[0]>) =>
    makeUserSig({ secretKey, ...signing });
  const without = (name: string) => {
    const query: Record<string, string> = goodQuery();
    delete query[name];
    return query;
  };
  const denied: [string, number, Record<string, string | string[]>][] = [
    ["no sdkappid", 60012, without("sdkappid")],
    ["an empty sdkappid", 60012, { ...goodQuery(), sdkappid: "" }],
    ["its name in capitals", 60012, { ...without("sdkappid"), SdkAppid: "1400000001" }],
    ["an sdkappid of letters", 60006, { ...goodQuery(), sdkappid: "abc" }],
    ["a padded sdkappid", 60006, { ...goodQuery(), sdkappid: "01400000001" }],
    ["too large an sdkappid", 60006, { ...goodQuery(), sdkappid: "4294967296" }],
    ["two sdkappids", 60006, { ...goodQuery(), sdkappid: ["1400000001", "1400000001"] }],
    ["another sdkappid", 70020, { ...goodQuery(), sdkappid: "1400000002" }],
    ["no usersig", 70003, without("usersig")],
    ["an empty usersig", 70003, { ...goodQuery(), usersig: "" }],
    ["a bad usersig", 70003, { ...goodQuery(), usersig: "xxx" }],
    ["a usersig of another app", 70014, { ...goodQuery(), usersig: sign({ sdkAppId: 5 }) }],
    ["another user's usersig", 70013, { ...goodQuery(), usersig: sign({ identifier: "x" }) }],
    ["no identifier", 70013, without("identifier")],
    ["an identifier in capitals", 70013, { ...goodQuery(), identifier: "Administrator" }],
    ["another key", 70009, { ...goodQuery(), usersig: sign({ secretKey: "other" }) }],
    [
      "another key, and expired",
      70009,
      { ...goodQuery(), usersig: sign({ secretKey: "other", time: 1 }) },
    ],
    [
      "an expired usersig",
      70001,
      { ...goodQuery(), usersig: sign({ time: now - 60, expire: 50 }) },
    ],
    ["a user who is not an administrator", 60010, goodQuery("user1")],
  ];
  test.each(denied)("denies %s with %i", async (_, ErrorCode, query) => {
    // The body is invalid too: the response names the first failed check.
    const answered = await callCommand(handler, { raw: "{", query });
    expect(answered.statusCode).toBe(200);
    expect(answered.body).toEqual({
      ActionStatus: "FAIL",
      ErrorInfo: expect.stringMatching(/^.{5,}$/),
      ErrorCode,
      RequestId: expect.stringMatching(/^Id-/),
    });
  });

  test("accepts a usersig until the end of its last second", async () => {
    const query = { ...goodQuery(), usersig: sign({ time: now, expire: 100 }) };
    const at = async (milliseconds: number) => {
      setClock((now + 100) * 1000 + milliseconds);
      return (await callCommand(handler, { body: good, query })).body.ErrorCode;
    };
    try {
      expect([await at(0), await at(999), await at(1000)]).toEqual([0, 0, 70001]);
    } finally {
      jest.useRealTimers();
    }
  });

  test("accepts the second administrator", async () => {
    const query = goodQuery("second");
    expect((await callCommand(handler, { body: good, query })).body.ErrorCode).toBe(0);
  });

  test.each(["", "{", "null", "[]", '"text"', "1", "[".repeat(60_000)])(
    "answers 60003 to the body %.20s",
    async (raw) => {
      expect((await callCommand(handler, { raw })).body.ErrorCode).toBe(60003);
    },
  );

  test("answers 60002 to a body over 64 KiB", async () => {
    const raw = JSON.stringify({ RoomId: "x".repeat(64 * 1024) });
    expect((await callCommand(handler, { raw })).body.ErrorCode).toBe(60002);
  });

  test.each([{}, { RoomId: 1 }, { roomid: "room" }, { __proto__: { RoomId: "room" } }])(
    "answers 100002 to the fields %j",
    async (fields) => {
      const { body: answered } = await callCommand(handler, { body: fields });
      expect(answered.ErrorCode).toBe(100002);
      expect(answered.ErrorInfo).toMatch(/^RoomId: /);
    },
  );

  test("reports a refusal with its code", async () => {
    const { body: answered } = await callCommand(handler, { body: { ...good, Refuse: true } });
    expect(answered).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 102008 });
  });

  test.each(["crash", "undeclared", "misfit"])("a fault (%s) is 100001", async (RoomId) => {
    const { statusCode, body: answered } = await callCommand(handler, { body: { RoomId } });
    expect(statusCode).toBe(200);
    expect(answered).toMatchObject({ ActionStatus: "FAIL", ErrorCode: 100001 });
    expect(JSON.stringify(answered)).not.toMatch(/inside|Error:/);
  });

  test("admits one call a second if that is the rate", async () => {
    const begun = Date.now();
    setClock(begun);
    const both = await Promise.all([callCommand(slow.handler), callCommand(slow.handler)]);
    expect(both.map(({ body: { ErrorCode } }) => ErrorCode).sort()).toEqual([0, 100012]);
    setClock(begun + 1_050);
    expect((await callCommand(slow.handler)).body.ErrorCode).toBe(0);
    // The rate comes before the body.
    expect((await callCommand(slow.handler, { raw: "{" })).body.ErrorCode).toBe(100012);
    // A call by a clock that is ten seconds ahead does not delay the others until then.
    setClock(begun + 20_000);
    expect((await callCommand(slow.handler)).body.ErrorCode).toBe(0);
    setClock(begun + 10_000);
    expect((await callCommand(slow.handler)).body.ErrorCode).toBe(0);
  });

  test("reads the key once, and again for a bad signature at most once a minute", async () => {
    const before = stage.secret.reads;
    const query = { ...goodQuery(), usersig: sign({ secretKey: "other" }) };
    for (let i = 0; i < 5; i++) await callCommand(handler, { body: good, query });
    expect(stage.secret.reads - before).toBe(0);
  });
});
