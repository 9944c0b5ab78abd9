/** How events come into the queues `deliveries` and `rooms`, which here are the test's. */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { listen } from "../../../local/reachable.ts";
import { queueEvents, queueRoom } from "../../../platform/webhooks/jobs.ts";

type Entry = {
  Id: string;
  MessageBody: string;
  MessageGroupId: string;
  MessageDeduplicationId: string;
};

let server: Server;
let requests: Entry[][] = [];
/** Requests that are still to be answered with a message that was not taken. */
let failures = 0;

beforeAll(async () => {
  server = createServer(async (request, answer) => {
    const sent = JSON.parse(await text(request)) as Entry & { Entries?: Entry[] };
    const Entries = sent.Entries ?? [sent];
    requests.push(Entries);
    const isFailure = failures > 0;
    failures -= 1;
    const Successful = Entries.slice(isFailure ? 1 : 0).map(({ Id, MessageBody }) => ({
      Id,
      MessageId: Id,
      MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
    }));
    const failed = { Id: "0", SenderFault: false, Code: "InternalError" };
    const ofBatch = { Successful, Failed: isFailure ? [failed] : [] };
    answer.setHeader("content-type", "application/x-amz-json-1.0");
    answer.end(JSON.stringify(sent.Entries === undefined ? Successful[0] : ofBatch));
  });
  const port = await listen(server);
  Object.assign(process.env, {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    DELIVERIES_QUEUE_URL: `http://127.0.0.1:${port}/000000000000/deliveries.fifo`,
    ROOMS_QUEUE_URL: `http://127.0.0.1:${port}/000000000000/rooms.fifo`,
  });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});
beforeEach(() => {
  requests = [];
  failures = 0;
});

const event = (n: number, bytes = 10) => ({
  id: `event-${n}`,
  type: "t",
  at: "2026-05-01T12:00:00.000Z",
  data: { filling: "x".repeat(bytes) },
});
const sendings = (receivers: number, events: ReturnType<typeof event>[]) =>
  Array.from({ length: receivers }, (_, slot) => ({
    receiver: { id: `receiver-${slot}`, slot },
    events,
  }));

/**
 * The numbers of the events that a receiver was sent, in the order of the requests. A request that
 * was answered late is sent again, and a FIFO queue drops what it has.
 */
function sentTo(receiverId: string) {
  const all = requests.flat().map((one) => [one.MessageDeduplicationId, one.MessageBody] as const);
  return [...new Map(all).values()]
    .map((body) => JSON.parse(body))
    .filter((job) => job.receiverId === receiverId)
    .flatMap((job) => job.events.map(({ id }: { id: string }) => Number(id.split("-")[1])));
}

test("an event for twenty receivers takes two requests to SQS, and has the slot of each", async () => {
  await queueEvents("stream", sendings(20, [event(1)]));
  expect(requests.map(({ length }) => length)).toEqual([10, 10]);
  const jobs = requests.flat().map(({ MessageBody }) => JSON.parse(MessageBody));
  for (const { receiverId, slot } of jobs) expect(receiverId).toBe(`receiver-${slot}`);
  expect(new Set(jobs.map(({ slot }) => slot)).size).toBe(20);
});

test("an event without receivers takes no request", async () => {
  await queueEvents("stream", sendings(3, []));
  await queueEvents("stream", []);
  expect(requests).toEqual([]);
});

test("many and large events keep their order, and no request is larger than SQS accepts", async () => {
  const numbers = Array.from({ length: 130 }, (_, n) => n);
  const all = numbers.map((n) => event(n, n % 10 === 0 ? 50_000 : 100));
  await queueEvents("stream", sendings(3, all));
  for (let slot = 0; slot < 3; slot++) expect(sentTo(`receiver-${slot}`)).toEqual(numbers);
  for (const entries of requests) {
    const bytes = entries.reduce((sum, one) => sum + Buffer.byteLength(one.MessageBody), 0);
    expect(bytes).toBeLessThan(256 * 1024);
    // Two messages of one receiver in a request could be taken in another order.
    const groups = entries.map(({ MessageGroupId }) => MessageGroupId);
    expect(new Set(groups).size).toBe(groups.length);
  }
});

test("a message has at most 50 events, which one call can deliver in its time", async () => {
  const all = Array.from({ length: 120 }, (_, n) => event(n));
  await queueEvents("stream", sendings(1, all));
  const jobs = requests.flat().map(({ MessageBody }) => JSON.parse(MessageBody));
  expect(jobs.map(({ events }) => events.length)).toEqual([50, 50, 20]);
});

test("a receiver's streams share four groups, so that one that hangs blocks few of the others", async () => {
  const groups = new Map<string, Set<string>>();
  for (let n = 0; n < 40; n++) {
    const streamId = `stream-${n % 20}`;
    requests = [];
    await queueEvents(streamId, sendings(1, [event(n)]));
    const [{ MessageGroupId }] = requests.flat() as [Entry];
    groups.set(streamId, (groups.get(streamId) ?? new Set()).add(MessageGroupId));
  }
  // One stream's events stay in order, since they are in one group.
  for (const ofStream of groups.values()) expect(ofStream.size).toBe(1);
  expect(new Set([...groups.values()].flatMap((one) => [...one])).size).toBe(4);
});

test("a message that SQS refused is a failure, and no later one of its receiver is sent", async () => {
  failures = 1;
  const all = Array.from({ length: 60 }, (_, n) => event(n));
  await expect(queueEvents("stream", sendings(1, all))).rejects.toThrow("InternalError");
  expect(requests).toHaveLength(1);
});

test("a room's events wait for the room's earlier events, and are sent once", async () => {
  const of = (streamId: string, roomId: string) => ({ streamId, roomId, at: event(1).at });
  await queueRoom({ kind: "created", ...of("stream-1", "room") });
  await queueRoom({ kind: "destroyed", ...of("stream-1", "room") });
  await queueRoom({ kind: "destroyed", ...of("stream-1", "room") });
  await queueRoom({ kind: "created", ...of("stream-2", "room") });
  await queueRoom({ kind: "created", ...of("stream-3", "other room") });
  const sent = requests.flat();
  const groups = sent.map(({ MessageGroupId }) => MessageGroupId);
  expect(new Set(groups.slice(0, 4)).size).toBe(1);
  expect(groups[4]).not.toBe(groups[0]);
  const names = sent.map(({ MessageDeduplicationId }) => MessageDeduplicationId);
  expect(names[2]).toBe(names[1]);
  expect(new Set(names).size).toBe(4);
});
