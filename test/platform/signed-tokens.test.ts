import { KeyObject, sign } from "node:crypto";
import { expect, test } from "@jest/globals";
import * as jose from "jose";
import { verifyToken } from "../../platform/auth/token.ts";
import { issuer, useOwnIssuer } from "./own-issuer.ts";

/**
 * Tokens that only the issuer could sign, and tokens that its keys must not verify.
 * test/api/tokens.test.ts has the other attacks on tokens, over HTTP.
 */
const own = useOwnIssuer();
const { tokenOf } = own;

/** The token's user, "nobody" if it is invalid, or "unknown" if it cannot be checked now. */
const verdictOf = (token: string, at = new Date()) =>
  verifyToken(token, at).then(
    (caller) => caller?.userId ?? "nobody",
    (error: Error) => (error.name === "KeysUnavailable" ? "unknown" : error.message),
  );

const minutes = (count: number) => Math.floor(Date.now() / 1000) + 60 * count;

/** A token signed by the issuer whose claims, or header, are whatever they are. */
function signed(claims: string | Uint8Array, header: Record<string, unknown> = {}) {
  const bytes = typeof claims === "string" ? new TextEncoder().encode(claims) : claims;
  return new jose.CompactSign(bytes)
    .setProtectedHeader({ alg: "RS256", kid: "k1", ...header })
    .sign(own.pair.privateKey, { crit: { "https://example.com/x": false, b64: true } });
}

const claimsOf = (more: string) =>
  `{"iss":"${issuer}","aud":"ovation","iat":${minutes(-1)},"exp":${minutes(60)},"jti":"j",${more}}`;

test("the last of a token's two `sub` claims counts, everywhere", async () => {
  const token = await signed(claimsOf('"sub":"u1","sub":"u2"'));
  expect(await verifyToken(token, new Date())).toMatchObject({ userId: "u2" });
});

test("claims named like prototypes change nothing and give nothing", async () => {
  const token = await signed(
    claimsOf('"sub":"u1","__proto__":{"cognito:groups":["admin"]},"constructor":{"prototype":1}'),
  );
  expect(await verifyToken(token, new Date())).toMatchObject({ userId: "u1", roles: [] });
  expect(({} as Record<string, unknown>)["cognito:groups"]).toBeUndefined();
});

test("a header with unknown critical extensions is refused, even if the issuer signed it", async () => {
  const claims = claimsOf('"sub":"u1"');
  expect(await verdictOf(await signed(claims))).toBe("u1");
  const crit = ["https://example.com/x"];
  expect(await verdictOf(await signed(claims, { crit, "https://example.com/x": 1 }))).toBe(
    "nobody",
  );
  expect(await verdictOf(await signed(claims, { crit: ["b64"], b64: true }))).toBe("nobody");
});

test.each([
  [
    "no UTF-8",
    Buffer.concat([Buffer.from('{"sub":"u'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
  ],
  ["nested a thousand deep", "[".repeat(1_000) + "]".repeat(1_000)],
  ["text", '"u1"'],
  ["nothing", ""],
])("claims that are %s are refused, though the issuer signed them", async (_, claims) => {
  expect(await verdictOf(await signed(claims))).toBe("nobody");
});

test("a subject in bytes that are not UTF-8 is refused", async () => {
  const [before, after] = claimsOf('"sub":"u?"').split("?");
  const token = await signed(
    Buffer.concat([Buffer.from(before!), Buffer.from([0xff]), Buffer.from(after!)]),
  );
  expect(await verdictOf(token)).toBe("nobody");
});

test("a token beyond 8 KB is refused unread", async () => {
  expect(await verdictOf(await signed(claimsOf(`"sub":"u1","x":"${"x".repeat(6_000)}"`)))).toBe(
    "nobody",
  );
});

test("another spelling of a signature is refused or is the same token, by its id", async () => {
  const token = await tokenOf("u1");
  for (const spelling of [`${token}==`, `${token}=`]) {
    const caller = await verifyToken(spelling, new Date());
    expect([undefined, "u1"]).toContain(caller?.tokenId);
  }
});

test("keys for other uses, secret keys, and keys without an algorithm verify nothing else", async () => {
  const secret = Buffer.from("a secret that stands in the open, of 32 bytes");
  const publicKey = await jose.exportJWK(own.pair.publicKey);
  own.odd = [
    { kty: "oct", kid: "oct", k: secret.toString("base64url"), alg: "HS256", use: "sig" },
    { ...publicKey, kid: "enc", alg: "RS256", use: "enc" },
    { ...publicKey, kid: "bare" },
  ];
  const claims = new TextEncoder().encode(claimsOf('"sub":"u1"'));
  const at = new Date(Date.now() + 20_000);
  const hmac = await new jose.CompactSign(claims)
    .setProtectedHeader({ alg: "HS256", kid: "oct" })
    .sign(secret);
  const one = await signed(claims, { kid: "bare" });
  expect(await verifyToken(hmac, at)).toBeUndefined();
  expect(await verifyToken(await signed(claims, { kid: "enc" }), at)).toBeUndefined();
  expect(await verifyToken(one, at)).toMatchObject({ userId: "u1" });
  // An elliptic algorithm with an RSA signature, and a hash that is not allowed.
  const [, body] = one.split(".");
  const head = Buffer.from('{"alg":"ES256","kid":"bare"}').toString("base64url");
  const signature = sign(
    "sha256",
    Buffer.from(`${head}.${body}`),
    KeyObject.from(own.pair.privateKey as jose.CryptoKey),
  );
  expect(
    await verifyToken(`${head}.${body}.${signature.toString("base64url")}`, at),
  ).toBeUndefined();
  own.odd = [];
});

test.each(["up", "down"])(
  "a thousand tokens with unknown keys, while the issuer is %s, cost one fetch, and good ones pass",
  async (state) => {
    own.published = ["k1"];
    const start = Date.now() + (state === "up" ? 100_000 : 200_000);
    const good = await tokenOf("u1");
    expect(await verifyToken(good, new Date(start))).toMatchObject({ userId: "u1" });
    own.isDown = state === "down";
    const before = own.fetches;
    const [head, body, signature] = good.split(".") as [string, string, string];
    const claims = JSON.parse(Buffer.from(head, "base64url").toString());
    for (let n = 0; n < 1_000; n++) {
      const forged = Buffer.from(JSON.stringify({ ...claims, kid: `k${n}?` })).toString(
        "base64url",
      );
      const verdict = await verdictOf(`${forged}.${body}.${signature}`, new Date(start + n));
      expect(["nobody", "unknown"]).toContain(verdict);
    }
    expect(own.fetches - before).toBe(1);
    expect(await verifyToken(good, new Date(start + 1_000))).toMatchObject({ userId: "u1" });
    own.isDown = false;
  },
);
