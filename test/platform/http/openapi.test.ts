import { expect, test } from "@jest/globals";
import * as z from "zod";
import type { Contract } from "../../../platform/http/contract.ts";
import { openApiDocument } from "../../../platform/http/openapi.ts";
import { ofStage, serversAt, socketServersAt } from "../../../platform/http/reference.ts";
import { commandPaths } from "../../../platform/tencent/openapi.ts";

const Thing = z.object({ id: z.string() }).meta({ id: "Thing" });

const create = {
  kind: "endpoint",
  route: "POST /things/{thingId}/parts",
  summary: "Make a part of a thing",
  tag: "App",
  caller: "admin",
  path: z.object({ thingId: z.string() }),
  body: z.object({ name: z.string().transform((name) => name.trim()) }),
  answer: [201, Thing],
  cost: {},
  refusals: ["stream_not_found", "credits_too_low"],
  grants: {},
} as const satisfies Contract;

const remove = {
  ...create,
  route: "DELETE /things/{thingId}",
  caller: "optional",
  body: undefined,
  answer: [204, z.undefined()],
  refusals: [],
  stage: "purchases",
} as const;

const { body: _, ...removed } = remove;
const document = openApiDocument(
  [
    { name: "things/create-part", contract: create },
    { name: "things/delete", contract: removed },
  ],
  commandPaths([
    {
      name: "tencent/things/add",
      contract: {
        kind: "command",
        command: "live_config/add_thing",
        summary: "Add a thing",
        answer: z.object({ Id: z.string() }),
        refusals: [],
        callsPerSecond: 1,
        grants: {},
      },
    },
    {
      name: "tencent/unknown",
      contract: {
        kind: "command",
        command: "*",
        summary: "No",
        refusals: [],
        grants: {},
      },
    },
  ]),
);
// biome-ignore lint/suspicious/noExplicitAny: The document is read as its readers do, as JSON.
const json: any = JSON.parse(JSON.stringify(document));
const post = json.paths["/things/{thingId}/parts"].post;

test("is OpenAPI 3.1 with an operation for each contract", () => {
  expect(json.openapi).toBe("3.1.0");
  expect(Object.keys(json.paths)).toEqual([
    "/things/{thingId}/parts",
    "/things/{thingId}",
    "/v4/live_config/add_thing",
  ]);
  expect(post).toMatchObject({ operationId: "thingsCreatePart", tags: ["App"] });
  expect(json.tags).toMatchObject([
    { name: "App", description: expect.stringContaining("Settings") },
    { name: "Tencent", description: expect.any(String) },
  ]);
});

test("describes path, body and the key of a creating POST", () => {
  const named = post.parameters.map(({ in: place, name }: { in: string; name: string }) => [
    place,
    name,
  ]);
  expect(named).toEqual([
    ["path", "thingId"],
    ["header", "Idempotency-Key"],
  ]);
  const { schema } = post.requestBody.content["application/json"];
  expect(schema).toMatchObject({ properties: { name: { type: "string" } }, required: ["name"] });
});

test("wraps a response in the envelope, and refers to named schemas", () => {
  const { schema } = post.responses["201"].content["application/json"];
  expect(Object.keys(schema.properties)).toEqual([
    "isSuccess",
    "statusCode",
    "data",
    "errors",
    "timestamp",
  ]);
  expect(schema.properties.data).toEqual({ $ref: "#/components/schemas/Thing" });
  expect(json.paths["/things/{thingId}"].delete.responses["204"].content).toBeUndefined();
});

test("has every failure that the contract can meet, with its sentences", () => {
  expect(Object.keys(post.responses)).toEqual([
    "201",
    "400",
    "401",
    "403",
    "404",
    "409",
    "413",
    "415",
    "422",
    "429",
    "500",
    "503",
  ]);
  expect(post.responses["404"].description).toContain("There is no stream {streamId}");
  expect(post.responses["409"].description).toContain("Insufficient credits");
  expect(post.responses["404"].content["application/json"].example.errors[0]).toBe(
    "Resource not found",
  );
});

test("states who may call", () => {
  expect(post.security).toEqual([{ bearer: [] }]);
  expect(post.description).toContain("role admin");
  expect(json.paths["/things/{thingId}"].delete.security).toEqual([{}, { bearer: [] }]);
});

test("adds a command's fields to the common response", () => {
  const { responses } = json.paths["/v4/live_config/add_thing"].post;
  const { schema } = responses["200"].content["application/json"];
  expect(Object.keys(schema.properties)).toEqual(
    expect.arrayContaining(["ActionStatus", "ErrorCode", "Id"]),
  );
  expect(schema.required).not.toContain("Id");
});

test("has no dangling references", () => {
  const references = [...JSON.stringify(json).matchAll(/"\$ref":"#\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(3);
  for (const [, path = ""] of references) {
    // biome-ignore lint/suspicious/noExplicitAny: Any part of the document may be referred to.
    const found = path.split("/").reduce((at: any, part) => at?.[part], json);
    expect([path, typeof found]).toEqual([path, "object"]);
  }
});

test("omits operations that a stage lacks", () => {
  expect(Object.keys(ofStage(json, { purchases: false }).paths)).not.toContain("/things/{thingId}");
  expect(Object.keys(ofStage(json, { purchases: true }).paths)).toContain("/things/{thingId}");
});

test("states where a stage is, for sockets too, and nothing if that is unknown", () => {
  expect(serversAt("https://live.acme.com")).toEqual({
    servers: [{ url: "https://live.acme.com" }],
  });
  expect(socketServersAt("https://live.acme.com")).toEqual({
    servers: { stage: { host: "live.acme.com", protocol: "wss" } },
  });
  expect(socketServersAt("http://127.0.0.1:4000").servers).toEqual({
    stage: { host: "127.0.0.1:4000", protocol: "ws" },
  });
  expect([serversAt(undefined), socketServersAt(undefined)]).toEqual([{}, {}]);
});
