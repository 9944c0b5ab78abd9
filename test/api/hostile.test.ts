import { hostileBodies, hostileStrings, naughtyStrings, someOf } from "./hostile.ts";
import { expectKept } from "./kept-texts.ts";
import {
  asWhom,
  fitting,
  makeWorld,
  type Operation,
  pathOf,
  readOperations,
  type Schema,
  type World,
} from "./operations.ts";
import { type Answer, admin, call, freshId, type Person, person } from "./people.ts";

/** A route's response. Webhooks are deleted immediately, since a stage has only twenty. */
async function send(route: string, wanted: { as: Person; body?: unknown }): Promise<Answer> {
  const answer = await call(route, { ...wanted, key: freshId() });
  const isMade = answer.status === 201 && /^POST \/api\/v1\/webhooks(\?|$)/.test(route);
  if (isMade) await call(`DELETE /api/v1/webhooks/${answer.body.data.id}`, { as: await admin() });
  return answer;
}

type Sent = { operation: Operation; answer: Answer; what: string };

/** Sends all requests, a few at a time, as a user with the necessary rights. */
async function sendAll(all: { operation: Operation; route: string; as: Person; body?: unknown }[]) {
  const sent: Sent[] = [];
  const waiting = all.values();
  // A profile has one writer at a time: concurrent writers would delay each other until a 503.
  const length = all[0]?.route.startsWith("PUT ") ? 1 : 6;
  const lanes = Array.from({ length }, async () => {
    for (const { operation, route, as, body } of waiting) {
      const what = `${route} ${JSON.stringify(body) ?? ""}`.slice(0, 300);
      const answer = await send(route, { as, ...(body !== undefined && { body }) });
      sent.push({ operation, answer, what });
    }
  });
  await Promise.all(lanes);
  return sent;
}

/** The responses with an undocumented status or shape. */
function misfits(sent: readonly Sent[]): string[] {
  const found = sent.filter(({ operation, answer: { status, body, text } }) => {
    if (status >= 500) return true;
    // A hostile value in the path may match another route, or none.
    if (status !== 404 && !operation.statuses.includes(status)) return true;
    if (status < 400) return text !== "" && body === undefined;
    const { isSuccess, statusCode, data, errors, timestamp } = body ?? {};
    const isFailure = isSuccess === false && statusCode === status && data === null;
    return !isFailure || !Array.isArray(errors) || typeof timestamp !== "string";
  });
  return found.map(
    ({ what, answer }) => `${answer.status} ${what} -> ${answer.text.slice(0, 200)}`,
  );
}

/**
 * The caller of an operation: likes and votes have a low rate in every stage, so each call gets a
 * new user.
 */
const callerOf = async (operation: Operation, world: World): Promise<Person> =>
  /\/(likes|vote)$/.test(operation.path) ? person() : asWhom(operation, world);

let operations: Operation[];
beforeAll(async () => {
  operations = await readOperations();
});

test("every operation accepts a body that matches its description", async () => {
  const refused: string[] = [];
  for (const operation of operations.filter(({ body }) => body !== undefined)) {
    const world = await makeWorld();
    const body = fitting(operation.body, world.known);
    const route = `${operation.method} ${pathOf(operation, world)}`;
    const answer = await send(route, { as: asWhom(operation, world), body });
    if (answer.status === 400 || answer.status >= 500) refused.push(`${route} ${answer.text}`);
  }
  expect(refused).toEqual([]);
});

test("any value in a body field gets a documented response and never a 5xx", async () => {
  for (const operation of operations.filter(({ body }) => body !== undefined)) {
    const world = await makeWorld();
    const route = `${operation.method} ${pathOf(operation, world)}`;
    const bodies = [...hostileBodies(operation.body, world.known)];
    const calls = bodies.map(async (body) => ({
      operation,
      route,
      body,
      as: await callerOf(operation, world),
    }));
    const sent = await sendAll(await Promise.all(calls));
    expect(misfits(sent)).toEqual([]);
    const isRefused = sent.some(({ answer }) => answer.status === 400);
    expect({ route, isRefused }).toEqual({ route, isRefused: true });
  }
});

const textOf = (schema: Schema): "text" | "texts" | undefined => {
  const one = schema.anyOf?.[0] ?? schema;
  if (one.type === "string") return "text";
  return one.type === "array" && one.items?.type === "string" ? "texts" : undefined;
};

test("NUL, other control characters and lone surrogates are 400 in every text of every body", async () => {
  const taken: string[] = [];
  const world = await makeWorld();
  for (const operation of operations.filter(({ body }) => body?.properties !== undefined)) {
    const good = fitting(operation.body, world.known) as object;
    for (const [name, schema] of Object.entries<Schema>(operation.body.properties)) {
      const kind = textOf(schema);
      if (kind === undefined) continue;
      for (const text of ["ab\u0000cd", "ab\u0007cd", "ab\u000bcd", "abc\ud800"]) {
        const body = { ...good, [name]: kind === "text" ? text : [text] };
        const route = `${operation.method} ${pathOf(operation, world)}`;
        const as = await callerOf(operation, world);
        const { status } = await send(route, { as, body });
        if (status !== 400) taken.push(`${status} ${route} ${name} ${JSON.stringify(text)}`);
      }
    }
  }
  expect(taken).toEqual([]);
});

test("any value in a path or query gets a documented response and never a 5xx", async () => {
  const world = await makeWorld();
  const encodable = hostileStrings.filter((value) => value.isWellFormed() && value.length < 1000);
  let turn = 0;
  for (const operation of operations) {
    const as = asWhom(operation, world);
    const body = operation.body && fitting(operation.body, world.known);
    const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    const routes = [
      ...names.flatMap((name) =>
        someOf(encodable, 3, turn++).map((value) => pathOf(operation, world, name, value)),
      ),
      ...operation.queries.flatMap((name) =>
        someOf(encodable, 3, turn++).map(
          (value) => `${pathOf(operation, world)}?${new URLSearchParams({ [name]: value })}`,
        ),
      ),
    ];
    const sent = await sendAll(
      routes.map((path) => ({ operation, route: `${operation.method} ${path}`, as, body })),
    );
    expect(misfits(sent)).toEqual([]);
  }
});

test("every string of the Big List of Naughty Strings is kept as sent or refused with 400", async () => {
  expect(await expectKept(naughtyStrings)).toBeGreaterThan(400);
});
