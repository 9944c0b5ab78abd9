import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { type Aws, startAws } from "../../local/aws/index.ts";
import type { Connections, PolicyStatement } from "../../local/model.ts";
import { openState } from "../../local/state.ts";
import { makeInvoke, makeSource, makeStage, noConnections, streamArn } from "./sample-stage.ts";

const allow = (Action: string, Resource: string): PolicyStatement => ({
  Effect: "Allow",
  Action: [Action],
  Resource: [Resource],
});
const secretArn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:key-local0";
const sockets = "arn:aws:execute-api:us-east-1:000000000000:sockets/ws/*/@connections/*";
const stage = makeStage({
  tables: [],
  secrets: [
    { name: "key", arn: secretArn },
    { name: "made", arn: `${secretArn}1`, generate: { PasswordLength: 40 } },
  ],
});
stage.roles = {
  "sample-writer-role": [
    allow("execute-api:ManageConnections", sockets),
    allow("secretsmanager:GetSecretValue", `${secretArn}*`),
    allow("s3:PutObject", "arn:aws:s3:::failed/*"),
    allow("s3:GetObject", "arn:aws:s3:::failed/*"),
    allow("s3:DeleteObject", "arn:aws:s3:::failed/*"),
    allow("lambda:InvokeFunction", "arn:aws:lambda:*:function:sample-worker"),
  ],
};

let aws: Aws;
let directory: string;
const sent: { id: string; text: string }[] = [];
const connections: Connections = {
  post(id, data) {
    if (id === "gone=") return "gone";
    if (id === "slow=") return "too_fast";
    sent.push({ id, text: Buffer.from(data).toString() });
    return "sent";
  },
  close: (id) => (id === "gone=" ? "gone" : "closed"),
  isOpen: (id) => id !== "gone=",
};

const start = () =>
  startAws({
    stage,
    invoke: makeInvoke({
      "sample-worker": (event: { fail?: boolean }) => {
        if (event.fail) throw new TypeError("bad");
        return { got: event };
      },
    }),
    connections,
    state: openState(directory),
    secrets: { key: "given" },
    log: () => {},
  });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "ovation-test-"));
  aws = await start();
});
afterAll(async () => {
  await aws.stop();
  await rm(directory, { recursive: true, force: true });
});

const settings = (name = "sample-writer", endpoint = aws.endpointUrl) => ({
  endpoint,
  region: "us-east-1",
  credentials: aws.credentialsFor(name),
  maxAttempts: 1,
});
const manage = (name?: string) =>
  new ApiGatewayManagementApiClient(settings(name, `${aws.endpointUrl}/sockets/ws`));
const post = (ConnectionId: string, Data = "hello", name?: string) =>
  manage(name).send(new PostToConnectionCommand({ ConnectionId, Data }));

describe("@connections", () => {
  test("posts, finds and closes", async () => {
    await post("abc=");
    expect(sent).toEqual([{ id: "abc=", text: "hello" }]);
    const found = await manage().send(new GetConnectionCommand({ ConnectionId: "abc=" }));
    expect(found.$metadata.httpStatusCode).toBe(200);
    const closed = await manage().send(new DeleteConnectionCommand({ ConnectionId: "abc=" }));
    expect(closed.$metadata.httpStatusCode).toBe(204);
  });

  test.each([
    ["gone=", "x", 410, "GoneException"],
    ["slow=", "x", 429, "LimitExceededException"],
    ["abc=", "x".repeat(128 * 1024 + 1), 413, "PayloadTooLargeException"],
  ])("%s is refused as API Gateway does it", async (id, data, httpStatusCode, name) => {
    await expect(post(id, data)).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
  });

  test("requires the grant", async () => {
    await expect(post("abc=", "x", "sample-reader")).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });

  test("bills a message for each 32 KB", async () => {
    const route = (path: string) => aws.routes.find((one) => one.path === path);
    await route("/local/cost/reset")?.handler({ body: undefined });
    await post("abc=", "x".repeat(33 * 1024));
    const cost = await route("/local/cost")?.handler({ body: undefined });
    expect(cost?.body).toMatchObject({ items: { websocket_messages: 2 } });
  });
});

