import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { type Aws, startAws } from "../../local/aws/index.ts";
import type { EventSource, Invoke } from "../../local/model.ts";
import { openState } from "../../local/state.ts";
import { makeSource, makeStage, noConnections, streamArn, waitFor } from "./sample-stage.ts";

type Record = {
  eventID: string;
  eventName: string;
  dynamodb: {
    SequenceNumber: string;
    Keys: { SK: { S: string } };
    NewImage: { n: { N: string } };
    ApproximateCreationDateTime: number;
  };
};
type Deliver = (records: Record[]) => unknown;

let aws: Aws;
let client: DynamoDBClient;
let directory: string;
/** The delivered batches by function; a delivery may return a report or throw. */
let batches: { [name: string]: Record[][] };
let deliver: { [name: string]: Deliver };

const invoke: Invoke = async (name, event) => {
  const records = (event as { Records: Record[] }).Records;
  batches[name] = [...(batches[name] ?? []), records];
  try {
    return { ok: true, payload: await deliver[name]?.(records) };
  } catch (error) {
    return { ok: false, error: { errorType: "Error", errorMessage: String(error) } };
  }
};

async function start(sources: EventSource[], dataDir = directory, { tables } = makeStage()) {
  aws = await startAws({
    stage: makeStage({ eventSources: sources, tables }),
    invoke,
    connections: noConnections,
    state: openState(dataDir),
    secrets: {},
    log: () => {},
  });
  client = new DynamoDBClient({
    endpoint: aws.endpointUrl,
    region: "us-east-1",
    credentials: aws.credentialsFor("ovation-runner"),
  });
  await aws.start();
}

async function stop() {
  client.destroy();
  await aws.stop();
}

const reader = (part: Partial<EventSource> = {}) => makeSource("sample-reader", streamArn, part);
const put = (SK: string, n = 1, PK = "STREAM#1") =>
  DynamoDBDocumentClient.from(client).send(
    new PutCommand({ TableName: "sample", Item: { PK, SK, n } }),
  );
const namesOf = (records: Record[] = []) => records.map((one) => one.dynamodb.Keys.SK.S);
const seen = (name = "sample-reader") => namesOf((batches[name] ?? []).flat());
const route = (method: string, path: string, body?: unknown) =>
  Promise.resolve(
    aws.routes.find((one) => one.method === method && one.path === path)?.handler({ body }),
  );
const idle = async () =>
  ((await route("GET", "/local/streams"))?.body as { idle: boolean } | undefined)?.idle === true;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ovation-test-"));
  batches = {};
  deliver = {};
});
afterEach(async () => {
  await stop();
  await rm(directory, { recursive: true, force: true });
});

test("a run of another stage on the same data leaves the readers of this stage where they were", async () => {
  await start([reader()]);
  await put("before");
  await waitFor("the first", () => seen().includes("before"));
  await stop();
  const [table] = makeStage().tables;
  const createTable = { ...table!.createTable, TableName: "other" };
  const other = { ...table!, name: "other", arn: "other", streamArn: "other/stream", createTable };
  const tables = [other];
  await start([makeSource("sample-second", other.streamArn)], directory, makeStage({ tables }));
  await stop();
  await start([reader()]);
  await put("after");
  await waitFor("the second", () => seen().includes("after"));
  expect(seen()).toEqual(["before", "after"]);
});

