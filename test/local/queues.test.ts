import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { jest } from "@jest/globals";
import { type Aws, startAws } from "../../local/aws/index.ts";
import type { EventSource, Invoke, Queue } from "../../local/model.ts";
import { openState } from "../../local/state.ts";
import { makeQueue, makeSource, makeStage, noConnections, waitFor } from "./sample-stage.ts";

type Message = {
  messageId: string;
  receiptHandle: string;
  body: string;
  attributes: { [name: string]: string };
};

let aws: Aws;
let client: SQSClient;
let directory: string;
let batches: Message[][];
let deliver: (messages: Message[]) => unknown;

const invoke: Invoke = async (_, event) => {
  const messages = (event as { Records: Message[] }).Records;
  batches.push(messages);
  try {
    return { ok: true, payload: await deliver(messages) };
  } catch (error) {
    return { ok: false, error: { errorType: "Error", errorMessage: String(error) } };
  }
};

async function start(queues: Queue[], part: Partial<EventSource> = {}) {
  const eventSources = [makeSource("sample-worker", queues[0]!.arn, { batchSize: 10, ...part })];
  aws = await startAws({
    stage: makeStage({ queues, eventSources, tables: [] }),
    invoke,
    connections: noConnections,
    state: openState(directory),
    secrets: {},
    log: () => {},
  });
  client = clientOf("sample-writer");
  await aws.start();
}

const clientOf = (functionName: string) =>
  new SQSClient({
    endpoint: aws.endpointUrl,
    region: "us-east-1",
    credentials: aws.credentialsFor(functionName),
    maxAttempts: 1,
  });

async function stop() {
  client.destroy();
  await aws.stop();
}

const send = (queue: Queue, MessageBody: string, part = {}) =>
  client.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody, ...part }));
const seen = () => batches.flat().map((message) => message.body);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ovation-test-"));
  batches = [];
  deliver = () => undefined;
});
afterEach(async () => {
  jest.restoreAllMocks();
  await stop();
  await rm(directory, { recursive: true, force: true });
});

const work = makeQueue("work");

test("a message arrives at once, in Lambda's form, a delayed one on time", async () => {
  await start([work]);
  const before = Date.now();
  // At once: a second call may come later than the delay of the first one.
  const { Successful } = await client.send(
    new SendMessageBatchCommand({
      QueueUrl: work.url,
      Entries: [
        { Id: "1", MessageBody: "late", DelaySeconds: 1 },
        { Id: "2", MessageBody: "now" },
      ],
    }),
  );
  await waitFor("both", () => seen().length === 2);
  expect(seen()).toEqual(["now", "late"]);
  expect(Date.now() - before).toBeGreaterThanOrEqual(1000);
  expect(batches[0]?.[0]).toMatchObject({
    messageId: Successful![1]!.MessageId,
    eventSource: "aws:sqs",
    eventSourceARN: work.arn,
    attributes: { ApproximateReceiveCount: "1", SenderId: "sample-writer" },
  });
});

test("a batch is sent at once and within its limits", async () => {
  await start([work]);
  const entry = (Id: string) => ({ Id, MessageBody: Id });
  const batch = (ids: string[]) =>
    client.send(new SendMessageBatchCommand({ QueueUrl: work.url, Entries: ids.map(entry) }));
  expect((await batch(["a", "b"])).Successful).toHaveLength(2);
  await expect(batch(["a", "a"])).rejects.toMatchObject({ name: "BatchEntryIdsNotDistinct" });
  await expect(batch([..."abcdefghijk"])).rejects.toMatchObject({
    name: "TooManyEntriesInBatchRequest",
  });
  await expect(send(work, "x", { DelaySeconds: 901 })).rejects.toThrow("DelaySeconds");
  await expect(send(work, "x".repeat(1024 * 1024 + 1))).rejects.toThrow();
  await expect(send(work, "x\uffff")).rejects.toMatchObject({ name: "InvalidMessageContents" });
  const attributes = { MessageAttributes: { kind: { DataType: "String", StringValue: "x" } } };
  await expect(send(work, "x", attributes)).rejects.toThrow("MessageAttributes");
  await expect(send(makeQueue("none"), "x")).rejects.toMatchObject({ name: "QueueDoesNotExist" });
});

