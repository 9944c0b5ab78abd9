/** Examples in the API descriptions are real requests and responses. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
// biome-ignore lint/suspicious/noExplicitAny: A description is looked into as it comes.
type Json = any;
const read = (name: string): Json => JSON.parse(readFileSync(join(root, "docs", name), "utf8"));

const json = "application/json";
/** Operations that return the description itself. */
const answersItself = new Set(["appOpenapi", "appAsyncapi"]);
const operations: Json[] = Object.values<Json>(read("openapi.json").paths).flatMap(Object.values);

test("every operation has examples of its JSON request and response", () => {
  const bare = operations.flatMap(({ operationId, requestBody, responses }) => {
    const [, success] = Object.entries<Json>(responses).find(([code]) => code < "400")!;
    const answered = answersItself.has(operationId) ? undefined : success.content?.[json];
    const parts = { body: requestBody?.content[json], answer: answered };
    return Object.entries<Json>(parts)
      .filter(([, media]) => media !== undefined && !("example" in media || "examples" in media))
      .map(([part]) => `${part} of ${operationId}`);
  });
  expect(operations.length).toBeGreaterThan(100);
  expect(bare).toEqual([]);
});

test("every path parameter has an example", () => {
  const bare = operations.flatMap(({ operationId, parameters = [] }) =>
    parameters
      .filter((one: Json) => one.in === "path" && !("example" in { ...one.schema, ...one }))
      .map(({ name }: Json) => `${name} of ${operationId}`),
  );
  expect(bare).toEqual([]);
});

test("every message of the socket, every event and every webhook has an example", () => {
  const { messages, schemas } = read("asyncapi.json").components;
  const events = Object.entries<Json>(schemas).filter(([name]) => name.startsWith("event."));
  const described = [...Object.entries<Json>(messages), ...events];
  const bare = described.filter(([, { examples = [] }]) => examples.length === 0);
  expect(events.length).toBeGreaterThan(10);
  expect(bare.map(([name]) => name)).toEqual([]);
});
