import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import * as jose from "jose";
import { listen } from "../../local/reachable.ts";
import { verifyToken } from "../../platform/auth/token.ts";

/** An issuer whose subjects (`auth0|…`) are not user ids: a separate claim has the id. */
const subjectClaim = "https://example.com/user";
const issuer = "https://issuer.example.com";
let server: Server;
let pair: jose.GenerateKeyPairResult;

beforeAll(async () => {
  pair = await jose.generateKeyPair("RS256", { extractable: true });
  const key = { ...(await jose.exportJWK(pair.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
  server = createServer((_, answer) => answer.end(JSON.stringify({ keys: [key] })));
  const port = await listen(server);
  Object.assign(process.env, {
    ISSUER: issuer,
    AUDIENCE: "ovation",
    GROUPS_CLAIM: "https://example.com/roles",
    SUBJECT_CLAIM: subjectClaim,
    ROLE_SCOPES: "service=service",
    JWKS_URI: `http://127.0.0.1:${port}/jwks.json`,
    LOCAL: "on",
  });
});
afterAll(() => {
  server.close();
});

const verify = async (claims: Record<string, unknown>) => {
  const signer = new jose.SignJWT({ sub: "auth0|64d15f9e2e6c8f4d5a123456", ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .setIssuer(issuer)
    .setAudience("ovation")
    .setIssuedAt()
    .setExpirationTime("1h");
  return verifyToken(await signer.sign(pair.privateKey), new Date());
};

test("the stage's configured claim is the user id, with the roles of another claim", async () => {
  const said = { [subjectClaim]: "ann", "https://example.com/roles": ["admin"] };
  expect(await verify(said)).toMatchObject({ userId: "ann", roles: ["admin"] });
});

test.each([undefined, "", "a|b", 7])(
  "a token whose configured claim is %p is invalid, whatever its `sub`",
  async (name) => {
    expect(await verify({ [subjectClaim]: name })).toBeUndefined();
    expect(await verify({ [subjectClaim]: name, sub: "ann" })).toBeUndefined();
  },
);

test("a machine's id is its client, whatever the configured claim says", async () => {
  const machine = { sub: "backend@clients", azp: "backend", scope: "read service" };
  expect(await verify({ ...machine, [subjectClaim]: "ann" })).toMatchObject({
    userId: "backend",
    roles: ["service"],
  });
});
