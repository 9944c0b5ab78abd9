import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DeleteCommand, DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { type Aws, startAws } from "../../local/aws/index.ts";
import { openState } from "../../local/state.ts";
import {
  makeInvoke,
  makeQueue,
  makeSource,
  makeStage,
  noConnections,
  streamArn,
  waitFor,
} from "./sample-stage.ts";

/*
 * `npm run read-only` on one machine: what waits in queues and streams is delivered afterwards,
 * however long the data was read-only.
 */

type Received = { body: string; attributes: { ApproximateReceiveCount: string } };

const mark = { PK: "STREAM#mark", SK: "READ-ONLY" };
const dead = makeQueue("dead");
const queue = makeQueue("work", { redrive: { queueArn: dead.arn, receiveCountMax: 1 } });
let directory: string;
let aws: Aws;
let sqs: SQSClient;
let table: DynamoDBDocumentClient;
let messages: Received[];
let items: string[];

async function start() {
  aws = await startAws({
    stage: makeStage({
      queues: [queue, dead],
      eventSources: [
        makeSource("sample-worker", queue.arn),
        makeSource("sample-reader", streamArn, { retryAttemptsMax: 0 }),
      ],
    }),
    invoke: makeInvoke({
      "sample-worker": ({ Records }: { Records: Received[] }) => void messages.push(...Records),
      "sample-reader": ({ Records }: { Records: { dynamodb: { Keys: typeof keys } }[] }) =>
        void items.push(...Records.map(({ dynamodb }) => dynamodb.Keys.SK.S)),
    }),
    connections: noConnections,
    state: openState(directory),
    secrets: {},
    pauseKey: { PK: { S: mark.PK }, SK: { S: mark.SK } },
    log: () => {},
  });
  const client = { endpoint: aws.endpointUrl, region: "us-east-1" };
  const credentials = aws.credentialsFor("ovation-runner");
  sqs = new SQSClient({ ...client, credentials });
  table = DynamoDBDocumentClient.from(new DynamoDBClient({ ...client, credentials }));
  await aws.start();
}

async function stop() {
  sqs.destroy();
  table.destroy();
  await aws.stop();
}

const keys = { SK: { S: "" } };
const TableName = "sample";
const put = (Item: typeof mark) => table.send(new PutCommand({ TableName, Item }));
const send = (MessageBody: string) =>
  sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody }));
const bodies = () => messages.map(({ body }) => body);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "ovation-test-"));
  [messages, items] = [[], []];
  await start();
});
afterEach(async () => {
  await stop();
  await rm(directory, { recursive: true, force: true });
});

// Planted fault that turns this red: sources that run while the mark exists.
test("messages and changes wait while data is read-only, across a restart, and count no attempt", async () => {
  await put(mark);
  let last = "";
  await waitFor("a message that waits", async () => {
    last = `message ${messages.length}`;
    await send(last);
    await pause(700);
    return !bodies().includes(last);
  });
  await put({ PK: "STREAM#1", SK: "change" });
  await stop();
  await start();
  // Longer than the queue's visibility timeout.
  await pause(1_500);
  expect(bodies()).not.toContain(last);
  expect(items).not.toContain("change");
  await table.send(new DeleteCommand({ TableName, Key: mark }));
  await waitFor("the message and the change", () => bodies().includes(last));
  await waitFor("the change", () => items.includes("change"));
  expect(messages.map(({ attributes }) => attributes.ApproximateReceiveCount)).toEqual(
    messages.map(() => "1"),
  );
}, 60_000);
