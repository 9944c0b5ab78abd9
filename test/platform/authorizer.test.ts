import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterEach, expect, jest, test } from "@jest/globals";
import type { APIGatewayRequestAuthorizerEvent } from "aws-lambda";
import { handler as authorizeHttp } from "../../functions/people/auth/http.ts";
import { handler as authorizeSocket } from "../../functions/people/auth/socket.ts";
import { assertCurrent } from "../../platform/auth/caller.ts";
import { revoke } from "../../platform/auth/revocations.ts";
import { verifyToken } from "../../platform/auth/token.ts";
import { findProfile } from "../../platform/store/people/users.ts";
import { useTable } from "../../platform/table/table.ts";
import { setClock } from "./clock.ts";
import { useOwnIssuer } from "./own-issuer.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();

const own = useOwnIssuer();
const { tokenOf } = own;

const methodArn = "arn:aws:execute-api:us-east-1:000000000000:api/dev/GET/x";

/** The HTTP API authorizer's result for a token: Allow, Deny, or the error that it throws. */
async function ask(token: string): Promise<string> {
  const headers = { Authorization: [`Bearer ${token}`] };
  const event = { methodArn, headers: {}, multiValueHeaders: headers };
  return said(() => authorizeHttp(event as unknown as APIGatewayRequestAuthorizerEvent));
}

/** The result of the WebSocket API's authorizer. */
const askSocket = (token: string, headers: Record<string, string> = {}) =>
  askWith({ token }, headers);

async function askWith(
  queryStringParameters: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<string> {
  const event = { methodArn, headers, queryStringParameters };
  return said(() => authorizeSocket(event as unknown as APIGatewayRequestAuthorizerEvent));
}

async function said(authorize: () => ReturnType<typeof authorizeHttp>): Promise<string> {
  try {
    const { policyDocument } = await authorize();
    return (policyDocument.Statement[0] as { Effect: string }).Effect;
  } catch (error) {
    return `throws ${(error as Error).message}`;
  }
}

const cannotTell = "throws The token cannot be judged now";
afterEach(() => void jest.useRealTimers());

test("a valid token is not refused while the issuer's keys are unavailable: nothing is cached", async () => {
  own.isDown = true;
  expect(await ask(await tokenOf("u1"))).toBe(cannotTell);
  expect(await askSocket(await tokenOf("u1"))).toBe(cannotTell);
  own.isDown = false;
});

test("a token that is invalid with any key is refused at once, whatever the issuer does", async () => {
  own.isDown = true;
  expect(await ask("a.b.c")).toBe("Deny");
  expect(await askSocket("a.b.c")).toBe("throws Unauthorized");
  own.isDown = false;
});

test("the keys are fetched again within a second or two of a failure, by one call at a time", async () => {
  const begun = Date.now();
  setClock(begun);
  own.isDown = true;
  await ask(await tokenOf("u1"));
  const before = own.fetches;
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => tokenOf(`u${n}`)));
  for (const token of tokens) expect(await ask(token)).toBe(cannotTell);
  expect(own.fetches - before).toBeLessThanOrEqual(1);
  own.isDown = false;
  setClock(begun + 1_200);
  expect(await ask(await tokenOf("u1"))).toBe("Allow");
});

test.each([
  ["https://www.example.com", "Allow"],
  ["https://app.example.com:8443", "Allow"],
  ["https://live.example.com", "Allow"],
  ["http://www.example.com", "Deny"],
  ["https://www.example.com:8443", "Deny"],
  ["https://app.example.com", "Deny"],
  ["https://www.example.com.evil.example", "Deny"],
  ["https://live.example.com:444", "Deny"],
  ["https://x.live.example.com", "Deny"],
  ["https://evil.example", "Deny"],
  ["null", "Deny"],
  ["", "Deny"],
])("a page of %j that opens a socket at live.example.com: %s", async (Origin, verdict) => {
  const headers = { Host: "live.example.com", Origin };
  expect(await askSocket(await tokenOf("u1"), headers)).toBe(verdict);
  // A refused connect is refused with any token.
  expect(await askSocket("a.b.c", headers)).toBe(
    verdict === "Allow" ? "throws Unauthorized" : "Deny",
  );
});

