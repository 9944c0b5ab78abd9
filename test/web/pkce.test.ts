import {
  authorizationUrl,
  beginPending,
  checkIdToken,
  claimsOf,
  codeIn,
  groupsIn,
  type Issuer,
  type Pending,
} from "../../web/console/pkce.ts";

const issuer: Issuer = {
  issuer: "https://id.test",
  clientId: "console",
  authorizationEndpoint: "https://id.test/authorize?tenant=1",
  scope: "openid profile",
  groupsClaim: "groups",
};
const pending: Pending = {
  state: "the-state",
  nonce: "the-nonce",
  verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
  redirectUri: "https://ovation.test/console",
};

const tokenOf = (claims: object) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.sig`;
const good = { sub: "ann", exp: 2_000_000_000, iss: issuer.issuer, aud: "console" };

test("the challenge is that of RFC 7636, appendix B, and keeps the endpoint's own query", async () => {
  const { searchParams: query } = new URL(await authorizationUrl(issuer, pending));
  expect(query.get("code_challenge")).toBe("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  expect(Object.fromEntries(query)).toMatchObject({
    tenant: "1",
    response_type: "code",
    code_challenge_method: "S256",
    state: "the-state",
    nonce: "the-nonce",
    redirect_uri: pending.redirectUri,
    client_id: "console",
  });
  expect([...query.keys()]).not.toContain("code_verifier");
});

test("each sign-in has its own secrets, of the verifier's length", () => {
  const [one, other] = [beginPending("x"), beginPending("x")];
  const secrets = [one, other].flatMap(({ state, nonce, verifier }) => [state, nonce, verifier]);
  expect(new Set(secrets).size).toBe(6);
  for (const secret of secrets) expect(secret).toMatch(/^[\w-]{43}$/);
});

test("a code is accepted only with the state that was sent, and once", () => {
  const read = (query: string, asked: Pending | undefined = pending) =>
    codeIn(new URLSearchParams(query), asked);
  expect(read("code=c&state=the-state")).toBe("c");
  expect(read("view=users")).toBeUndefined();
  expect(read("view=users&state=x")).toBeUndefined();
  expect(() => read("code=c&state=another")).toThrow("not started in this tab");
  expect(() => codeIn(new URLSearchParams("code=c&state=the-state"), undefined)).toThrow(
    "not started in this tab",
  );
  expect(() => read("error=access_denied&error_description=No&state=the-state")).toThrow(
    "Sign-in failed: No",
  );
});

test.each<[string, object, RegExp]>([
  ["another nonce", { nonce: "other" }, /another sign-in/],
  ["no nonce", { nonce: undefined }, /another sign-in/],
  ["another issuer", { iss: "https://evil.test" }, /another issuer/],
  ["another audience", { aud: ["shop"] }, /another application/],
])("an ID token with %s is rejected", (_, wrong, says) => {
  const token = tokenOf({ ...good, nonce: "the-nonce", ...wrong });
  expect(() => checkIdToken(token, issuer, pending)).toThrow(says);
});

test("a matching ID token is accepted, whatever form its audience has", () => {
  for (const aud of ["console", ["shop", "console"]])
    expect(checkIdToken(tokenOf({ ...good, aud, nonce: "the-nonce" }), issuer, pending).sub).toBe(
      "ann",
    );
  expect(() => checkIdToken("no token", issuer, pending)).toThrow("token cannot be read");
});

test("names in any script are read from a token, and groups in any form", () => {
  expect(claimsOf(tokenOf({ ...good, given_name: "Ayşe 小雨" }))?.given_name).toBe("Ayşe 小雨");
  const groupsOf = (groups: unknown) => groupsIn({ sub: "a", exp: 1, groups }, "groups");
  expect(groupsOf(["admin", "x"])).toEqual(["admin", "x"]);
  expect(groupsOf("admin, x")).toEqual(["admin", "x"]);
  expect(groupsOf(undefined)).toEqual([]);
  for (const nonsense of ["", "a.b.c", "a..c", tokenOf({ sub: 1 })])
    expect(claimsOf(nonsense)).toBeUndefined();
});