test("two readers get every change in order, in Lambda's form, soon after the write", async () => {
  await start([reader(), makeSource("sample-second", streamArn)]);
  for (let index = 0; index < 5; index += 1) await put(`k${index}`);
  await waitFor("both readers", () => seen().length === 5 && seen("sample-second").length === 5);
  expect(seen()).toEqual(["k0", "k1", "k2", "k3", "k4"]);
  expect(seen("sample-second")).toEqual(seen());
  expect(batches["sample-reader"]?.[0]?.[0]).toMatchObject({
    eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
    eventName: "INSERT",
    eventSource: "aws:dynamodb",
    awsRegion: "us-east-1",
    eventSourceARN: streamArn,
    dynamodb: {
      SequenceNumber: expect.stringMatching(/^\d{21}$/),
      Keys: { PK: { S: "STREAM#1" }, SK: { S: "k0" } },
      NewImage: { n: { N: "1" } },
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
  });
  const times: number[] = [];
  for (let n = 0; n < 10; n++) {
    const before = performance.now();
    await put(`late ${n}`);
    await waitFor("the late one", () => seen().includes(`late ${n}`));
    times.push(performance.now() - before);
  }
  // Without a wake-up each poll would take a second; a busy machine is not always slow.
  expect(Math.min(...times)).toBeLessThan(500);
});

test("a write that changes nothing makes no record", async () => {
  await start([reader()]);
  await put("same", 1);
  await put("same", 1);
  await put("same", 2);
  await waitFor("the change", async () => (await idle()) && seen().length >= 2);
  expect((batches["sample-reader"] ?? []).flat().map((one) => one.eventName)).toEqual([
    "INSERT",
    "MODIFY",
  ]);
});

test("filters select records, and nothing waits for the others", async () => {
  const filters = [{ dynamodb: { Keys: { SK: { S: [{ prefix: "MSG#" }] } } } }];
  await start([reader({ filters })]);
  await put("MSG#1");
  await put("OTHER");
  await put("MSG#2");
  await waitFor("the end", async () => (await idle()) && seen().length === 2);
  expect(seen()).toEqual(["MSG#1", "MSG#2"]);
});

test("while a batch is in progress records gather for the next one", async () => {
  let release: (() => void) | undefined;
  deliver["sample-reader"] = () =>
    release ? undefined : new Promise<void>((resolve) => (release = resolve));
  await start([reader({ batchSize: 4 })]);
  await put("first");
  await waitFor("the first batch", () => seen().length === 1);
  for (let index = 0; index < 6; index += 1) await put(`k${index}`);
  expect(batches["sample-reader"]).toHaveLength(1);
  release?.();
  await waitFor("the rest", () => seen().length === 7);
  expect(batches["sample-reader"]?.map((batch) => batch.length)).toEqual([1, 4, 2]);
});

test("the lowest reported record and all after it are redelivered; after a malformed report all are", async () => {
  const answers: unknown[] = [];
  deliver["sample-reader"] = () => answers.shift();
  await start([reader()]);
  await route("POST", "/local/streams", { pause: true });
  for (const name of ["a", "b", "c"]) await put(name);
  answers.push({ batchItemFailures: [{ itemIdentifier: "" }] });
  const named = (index: number) => ({
    get batchItemFailures() {
      const last = batches["sample-reader"]?.at(-1) ?? [];
      return [{ itemIdentifier: last[index]?.dynamodb.SequenceNumber }];
    },
  });
  answers.push(named(1), { batchItemFailures: [] });
  await route("POST", "/local/streams", { pause: false });
  await waitFor("the end", async () => (await idle()) && answers.length === 0);
  expect(batches["sample-reader"]?.map(namesOf)).toEqual([
    ["a", "b", "c"],
    ["a", "b", "c"],
    ["b", "c"],
  ]);
});

test("a poison batch is given up after its attempts and stored whole in the bucket", async () => {
  deliver["sample-reader"] = (records) => {
    if (namesOf(records).includes("poison")) throw new Error("poison");
  };
  await start([
    reader({ batchSize: 2, retryAttemptsMax: 1, failuresBucketArn: "arn:aws:s3:::failed" }),
  ]);
  await route("POST", "/local/streams", { pause: true });
  for (const name of ["a", "b", "poison", "c", "d", "e"]) await put(name);
  await route("POST", "/local/streams", { pause: false });
  await waitFor("the good ones", () => seen().includes("d") && seen().includes("e"));
  await waitFor("rest", idle);
  const folder = join(directory, "s3/failed/aws/lambda/mapping-sample-reader");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const objects = files.filter((file) => file.isFile());
  expect(objects).toHaveLength(1);
  const [object] = objects;
  const kept = JSON.parse(readFileSync(join(object!.parentPath, object!.name), "utf8"));
  expect(kept).toMatchObject({
    requestContext: { condition: "RetryAttemptsExhausted", approximateInvokeCount: 2 },
    DDBStreamBatchInfo: { batchSize: 2, streamArn },
    payload: {
      Records: ["poison", "c"].map((S) => ({ dynamodb: { Keys: { SK: { S } } } })),
    },
  });
});

test("a restart on the same data continues after the last finished batch", async () => {
  await start([reader()]);
  await put("done");
  await waitFor("the first", async () => (await idle()) && seen().length === 1);
  await route("POST", "/local/streams", { pause: true });
  await put("left");
  await stop();
  batches = {};
  await start([reader()]);
  await waitFor("the left one", () => seen().length > 0);
  await waitFor("rest", idle);
  expect(seen()).toEqual(["left"]);
});

test("a replaced database is read from its beginning", async () => {
  await start([reader()]);
  for (const name of ["a", "b"]) await put(name);
  await waitFor("the first", async () => (await idle()) && seen().length === 2);
  await stop();
  for (const name of readdirSync(directory)) {
    if (name.startsWith("dynamodb.sqlite")) await rm(join(directory, name));
  }
  batches = {};
  await start([reader()]);
  await put("first of the new one");
  await waitFor("the new one", () => seen().length > 0);
  expect(seen()).toEqual(["first of the new one"]);
});

test("two shards keep the order of each item, and repeated, regrouped batches lose none", async () => {
  await start([reader({ batchSize: 7 })]);
  await route("POST", "/local/streams", {
    shards: 2,
    double: 50,
    regroup: true,
    lagMilliseconds: [0, 30],
    clockSkewSeconds: [0, 100],
  });
  const items = ["a", "b", "c", "d", "e", "f"];
  for (let n = 1; n <= 20; n += 1) await Promise.all(items.map((name) => put(name, n)));
  await waitFor("all", async () => (await idle()) && new Set(seen()).size === items.length);
  const records = (batches["sample-reader"] ?? []).flat();
  for (const name of items) {
    const own = records.filter((one) => one.dynamodb.Keys.SK.S === name);
    const first = [...new Set(own.map((one) => Number(one.dynamodb.NewImage.n.N)))];
    expect(first).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  }
  expect(records.length).toBeGreaterThan(120);
  const skewed = records.filter(
    (one) => one.dynamodb.ApproximateCreationDateTime > Date.now() / 1000 + 50,
  );
  expect(skewed.length).toBeGreaterThan(0);
  expect(skewed.length).toBeLessThan(records.length);
  await route("POST", "/local/streams", { shards: 1, double: 0, regroup: false });
  await put("after");
  await waitFor("the one after", () => seen().includes("after"));
});

test("a fault makes a batch fail before or after its work, and it is redelivered", async () => {
  await start([reader()]);
  const fault = { service: "lambda", caller: "reader" };
  await route("POST", "/local/faults", { ...fault, kind: "error_before" });
  await put("before");
  await waitFor("the first", async () => (await idle()) && seen().length > 0);
  expect(seen()).toEqual(["before"]);
  await route("POST", "/local/faults", { ...fault, kind: "error_after_commit" });
  await put("after");
  await waitFor("the second", async () => (await idle()) && seen().length > 2);
  expect(seen()).toEqual(["before", "after", "after"]);
});

test("the redeliver switch delivers the last records again", async () => {
  await start([reader()]);
  for (const name of ["a", "b", "c"]) await put(name);
  await waitFor("all", async () => (await idle()) && seen().length === 3);
  await route("POST", "/local/streams", { redeliver: 2 });
  await waitFor("again", () => seen().length === 5);
  expect(seen().slice(3)).toEqual(["b", "c"]);
});