test("a request without an origin is not a page, and opens sockets with its token alone", async () => {
  expect(await askSocket(await tokenOf("u1"), { Host: "live.example.com" })).toBe("Allow");
});

test("the gateway's cached result for a token holds for every call of the stage, until the token expires", async () => {
  const headers = { Authorization: [`Bearer ${await tokenOf("u1")}`] };
  const event = { methodArn, headers: {}, multiValueHeaders: headers };
  const { policyDocument } = await authorizeHttp(
    event as unknown as APIGatewayRequestAuthorizerEvent,
  );
  const Resource = "arn:aws:execute-api:us-east-1:000000000000:api/dev/*";
  expect(policyDocument.Statement).toMatchObject([{ Effect: "Allow", Resource }]);
  expect(() => assertCurrent({ expiresAt: 100 }, new Date(99_999))).not.toThrow();
  expect(() => assertCurrent({ expiresAt: 100 }, new Date(100_000))).toThrow();
});

test("a token of a key that the issuer does not have is refused", async () => {
  expect(await ask(await tokenOf("u1", "unknown"))).toBe("Deny");
});

test("a key that cannot be fetched now is not a refusal; once it is known, its tokens are valid", async () => {
  const token = await tokenOf("u1", "k2");
  const known = await tokenOf("u1");
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000);
  own.isDown = true;
  await expect(verifyToken(token, at(20))).rejects.toThrow("keys");
  expect(await verifyToken(known, at(20))).toMatchObject({ userId: "u1" });
  own.isDown = false;
  own.published = ["k1", "k2"];
  expect(await verifyToken(token, at(22))).toMatchObject({ userId: "u1" });
});

test("a revoked token is refused for as long as it lives, even when the list of recent ones lacks it", async () => {
  const [at, now] = [new Date().toISOString(), new Date()];
  const [ofUser, ofToken, other] = await Promise.all(["u3", "u4", "u5"].map((sub) => tokenOf(sub)));
  await revoke({ id: "r1", sub: "u3", issuedBefore: at, at }, now);
  await revoke({ id: "r2", jti: "u4", issuedBefore: null, at }, now);
  expect(await ask(ofUser!)).toBe("Deny");
  expect(await ask(ofToken!)).toBe("Deny");
  expect(await ask(other!)).toBe("Allow");
});

test("a revoked token does not bring back the profile of a deleted user", async () => {
  const [deleted, other] = await Promise.all(["u6", "u7"].map((sub) => tokenOf(sub)));
  const at = new Date().toISOString();
  await revoke({ id: "r3", sub: "u6", issuedBefore: at, at }, new Date());
  expect([await ask(deleted!), await ask(other!)]).toEqual(["Deny", "Allow"]);
  expect(await findProfile("u6", { consistent: true })).toBeUndefined();
  expect(await findProfile("u7", { consistent: true })).toMatchObject({ userId: "u7" });
});

test("a caller whom the table cannot check is neither admitted nor refused", async () => {
  const failing = async () => {
    throw Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
  };
  useTable({ send: failing } as unknown as DynamoDBDocumentClient);
  expect(await ask(await tokenOf("u2"))).toBe(cannotTell);
  expect(await askWith({ ticket: "t".repeat(43) })).toBe(cannotTell);
});

/** How long a key counts after the issuer has withdrawn it: as long as keys are cached. */
const keysLifeSeconds = 10 * 60;

