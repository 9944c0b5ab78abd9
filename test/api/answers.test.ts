import {
  asWhom,
  fitting,
  makeWorld,
  type Operation,
  pathOf,
  readOperations,
  type World,
} from "./operations.ts";
import {
  type Answer,
  admin,
  call,
  expectFailure,
  freshId,
  liveStream,
  person,
  sentences,
  topUp,
} from "./people.ts";
import { tencent } from "./tencent-caller.ts";

/** Checks what section 2 of the interface promises of every route against all routes. */
let operations: Operation[];
let world: World;
beforeAll(async () => {
  [operations, world] = await Promise.all([readOperations(), makeWorld()]);
});

const routeOf = (operation: Operation, of = world) =>
  `${operation.method} ${pathOf(operation, of)}`;

const goodBody = ({ body }: Operation, { known }: World = world) =>
  body === undefined ? {} : { body: fitting(body, known) };

/** Calls these operations and returns the responses with another status than expected. */
async function others(
  asked: readonly Operation[],
  status: number,
  how: (operation: Operation) => Promise<Answer>,
): Promise<string[]> {
  expect(asked.length).toBeGreaterThan(0);
  const wrong: string[] = [];
  for (const operation of asked) {
    const answer = await how(operation);
    if (answer.status !== status)
      wrong.push(`${routeOf(operation)}: ${answer.status} ${answer.text.slice(0, 200)}`);
    else if (status >= 400) expectFailure(answer, status, sentences[status as 400]);
  }
  return wrong;
}

test("every response has a unique id, CORS headers, nosniff and, unless it is public, no-store", async () => {
  const as = await person();
  const answers = [
    await call("GET /health"),
    await call("GET /docs"),
    await call("GET /local/nothing"),
    await call("GET /api/v1/wallet", { as }),
    await call("GET /api/v1/wallet"),
    await call("GET /api/v1/wallet", { as: { id: "x", token: "a.b.c" } }),
    await call("POST /api/v1/gifts/create", { as, raw: "{" }),
    await call(`GET /api/v1/live-stream/${freshId()}`, { as }),
    await call("GET /nowhere", { as }),
    await call("POST /api/v1/gifts/create", { as, raw: "x".repeat(11_000_000) }),
    await call("POST /api/v1/gifts/create", { as, raw: `"${"x".repeat(70_000)}"` }),
    await call("POST /api/v1/gifts/create", { as, raw: "x", headers: { "content-type": "a/b" } }),
    await call("DELETE /api/v1/notifications/bulk", { as, body: { ids: [freshId()] } }),
    await call("OPTIONS /api/v1/gifts/create"),
    await tencent("get_room_info", {}),
  ];
  const statuses = [200, 200, 404, 200, 401, 401, 400, 404, 404, 413, 413, 415, 204, 204, 200];
  expect(answers.map(({ status }) => status)).toEqual(statuses);
  for (const { headers } of answers) {
    expect(headers.get("x-request-id")).toMatch(/^[\w-]{8,}$/);
    expect(headers.get("access-control-allow-origin")).toBeTruthy();
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toMatch(/^(no-store$|public\b)/);
  }
  const ids = answers.map(({ headers }) => headers.get("x-request-id"));
  expect(new Set(ids).size).toBe(ids.length);
});

test("every success has the envelope, except routes documented as bare", async () => {
  const bare = ["/chat/messages", "/v1/app-config", "/participant/stream/{streamId}/statistics"];
  const ours = [
    "/health",
    "/docs",
    "/docs/events",
    "/docs/guides",
    "/openapi.json",
    "/asyncapi.json",
  ];
  const reads = operations.filter(
    ({ method, path }) =>
      method === "GET" && !ours.includes(path) && !/\{(id|username|messageId)\}/.test(path),
  );
  for (const operation of reads) {
    const needs = operation.path.includes("check") ? `?liveStreamId=${world.known.streamId}` : "";
    const answer = await call(`${routeOf(operation)}${needs}`, { as: world.boss });
    expect([operation.path, answer.status]).toEqual([operation.path, 200]);
    const keys = Object.keys(answer.body);
    if (bare.some((end) => operation.path.endsWith(end))) expect(keys).not.toContain("isSuccess");
    else {
      expect(keys).toEqual(["isSuccess", "statusCode", "data", "errors", "timestamp"]);
      expect(answer.body).toMatchObject({ isSuccess: true, statusCode: 200, errors: [] });
    }
  }
});

