/** Every route that creates something, called again with the same key. */
import {
  asWhom,
  changedBody,
  fitting,
  makeWorld,
  type Operation,
  pathOf,
  readOperations,
  type World,
} from "./operations.ts";
import { admin, call, expectFailure, freshId, isReplayed, sentences } from "./people.ts";

let creating: Operation[];
let elsewhere: World;
beforeAll(async () => {
  elsewhere = await makeWorld();
  const all = await readOperations();
  creating = all.filter(({ method, statuses }) => method === "POST" && statuses.includes(201));
});

/** A webhook destination for events that nothing here causes. */
const destination = { url: "https://repeats.example.com/ovation", events: ["webhook.test"] };

/** A stage has twenty webhooks, which other files need as well. */
afterAll(async () => {
  const as = await admin();
  const { list } = (await call("GET /api/v1/webhooks", { as })).body.data;
  for (const { id, url } of list as { id: string; url: string }[])
    if (url === destination.url) await call(`DELETE /api/v1/webhooks/${id}`, { as });
});

/** The expected text of a repeated response, in which secrets are null. */
const repeated = (route: string, text: string) =>
  /overlay-keys|ws-tickets|webhooks/.test(route)
    ? text
        .replace(/"(key|ticket|secret)":"[^"]*"/, '"$1":null')
        .replace(/"url":"\/[^"]*"/, '"url":null')
    : text;
const sends = (body: unknown) => (body === undefined ? {} : { body });

/** A request to one operation, and another one to the same route. */
async function twoRequests(operation: Operation) {
  const world = await makeWorld();
  const as = asWhom(operation, world);
  const body =
    operation.body && (fitting(operation.body, { ...world.known, ...destination }) as object);
  // Some field of the body differs; without a body the path does.
  const otherBody = body && (await changedBody(operation.body, body, elsewhere));
  return {
    as,
    body,
    route: `POST ${pathOf(operation, world)}`,
    otherBody,
    otherRoute: body === undefined ? `POST ${pathOf(operation, elsewhere)}` : undefined,
  };
}

test("every creating POST returns the same status and body for the same key and request, and 422 for another request", async () => {
  expect(creating.length).toBeGreaterThanOrEqual(10);
  for (const operation of creating) {
    const { as, body, route, otherBody, otherRoute } = await twoRequests(operation);
    const key = freshId();
    const first = await call(route, { as, key, ...sends(body) });
    expect({ route, status: first.status, text: first.text }).toMatchObject({ status: 201 });
    expect(isReplayed(first)).toBeNull();
    for (let time = 0; time < 2; time++) {
      const again = await call(route, { as, key, ...sends(body) });
      expect({ route, status: again.status, text: again.text }).toEqual({
        route,
        status: 201,
        text: repeated(route, first.text),
      });
      expect(isReplayed(again)).toBe("true");
      expect(again.headers.get("content-type")).toBe(first.headers.get("content-type"));
    }
    const other = await call(otherRoute ?? route, { as, key, ...sends(otherBody) });
    expect({ route, status: other.status }).toEqual({ route, status: 422 });
    expectFailure(other, 422, sentences[422]);
    expect(other.body.errors).toEqual([sentences[422]]);
    expect(isReplayed(other)).toBeNull();
  }
});

test("one of 20 concurrent calls with one key takes effect; the others return the same, or 409 with Retry-After", async () => {
  for (const operation of creating) {
    const { as, body, route } = await twoRequests(operation);
    const key = freshId();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(route, { as, key, ...sends(body) })),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect({ route, made: made.length > 0 }).toEqual({ route, made: true });
    const firsts = made.filter((answer) => isReplayed(answer) === null);
    expect({ route, firsts: firsts.length }).toEqual({ route, firsts: 1 });
    expect(new Set(made.map(({ text }) => repeated(route, text)))).toEqual(
      new Set([repeated(route, firsts[0]!.text)]),
    );
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectFailure(answer, 409, sentences[409]);
      expect(answer.headers.get("retry-after")).toBe("1");
    }
    expect((await call(route, { as, key, ...sends(body) })).text).toBe(
      repeated(route, firsts[0]!.text),
    );
  }
});

test("a key must be 1 to 128 printable ASCII characters on every route that takes one", async () => {
  for (const operation of creating) {
    const { as, body, route } = await twoRequests(operation);
    for (const key of ["x".repeat(129), "k\u00e9y"]) {
      const answer = await call(route, { as, key, ...sends(body) });
      expect({ route, key, status: answer.status }).toEqual({ route, key, status: 400 });
      expect(answer.body.errors[1]).toMatch(/^Idempotency-Key: /);
    }
    const key = `!~ ${freshId()}`.padEnd(128, "x");
    const answer = await call(route, { as, key, ...sends(body) });
    expect({ route, status: answer.status }).toEqual({ route, status: 201 });
  }
});
