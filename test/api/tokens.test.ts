import { type Forged, forgedTokens, goodTokens } from "./forged.ts";
import {
  beforeExpiry,
  call,
  expectFailure,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  rawRequest,
  sentences,
  topUp,
} from "./people.ts";
import { open, refusedHandshake, wsUrl } from "./viewer.ts";

/**
 * The forged tokens against a route that reads, one that pays, and one that is optional.
 */
let giftTypeId: string;
let streamId: string;
let good: Person;
let forged: Forged[];
beforeAll(async () => {
  good = await person();
  await call(readRoute, { as: good });
  [giftTypeId, { id: streamId }, forged] = await Promise.all([
    giftType(3),
    liveStream(),
    forgedTokens(good.token),
  ]);
});

const readRoute = "GET /api/v1/wallet";
const optionalRoute = () => `GET /api/v1/live-stream/user/${good.id}/past-streams`;
const pay = (as: Person) =>
  call("POST /api/v1/gifts/create", { as, body: { giftTypeId, liveStreamId: streamId } });

const withoutTime = (text: string) => text.replace(/"timestamp":"[^"]+"/, '"timestamp":""');

test("every forged token is refused on every route, with identical responses", async () => {
  const bodies = new Set<string>();
  const wrong: string[] = [];
  for (const { what, token } of forged) {
    const as = { id: "nobody", token };
    for (const answer of [
      await call(readRoute, { as }),
      await call(optionalRoute(), { as }),
      await pay(as),
    ]) {
      bodies.add(withoutTime(answer.text));
      if (answer.status !== 401) wrong.push(`${what}: ${answer.status} ${answer.text}`);
    }
  }
  bodies.add(withoutTime((await call(readRoute)).text));
  expect(wrong).toEqual([]);
  expect([...bodies]).toEqual([
    '{"isSuccess":false,"statusCode":401,"data":null,"errors":["Authentication required"],"timestamp":"","code":"token_invalid"}',
  ]);
});

test("every forged token is refused at the handshake, in the query and as subprotocol", async () => {
  const wrong: string[] = [];
  for (const { what, token } of forged) {
    const inQuery = `${wsUrl()}?${new URLSearchParams({ token })}`;
    const statuses = [await refusedHandshake(inQuery).catch(String)];
    // Text that is no HTTP token cannot be a subprotocol: the client itself would not send it.
    if (/^[\w.-]+$/.test(token))
      statuses.push(await refusedHandshake(wsUrl(), ["bearer", token]).catch(String));
    if (statuses.some((status) => status !== 401)) wrong.push(`${what}: ${statuses.join()}`);
  }
  expect(wrong).toEqual([]);
});

test("valid tokens of every form are accepted everywhere, and give only their own roles", async () => {
  for (const as of await goodTokens()) {
    await topUp(as, 3);
    expect([as.what, (await call(readRoute, { as })).status]).toEqual([as.what, 200]);
    expect([as.what, (await call(optionalRoute(), { as })).status]).toEqual([as.what, 200]);
    expect([as.what, (await pay(as)).status]).toEqual([as.what, 201]);
    const body = { amount: 1, reference: freshId() };
    const raised = await call(`POST /api/v1/wallets/${as.id}/top-ups`, {
      as,
      body,
      key: freshId(),
    });
    expectFailure(raised, 403, sentences[403]);
    const socket = await open(`${wsUrl()}?token=${as.token}`);
    socket.close();
  }
  expect((await call(optionalRoute())).status).toBe(200);
});

test("the scheme's case does not matter; other schemes and odd spellings are 401", async () => {
  const status = async (authorization: string) =>
    (await call(readRoute, { headers: { authorization } })).status;
  for (const scheme of ["Bearer", "bearer", "BEARER", "bEaReR"])
    expect([scheme, await status(`${scheme} ${good.token}`)]).toEqual([scheme, 200]);
  for (const authorization of [
    good.token,
    "Bearer",
    "Bearer ",
    `Basic ${good.token}`,
    `Bearer${good.token}`,
    `Bearer Bearer ${good.token}`,
    `Bearer ${good.token} x`,
    `Bearer: ${good.token}`,
    `Token ${good.token}`,
  ])
    expect([authorization, await status(authorization)]).toEqual([authorization, 401]);
});

test("over HTTP a token counts in its header only: not in the query, a cookie or the body", async () => {
  const { token } = good;
  for (const answer of [
    await call(`${readRoute}?token=${token}&access_token=${token}`),
    await call(readRoute, { headers: { cookie: `token=${token}; access_token=${token}` } }),
    await call("PUT /api/v1/users/me", { body: { token, access_token: token, name: "x" } }),
    await call(readRoute, { headers: { "x-user-id": good.id, "x-forwarded-user": good.id } }),
  ])
    expectFailure(answer, 401, sentences[401]);
});

test("two Authorization headers are refused, whichever is valid", async () => {
  const bearer = `Bearer ${good.token}`;
  for (const pair of [
    [bearer, "Bearer a.b.c"],
    ["Bearer a.b.c", bearer],
    [bearer, bearer],
  ]) {
    const answer = await new Promise<number | undefined>((done, failed) => {
      const sent = rawRequest("/api/v1/wallet").once("response", (got) => {
        got.resume();
        done(got.statusCode);
      });
      sent.setHeader("authorization", pair);
      sent.on("error", failed);
      sent.end();
    });
    expect([pair, answer]).toEqual([pair, 401]);
  }
});

test("only the token decides who the caller is, never the body", async () => {
  const [as, other] = [await person(), await person()];
  await topUp(other, 10);
  const body = { giftTypeId, liveStreamId: streamId, userId: other.id, senderId: other.id };
  const answer = await call("POST /api/v1/gifts/create", { as, body });
  expectFailure(answer, 409, sentences[409]);
  expect((await call(readRoute, { as: other })).body.data.balance).toBe(10);
});

test("an expired token is refused from the second at which it expires", async () => {
  const { as, expiresAt } = await beforeExpiry(5, async (short) =>
    expect((await call(readRoute, { as: short })).status).toBe(200),
  );
  await new Promise((done) => setTimeout(done, expiresAt + 100 - Date.now()));
  expectFailure(await call(readRoute, { as }), 401, sentences[401]);
  expectFailure(await call(optionalRoute(), { as }), 401, sentences[401]);
});

test("hostile claims produce a harmless profile or none", async () => {
  for (const hostile of [
    "\u0000",
    "a\u0000b\u0007",
    "\ud800",
    "x".repeat(490),
    "😀".repeat(200),
    "<script>alert(1)</script>",
    "__proto__",
    "#",
    5,
    ["x"],
    { $gt: "" },
    true,
    "",
    "   ",
  ]) {
    const claims = {
      preferred_username: hostile,
      given_name: hostile,
      family_name: hostile,
      picture: hostile,
    };
    const as = await person({ claims });
    const me = await call("GET /api/v1/users/me", { as });
    expect({ hostile, status: me.status }).toEqual({ hostile, status: 200 });
    const { username, name, surname, profilePhoto } = me.body.data;
    for (const shown of [username, name, surname]) {
      expect(shown.isWellFormed()).toBe(true);
      expect([...shown].length).toBeLessThanOrEqual(100);
      expect(shown).not.toMatch(/\p{Cc}/u);
    }
    expect(profilePhoto.url).toMatch(/^https:/);
    const said = await call(`POST /api/v1/live-stream/${streamId}/chat/messages`, {
      as,
      body: { content: "hello" },
    });
    expect({ hostile, status: said.status }).toEqual({ hostile, status: 201 });
  }
});
