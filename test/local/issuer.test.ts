import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import type { RestRequest } from "../../local/gateway/rest-request.ts";
import { createRunnerRoutes } from "../../local/gateway/runner-routes.ts";
import type { Issuer } from "../../local/issuer.ts";
import { createIssuer } from "../../local/issuer.ts";

const directory = mkdtempSync(join(tmpdir(), "issuer-"));
const url = "http://127.0.0.1:4000/local/issuer";
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function ask(issuer: Issuer, method: string, path: string, body?: unknown) {
  const routes = createRunnerRoutes();
  routes.add(...issuer.routes);
  const request: RestRequest = {
    method,
    path,
    query: "",
    headers: [],
    body: Buffer.from(typeof body === "string" ? body : body ? JSON.stringify(body) : ""),
    sourceIp: "127.0.0.1",
    protocol: "HTTP/1.1",
    receivedMilliseconds: Date.now(),
  };
  const answer = await routes.answer(request);
  if (answer === undefined) throw new Error(`${path} is no route of the runner.`);
  return { status: answer.statusCode, body: JSON.parse(answer.body.toString()) };
}

test("tokens verify with the published keys, even after a restart", async () => {
  const first = await createIssuer({ url, directory });
  const { token } = await first.sign({ sub: "u1", groups: ["admin"] });
  const second = await createIssuer({ url, directory });
  const { body } = await ask(second, "GET", "/local/issuer/.well-known/jwks.json");
  expect(body.keys).toEqual([
    {
      kty: "RSA",
      n: expect.any(String),
      e: "AQAB",
      kid: expect.any(String),
      alg: "RS256",
      use: "sig",
    },
  ]);
  const { payload } = await jwtVerify(token, createLocalJWKSet(body), {
    issuer: url,
    audience: "ovation",
  });
  expect(payload).toMatchObject({ sub: "u1", token_use: "id", "cognito:groups": ["admin"] });
  expect(payload.exp).toBe((payload.iat ?? 0) + 3600);
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: "RS256", kid: body.keys[0].kid });
});

test.each(["", '{"kty":"RSA"'])("a key of which '%s' was written is made again", async (text) => {
  const own = mkdtempSync(join(directory, "own-"));
  writeFileSync(join(own, "issuer-key.json"), text);
  const { routes } = await createIssuer({ url, directory: own });
  expect(routes).not.toEqual([]);
});

test("discovery shows the issuer and its keys", async () => {
  const issuer = await createIssuer({ url });
  const { body } = await ask(issuer, "GET", "/local/issuer/.well-known/openid-configuration");
  expect(body).toMatchObject({ issuer: issuer.url, jwks_uri: issuer.jwksUrl });
});

test("claims override and remove, and a lifetime may be negative", async () => {
  const issuer = await createIssuer({ url });
  const { status, body } = await ask(issuer, "POST", "/local/token", {
    sub: "u1",
    claims: { iss: "https://other", exp: null, given_name: "Ann" },
    expiresIn: -60,
  });
  expect(status).toBe(201);
  expect(Object.keys(body)).toEqual(["token", "expiresAt"]);
  expect(Date.parse(body.expiresAt)).toBeLessThan(Date.now());
  const payload = decodeJwt(body.token);
  expect(payload).toMatchObject({ iss: "https://other", given_name: "Ann" });
  expect(payload).not.toHaveProperty("exp");
});

test.each<[string, unknown, RegExp]>([
  ["no body", undefined, /^sub: /],
  ["no JSON", "{", /^body: expected JSON/],
  ["an array", [], /^body: /],
  ["a bad sub", { sub: "a b" }, /^sub: expected 1 to 64/],
  ["groups that are no list", { sub: "a", groups: "admin" }, /^groups: /],
  ["claims that are no object", { sub: "a", claims: [] }, /^claims: expected an object/],
  ["claims that are null", { sub: "a", claims: null }, /^claims: /],
  ["a life that is no number", { sub: "a", expiresIn: "1h" }, /^expiresIn: /],
])("%s is 400 with what is wrong", async (_name, body, fault) => {
  const issuer = await createIssuer({ url });
  const answer = await ask(issuer, "POST", "/local/token", body);
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ isSuccess: false, statusCode: 400, data: null });
  expect(answer.body.errors[0]).toBe("Validation failed");
  expect(answer.body.errors[1]).toMatch(fault);
});

test("a back end gets a token for itself, without a name and with the requested scopes", async () => {
  const issuer = await createIssuer({ url });
  const asked = { grant_type: "client_credentials", client_id: "backend", client_secret: "any" };
  const path = "/local/issuer/token";
  const { status, body } = await ask(issuer, "POST", path, { ...asked, scope: "ovation/service" });
  expect([status, body.token_type, body.id_token]).toEqual([200, "Bearer", undefined]);
  expect(decodeJwt(body.access_token)).toMatchObject({
    sub: "backend",
    client_id: "backend",
    scope: "ovation/service",
    "cognito:groups": [],
  });
  for (const wrong of [{ client_id: "a b" }, { client_secret: "" }, { client_id: undefined }])
    expect(await ask(issuer, "POST", path, { ...asked, ...wrong })).toEqual({
      status: 400,
      body: { error: "invalid_request" },
    });
});
