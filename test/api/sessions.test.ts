import {
  admin,
  call,
  eventually,
  expectFailure,
  freshId,
  liveStream,
  type Person,
  person,
  sentences,
  service,
  untilStarted,
} from "./people.ts";
import { ofType, open, refusedHandshake, type Viewer, viewer, watch, wsUrl } from "./viewer.ts";

/** Token times are whole seconds: waits for the next one. */
const nextSecond = () => new Promise((done) => setTimeout(done, 1_100));

const read = (as: Person) => call("GET /api/v1/wallet", { as });
const write = (as: Person) => call("POST /api/v1/live-stream/create", { as, body: { title: "x" } });
const handshake = (as: Person) => `${wsUrl()}?token=${as.token}`;

/** Waits until a token is refused everywhere: calls 10 s later must not be admitted. */
async function expectRefused(as: Person, since: number): Promise<void> {
  for (const ask of [read, write]) {
    const answer = await eventually(
      async () => {
        const isPromised = Date.now() - since >= 10_000;
        const { status, ...rest } = await ask(as);
        if (isPromised) expect(status).toBe(401);
        return { status, ...rest };
      },
      ({ status }) => status === 401,
    );
    expectFailure(answer, 401, sentences[401]);
    expect(answer.body.errors).toEqual([sentences[401]]);
  }
  expect(await refusedHandshake(handshake(as))).toBe(401);
}

/** Expects a socket to be closed with 4503 within 10 s. */
async function expectEnded(socket: Viewer, since: number): Promise<void> {
  const closed = new Promise<void>((done) => {
    if (socket.socket.readyState === socket.socket.CLOSED) done();
    else socket.socket.once("close", () => done());
  });
  expect(await socket.next(ofType("closing"))).toEqual({
    type: "closing",
    code: 4503,
    reason: expect.any(String),
  });
  await closed;
  expect(Date.now() - since).toBeLessThan(10_000);
}

test("signing out takes effect within 10 s on HTTP and sockets, and the user may sign in again", async () => {
  const [{ id }, as, other] = await Promise.all([liveStream(), person(), person()]);
  for (const ask of [read, write]) expect((await ask(as)).status).toBeLessThan(300);
  const leaving = await Promise.all([watch(as, id), viewer(as)]);
  const staying = await watch(other, id);
  const { ticket } = (await call("POST /api/v1/ws-tickets", { as })).body.data;
  const since = Date.now();
  const answer = await call("POST /api/v1/users/me/sign-out", { as });
  expect([answer.status, answer.text]).toEqual([204, ""]);
  await Promise.all([
    expectRefused(as, since),
    ...leaving.map((socket) => expectEnded(socket, since)),
  ]);
  expect(await refusedHandshake(`${wsUrl()}?ticket=${ticket}`)).toBe(401);
  await nextSecond();
  const again = await person({ id: as.id });
  for (const ask of [read, write]) expect((await ask(again)).status).toBeLessThan(300);
  const back = await viewer(again);
  back.send({ action: "ping" });
  await back.next(ofType("pong"));
  staying.send({ action: "ping" });
  await staying.next(ofType("pong"));
  for (const socket of [back, staying]) {
    expect(socket.messages.some(ofType("closing"))).toBe(false);
    socket.close();
  }
  expect((await read(other)).status).toBe(200);
});

test("an admin revokes a user's tokens issued up to a time; later ones and those of others stay valid", async () => {
  const [boss, id] = [await admin(), freshId()];
  const early = await person({ id });
  const [first] = [await viewer(early)];
  await nextSecond();
  const issuedBefore = new Date().toISOString();
  await nextSecond();
  const late = await person({ id });
  const second = await viewer(late);
  expect((await read(early)).status).toBe(200);
  const since = Date.now();
  const body = { sub: id, issuedBefore };
  const made = await call("POST /api/v1/revocations", { as: boss, body, key: "k" });
  expect(made.status).toBe(201);
  expect(made.body.data).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    sub: id,
    issuedBefore,
    at: expect.any(String),
  });
  await Promise.all([expectRefused(early, since), expectEnded(first, since)]);
  expect((await read(late)).status).toBe(200);
  second.send({ action: "ping" });
  await second.next(ofType("pong"));
  const again = await call("POST /api/v1/revocations", { as: boss, body, key: "k" });
  expect([again.status, again.body.data]).toEqual([201, made.body.data]);
  const now = await call("POST /api/v1/revocations", { as: boss, body: { sub: id } });
  expect(now.body.data.issuedBefore).toBe(now.body.data.at);
  await Promise.all([expectRefused(late, Date.now()), expectEnded(second, Date.now())]);
});

