import { request } from "node:http";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { type Engine, startEngine } from "../../local/aws/engine.ts";
import { openState, type State } from "../../local/state.ts";
import { makeStage } from "./sample-stage.ts";

let state: State;
let engine: Engine;
beforeAll(async () => {
  state = openState(":memory:");
  engine = await startEngine({ state, tables: makeStage().tables, log: () => {} });
  await engine.call("DynamoDB_20120810.PutItem", { TableName: "sample", Item: item });
});
afterAll(async () => {
  await engine.stop();
  state.close();
});

const item = { PK: { S: "A" }, SK: { S: "secret" } };

/** Sends a raw request, since `fetch` would set some of these headers itself. */
function ask(headers: Record<string, string>, method = "POST") {
  type Answer = { status?: number; text: string; headers: Record<string, unknown> };
  return new Promise<Answer>((resolve, reject) => {
    const asking = request(engine.endpoint, { method, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      const { statusCode: status, headers: given } = answer;
      answer.on("end", () => resolve({ ...(status && { status }), text, headers: given }));
    });
    asking.on("error", reject);
    asking.end(method === "POST" ? JSON.stringify({ TableName: "sample" }) : undefined);
  });
}

const scan = { "x-amz-target": "DynamoDB_20120810.Scan" };
const token = () => ({ "x-amz-security-token": String(engine.credentials.sessionToken) });

test("a caller with the credentials of engine.json reads from the engine", async () => {
  const { endpoint, credentials } = engine;
  const client = new DynamoDBClient({ endpoint, credentials, region: "us-east-1" });
  const read = new GetItemCommand({ TableName: "sample", Key: item });
  expect((await client.send(read)).Item).toEqual(item);
  client.destroy();
  expect((await ask({ ...scan, ...token() })).text).toContain("secret");
});

test("a foreign web page gets nothing, even with the secret, and may read no response", async () => {
  const page = { ...scan, "content-type": "text/plain" };
  const tries = [
    await ask({ ...page, origin: "https://evil.example" }),
    await ask({ ...page, ...token(), origin: "https://evil.example" }),
    await ask({ ...page, ...token(), origin: "null" }),
    await ask({ ...page, ...token(), "sec-fetch-site": "cross-site" }),
    // A foreign name that resolves to this machine (DNS rebinding).
    await ask({ ...page, ...token(), host: `evil.example:${new URL(engine.endpoint).port}` }),
    await ask(
      { origin: "https://evil.example", "access-control-request-method": "POST" },
      "OPTIONS",
    ),
    await ask({ ...scan, ...token() }, "GET"),
  ];
  for (const { status, text, headers } of tries) {
    expect([status, text.includes('"secret"')]).toEqual([403, false]);
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});

test("a caller without the secret, or with another one, gets nothing", async () => {
  const others = ["", "x", "0".repeat(64)];
  for (const other of others)
    expect((await ask({ ...scan, "x-amz-security-token": other })).status).toBe(403);
  expect((await ask(scan)).status).toBe(403);
});