test("the token is checked first: without one, every private route is 401 whatever the request contains", async () => {
  const closed = operations.filter(({ isPublic }) => !isPublic);
  expect(closed.length).toBeGreaterThan(40);
  const optional = /past-streams|upcoming-live-streams|my-active-stream|most-watched-creators/;
  const crowd = /\/(likes|moments|moments\/\{momentId\})$/;
  const required = closed.filter(
    ({ method, path }) => !optional.test(path) && !(method === "GET" && crowd.test(path)),
  );
  const wrong = await others(required, 401, (operation) =>
    call(`${operation.method} ${pathOf(operation, world, "streamId", "not-an-id")}?a=1&a=2`, {
      ...(operation.body !== undefined && { raw: "{", headers: { "content-type": "x/y" } }),
    }),
  );
  expect(wrong).toEqual([]);
});

test("the role is checked second: an admin's route is 403 for a user, whatever the body contains", async () => {
  const led = operations.filter(
    ({ path, method }) => /gift-types|wallets|revocations|webhooks/.test(path) && method !== "GET",
  );
  const wrong = await others(led, 403, (operation) =>
    call(routeOf(operation), { as: world.as, raw: "{" }),
  );
  expect(wrong).toEqual([]);
});

test("body and query are checked third: malformed input is 400 even for things that do not exist", async () => {
  const wrong = await others(
    operations.filter(({ body }) => body !== undefined),
    400,
    (operation) => {
      const nowhere = { ...world, known: { ...world.known, streamId: freshId() } };
      const route = routeOf(operation, nowhere);
      return call(route, { as: asWhom(operation, world), raw: "[]", key: freshId() });
    },
  );
  expect(wrong).toEqual([]);
});

const ofStream = ({ path, body }: Operation) =>
  path.includes("{streamId}") || body?.properties?.liveStreamId !== undefined;

test("existence is checked fourth: every route of a stream is 404 for a missing one", async () => {
  const unknown = { streamId: freshId(), liveStreamId: freshId() };
  const nowhere = { ...world, known: { ...world.known, ...unknown } };
  const wrong = await others(operations.filter(ofStream), 404, (operation) =>
    call(routeOf(operation, nowhere), {
      as: asWhom(operation, world),
      key: freshId(),
      ...goodBody(operation, nowhere),
    }),
  );
  expect(wrong).toEqual([]);
});

test("a blocked user gets 403 on every call in that stream, reads included", async () => {
  const { known, host } = world;
  const blocked = await person();
  await topUp(blocked, 100);
  const said = await call(`POST /api/v1/live-stream/${known.streamId}/chat/messages`, {
    as: blocked,
    body: { content: "my own" },
  });
  const ban = { targetUserId: blocked.id, liveStreamId: known.streamId };
  expect((await call("POST /api/v1/live-stream-ban", { as: host, body: ban })).status).toBe(200);
  const keys = `POST /api/v1/live-stream/${known.streamId}/overlay-keys`;
  const keyId = (await call(keys, { as: host, body: {} })).body.data.id;
  const here = { ...world, known: { ...known, messageId: said.body._id, keyId } };
  const wrong = await others(operations.filter(ofStream), 403, (operation) =>
    call(routeOf(operation, here), {
      as: blocked,
      key: freshId(),
      ...goodBody(operation, here),
    }),
  );
  expect(wrong).toEqual([]);
  // Existence is checked before the block, and before the role.
  const names = ["messageId", "momentId", "keyId"];
  const unknown = Object.fromEntries(names.map((name) => [name, freshId()]));
  const nowhere = { ...world, known: { ...known, ...unknown } };
  const nested = operations.filter(
    ({ path }) => path.includes("{streamId}") && names.some((name) => path.includes(`{${name}}`)),
  );
  for (const as of [blocked, world.as]) {
    const found = await others(nested, 404, (operation) =>
      call(routeOf(operation, nowhere), { as, key: freshId(), ...goodBody(operation, nowhere) }),
    );
    expect(found).toEqual([]);
  }
});