test("one token is revoked by its jti, with its sockets and tickets; other tokens stay valid", async () => {
  const [boss, id, jti] = [await admin(), freshId(), `token ${freshId()}`];
  const [stolen, own] = [await person({ id, claims: { jti } }), await person({ id })];
  const { ticket, ...rest } = (await call("POST /api/v1/ws-tickets", { as: stolen })).body.data;
  expect(rest).toEqual({ expiresAt: expect.any(String) });
  const [taken, kept] = await Promise.all([viewer(stolen), viewer(own)]);
  const ticketed = await open(`${wsUrl()}?ticket=${ticket}`);
  const since = Date.now();
  const made = await call("POST /api/v1/revocations", { as: boss, body: { jti } });
  expect(made.body.data).toEqual({
    id: expect.any(String),
    jti,
    issuedBefore: null,
    at: expect.any(String),
  });
  await Promise.all([
    expectRefused(stolen, since),
    expectEnded(taken, since),
    expectEnded(ticketed, since),
  ]);
  expect((await read(own)).status).toBe(200);
  kept.send({ action: "ping" });
  await kept.next(ofType("pong"));
  expect(kept.messages.some(ofType("closing"))).toBe(false);
  kept.close();
});

test("signing out ends the user's long poll without events", async () => {
  const [{ id }, as] = await Promise.all([liveStream(), person()]);
  const head = await untilStarted(id, as);
  const waiting = call(`GET /api/v1/live-stream/${id}/events?after=${head}&wait=20`, { as });
  await new Promise((done) => setTimeout(done, 500));
  const since = Date.now();
  expect((await call("POST /api/v1/users/me/sign-out", { as })).status).toBe(204);
  expectFailure(await waiting, 401, sentences[401]);
  expect(Date.now() - since).toBeLessThan(10_000);
});

test("only admins revoke, and every field of a revocation is validated", async () => {
  const [boss, as, backend] = await Promise.all([admin(), person(), service()]);
  const revoke = (body: unknown, by = boss) => call("POST /api/v1/revocations", { as: by, body });
  expectFailure(await call("POST /api/v1/revocations", { body: {} }), 401, sentences[401]);
  for (const by of [as, backend])
    expectFailure(await revoke({ sub: as.id }, by), 403, sentences[403]);
  expectFailure(await call("POST /api/v1/users/me/sign-out"), 401, sentences[401]);
  const sub = freshId();
  const later = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  for (const [body, field] of [
    [{}, "sub"],
    [{ sub, jti: "x" }, "sub"],
    [{ sub: "" }, "sub"],
    [{ sub: "a b" }, "sub"],
    [{ sub: "x".repeat(65) }, "sub"],
    [{ sub: 5 }, "sub"],
    [{ sub: null }, "sub"],
    [{ jti: "" }, "jti"],
    [{ jti: "x".repeat(201) }, "jti"],
    [{ jti: ["x"] }, "jti"],
    [{ jti: "x", issuedBefore: later(-5) }, "issuedBefore"],
    [{ sub, issuedBefore: "soon" }, "issuedBefore"],
    [{ sub, issuedBefore: 5 }, "issuedBefore"],
    [{ sub, issuedBefore: null }, "issuedBefore"],
    [{ sub, issuedBefore: "2026-13-01" }, "issuedBefore"],
    [{ sub, issuedBefore: later(3_600) }, "issuedBefore"],
  ] as const) {
    const answer = await revoke(body);
    expectFailure(answer, 400, sentences[400]);
    expect([body, answer.body.errors[1]]).toEqual([body, expect.stringMatching(`^${field}: `)]);
  }
  for (const issuedBefore of ["1970-01-01", "2026-01-15T10:30:00+03:00", later(-90_000)])
    expect((await revoke({ sub, issuedBefore })).status).toBe(201);
  expect((await revoke({ jti: "😀 #/ ' x" })).status).toBe(201);
});

test("admins list the revocations that they made, newest first", async () => {
  const [boss, as] = await Promise.all([admin(), person()]);
  const made: { id: string }[] = [];
  for (const body of [{ sub: freshId() }, { jti: `jti-${freshId()}` }, { sub: freshId() }])
    made.push((await call("POST /api/v1/revocations", { as: boss, body })).body.data);
  type Listed = { list: { id: string }[]; pageInfo: { nextCursor: string } };
  const page = async (query: string): Promise<Listed> =>
    (await call(`GET /api/v1/revocations?${query}`, { as: boss })).body.data;
  // Other tests may revoke meanwhile: the list is paged until all three are found.
  const found: object[] = [];
  for (let after = ""; found.length < 3; ) {
    const { list, pageInfo } = await page(`limit=2${after}`);
    expect(list.length).toBeLessThanOrEqual(2);
    found.push(...list.filter((row) => made.some(({ id }) => id === row.id)));
    after = `&after=${pageInfo.nextCursor}`;
  }
  expect(found).toEqual(made.toReversed());
  const refused = await call("GET /api/v1/revocations", { as });
  expectFailure(refused, 403, sentences[403]);
});
