/** Faults of all services that functions call, except the table (test/local/faults.test.ts). */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Aws, startAws } from "../../local/aws/index.ts";
import type { CallAnswer } from "../../local/model.ts";
import { openState } from "../../local/state.ts";
import { makeInvoke, makeQueue, makeStage, noConnections } from "./sample-stage.ts";
import { callRoute, type Transport, transports } from "./transports.ts";

const queue = makeQueue("orders");
const secret = { name: "key", arn: "arn:aws:secretsmanager:us-east-1:000000000000:secret:key" };
const stage = makeStage({ tables: [], queues: [queue], secrets: [secret] });
for (const name of ["sample-writer", "sample-reader"])
  stage.roles[`${name}-role`] = [{ Effect: "Allow", Action: ["*"], Resource: ["*"] }];

let aws: Aws;
let dataDir: string;
let invoked = 0;
let posted = 0;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "ovation-test-"));
  aws = await startAws({
    stage,
    invoke: makeInvoke({ "sample-worker": () => ++invoked }),
    connections: {
      ...noConnections,
      post: () => {
        posted++;
        return "sent";
      },
    },
    state: openState(dataDir),
    secrets: { key: "given" },
    log: () => {},
  });
});
afterAll(async () => {
  await aws.stop();
  await rm(dataDir, { recursive: true, force: true });
});
afterEach(() => callRoute(aws, "DELETE", "/local/faults"));

const add = async (fault: object) =>
  expect((await callRoute(aws, "POST", "/local/faults", fault)).status).toBe(201);
const struck = async () => {
  const { body } = await callRoute(aws, "GET", "/local/faults");
  return (body as { faults: { struck: number }[] }).faults.map((fault) => fault.struck);
};

type Call = { method: string; url: string; headers: Record<string, string>; body: string };
type Row = {
  service: string;
  operation: string;
  /** The key that a fault can target. */
  key: string;
  make(): Call;
  /** How often it took effect so far; undefined for reads. */
  count?: () => number | Promise<number>;
  error: [number, string];
  throttle: [number, string];
};

const json = (target: string, body: object): Call => ({
  method: "POST",
  url: "/",
  headers: { "x-amz-target": target },
  body: JSON.stringify(body),
});
const message = { MessageBody: "{}" };
let objects = 0;
const ofS3 = (method: string, url: string, body = ""): Call => ({
  method,
  url,
  headers: {},
  body,
});
const messages = async () => {
  const { body } = await callRoute(aws, "GET", "/local/queues");
  return (body as { queues: { visible: number }[] }).queues[0]!.visible;
};
const files = async () => (await readdir(join(dataDir, "s3/failed")).catch(() => [])).length;

const sqs = {
  service: "sqs",
  key: "orders",
  count: messages,
  error: [500, "InternalFailure"] as [number, string],
  throttle: [400, "com.amazonaws.sqs#RequestThrottled"] as [number, string],
};
const s3 = {
  service: "s3",
  error: [500, "InternalError"] as [number, string],
  throttle: [503, "SlowDown"] as [number, string],
};
const rows: Row[] = [
  {
    ...sqs,
    operation: "SendMessage",
    make: () => json("AmazonSQS.SendMessage", { QueueUrl: queue.url, ...message }),
  },
  {
    ...sqs,
    operation: "SendMessageBatch",
    make: () => {
      const Entries = [{ Id: "1", ...message }];
      return json("AmazonSQS.SendMessageBatch", { QueueUrl: queue.url, Entries });
    },
  },
  {
    ...s3,
    operation: "PutObject",
    key: "failed/new",
    make: () => ofS3("PUT", `/failed/new-${++objects}`),
    count: files,
  },
  // The object is missing, which a fault after the commit hides.
  { ...s3, operation: "GetObject", key: "failed/none", make: () => ofS3("GET", "/failed/none") },
  {
    ...s3,
    operation: "DeleteObject",
    key: "failed/none",
    make: () => ofS3("DELETE", "/failed/none"),
  },
  {
    ...s3,
    operation: "DeleteObjects",
    key: "failed/none",
    make: () => ({
      ...ofS3("POST", "/failed?delete", "<Delete><Object><Key>none</Key></Object></Delete>"),
      headers: { "content-md5": "EpvYphShtu0A5NGVEQm6CQ==" },
    }),
  },
  {
    ...s3,
    operation: "ListObjectsV2",
    key: "failed/",
    make: () => ofS3("GET", "/failed?list-type=2"),
  },
  {
    service: "secretsmanager",
    operation: "GetSecretValue",
    key: "key",
    make: () => json("secretsmanager.GetSecretValue", { SecretId: "key" }),
    error: [500, "InternalServiceError"],
    throttle: [400, "ThrottlingException"],
  },
  {
    service: "lambda",
    operation: "Invoke",
    key: "sample-worker",
    make: () => ofS3("POST", "/2015-03-31/functions/sample-worker/invocations"),
    count: () => invoked,
    error: [500, "ServiceException"],
    throttle: [429, "TooManyRequestsException"],
  },
  {
    service: "execute-api",
    operation: "PostToConnection",
    key: "abc",
    make: () => ofS3("POST", "/sockets/ws/@connections/abc"),
    count: () => posted,
    error: [500, "InternalFailure"],
    throttle: [429, "LimitExceededException"],
  },
];