test("a secret is the given one, or is generated once and kept", async () => {
  const get = async (SecretId: string) =>
    (await new SecretsManagerClient(settings()).send(new GetSecretValueCommand({ SecretId })))
      .SecretString;
  expect(await get("key")).toBe("given");
  expect(await get(secretArn)).toBe("given");
  const made = await get("made");
  expect(made).toMatch(/^[0-9a-f]{40}$/);
  expect(aws.getSecret("made")).toBe(made);
  await aws.stop();
  aws = await start();
  expect(await get("made")).toBe(made);
  await expect(get("none")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

const call = (method: string, path: string, service: string, body?: string, headers = {}) =>
  fetch(`${aws.endpointUrl}${path}`, {
    method,
    ...(body !== undefined && { body }),
    headers: {
      authorization:
        "AWS4-HMAC-SHA256 " +
        `Credential=sample-writer/20260101/us-east-1/${service}/aws4_request, Signature=0`,
      ...headers,
    },
  });

test("Lambda's Invoke returns results, reports failures and refuses calls without a grant", async () => {
  const path = (name: string) => `/2015-03-31/functions/${name}/invocations`;
  const answer = await call("POST", path("sample-worker"), "lambda", '{"a":1}');
  expect(await answer.json()).toEqual({ got: { a: 1 } });
  const failed = await call("POST", path("sample-worker"), "lambda", '{"fail":true}');
  expect(failed.headers.get("x-amz-function-error")).toBe("Unhandled");
  expect(await failed.json()).toEqual({ errorType: "TypeError", errorMessage: "bad" });
  const event = { "x-amz-invocation-type": "Event" };
  expect((await call("POST", path("sample-worker"), "lambda", "{}", event)).status).toBe(400);
  expect((await call("POST", path("sample-reader"), "lambda", "{}")).status).toBe(403);
  expect((await call("POST", path("none"), "lambda", "{}")).status).toBe(404);
  expect((await call("POST", path("sample-worker"), "lambda", "{")).status).toBe(400);
});

test("S3's PutObject writes below the data directory and nowhere else", async () => {
  expect((await call("PUT", "/failed/a/b.json", "s3", "kept")).status).toBe(200);
  expect(readFileSync(join(directory, "s3/failed/a/b.json"), "utf8")).toBe("kept");
  const outside = await call("PUT", "/failed/..%2F..%2Fout", "s3", "x");
  expect(outside.status).toBe(400);
  expect(existsSync(join(directory, "out"))).toBe(false);
  expect((await call("PUT", "/other/a", "s3", "x")).status).toBe(404);
});

test("S3 says that an object is missing only to those who may list its bucket", async () => {
  await call("PUT", "/failed/kept", "s3", "kept");
  const look = async (key: string) => (await call("GET", `/failed/${key}`, "s3")).status;
  expect([await look("kept"), await look("none")]).toEqual([200, 403]);
  const mayList = allow("s3:ListBucket", "arn:aws:s3:::failed");
  stage.roles = { "sample-writer-role": [...stage.roles["sample-writer-role"]!, mayList] };
  expect(await look("none")).toBe(404);
});

test("S3's DeleteObjects requires the digest of its list", async () => {
  await call("PUT", "/failed/gone", "s3", "gone");
  const list = "<Delete><Object><Key>gone</Key></Object></Delete>";
  const remove = async (headers?: Record<string, string>) =>
    (await call("POST", "/failed?delete", "s3", list, headers)).status;
  const file = join(directory, "s3/failed/gone");
  expect([await remove(), await remove({ "content-md5": "AAAA" })]).toEqual([400, 400]);
  expect(existsSync(file)).toBe(true);
  const digest = createHash("md5").update(list).digest("base64");
  expect([await remove({ "content-md5": digest }), existsSync(file)]).toEqual([200, false]);
});

test("an unknown operation gets a clear refusal", async () => {
  const target = (name: string) => ({ "x-amz-target": name });
  for (const [service, name] of [
    ["dynamodb", "DynamoDB_20120810.ExecuteStatement"],
    ["sqs", "AmazonSQS.PurgeQueue"],
    ["kms", "TrentService.Encrypt"],
    ["secretsmanager", "secretsmanager.PutSecretValue"],
  ] as const) {
    const answer = await call("POST", "/", service, "{}", target(name));
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("The local endpoint does not have");
  }
  const broken = await call("POST", "/", "dynamodb", "{", target("DynamoDB_20120810.GetItem"));
  expect(broken.status).toBe(400);
});

test("a mapping whose function may not read its source stops the start", async () => {
  const poor = makeStage({ eventSources: [makeSource("sample-worker", streamArn)] });
  const started = startAws({
    stage: poor,
    invoke: makeInvoke({}),
    connections: noConnections,
    state: openState(":memory:"),
    secrets: {},
    log: () => {},
  });
  await expect(started).rejects.toThrow(
    "AWS would refuse these event source mappings: sample-worker may not dynamodb:GetRecords",
  );
});
