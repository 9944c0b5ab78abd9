import * as z from "zod";
import {
  asWhom,
  fitting,
  makeWorld,
  type Operation,
  pathOf,
  type Schema,
  type World,
} from "./operations.ts";
import {
  type Answer,
  admin,
  call,
  expectFailure,
  freshId,
  type Person,
  person,
  sentences,
  service,
} from "./people.ts";

/** The description of one operation's responses. */
type Promised = { codes: string[]; schemas: Map<string, Schema | undefined> };

type Described = Operation & Promised & { parameters: Schema[] };

let document: Schema;
let described: Described[];
let world: World;
let callers: Record<string, Person>;
beforeAll(async () => {
  document = (await call("GET /openapi.json")).body;
  described = describedOperations();
  world = await makeWorld();
  const [user, boss, backEnd] = await Promise.all([person(), admin(), service()]);
  callers = { user, boss, backEnd };
});

const at = ($ref: string): Schema =>
  $ref
    .split("/")
    .slice(1)
    .reduce((where, name) => where[name], document);

/**
 * A schema with its references resolved. Later versions may add fields to responses, but this
 * version must return only described ones.
 */
function closed(schema: Schema): Schema {
  const $defs: Schema = {};
  const close = (part: Schema): Schema => {
    const text = JSON.stringify(part);
    for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (name! in $defs) continue;
      $defs[name!] = {};
      $defs[name!] = close(document.components.schemas[name!]);
    }
    return JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/"), (_, value) =>
      value?.type === "object" && value.properties !== undefined
        ? { additionalProperties: false, ...value }
        : value,
    );
  };
  return { ...close(schema), $defs };
}

const readers = new Map<string, z.ZodType>();

/** Parses values of a schema; operations with the same response share one parser. */
function readerOf(schema: Schema): z.ZodType {
  const text = JSON.stringify(schema);
  const reader = readers.get(text) ?? z.fromJSONSchema(closed(schema));
  readers.set(text, reader);
  return reader;
}