test("a repeated query parameter is 400", async () => {
  const asked = operations.filter(({ isPublic }) => !isPublic);
  const wrong = await others(asked, 400, (operation) =>
    call(`${routeOf(operation)}?page=1&page=1`, {
      as: asWhom(operation, world),
      key: freshId(),
      ...goodBody(operation),
    }),
  );
  expect(wrong).toEqual([]);
});

test("calls that address an unknown user are 404; a first call or a top-up makes users known", async () => {
  const [as, boss, { id: streamId, host }] = await Promise.all([person(), admin(), liveStream()]);
  await topUp(as, 100);
  const addressed = async (userId: string) => [
    await call("POST /api/v1/messages/credit-transfer", {
      as,
      key: freshId(),
      body: { recipientId: userId, amount: 1 },
    }),
    await call("POST /api/v1/notifications", {
      as: boss,
      body: { userId, type: "system", category: "payments", title: "t", message: "m" },
    }),
    await call(`POST /api/v1/follow/${userId}`, { as }),
    await call(`GET /api/v1/users/${userId}/stats`, { as }),
    await call("POST /api/v1/live-stream-ban", {
      as: host,
      body: { targetUserId: userId, liveStreamId: streamId },
    }),
    await call(`GET /api/v1/live-stream/user/${userId}/past-streams`),
  ];
  for (const answer of await addressed(freshId())) expectFailure(answer, 404, sentences[404]);
  const [caller, funded] = [await person(), await person()];
  await call("GET /api/v1/users/me", { as: caller });
  await topUp(funded, 1);
  for (const { id } of [caller, funded])
    for (const answer of await addressed(id)) expect([200, 201]).toContain(answer.status);
});

test("a stored profile overrides the claims of later tokens, and a user without a picture has the stage's default", async () => {
  const claims = { preferred_username: `first-${freshId()}`, given_name: "Ann" };
  const first = await person({ claims });
  const before = (await call("GET /api/v1/users/me", { as: first })).body.data;
  expect(before).toMatchObject({ username: claims.preferred_username, name: "Ann", surname: "" });
  expect(before.profilePhoto.url).toMatch(/^https:/);
  const other = { preferred_username: "other", given_name: "Bob", family_name: "Bo" };
  const later = await person({ id: first.id, claims: other });
  expect((await call("GET /api/v1/users/me", { as: later })).body.data).toEqual(before);
  await call("PUT /api/v1/users/me", { as: later, body: { name: "Carla" } });
  const after = (await call("GET /api/v1/users/me", { as: first })).body.data;
  expect(after).toEqual({ ...before, name: "Carla" });
});

describe("body formats", () => {
  const create = (form: FormData | string, type?: string) => {
    const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
    const { as } = world;
    return typeof form === "string"
      ? call("POST /api/v1/live-stream/create", {
          as,
          raw: new TextEncoder().encode(form),
          headers,
        })
      : call("POST /api/v1/live-stream/create", { as, raw: form });
  };

  test("JSON is accepted with its media types, in any case, and without a media type", async () => {
    for (const type of [
      undefined,
      "application/json",
      "Application/JSON; charset=UTF-8",
      "application/merge-patch+json",
    ])
      expect([type, (await create('{"title":"x"}', type)).status]).toEqual([type, 201]);
    for (const type of ["text/json", "application/x-www-form-urlencoded", "json", "*/*"])
      expect([type, (await create('{"title":"x"}', type)).status]).toEqual([type, 415]);
    for (const misfit of ['"price":"5"', '"price":""', '"durationGoal":"60"', '"guests":"[]"'])
      expectFailure(await create(`{"title":"x",${misfit}}`), 400, sentences[400]);
  });

  test("a stream may be created from a form with a file, up to 4 MiB in all", async () => {
    const form = (bytes: number, others: Record<string, string> = {}) => {
      const data = new FormData();
      data.set("title", " Çok güzel 😀 ");
      for (const [name, value] of Object.entries(others)) data.set(name, value);
      const picture = new Uint8Array(bytes);
      picture.set(Buffer.from("GIF89a"));
      data.set("thumbnail", new Blob([picture], { type: "image/png" }), "a.png");
      return data;
    };
    const made = await create(form(3_670_016, { guests: "[]", price: "5", durationGoal: "60" }));
    expect(made.status).toBe(201);
    expect(made.body.data).toMatchObject({ title: "Çok güzel 😀", price: 5, durationGoal: 60 });
    expectFailure(await create(form(3_670_017)), 400, sentences[400]);
    expectFailure(await create(form(4_300_000)), 413, sentences[413]);
    expectFailure(await create(form(10, { title: "" })), 400, sentences[400]);
    for (const price of ["-5", "1.5", "five", "1e3", " 5"])
      expectFailure(await create(form(10, { price })), 400, sentences[400]);
    expectFailure(await create(form(10, { guests: "[" })), 400, sentences[400]);
    expect((await create(form(10, { price: "", guests: "" }))).status).toBe(201);
    expectFailure(await create("--x\r\n", "multipart/form-data; boundary=y"), 400, sentences[400]);
    const key = freshId();
    const raw = form(3_000_000);
    const route = "POST /api/v1/live-stream/create";
    const first = await call(route, { as: world.as, key, raw });
    expect((await call(route, { as: world.as, key, raw })).text).toBe(first.text);
  });
});

