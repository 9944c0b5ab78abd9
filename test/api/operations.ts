import {
  admin,
  apiUrl,
  call,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  topUp,
} from "./people.ts";

// biome-ignore lint/suspicious/noExplicitAny: A schema is looked into as it comes.
export type Schema = any;

/** One operation of the description that the system itself serves. */
export type Operation = {
  method: string;
  /** The path with its parameters in braces. */
  path: string;
  statuses: number[];
  /** The codes of its failures. */
  codes: string[];
  queries: string[];
  takesKey: boolean;
  body: Schema | undefined;
  isPublic: boolean;
};

/**
 * Every operation of /openapi.json, without those in Tencent's form and those that return bytes.
 */
export async function readOperations(): Promise<Operation[]> {
  const document: Schema = await (await fetch(`${apiUrl()}/openapi.json`)).json();
  const found: Operation[] = [];
  const paths = Object.entries<Schema>(document.paths);
  for (const [path, item] of paths.filter(([path]) => !/^\/(v4|tencent|pictures)\//.test(path)))
    for (const [method, operation] of Object.entries<Schema>(item))
      found.push({
        method: method.toUpperCase(),
        path,
        statuses: Object.keys(operation.responses).map(Number),
        codes: operation["x-error-codes"] ?? [],
        queries: (operation.parameters ?? []).flatMap((one: Schema) =>
          one.in === "query" ? [one.name] : [],
        ),
        takesKey: (operation.parameters ?? []).some(
          (one: Schema) => one.name === "Idempotency-Key",
        ),
        body: resolve(operation.requestBody?.content["application/json"]?.schema, document),
        isPublic: !(operation.security ?? []).some((one: object) => "bearer" in one),
      });
  return found;
}

/** A schema with its references resolved. */
function resolve(schema: Schema, document: Schema): Schema {
  if (Array.isArray(schema)) return schema.map((one) => resolve(one, document));
  if (typeof schema !== "object" || schema === null) return schema;
  if (schema.$ref !== undefined)
    return resolve(document.components.schemas[schema.$ref.split("/").at(-1)], document);
  const entries = Object.entries(schema).map(([name, one]) => [name, resolve(one, document)]);
  return Object.fromEntries(entries);
}

/** A value that fits a schema; `known` has values for fields by name. */
export function fitting(schema: Schema, known: Record<string, unknown>, name = ""): unknown {
  if (name in known) return known[name];
  if (schema.example !== undefined) return schema.example;
  if (schema.enum !== undefined) return schema.enum[0];
  const [first] = schema.anyOf ?? [];
  if (first !== undefined) return fitting(first, known);
  if (schema.type === "object")
    return Object.fromEntries(
      Object.entries<Schema>(schema.properties ?? {}).map(([field, inner]) => [
        field,
        fitting(inner, known, field),
      ]),
    );
  if (schema.type === "array") return [fitting(schema.items, known)];
  if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 1;
  if (schema.type === "boolean") return true;
  return schema.format === "date-time" ? "2030-01-01T00:00:00.000Z" : "sample";
}

/** Creates the things that requests can name. */
export async function makeWorld() {
  const [as, boss, { id: streamId, host }, other, giftTypeId] = await Promise.all([
    person(),
    admin(),
    liveStream(),
    person(),
    giftType(1),
  ]);
  await topUp(as, 1_000_000);
  await call("GET /api/v1/users/me", { as: other });
  const question = { kind: "poll", title: "Which one?", options: ["a", "b"], seconds: 600 };
  const poll = await call(`POST /api/v1/live-stream/${streamId}/moments`, {
    as: host,
    body: question,
  });
  const known = {
    userId: as.id,
    targetUserId: other.id,
    recipientId: other.id,
    liveStreamId: streamId,
    streamId,
    giftTypeId,
    expectedPrice: 1,
    guests: [other.id],
    moderators: [other.id],
    replyTo: undefined,
    sub: freshId(),
    jti: undefined,
    reference: freshId(),
    giftId: freshId().slice(0, 20),
    momentId: poll.body.data.id as string,
  };
  return { as, boss, host, known };
}

/** The id of a package of credits other than the first one. */
const findPackage = async (): Promise<string> =>
  (await call("GET /api/v1/credit-packages")).body.data.at(-1).id;

/** Another valid value than the one that `fitting` chose; undefined if it finds none. */
function otherValue(schema: Schema, value: unknown): unknown {
  if (typeof value === "boolean") return !value;
  if (typeof value === "number")
    return [value + 1, value - 1].find(
      (one) => one >= (schema.minimum ?? one) && one <= (schema.maximum ?? one),
    );
  if (Array.isArray(value)) {
    const other = value.length === 0 ? undefined : otherValue(schema.items, value[0]);
    return other === undefined ? undefined : [other, ...value.slice(1)];
  }
  if (typeof value !== "string") return undefined;
  if (schema.enum !== undefined) return schema.enum.find((one: unknown) => one !== value);
  const other = value.replace(/\d(?=\D*$)|$/, (digit) => (digit === "1" ? "2" : "1"));
  return new RegExp(schema.pattern ?? "", "u").test(other) ? other : undefined;
}

/**
 * The body of a different request to the same route: with another text, or without texts what
 * `elsewhere` has instead of the things that it names, or else any other value.
 */
export async function changedBody(schema: Schema, body: object, elsewhere: World): Promise<object> {
  const first = (one: Schema): Schema => (one.anyOf === undefined ? one : first(one.anyOf[0]));
  const isOfBody = ({ properties }: Schema) =>
    Object.entries<Schema>(properties).every(
      ([name, one]) => one.const === undefined || one.const === Reflect.get(body, name),
    );
  const { properties = {} } = schema.oneOf?.find(isOfBody) ?? first(schema);
  const fields = Object.entries<Schema>(properties).map(
    ([name, one]) => [name, first(one), Reflect.get(body, name)] as const,
  );
  const known: Record<string, unknown> = { ...elsewhere.known, packageId: await findPackage() };
  const isText = (one: Schema) =>
    one.type === "string" && !(one.enum ?? one.format ?? one.pattern ?? one.const);
  const text = fields.find(([name, one]) => isText(one) && !(name in known));
  if (text !== undefined) return { ...body, [text[0]]: "other" };
  const named = fields.flatMap(([name, , value]) =>
    name in known && known[name] !== value ? [[name, known[name]] as const] : [],
  );
  if (named.length > 0) return { ...body, ...Object.fromEntries(named) };
  for (const [name, one, value] of fields) {
    const other = otherValue(one, value);
    if (other !== undefined) return { ...body, [name]: other };
  }
  throw new Error(`No other body is known for ${JSON.stringify(body)}`);
}

export type World = Awaited<ReturnType<typeof makeWorld>>;

/** The path of an operation in a world; `name` is a parameter to replace with another value. */
export const pathOf = (operation: Operation, { known }: World, name?: string, value = "") =>
  operation.path.replace(/\{(\w+)\}/g, (_, parameter: string) =>
    encodeURIComponent(
      (parameter === name
        ? value
        : ((known as Record<string, unknown>)[parameter] ?? freshId())) as string,
    ),
  );

/** A user with the rights for an operation. */
export function asWhom({ path }: Operation, { as, boss, host }: World): Person {
  if (/wallets|gift-types|operations|passes|webhooks|revocations|users\/\{userId\}/.test(path))
    return boss;
  return /join-as-creator|\/end|ban|overlay-keys|moments$/.test(path) ? host : as;
}