/** How long a caller waits for a response, and for none once the fault has struck. */
const patience = { answer: 20_000, silence: 200 };
const pause = (milliseconds: number) => sleep<void>(milliseconds, undefined, { ref: false });

/** Ends the wait of a caller who hears nothing: not before the call has arrived. */
async function waitInSilence(): Promise<void> {
  while ((await struck())[0] === 0) await sleep(5);
  await pause(patience.silence);
}

type Heard = "lost" | "silence" | [status: number, type: string | undefined];

/** Makes the call through a transport as a function; returns the status and the failure's type. */
async function hear(
  transport: Transport,
  { make, service }: Row,
  { caller = "sample-writer", end = pause(patience.answer) } = {},
): Promise<Heard> {
  const { method, url, headers, body } = make();
  const scope = `${caller}/20260101/us-east-1/${service}/aws4_request`;
  const signed = { ...headers, authorization: `AWS4-HMAC-SHA256 Credential=${scope}, Signature=0` };
  if (transport === "sockets") {
    const ending = new AbortController();
    void end.then(() => ending.abort("silence"));
    const { signal } = ending;
    const init = { method, headers: signed, signal, ...(method !== "GET" && { body }) };
    return fetch(aws.endpointUrl + url, init).then(
      (answer) => [answer.status, answer.headers.get("x-amzn-errortype") ?? undefined],
      (why) => (why === "silence" ? why : "lost"),
    );
  }
  const call = { method, url, headers: signed, body };
  const said = await new Promise<CallAnswer | "silence">((resolve) => {
    void end.then(() => resolve("silence"));
    aws.doCalls(
      [call],
      (_at, answer) => resolve(answer),
      () => false,
    );
  });
  return typeof said === "string" ? said : [said.status, said.headers?.["x-amzn-errortype"]];
}

describe.each(transports)("by %s", (transport) => {
  describe.each(rows)("$service $operation", (row) => {
    const { service, operation, error, throttle } = row;
    const counted = async (): Promise<number | undefined> => row.count?.();
    const outcomes: [kind: string, heard: Heard, isDone: boolean][] = [
      ["error_before", error, false],
      ["error_after_commit", error, true],
      ["throttle", throttle, false],
      ["timeout", "lost", false],
      ["timeout_after_commit", "lost", true],
      ["silence", "silence", false],
      ["silence_after_commit", "silence", true],
    ];

    test.each(outcomes)("%s", async (kind, heard, isDone) => {
      const before = await counted();
      await add({ service, operation, kind });
      const waiting = heard === "silence" ? { end: waitInSilence() } : {};
      expect(await hear(transport, row, waiting)).toEqual(heard);
      expect(await struck()).toEqual([1]);
      if (before !== undefined) expect((await counted())! - before).toBe(isDone ? 1 : 0);
      // The fault applies once, as requested.
      const [status] = await hear(transport, row);
      expect([200, 204, operation === "GetObject" && 404]).toContain(status);
    });

    test("a delayed call responds late, and takes effect", async () => {
      const before = await counted();
      await add({ service, operation, kind: "delay", delayMilliseconds: 60 });
      const begun = performance.now();
      await hear(transport, row);
      expect(performance.now() - begun).toBeGreaterThanOrEqual(50);
      if (before !== undefined) expect((await counted())! - before).toBe(1);
    });

    test("affects only the caller, operation and key that it is aimed at", async () => {
      const kind = "error_before";
      for (const other of [
        { caller: "reader" },
        { operation: "Another" },
        { keyPrefix: `another-${row.key}` },
        { service: "ses" },
        { percent: 0 },
      ])
        await add({ service, kind, ...other });
      await hear(transport, row);
      expect(await struck()).toEqual([0, 0, 0, 0, 0]);
      await callRoute(aws, "DELETE", "/local/faults");
      await add({ service, operation, caller: "writer", keyPrefix: row.key, kind, count: 2 });
      expect(await hear(transport, row)).toEqual(error);
      expect(await hear(transport, row)).toEqual(error);
      await hear(transport, row);
      expect(await struck()).toEqual([2]);
    });
  });
});