function describedOperations(): Described[] {
  const found: Described[] = [];
  for (const [path, item] of Object.entries<Schema>(document.paths)) {
    if (/^\/(v4|tencent|pictures)\//.test(path)) continue;
    for (const [method, operation] of Object.entries<Schema>(item)) {
      const schemas = Object.entries<Schema>(operation.responses).map(
        ([status, response]): [string, Schema | undefined] => {
          const { content } = response.$ref ? at(response.$ref) : response;
          return [status, content?.["application/json"]?.schema];
        },
      );
      const { parameters = [], requestBody } = operation;
      const body = requestBody?.content["application/json"]?.schema;
      found.push({
        method: method.toUpperCase(),
        path,
        parameters,
        codes: operation["x-error-codes"],
        schemas: new Map(schemas),
        statuses: [],
        queries: parameters
          .filter((one: Schema) => one.in === "query")
          .map((one: Schema) => one.name),
        takesKey: method === "post",
        body: body?.$ref ? at(body.$ref) : body,
        isPublic: operation.security.length === 0,
      });
    }
  }
  return found;
}

/** The mismatch of a response with its operation's description; undefined if there is none. */
function misfitOf(
  { codes, schemas }: Promised,
  { status, body, text }: Answer,
): string | undefined {
  if (!schemas.has(String(status))) return `status ${status}`;
  if (status >= 500) return `a fault: ${text}`;
  if (status >= 400 && !codes.includes(body?.code)) return `code ${body?.code}`;
  if (/invalid input|too (big|small)|, received /i.test(body?.errors?.join() ?? "")) return text;
  const schema = schemas.get(String(status));
  const parsed = text === "" || !schema ? undefined : readerOf(schema).safeParse(body);
  return parsed?.success === false ? z.prettifyError(parsed.error) : undefined;
}

/** Values of which each fits at most a few schemas. */
const wrong = [null, true, -1, 1.5, "", "x".repeat(3_000), [], {}, [{}], "\ud800"];

/**
 * Bodies of an operation: a valid one, then one for each field with that field wrong or missing.
 */
function* bodiesOf({ body }: Operation): Generator<unknown> {
  if (body === undefined) return yield undefined;
  const good = fitting(body, world.known) as Record<string, unknown>;
  yield good;
  for (const [at, field] of Object.keys(body.properties ?? {}).entries()) {
    yield { ...good, [field]: undefined };
    // Each field gets half of the values, and each value half of the fields.
    for (const value of wrong.filter((_, which) => (which + at) % 2 === 0))
      yield { ...good, [field]: value };
  }
}

/** Calls that would leave the other calls without their user. */
const isLast = ({ method, path }: Operation) =>
  `${method} ${path}` === "DELETE /api/v1/users/me" || /sign-out|revocations/.test(path);

async function send(
  operation: Described,
  as: Person | undefined,
  more: { body?: unknown; query?: string },
) {
  const route = `${operation.method} ${pathOf(operation, world)}${more.query ?? ""}`;
  const { body } = more;
  const answer = await call(route, {
    ...(as && { as }),
    ...(operation.takesKey && { key: freshId() }),
    ...(body !== undefined && { body }),
  });
  const isWebhook = answer.status === 201 && operation.path === "/api/v1/webhooks";
  if (isWebhook) await call(`DELETE /api/v1/webhooks/${answer.body.data.id}`, { as: world.boss });
  const misfit = misfitOf(operation, answer);
  return misfit && `${route} ${JSON.stringify(body)?.slice(0, 200) ?? ""}: ${misfit}`;
}

async function misfits(asked: Iterable<() => Promise<string | undefined>>): Promise<string[]> {
  const found: string[] = [];
  const waiting = [...asked].values();
  const lanes = Array.from({ length: 4 }, async () => {
    for (const ask of waiting) {
      const misfit = await ask();
      if (misfit !== undefined) found.push(misfit);
    }
  });
  await Promise.all(lanes);
  return found;
}

test("each caller gets a response that the description has, from every operation", async () => {
  const asked = described.flatMap((operation) => {
    const [body] = bodiesOf(operation);
    const all = isLast(operation)
      ? [undefined]
      : [undefined, ...Object.values(callers), world.host];
    return all.map((as) => () => send(operation, as, { body }));
  });
  expect(asked.length).toBeGreaterThan(300);
  expect(await misfits(asked)).toEqual([]);
});

test("each invalid field gets a response that the description has", async () => {
  const asked = described
    .filter((operation) => !isLast(operation))
    .flatMap((operation) =>
      [...bodiesOf(operation)].map(
        (body) => () => send(operation, asWhom(operation, world), { body }),
      ),
    );
  expect(asked.length).toBeGreaterThan(400);
  expect(await misfits(asked)).toEqual([]);
});

test("each invalid query parameter gets a response that the description has", async () => {
  const asked = described
    .filter((operation) => !isLast(operation))
    .flatMap((operation) => {
      const [body] = bodiesOf(operation);
      const queries = operation.queries.flatMap((name) => [
        ...["", "-1", "x", "999999999999", "2026-02-30"].map((value) => `?${name}=${value}`),
        `?${name}=1&${name}=1`,
      ]);
      return [...queries, "?unknown=1"].map(
        (query) => () => send(operation, asWhom(operation, world), { body, query }),
      );
    });
  expect(asked.length).toBeGreaterThan(200);
  expect(await misfits(asked)).toEqual([]);
});

test("other methods, trailing slashes and longer paths are 404 on every path", async () => {
  const paths = [...new Set(described.map(({ path }) => path))];
  const wrong: string[] = [];
  for (const path of paths) {
    const taken = described.filter((one) => one.path === path).map(({ method }) => method);
    const at = pathOf({ path } as Operation, world);
    const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((one) => !taken.includes(one));
    const routes = [...verbs.map((verb) => `${verb} ${at}`), `${taken[0]} ${at}/`];
    // A path that ends with a parameter accepts any value there.
    for (const route of [...routes, `${taken[0]} ${at}/x/y/z`]) {
      const answer = await call(route, { as: world.boss });
      if (answer.status !== 404) wrong.push(`${route}: ${answer.status}`);
      else expectFailure(answer, 404, sentences[404]);
    }
  }
  expect(wrong).toEqual([]);
});