test("unknown fields of a body are ignored, and every invalid field is named", async () => {
  const as = await person();
  const route = "POST /api/v1/notifications";
  const good = { userId: as.id, type: "system", category: "payments", title: "t", message: "m" };
  const made = await call(route, { as, body: { ...good, read: true, id: "x", isAdmin: true } });
  expect(made.body.data).toMatchObject({ read: false });
  expect(made.body.data).not.toHaveProperty("isAdmin");
  const wrong = await call(route, { as, body: { ...good, type: "x", title: 5, metadata: [] } });
  expectFailure(wrong, 400, sentences[400]);
  const [, ...details] = wrong.body.errors as string[];
  expect(details.map((detail) => detail.split(":")[0]).sort()).toEqual([
    "metadata",
    "title",
    "type",
  ]);
});

test("many concurrent calls of one user all succeed", async () => {
  const as = await person();
  await topUp(as, 1000);
  const waiting = Array(320).fill(as.id).values();
  const statuses = new Map<number, number>();
  const lanes = Array.from({ length: 8 }, async () => {
    for (const userId of waiting) {
      const body = { amount: 1, reference: freshId() };
      const route = `POST /api/v1/wallets/${userId}/payouts`;
      const { status } = await call(route, { as: world.boss, key: freshId(), body });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  });
  await Promise.all(lanes);
  expect(Object.fromEntries(statuses)).toEqual({ 201: 320 });
  expect((await call("GET /api/v1/wallet", { as })).body.data.balance).toBe(680);
});

test("the documents state their versions, and describe every route once", async () => {
  const openapi = (await call("GET /openapi.json")).body;
  expect(openapi.openapi).toMatch(/^3\.1\./);
  expect((await call("GET /asyncapi.json")).body.asyncapi).toMatch(/^3\.0\./);
  for (const docs of [await call("GET /docs"), await call("GET /docs/events")]) {
    expect(docs.headers.get("content-type")).toMatch(/^text\/html/);
    // The page loads nothing from elsewhere.
    expect(docs.text).not.toMatch(/(src|href)="(https?:)?\/\//);
  }
  const guides = await call("GET /docs/guides");
  expect(guides.headers.get("content-type")).toMatch(/^text\/html/);
  // The guides link to other sites, load nothing, and run only their inline script.
  expect(guides.headers.get("content-security-policy")).toMatch(/ script-src 'sha256-[^' ]+';/);
  expect(guides.text.match(/<script/g)).toHaveLength(1);
  expect(guides.text).not.toMatch(/ src="|<img| href="[^#h.d]/);
  const names = Object.values<Record<string, { operationId: string }>>(openapi.paths).flatMap(
    (item) => Object.values(item).map(({ operationId }) => operationId),
  );
  expect(new Set(names).size).toBe(names.length);
});
