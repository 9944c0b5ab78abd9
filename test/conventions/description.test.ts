import { readFileSync } from "node:fs";
import { join } from "node:path";
import { allmineOperations } from "../../bin/documents/compatibility-remarks.ts";

// biome-ignore lint/suspicious/noExplicitAny: A document is looked into, whatever its shape.
type Json = any;

const document: Json = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../docs/openapi.json"), "utf8"),
);
const operations: [string, Json][] = Object.entries<Json>(document.paths).flatMap(([path, item]) =>
  Object.entries<Json>(item).map(([method, operation]): [string, Json] => [
    `${method.toUpperCase()} ${path}`,
    operation,
  ]),
);

/** Every object in the document, with its path. */
function* within(value: Json, place = ""): Generator<[string, Json]> {
  if (value === null || typeof value !== "object") return;
  if (!Array.isArray(value)) yield [place, value];
  for (const [name, inner] of Object.entries(value))
    if (name !== "example" && name !== "examples") yield* within(inner, `${place}/${name}`);
}

test("an optional query parameter has a default, or a sentence", () => {
  const silent = operations.flatMap(([route, { parameters = [] }]) =>
    parameters
      .filter((one: Json) => one.in === "query" && !one.required)
      .filter(
        ({ schema, description = schema.description }: Json) =>
          description === undefined && !("default" in schema),
      )
      .map(({ name }: Json) => `${route} ${name}`),
  );
  expect(silent).toEqual([]);
  const viewers = document.paths["/api/v1/live-stream/{streamId}/viewers"].get;
  const limit = viewers.parameters.find(({ name }: Json) => name === "limit");
  expect(limit.schema).toMatchObject({ type: "integer", minimum: 1, maximum: 100, default: 20 });
});

test("nothing has both an example and examples, which OpenAPI 3.1 forbids", () => {
  const both = [...within(document)].filter(([, one]) => "example" in one && "examples" in one);
  expect(both.map(([place]) => place)).toEqual([]);
});

