import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import * as jose from "jose";
import { listen } from "../../local/reachable.ts";
import { verifyToken } from "../../platform/auth/token.ts";

/** A local issuer that counts how often its keys are asked for. */
let server: Server;
let fetches = 0;
let pair: jose.GenerateKeyPairResult;
let foreign: jose.GenerateKeyPairResult;
let publicKey: jose.JWK;

const issuer = "https://issuer.example.com";
const now = new Date();
const nowSeconds = Math.floor(now.getTime() / 1000);

beforeAll(async () => {
  pair = await jose.generateKeyPair("RS256", { extractable: true });
  foreign = await jose.generateKeyPair("RS256");
  publicKey = { ...(await jose.exportJWK(pair.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
  server = createServer((_, answer) => {
    fetches++;
    answer.end(JSON.stringify({ keys: [publicKey] }));
  });
  const port = await listen(server);
  Object.assign(process.env, {
    ISSUER: issuer,
    AUDIENCE: "ovation,console,machine",
    GROUPS_CLAIM: "cognito:groups",
    ROLE_SCOPES: "service=ovation/service",
    JWKS_URI: `http://127.0.0.1:${port}/jwks.json`,
    LOCAL: "on",
  });
});

afterAll(() => {
  server.close();
});

const good = {
  iss: issuer,
  sub: "64d15f9e2e6c8f4d5a123456",
  aud: "ovation",
  iat: nowSeconds,
  exp: nowSeconds + 3600,
  jti: "t1",
};

/** Signs any claims with the issuer's key, including those that a library would reject. */
async function sign(
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
  key = pair.privateKey,
): Promise<string> {
  const kept = Object.entries(claims).filter(([, value]) => value !== undefined);
  const payload = new TextEncoder().encode(JSON.stringify(Object.fromEntries(kept)));
  return new jose.CompactSign(payload)
    .setProtectedHeader({ alg: "RS256", kid: "k1", ...header })
    .sign(key, { crit: { made: true } });
}

describe("a good token", () => {
  test("identifies the caller, with roles and profile claims", async () => {
    const token = await sign({
      ...good,
      "cognito:groups": ["admin", "other"],
      given_name: "John",
      family_name: 7,
    });
    expect(await verifyToken(token, now)).toEqual({
      userId: good.sub,
      roles: ["admin"],
      claims: { given_name: "John" },
      expiresAt: good.exp,
      tokenId: "t1",
      issuedAt: good.iat,
    });
  });

  test.each([
    ["an audience among several", { aud: ["other", "ovation"] }],
    ["client_id in place of aud", { aud: undefined, client_id: "ovation" }],
    ["a clock that is 50 s ahead", { iat: nowSeconds + 50, nbf: nowSeconds + 50 }],
    ["groups that are no list", { "cognito:groups": "admin" }],
    ["no jti", { jti: undefined }],
    ["a life of 24 h", { exp: nowSeconds + 24 * 3600 }],
  ])("may have %s", async (_, claims) => {
    expect(await verifyToken(await sign({ ...good, ...claims }), now)).toMatchObject({
      userId: good.sub,
      roles: [],
    });
  });
});

describe("a machine's token", () => {
  /** As Cognito grants it to a client with a secret: no `aud`, and the client is the subject. */
  const machine = { ...good, aud: undefined, sub: "machine", client_id: "machine" };
  /** As Auth0 does. */
  const other = { ...good, sub: "machine@clients", azp: "machine" };

  test.each([
    ["one scope", { ...machine, scope: "ovation/service" }, ["service"]],
    ["one among several", { ...machine, scope: "x ovation/service y" }, ["service"]],
    ["another issuer's form", { ...other, scope: "ovation/service" }, ["service"]],
    ["another scope", { ...machine, scope: "ovation/services" }, []],
    ["a role that the stage gives no scope", { ...machine, scope: "admin service" }, []],
    ["no scope", machine, []],
  ])("with %s has the roles that the stage gives for it", async (_, claims, roles) => {
    expect(await verifyToken(await sign(claims), now)).toMatchObject({ userId: "machine", roles });
  });

  test("is a machine's only if the subject is the client: users get no role from a scope", async () => {
    const scope = "ovation/service";
    for (const claims of [
      { ...good, scope },
      { ...good, scope, azp: "machine" },
      { ...good, scope, client_id: "console", aud: undefined },
      { ...good, scope, sub: "machine" },
    ])
      expect(await verifyToken(await sign(claims), now)).toMatchObject({ roles: [] });
    const forged = { ...other, sub: "other@clients", scope };
    expect(await verifyToken(await sign(forged), now)).toBeUndefined();
  });
});

test.each(["ovation", "console", "machine"])(
  "a token for the client %s is one for us",
  async (aud) => {
    expect(await verifyToken(await sign({ ...good, aud }), now)).toMatchObject({
      userId: good.sub,
    });
  },
);

test("an access token gives no role by a group, since the trigger only processes ID tokens", async () => {
  const groups = { "cognito:groups": ["admin"] };
  const access = await sign({ ...good, ...groups, token_use: "access" });
  expect(await verifyToken(access, now)).toMatchObject({ userId: good.sub, roles: [] });
  const id = await sign({ ...good, ...groups, token_use: "id" });
  expect(await verifyToken(id, now)).toMatchObject({ roles: ["admin"] });
});

describe("a bad token", () => {
  test.each([
    ["no exp", { exp: undefined }],
    ["exp in milliseconds", { exp: now.getTime() + 3600_000 }],
    ["exp in the past", { exp: nowSeconds - 1 }],
    ["exp now", { exp: nowSeconds }],
    ["exp as text", { exp: String(nowSeconds + 60) }],
    ["an exp that no date can hold", { exp: -1e300 }],
    ["a life of more than 24 h", { exp: nowSeconds + 24 * 3600 + 1 }],
    ["no iat", { iat: undefined }],
    ["iat 61 s in the future", { iat: nowSeconds + 61 }],
    ["nbf in the future", { nbf: nowSeconds + 600 }],
    ["no sub", { sub: undefined }],
    ["a sub with a key's delimiter", { sub: "u1#WALLET" }],
    ["an empty sub", { sub: "" }],
    ["a sub that is too long", { sub: "a".repeat(65) }],
    ["a numeric sub", { sub: 7 }],
    ["no issuer", { iss: undefined }],
    ["another issuer", { iss: `${issuer}/` }],
    ["neither aud nor client_id", { aud: undefined }],
    ["another audience", { aud: "other" }],
    ["our client_id but another audience", { aud: "other", client_id: "ovation" }],
  ])("has %s", async (_, claims) => {
    expect(await verifyToken(await sign({ ...good, ...claims }), now)).toBeUndefined();
  });

  test("has an unknown critical extension", async () => {
    const token = await sign(good, { crit: ["made"], made: 1 });
    expect(await verifyToken(token, now)).toBeUndefined();
  });

  test("is signed by another key under a known kid", async () => {
    const token = await sign(good, {}, foreign.privateKey);
    expect(await verifyToken(token, now)).toBeUndefined();
  });

  test("is signed with the public key as a secret, or not at all", async () => {
    const pem = await jose.exportSPKI(pair.publicKey);
    const payload = new TextEncoder().encode(JSON.stringify(good));
    const hs256 = await new jose.CompactSign(payload)
      .setProtectedHeader({ alg: "HS256", kid: "k1" })
      .sign(new TextEncoder().encode(pem));
    const none = new jose.UnsecuredJWT(good).encode();
    const [head, body, signature] = (await sign(good)).split(".") as [string, string, string];
    const tokens = [
      hs256,
      none,
      `${head}.${body}.`,
      `${head}.${body}`,
      `${head}.${body}.${signature}.x`,
      ` ${head}.${body}.${signature}`,
      "",
      "a.b.c",
    ];
    for (const token of tokens) expect(await verifyToken(token, now)).toBeUndefined();
  });

  test("is longer than a token may be", async () => {
    const token = await sign({ ...good, filler: "x".repeat(8000) });
    expect(await verifyToken(token, now)).toBeUndefined();
  });

  test("with a made-up kid costs the issuer at most one request in ten seconds", async () => {
    const later = new Date(now.getTime() + 11_000);
    const before = fetches;
    for (let i = 0; i < 50; i++)
      expect(await verifyToken(await sign(good, { kid: `no-${i}` }), later)).toBeUndefined();
    expect(fetches - before).toBe(1);
  });

  test("costs no more while the issuer is down, and known keys still count", async () => {
    await new Promise((done) => server.close(done));
    const later = new Date(now.getTime() + 40 * 60_000);
    for (let i = 0; i < 20; i++)
      await expect(verifyToken(await sign(good, { kid: `no-${i}` }), later)).rejects.toThrow(
        "keys",
      );
    expect(await verifyToken(await sign(good), later)).toMatchObject({ userId: good.sub });
  });
});
