import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { listen } from "../../../local/reachable.ts";
import { createJobs, type ResumeJob } from "../../../platform/push/jobs.ts";

/* Hands over resumes of many viewers at once, against a fake SQS server. */

Object.assign(process.env, {
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
});

type Entry = { Id: string; MessageBody: string; DelaySeconds: number };
type Batch = { QueueUrl: string; Entries: Entry[] };

let server: Server;
let batches: Batch[];
/** Connections whose messages are rejected, and those whose whole request is refused. */
let failing: { alone: string[]; whole: string[] };

const jobOf = ({ MessageBody }: Entry) => JSON.parse(MessageBody) as ResumeJob;

function answer(batch: Batch): { status: number; body: object } {
  batches.push(batch);
  const isOf = (names: string[]) => (entry: Entry) => names.includes(jobOf(entry).connectionId);
  const code = "com.amazonaws.sqs#AccessDeniedException";
  if (batch.Entries.some(isOf(failing.whole))) return { status: 400, body: { __type: code } };
  const [lost, taken] = [true, false].map((wanted) =>
    batch.Entries.filter((entry) => isOf(failing.alone)(entry) === wanted),
  ) as [Entry[], Entry[]];
  const hashOf = (text: string) => createHash("md5").update(text).digest("hex");
  return {
    status: 200,
    body: {
      Successful: taken.map(({ Id, MessageBody }) => ({
        Id,
        MessageId: `message-${Id}`,
        MD5OfMessageBody: hashOf(MessageBody),
      })),
      Failed: lost.map(({ Id }) => ({ Id, Code: "InternalError", SenderFault: false })),
    },
  };
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const batch = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Batch;
    const { status, body } = answer(batch);
    response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
    response.end(JSON.stringify(body));
  });
  const origin = `http://127.0.0.1:${await listen(server)}`;
  process.env.AWS_ENDPOINT_URL = origin;
  process.env.RESUMES_QUEUE_URL = `${origin}/000000000000/resumes`;
});
beforeEach(() => {
  batches = [];
  failing = { alone: [], whole: [] };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Hands over `count` connections in one turn of the event loop; returns each outcome. */
function handOver(count: number, delaySeconds?: number): Promise<string[]> {
  const jobs = createJobs();
  const sent = Array.from({ length: count }, (_, n) =>
    jobs.queueResume({ streamId: "s", connectionId: `c${n}`, revision: n }, delaySeconds).then(
      () => "taken",
      (error: Error) => error.message,
    ),
  );
  return Promise.all(sent);
}

test("viewers handed over in one turn of the event loop are queued ten per request", async () => {
  expect(await handOver(23)).toEqual(Array(23).fill("taken"));
  expect(batches.map(({ Entries }) => Entries.length).sort()).toEqual([10, 10, 3]);
  const entries = batches.flatMap(({ Entries }) => Entries);
  expect(new Set(entries.map((entry) => jobOf(entry).connectionId)).size).toBe(23);
  expect(new Set(entries.map(({ DelaySeconds }) => DelaySeconds))).toEqual(new Set([0]));
  for (const { QueueUrl } of batches) expect(QueueUrl).toBe(process.env.RESUMES_QUEUE_URL);
});

test("viewers handed over in another turn are another request, with its own delay", async () => {
  await handOver(1);
  await handOver(1, 1);
  expect(batches.map(({ Entries }) => Entries.map(({ DelaySeconds }) => DelaySeconds))).toEqual([
    [0],
    [1],
  ]);
});

test("a message that is not accepted fails alone, and a refused request fails with all of its messages", async () => {
  failing.alone = ["c3"];
  const alone = await handOver(5);
  expect(alone.filter((how) => how === "taken")).toHaveLength(4);
  expect(alone[3]).toBe("SQS did not take a message: InternalError");
  failing = { alone: [], whole: ["c12"] };
  const whole = await handOver(15);
  expect(whole.slice(0, 10)).toEqual(Array(10).fill("taken"));
  expect(whole.slice(10)).not.toContain("taken");
});