test("every response of an endpoint lists its headers, and every 429 and 503 has Retry-After", () => {
  const own = operations.filter(([route]) => !/ \/(v4|tencent|pictures)\//.test(route));
  expect(own.length).toBeGreaterThan(70);
  const wanted = (status: string) => [
    "x-request-id",
    ...(["429", "503"].includes(status) ? ["retry-after"] : []),
    ...(status < "300" ? [] : ["x-error-code"]),
  ];
  const silent = own.flatMap(([route, { responses }]) =>
    Object.entries<Json>(responses)
      .filter(([status]) => status !== "304")
      .filter(([status, { $ref, headers }]) => {
        const named = $ref === undefined ? headers : valueAt(document, $ref).headers;
        return !wanted(status).every((name) => name in named);
      })
      .map(([status]) => `${route} ${status}`),
  );
  expect(silent).toEqual([]);
});

/** The value that a reference in the document points to. */
const valueAt = (from: Json, $ref: string): Json =>
  $ref
    .split("/")
    .slice(1)
    .reduce((at, name) => at[name], from);

/** A route without the names of its path parameters, which the references and we choose. */
const nameless = (route: string) => route.replace(/\{\w+\}/g, "{}");

test("a list of our own that takes a cursor has list and pageInfo, and up to 100 rows", () => {
  const theirs = new Set(allmineOperations.map(({ of }) => nameless(of)));
  const own = operations
    .filter(([route]) => route.startsWith("GET ") && !theirs.has(nameless(route)))
    .map(([route, { parameters = [], responses }]) => ({
      route,
      limit: parameters.find(({ name }: Json) => name === "limit")?.schema,
      takesCursor: parameters.some(({ name }: Json) => name === "after"),
      data: responses[200]?.content?.["application/json"]?.schema.properties?.data,
    }))
    .filter(({ limit, takesCursor }) => limit !== undefined && takesCursor);
  expect(own.length).toBeGreaterThan(8);
  for (const { route, limit, data } of own) {
    const { minimum, maximum, default: rows } = limit;
    expect({ route, minimum, maximum, rows }).toEqual({
      route,
      minimum: 1,
      maximum: 100,
      rows: 20,
    });
    for (const shape of data.anyOf?.slice(1) ?? [data])
      expect([route, shape.required]).toEqual([
        route,
        expect.arrayContaining(["list", "pageInfo"]),
      ]);
  }
});

test("every operation that may have a body refuses what is not JSON", () => {
  const sending = operations.filter(([route]) => /^(POST|PUT|PATCH) \/api\//.test(route));
  const others = sending.filter(([, { responses }]) => !("415" in responses));
  expect(others.map(([route]) => route)).toEqual([]);
});

test("schemas accept what the server accepts: dates alone, and empty form fields", () => {
  const { content } = document.paths["/api/v1/live-stream/create"].post.requestBody;
  const { plannedStartDate, price, thumbnail } = content["application/json"].schema.properties;
  const formats = [...within(plannedStartDate)].map(([, { format }]) => format);
  expect(formats).toEqual(expect.arrayContaining(["date", "date-time"]));
  expect(plannedStartDate.anyOf).toEqual(expect.arrayContaining([{ const: "" }, { type: "null" }]));
  expect(price.anyOf).toEqual([expect.objectContaining({ type: "integer" }), { type: "null" }]);
  expect(thumbnail.anyOf.map(({ format }: Json) => format)).toEqual(
    expect.arrayContaining(["uri", "binary"]),
  );
});

/** Texts and lists without a limit, each with the reason. */
const unlimited = {
  "what a client sends and nobody looks at":
    /^\/(v4|tencent)\/.*\/parameters\/(random|contenttype|ClientIP|OptPlatform)$/,
  "files, whose bytes are limited": /\/(thumbnail|image|photo)$|image\/\*\/schema$/,
  "pages for a browser": /text\/html/,
  "as many gift types as admins make":
    /^\/api\/v1\/gifts\/gift-types\/get\/.*\/data$|GiftStatistics.*giftTypeCounts$/,
};

/** The path of a schema for readers: by fields, and a parameter by its name. */
const placeOf = (place: string) =>
  place
    .replace(/^\/paths\//, "")
    .replace(/^(.*)\/(\w+)\/parameters\/(\d+)\/schema/, (_, path, method, at) => {
      const { name } = document.paths[path][method].parameters[Number(at)];
      return `${path}/${method}/parameters/${name}`;
    })
    .replace(/\/(items|anyOf\/\d+)(?=\/|$)/g, "");

test("texts and lists have limits, and those without are listed here with the reason", () => {
  const types = ({ type }: Json) => [type].flat();
  const isOpen = (one: Json) =>
    (types(one).includes("string") &&
      !["maxLength", "enum", "const"].some((limit) => limit in one)) ||
    (types(one).includes("array") && !("maxItems" in one));
  const open = [...within(document)]
    .filter(([place, one]) => isOpen(one) && !/\/(properties|propertyNames)$/.test(place))
    .map(([place]) => placeOf(place));
  const reasons = Object.values(unlimited);
  expect(open.filter((place) => !reasons.some((reason) => reason.test(place)))).toEqual([]);
  for (const reason of reasons) expect(open.filter((place) => reason.test(place))).not.toEqual([]);
});

const socket: Json = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../docs/asyncapi.json"), "utf8"),
);

test("descriptions state what a schema cannot: rules between fields, and bytes", () => {
  const fieldsOf = (path: string, method: string): Json =>
    document.paths[path][method].requestBody.content["application/json"].schema;
  const [{ properties: poll }] = fieldsOf("/api/v1/live-stream/{streamId}/moments", "post").oneOf;
  const { properties: device } = fieldsOf("/api/v1/notifications/device-token", "post");
  const { properties: type } = fieldsOf("/api/v1/gifts/gift-types", "post");
  const { properties: webhook } = fieldsOf("/api/v1/webhooks", "post");
  const { parameters } = document.paths["/api/v1/live-stream/guest-streams"].get;
  expect(poll.options.description).toBe("All different");
  expect(device.deviceId.description).toBe("Required without a `token`");
  expect(type.giftId.description).toContain("20 bytes");
  expect(type.svgUrl.description).toContain("https");
  expect(webhook.url.description).toContain("port 443");
  for (const { name, description } of parameters)
    if (name.startsWith("sort")) expect(description).toContain("With `after`");
  expect(document.info.description).toContain("Control\ncharacters are refused");
});

test("both descriptions have the same version", () => {
  expect(document.info.version).toBe(socket.info.version);
});

test("an operation sends or receives each message", () => {
  const used = Object.values<Json>(socket.operations).flatMap(({ messages, reply }) =>
    [...messages, ...(reply?.messages ?? [])].map(({ $ref }) => $ref.split("/").at(-1)),
  );
  expect([...new Set(used)].sort()).toEqual(Object.keys(socket.components.messages).sort());
});
