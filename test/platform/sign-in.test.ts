import { createServer, type Server } from "node:http";
import { handler as signIn } from "../../functions/people/users/sign-in.ts";
import { listen } from "../../local/reachable.ts";
import { findMetadata, redeemCode } from "../../platform/auth/sign-in.ts";
import { callEndpoint } from "./api-call.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();

/** An issuer of the test's own, over real HTTP; each test says what it answers. */
type Answer = { status?: number; body: unknown };
let server: Server;
let url = "";
let answers: Record<string, Answer>;
let posted: URLSearchParams | undefined;
let posts = 0;
/** Called before the issuer answers a POST. */
let onPost = async () => {};

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    if (request.method === "POST") {
      posted = new URLSearchParams(text);
      posts += 1;
      await onPost();
    }
    const { status = 200, body } = answers[request.url ?? ""] ?? { status: 404, body: {} };
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  url = `http://127.0.0.1:${await listen(server)}`;
  Object.assign(process.env, { ISSUER: url, AUDIENCE: "console,app", LOCAL: "on" });
});
afterAll(() => new Promise((done) => server.close(done)));

const metadataPath = "/.well-known/openid-configuration";
let minutes = 0;
/** A moment at which nothing that was read before is still known. */
const later = () => new Date(1_800_000_000_000 + ++minutes * 11 * 60_000);
const metadata = () => ({
  issuer: url,
  authorization_endpoint: `${url}/authorize`,
  token_endpoint: `${url}/token`,
});
const code = { code: "c", codeVerifier: "v".repeat(43), redirectUri: `${url}/console` };

beforeEach(() => {
  posted = undefined;
  answers = { [metadataPath]: { body: metadata() } };
});

test("a code is redeemed as a public client, with its verifier", async () => {
  answers["/token"] = { body: { id_token: "a.b.c", expires_in: 900 } };
  expect(await redeemCode(code, later())).toEqual({ token: "a.b.c", expiresIn: 900 });
  expect(Object.fromEntries(posted!)).toEqual({
    grant_type: "authorization_code",
    client_id: "console",
    code: "c",
    code_verifier: code.codeVerifier,
    redirect_uri: code.redirectUri,
  });
});

test.each([[-1], ["soon"], [undefined]])(
  "a token whose lifetime the issuer gives as %s is used for an hour",
  async (expires_in) => {
    answers["/token"] = { body: { id_token: "a.b.c", expires_in } };
    expect(await redeemCode(code, later())).toEqual({ token: "a.b.c", expiresIn: 3600 });
  },
);

test("the lifetime is that of the ID token, not that of the access token", async () => {
  const claims = JSON.stringify({ iat: 1_800_000_000, exp: 1_800_036_000 });
  const id_token = `a.${Buffer.from(claims).toString("base64url")}.c`;
  answers["/token"] = { body: { id_token, access_token: "x", expires_in: 86_400 } };
  expect(await redeemCode(code, later())).toEqual({ token: id_token, expiresIn: 36_000 });
});

test("the issuer's metadata is read once in ten minutes", async () => {
  const now = later();
  await findMetadata(now);
  answers = {};
  const soon = new Date(now.getTime() + 9 * 60_000);
  expect(await findMetadata(soon)).toMatchObject({ token_endpoint: `${url}/token` });
});

test("the issuer's metadata is read again after the clock was set back", async () => {
  const now = later();
  await findMetadata(now);
  const token_endpoint = `${url}/other`;
  answers[metadataPath] = { body: { ...metadata(), token_endpoint } };
  const before = new Date(now.getTime() - 3600_000);
  expect(await findMetadata(before)).toMatchObject({ token_endpoint });
});

test.each<[string, Answer]>([
  ["no metadata", { status: 404, body: "nothing" }],
  ["what is no JSON", { body: "<html>" }],
])("an issuer with %s is asked again after half a minute, not at each call", async (_, answer) => {
  const now = later();
  answers[metadataPath] = answer;
  expect(await findMetadata(now)).toEqual({});
  answers[metadataPath] = { body: metadata() };
  expect(await findMetadata(new Date(now.getTime() + 29_000))).toEqual({});
  const { token_endpoint } = metadata();
  expect(await findMetadata(new Date(now.getTime() + 31_000))).toMatchObject({ token_endpoint });
});

test.each<[string, () => Answer]>([
  ["another issuer's metadata", () => ({ body: { ...metadata(), issuer: "https://evil.test" } })],
  ["no metadata", () => ({ status: 404, body: "nothing" })],
  ["what is no JSON", () => ({ body: "<html>" })],
  ["no endpoints", () => ({ body: { issuer: url } })],
])("with %s sign-in is refused as unavailable", async (_, answer) => {
  answers[metadataPath] = answer();
  expect((await findMetadata(later())).authorization_endpoint).toBeUndefined();
  await expect(redeemCode(code, later())).rejects.toMatchObject({ code: "sign_in_unavailable" });
  expect(posted).toBeUndefined();
});

test.each<[string, Answer, string, RegExp]>([
  ["a refusal", { status: 400, body: { error: "invalid_grant" } }, "sign_in_failed", /invalid_gr/],
  ["no ID token", { body: { access_token: "x" } }, "sign_in_failed", /no ID token/],
  ["what is no JSON", { body: "<html>" }, "sign_in_failed", /no ID token/],
  [
    "a very long reason",
    { status: 401, body: { error_description: `\u0007${"x".repeat(9_000)}` } },
    "sign_in_failed",
    /^code: the issuer responded: {2}x{199}$/,
  ],
])("%s is a refusal of ours, with the issuer's reason", async (_, answer, name, says) => {
  answers["/token"] = answer;
  const refused = await redeemCode(code, later()).catch((error) => error);
  expect(refused).toMatchObject({ code: name });
  expect(refused.details[0]).toMatch(says);
});

test("an unavailable issuer is 503, not a refusal", async () => {
  answers["/token"] = { status: 502, body: {} };
  await expect(redeemCode(code, later())).rejects.toMatchObject({ code: "unavailable" });
  answers["/token"] = { body: "x".repeat(70_000) };
  await expect(redeemCode(code, later())).rejects.toMatchObject({ code: "unavailable" });
  // Too many calls are no answer either: what it said before is asked for again.
  for (const status of [500, 429]) {
    answers[metadataPath] = { status, body: {} };
    await expect(redeemCode(code, later())).rejects.toMatchObject({ code: "unavailable" });
  }
});

test("one of two concurrent sign-ins with one key redeems the code, and the other is refused", async () => {
  answers["/token"] = { body: { id_token: "a.b.c", expires_in: 900 } };
  await findMetadata(later());
  const before = posts;
  const body = { ...code, redirectUri: `${url}/console` };
  const call = () => callEndpoint(signIn, { as: "", body, key: "sign-in-1" });
  let second: Awaited<ReturnType<typeof call>> | undefined;
  onPost = async () => {
    onPost = async () => {};
    second = await call();
  };
  expect(await call()).toMatchObject({ status: 200 });
  expect(second).toMatchObject({ status: 409, headers: { "x-error-code": "key_in_progress" } });
  expect(posts - before).toBe(1);
});
