import { createServer, type Server, type Socket } from "node:net";
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { Refusal } from "../../domain/refusal.ts";
import * as functions from "../../functions/index.ts";
import { listen } from "../../local/reachable.ts";
import { callMillisecondsMax } from "../../platform/aws/aws-client.ts";
import { sendAt } from "../../platform/aws/queues.ts";
import { createJobs } from "../../platform/push/jobs.ts";
import {
  beginInvocation,
  millisecondsLeft,
  reservedMilliseconds,
} from "../../platform/runtime/deadline.ts";
import { key } from "../../platform/table/keys.ts";
import { table } from "../../platform/table/table.ts";
import { transact } from "../../platform/table/transact.ts";
import { getSecretKey } from "../../platform/tencent/secret.ts";
import { watchStandstills } from "../standstills.ts";

/** AWS over a dead connection: it accepts the call and never answers. */
let server: Server;
const open = new Set<Socket>();
let connections = 0;
/** What it says before it falls silent. */
let beginning = "";

beforeAll(async () => {
  server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on("error", () => undefined).on("close", () => open.delete(socket));
    socket.once("data", () => beginning && socket.write(beginning));
  });
  const port = await listen(server);
  const endpoint = `http://127.0.0.1:${port}`;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    TABLE_NAME: "ovation-test",
    POSTS_QUEUE_URL: `${endpoint}/000000000000/posts.fifo`,
    TENCENT_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:000000000000:secret:tencent",
  });
});

beforeEach(() => {
  beginInvocation(undefined);
  connections = 0;
  beginning = "";
});

afterAll(() => {
  for (const socket of open) socket.destroy();
  server.close();
});

/** Far longer than any call may take, on whatever machine. */
const waitMilliseconds = 60_000;

/** How a call ends, and after how long; `waiting` when it does not. */
async function endOf(call: () => Promise<unknown>) {
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((done) => {
    timer = setTimeout(() => done("waiting"), waitMilliseconds);
  });
  const ended = call().then(
    () => "answered",
    (error: Error) => (error instanceof Refusal ? error.code : error.name),
  );
  const how = await Promise.race([ended, late]);
  clearTimeout(timer);
  return { how, milliseconds: performance.now() - began };
}

const now = new Date();
const get = () =>
  table().send(new GetCommand({ TableName: "ovation-test", Key: key.profile("u") }));

const calls: [string, () => Promise<unknown>][] = [
  ["the table", get],
  ["a queue of moments", () => sendAt(process.env.POSTS_QUEUE_URL!, {}, { at: now, now })],
  ["the queue of posts", () => createJobs().queuePost({ streamId: "s", gathered: "1" })],
  ["the secret", () => getSecretKey(now)],
];

/** All in parallel, since each takes seconds. */
const endsOfAll = () =>
  Promise.all(calls.map(async ([name, call]) => ({ name, ...(await endOf(call)) })));

test("a silent service is tried three times, then the call fails", async () => {
  for (const { name, how, milliseconds } of await endsOfAll())
    expect([name, how, milliseconds > 4_000]).toEqual([name, "TimeoutError", true]);
  expect(connections).toBe(calls.length * 3);
});

test("a service that falls silent during its response fails, and no connection stays open", async () => {
  beginning = 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"half":';
  for (const { name, how } of await endsOfAll())
    expect([name, how]).toEqual([name, "TimeoutError"]);
  expect(connections).toBe(calls.length * 3);
  while (open.size > 0) await new Promise((done) => setImmediate(done));
});

/** Lambda's context of a function that has so much of its time left. */
const contextOf = (milliseconds: number) => {
  const endsAt = Date.now() + milliseconds;
  return { getRemainingTimeInMillis: () => endsAt - Date.now() };
};

type Calling = {
  contract: { timeoutSeconds?: number; grants: object };
  handler: (event: unknown, context: object) => Promise<unknown>;
};
/** Every function that calls anything. */
const all = Object.entries(functions as unknown as Record<string, Calling>).filter(
  ([, { contract }]) => Object.keys(contract.grants).length > 0,
);

test("every function has time for a call with all its attempts, and for its own last response", () => {
  for (const [name, { contract }] of all) {
    const { timeoutSeconds = 10 } = contract;
    const most = callMillisecondsMax + reservedMilliseconds;
    expect([name, timeoutSeconds * 1000 >= most]).toEqual([name, true]);
  }
});

/** An answer that no client tries again. */
const refusal = "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";

test.each(all)("%s limits all its calls together by its own time", async (_, { handler }) => {
  // An invalid event is refused or thrown, and so is a refusal by AWS: the limit is set before the
  // event is read.
  beginning = refusal;
  await Promise.resolve()
    .then(() => handler({ requestContext: {}, headers: {} }, contextOf(7_000)))
    .catch(() => undefined);
  const bounded = 7_000 - reservedMilliseconds;
  expect(millisecondsLeft()).toBeLessThanOrEqual(bounded);
  expect(millisecondsLeft()).toBeGreaterThan(bounded - 6_000);
});

test("a transaction without a response is refused while there is time to say so", async () => {
  const runningOf = watchStandstills();
  const began = Date.now();
  beginInvocation(contextOf(10_000));
  const Put = { Item: key.profile("u") };
  const { how, milliseconds } = await endOf(() => transact([{ Put }]));
  expect(how).toBe("unavailable");
  expect(milliseconds).toBeGreaterThan(callMillisecondsMax - 1_000);
  expect(10_000 - runningOf(Date.now() - began)).toBeGreaterThan(1_000);
});

test("a call after the end of the time is refused at once, and nothing is sent", async () => {
  beginInvocation(contextOf(reservedMilliseconds - 1));
  const { how } = await endOf(get);
  expect([how, connections]).toEqual(["unavailable", 0]);
});
