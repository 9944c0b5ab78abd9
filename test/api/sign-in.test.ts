import { createHash, randomBytes } from "node:crypto";
import { testHere } from "./elsewhere.ts";
import { apiUrl, call, expectFailure, person, sentences } from "./people.ts";

const settings = async () => (await call("GET /api/v1/sign-in")).body.data;
const verifierOf = () => randomBytes(32).toString("base64url");
const redirectUri = () => `${apiUrl()}/console`;
const redeem = (body: unknown) => call("POST /api/v1/sign-in", { body });

/** An issuer's code for a user, as in the browser's redirect; undefined without one. */
async function codeFor(verifier: string, more: Record<string, string> = {}) {
  const { authorizationEndpoint, clientId, scope } = await settings();
  const url = new URL(authorizationEndpoint);
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const asked = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri(),
    scope,
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...more,
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  const answer = await fetch(url, { redirect: "manual" });
  expect(answer.status).toBe(302);
  return new URL(answer.headers.get("location")!).searchParams;
}

/** Deployed stages have their own issuers, which require a password. */
const localTest = testHere("a stage's own issuer requires a password");

test("the sign-in settings are public", async () => {
  const { status, body } = await call("GET /api/v1/sign-in");
  expect(status).toBe(200);
  expect(body.data).toEqual({
    issuer: expect.stringMatching(/^https?:/),
    clientId: expect.any(String),
    authorizationEndpoint: body.data.authorizationEndpoint && expect.stringMatching(/^https?:/),
    scope: expect.stringContaining("openid"),
    groupsClaim: expect.any(String),
  });
});

localTest(
  "a code with its verifier is redeemed for this user's token, with the page's nonce",
  async () => {
    const verifier = verifierOf();
    const { id } = await person();
    const back = await codeFor(verifier, { login_hint: id, state: "there & back", nonce: "n-1" });
    expect(back.get("state")).toBe("there & back");
    const body = { code: back.get("code"), codeVerifier: verifier, redirectUri: redirectUri() };
    const { status, body: said } = await redeem(body);
    expect(status).toBe(200);
    const { token, expiresIn } = said.data;
    expect(expiresIn).toBe(3600);
    const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
    const { clientId, issuer } = await settings();
    expect(claims).toMatchObject({ sub: id, nonce: "n-1", aud: clientId, iss: issuer });
    const me = await call("GET /api/v1/users/me", { as: { id, token } });
    expect(me.status).toBe(200);
    // A code is valid once.
    expectFailure(await redeem(body), 409, sentences[409]);
  },
);

localTest("a code is useless without its own verifier and page", async () => {
  for (const wrong of [
    { codeVerifier: verifierOf() },
    { redirectUri: "http://127.0.0.1:1/console" },
    { code: "invented" },
  ]) {
    const codeVerifier = verifierOf();
    const code = (await codeFor(codeVerifier)).get("code");
    const answer = await redeem({ code, codeVerifier, redirectUri: redirectUri(), ...wrong });
    expectFailure(answer, 409, sentences[409]);
    expect(answer.headers.get("x-error-code")).toBe("sign_in_failed");
  }
});

localTest("the local issuer only redirects codes to pages of this machine", async () => {
  const { authorizationEndpoint, clientId } = await settings();
  const challenge = "a".repeat(43);
  const given = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri(),
    code_challenge: challenge,
    code_challenge_method: "S256",
  };
  for (const wrong of [
    { redirect_uri: "https://elsewhere.example/console" },
    { redirect_uri: "http://127.0.0.1.elsewhere.example/" },
    { redirect_uri: "javascript:alert(1)" },
    { client_id: "another" },
    { code_challenge_method: "plain" },
    { response_type: "token" },
  ]) {
    const query = new URLSearchParams({ ...given, ...wrong });
    const answer = await fetch(`${authorizationEndpoint}?${query}`, { redirect: "manual" });
    expect([wrong, answer.status]).toEqual([wrong, 400]);
  }
});

test("an invalid code is a 400 that names the field", async () => {
  const codeVerifier = verifierOf();
  const good = { code: "c", codeVerifier, redirectUri: redirectUri() };
  for (const [name, value] of [
    ["code", ""],
    ["code", "c".repeat(2049)],
    ["codeVerifier", "short"],
    ["redirectUri", "javascript:alert(1)"],
    ["redirectUri", undefined],
  ] as const) {
    const answer = await redeem({ ...good, [name]: value });
    expectFailure(answer, 400, sentences[400]);
    expect(answer.body.errors[1]).toMatch(new RegExp(`^${name}: `));
  }
});

/** A token for a back end itself, whose subject is its client (RFC 9068, 2.2). */
const machine = (scope?: string) => {
  const id = `backend-${randomBytes(6).toString("hex")}`;
  const claims = { client_id: id, token_use: "access", ...(scope !== undefined && { scope }) };
  return person({ id, claims });
};

test("a back end's token gets the service role only from its scope, and never the admin role", async () => {
  const someone = await person();
  await call("GET /api/v1/wallet", { as: someone });
  const read = `GET /api/v1/wallets/${someone.id}`;
  const backend = await machine("openid ovation/service");
  expect((await call(read, { as: backend })).status).toBe(200);
  for (const scope of [undefined, "service", "ovation/services"])
    expectFailure(await call(read, { as: await machine(scope) }), 403, sentences[403]);
  const revoke = "POST /api/v1/revocations";
  const asked = await call(revoke, { as: backend, body: { sub: someone.id } });
  expectFailure(asked, 403, sentences[403]);
});

test("a user's token gets no role from a scope that an application requested", async () => {
  const asked = { scope: "ovation/service", azp: "some-app", client_id: "some-app" };
  const someone = await person({ claims: asked });
  const answer = await call(`GET /api/v1/wallets/${someone.id}`, { as: someone });
  expectFailure(answer, 403, sentences[403]);
});