test("only failed messages are redelivered, and repeatedly failed ones become dead letters", async () => {
  const dead = makeQueue("dead");
  const queue = makeQueue("work", { redrive: { queueArn: dead.arn, receiveCountMax: 2 } });
  deliver = (messages) => ({
    batchItemFailures: messages
      .filter((message) => message.body === "bad")
      .map((message) => ({ itemIdentifier: message.messageId })),
  });
  await start([queue, dead]);
  await client.send(
    new SendMessageBatchCommand({
      QueueUrl: queue.url,
      Entries: [
        { Id: "1", MessageBody: "good" },
        { Id: "2", MessageBody: "bad" },
      ],
    }),
  );
  const counts = async () =>
    (await aws.routes.find((one) => one.path === "/local/queues")?.handler({ body: undefined }))
      ?.body as {
      queues: { name: string; visible: number }[];
    };
  await waitFor("the dead letter", async () => (await counts()).queues[1]?.visible === 1);
  expect(seen().sort()).toEqual(["bad", "bad", "good"]);
  const none = { visible: 0, delayed: 0, inFlight: 0 };
  expect((await counts()).queues[0]).toEqual({ name: "work", ...none });
});

test("a failed message is redelivered when its function says; an old receipt changes nothing", async () => {
  const queue = makeQueue("work", { visibilitySeconds: 3600 });
  const receipts: string[] = [];
  const show = (receipt: string, VisibilityTimeout: number) =>
    worker.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: queue.url,
        Entries: [{ Id: "1", ReceiptHandle: receipt, VisibilityTimeout }],
      }),
    );
  deliver = async ([message]) => {
    receipts.push(message!.receiptHandle);
    if (receipts.length === 1) expect((await show(receipts[0]!, 1)).Successful).toHaveLength(1);
    throw new Error("This message is bad");
  };
  await start([queue]);
  const worker = clientOf("sample-worker");
  const sentAt = Date.now();
  await send(queue, "bad");
  await waitFor("the second attempt", () => receipts.length === 2);
  expect(Date.now() - sentAt).toBeGreaterThanOrEqual(1000);
  expect((await show(receipts[0]!, 0)).Failed).toMatchObject([{ Code: "ReceiptHandleIsInvalid" }]);
  await expect(show(receipts[1]!, 43_201)).rejects.toThrow("VisibilityTimeout");
  worker.destroy();
});

test("a group of a FIFO queue is in order, one at a time, and delays no other", async () => {
  const queue = makeQueue("posts.fifo");
  let atWork = 0;
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  deliver = async (messages) => {
    if (messages[0]?.attributes.MessageGroupId !== "slow") return;
    expect(++atWork).toBe(1);
    await held;
    atWork -= 1;
  };
  await start([queue], { batchSize: 1 });
  const post = (body: string, MessageGroupId: string) =>
    send(queue, body, { MessageGroupId, MessageDeduplicationId: body });
  for (const body of ["s1", "s2"]) await post(body, "slow");
  for (const body of ["q1", "q2"]) await post(body, "quick");
  await waitFor("the quick group", () => seen().includes("q2"));
  expect(seen()).not.toContain("s2");
  release();
  await waitFor("the slow group", () => seen().includes("s2"));
  expect(seen().filter((body) => body.startsWith("q"))).toEqual(["q1", "q2"]);
});

test("a FIFO queue accepts a message once and requires its group", async () => {
  const queue = makeQueue("posts.fifo");
  await start([queue]);
  const once = { MessageGroupId: "g", MessageDeduplicationId: "d" };
  const first = await send(queue, "one", once);
  const second = await send(queue, "two", once);
  expect(second.MessageId).toBe(first.MessageId);
  await expect(send(queue, "three", { MessageDeduplicationId: "e" })).rejects.toThrow(
    "MessageGroupId",
  );
  await expect(send(queue, "four", { MessageGroupId: "g" })).rejects.toThrow("Deduplication");
  await waitFor("the one", () => seen().length > 0);
  expect(seen()).toEqual(["one"]);
});

test("unfinished messages survive a restart: delayed, and in flight at the end", async () => {
  const queue = makeQueue("work", { visibilitySeconds: 3600 });
  deliver = () => {
    throw new Error("died");
  };
  // Until the first one is back, no time passes: a restart may take longer than the delay.
  const now = Date.now;
  const clock = jest.spyOn(Date, "now").mockReturnValue(now());
  await start([queue]);
  await send(queue, "in flight");
  await send(queue, "delayed", { DelaySeconds: 1 });
  await waitFor("the first", () => seen().includes("in flight"));
  await stop();
  batches = [];
  deliver = () => undefined;
  await start([queue]);
  await waitFor("the first again", () => seen().length === 1);
  clock.mockImplementation(now);
  await waitFor("both", () => seen().length === 2);
  expect(seen()).toEqual(["in flight", "delayed"]);
  expect(batches[0]?.[0]?.attributes.ApproximateReceiveCount).toBe("2");
});
