import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { jest } from "@jest/globals";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { Refusal } from "../../../domain/refusal.ts";
import { handler as receive } from "../../../functions/tencent/callbacks/receive.ts";
import * as getRoom from "../../../functions/tencent/rooms/get.ts";
import { beginInvocation } from "../../../platform/runtime/deadline.ts";
import { getSecretKey, rereadSecretKey } from "../../../platform/tencent/secret.ts";
import { setClock } from "../clock.ts";
import { published } from "../published-metrics.ts";
import { makeUserSig } from "./sign.ts";
import { callCommand, goodQuery, secretKey, startTencentStage } from "./stage.ts";

let stage: Awaited<ReturnType<typeof startTencentStage>>;

beforeAll(async () => {
  stage = await startTencentStage();
});
afterAll(() => stage.stop());

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000);

test("the key is cached for five minutes, and reread at most once a minute", async () => {
  expect(await getSecretKey(at(0))).toBe(secretKey);
  stage.secret.value = "rotated";
  expect(await getSecretKey(at(299))).toBe(secretKey);
  expect(stage.secret.reads).toBe(1);
  expect(await getSecretKey(at(300))).toBe("rotated");

  stage.secret.value = "rotated again";
  expect(await rereadSecretKey(at(359))).toBeUndefined();
  expect(stage.secret.reads).toBe(2);
  expect(await rereadSecretKey(at(360))).toBe("rotated again");
  expect(await rereadSecretKey(at(400))).toBeUndefined();
  expect(await getSecretKey(at(400))).toBe("rotated again");
  expect(stage.secret.reads).toBe(3);

  stage.secret.value = "";
  await expect(getSecretKey(at(1000))).rejects.toThrow("empty");
});

/** A callback that nothing takes, with this key; it arrived some time before its function began. */
async function callBack(key: string, millisecondsAgo = 0) {
  process.env.CALLBACK_SECRET_ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:url";
  const query = { SdkAppid: ["1400000001"], key: [key], CallbackCommand: ["none"] };
  const requestTimeEpoch = Date.now() - millisecondsAgo;
  const { headers, body } = await receive({
    httpMethod: "POST",
    path: "/callback",
    body: "{}",
    headers: {},
    multiValueQueryStringParameters: query,
    requestContext: { requestId: "request-1", requestTimeEpoch },
  } as unknown as APIGatewayProxyEvent);
  return { code: headers?.["x-error-code"], ...JSON.parse(body) };
}

describe("a key that has just changed", () => {
  afterEach(() => void jest.useRealTimers());

  /** Whether a call with this key is let in; every one fails after that. */
  type Calls = (key: string) => Promise<boolean>;
  const calls: Calls = async (key) => {
    const query = { ...goodQuery(), usersig: makeUserSig({ secretKey: key }) };
    const { body } = await callCommand(getRoom.handler, { body: { RoomId: "none" }, query });
    return body.ErrorCode === 100002;
  };
  const callbacks: Calls = async (key) => (await callBack(key)).code === "command_unknown";
  test.each([
    ["commands", calls],
    ["callbacks", callbacks],
  ])("is accepted for %s, and the old one is not", async (_, isLetIn) => {
    const begun = Date.now();
    setClock(begun);
    stage.secret.value = "first";
    expect(await isLetIn("first")).toBe(true);
    stage.secret.value = "second";
    setClock(begun + 61_000);
    expect(await isLetIn("second")).toBe(true);
    expect(await isLetIn("first")).toBe(false);
  });
});

test("a callback is decided in the time since its arrival, and faults are counted", async () => {
  const begun = Date.now() + 3_600_000;
  setClock(begun);
  stage.secret.value = "key";
  expect(await callBack("key")).toMatchObject({ code: "command_unknown" });
  setClock(begun + 600_000);
  expect(await callBack("key", 1_700)).toMatchObject({
    code: "unavailable",
    ErrorInfo: "Not done in time: nothing was charged",
  });
  stage.secret.value = "";
  const lines = await published(async () => {
    expect(await callBack("key")).toMatchObject({ ErrorCode: 1, code: "internal_error" });
    const { body } = await callCommand(getRoom.handler, { body: { RoomId: "none" } });
    expect(body).toMatchObject({ ErrorCode: 100001 });
  });
  expect(lines).toMatchObject([{ CommandFaults: 1 }, { CommandFaults: 1 }]);
  jest.useRealTimers();
});

test("a key that cannot be read again counts for an hour, and is tried every minute", async () => {
  beginInvocation(undefined);
  stage.secret.value = "old";
  expect(await getSecretKey(at(2_000))).toBe("old");
  stage.secret.value = "new";
  const late = Object.assign(new Error("No answer"), { name: "TimeoutError" });
  const send = jest.spyOn(SecretsManagerClient.prototype, "send");
  try {
    // A read that takes all of the call's time ends with the second of these.
    for (const [error, seconds] of [
      [late, 2_300],
      [new Refusal("unavailable"), 2_360],
    ] as const) {
      send.mockImplementation(() => Promise.reject(error));
      expect(await getSecretKey(at(seconds))).toBe("old");
      expect(await getSecretKey(at(seconds + 59))).toBe("old");
    }
    expect(send).toHaveBeenCalledTimes(2);
    expect(await getSecretKey(at(5_599))).toBe("old");
    await expect(getSecretKey(at(5_600))).rejects.toThrow("unavailable");
    expect(send).toHaveBeenCalledTimes(4);
    // That the key may not be read is no outage.
    send.mockImplementation(() => Promise.reject(new Error("AccessDenied")));
    await expect(getSecretKey(at(2_420))).rejects.toThrow("AccessDenied");
  } finally {
    send.mockRestore();
  }
  expect(await getSecretKey(at(2_420))).toBe("new");
});