test("a withdrawn key counts no longer than keys are cached, while others still count", async () => {
  const [token, other] = [await tokenOf("u1", "k2"), await tokenOf("u1")];
  const at = (seconds: number) => new Date(Date.now() + 60_000 + seconds * 1000);
  own.published = ["k1", "k2"];
  // A token with an unknown key makes the authorizer fetch the keys now.
  expect(await verifyToken(await tokenOf("u1", "k0"), at(0))).toBeUndefined();
  expect(await verifyToken(token, at(0))).toMatchObject({ userId: "u1" });
  own.published = ["k1"];
  const before = own.fetches;
  expect(await verifyToken(token, at(keysLifeSeconds - 1))).toMatchObject({ userId: "u1" });
  expect(own.fetches).toBe(before);
  expect(await verifyToken(token, at(keysLifeSeconds + 1))).toBeUndefined();
  expect(await verifyToken(other, at(keysLifeSeconds + 1))).toMatchObject({ userId: "u1" });
});

test("a withdrawn key stops counting at once when another key causes a fetch", async () => {
  own.published = ["k1", "k2"];
  const at = (seconds: number) => new Date(Date.now() + 3_600_000 + seconds * 1000);
  const token = await tokenOf("u1", "k2");
  expect(await verifyToken(token, at(-1800))).toMatchObject({ userId: "u1" });
  own.published = ["k1", "k3"];
  expect(await verifyToken(await tokenOf("u1", "k3"), at(-1780))).toMatchObject({ userId: "u1" });
  expect(await verifyToken(token, at(-1780))).toBeUndefined();
});

test("an issuer that hangs delays one call, however long the fetch of its keys took", async () => {
  own.published = ["k1"];
  const begun = Date.now() + 2_500_000;
  const at = (seconds: number) => new Date(begun + seconds * 1000);
  const [known, unknown] = [await tokenOf("u1"), await tokenOf("u1", "k4")];
  own.isHanging = true;
  const before = own.fetches;
  // The held keys are too old, and the token's key is unknown: one fetch for both.
  await expect(verifyToken(unknown, at(0))).rejects.toThrow("keys");
  expect(own.fetches - before).toBe(1);
  await expect(verifyToken(unknown, at(2.5))).rejects.toThrow("just now");
  for (const seconds of [0, 2.5, 4, 9.9])
    expect(await verifyToken(known, at(seconds))).toMatchObject({ userId: "u1" });
  expect(own.fetches - before).toBe(1);
  own.isHanging = false;
  own.published = ["k1", "k4"];
  // A rotated key does not wait for the next renewal of the held ones.
  expect(await verifyToken(unknown, at(9.9))).toMatchObject({ userId: "u1" });
});

test("a token is valid although the issuer takes over two seconds to publish its key", async () => {
  const at = new Date(Date.now() + 2_600_000);
  own.published = ["k1", "k6"];
  own.delayMilliseconds = 2_200;
  // Only noted, since a machine that stands still would reach it.
  const limit = jest.spyOn(AbortSignal, "timeout").mockReturnValue(new AbortController().signal);
  const verified = verifyToken(await tokenOf("u1", "k6"), at);
  const caller = await verified.finally(() => {
    own.delayMilliseconds = 0;
  });
  expect(caller).toMatchObject({ userId: "u1" });
  expect(limit.mock.calls.filter(([milliseconds]) => milliseconds <= 2_200)).toEqual([]);
  limit.mockRestore();
});

test("while the issuer is down, held keys are renewed every ten seconds", async () => {
  const begun = Date.now() + 3_300_000;
  const at = (seconds: number) => new Date(begun + seconds * 1000);
  const token = await tokenOf("u1");
  own.isDown = true;
  const before = own.fetches;
  for (const seconds of [0, 2, 8, 9.9, 10, 12])
    expect(await verifyToken(token, at(seconds))).toMatchObject({ userId: "u1" });
  expect(own.fetches - before).toBe(2);
  own.isDown = false;
  own.published = ["k2"];
  expect(await verifyToken(token, at(20))).toBeUndefined();
});

test("a withdrawn key stops counting also after the clock was set back", async () => {
  own.published = ["k1", "k2"];
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000);
  const token = await tokenOf("u1", "k2");
  expect(await verifyToken(await tokenOf("u1", "k5"), at(3_500))).toBeUndefined();
  own.published = ["k1"];
  expect(await verifyToken(token, at(600))).toBeUndefined();
});
