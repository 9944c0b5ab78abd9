import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { basename } from "node:path";
import type { SQSRecord } from "aws-lambda";

/** What a queue was sent. */
type Queue = { sent: { body: string; delaySeconds: number }[]; visibilities: Visibility[] };

/** The queues of the tests that run, by the setting with their URL. */
const queues = new Map<string, Queue>();

type Visibility = { ReceiptHandle: string; VisibilityTimeout: number };

type Entry = { Id?: string; MessageBody: string; DelaySeconds?: number };

const messageOf = ({ MessageBody: body, DelaySeconds: delaySeconds = 0 }: Entry) => ({
  body,
  delaySeconds,
});

/**
 * Gives the tests of a file a queue, whose URL these settings have, such as `PLANS_QUEUE_URL`.
 * `take` removes and returns its messages with their delays, as the records of a function, and
 * `takeVisibilities` the changes of messages' visibility.
 */
export function useQueue(...settings: string[]) {
  const queue: Queue = { sent: [], visibilities: [] };
  beforeAll(async () => {
    serving ??= serveQueues();
    const origin = await serving;
    process.env.AWS_ENDPOINT_URL_SQS = origin;
    for (const setting of settings) {
      process.env[setting] = `${origin}/000000000000/${setting}`;
      queues.set(setting, queue);
    }
  });
  afterAll(() => {
    for (const setting of settings) queues.delete(setting);
  });
  return {
    take: () =>
      queue.sent.splice(0).map((one, at) => ({ ...received(`m${at}`, one.body), ...one })),
    takeVisibilities: () => queue.visibilities.splice(0),
  };
}

/** A message as a function receives it, for the first time or a later one. */
export const received = (messageId: string, body: string, times = 1) =>
  ({
    messageId,
    receiptHandle: `receipt of ${messageId}`,
    body,
    attributes: { ApproximateReceiveCount: `${times}` },
  }) as SQSRecord;

/**
 * The server's origin. One for all files of a process, until its end: modules keep the client and
 * the URLs of the first one.
 */
let serving: Promise<string> | undefined;

/** Implements SQS's operations, other than receiving, for all queues. */
async function serveQueues(): Promise<string> {
  let count = 0;
  // On a busy machine the SDK may retry a late response: that is the same message.
  const calls = new Set<unknown>();
  const server = createServer(async (request, answer) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    answer.setHeader("content-type", "application/x-amz-json-1.0");
    const { QueueUrl, Entries, ...one } = JSON.parse(text);
    const queue = queues.get(basename(QueueUrl));
    if (queue === undefined) return answer.writeHead(400).end("{}");
    if (`${request.headers["x-amz-target"]}`.endsWith("ChangeMessageVisibilityBatch")) {
      queue.visibilities.push(...Entries);
      return answer.end("{}");
    }
    const id = request.headers["amz-sdk-invocation-id"] ?? count;
    if (!calls.has(id)) queue.sent.push(...(Entries ?? [one]).map(messageOf));
    calls.add(id);
    const taken = ({ Id, MessageBody }: Entry) => ({
      ...{ Id, MessageId: `sent-${++count}` },
      MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
    });
    return answer.end(JSON.stringify(Entries ? { Successful: Entries.map(taken) } : taken(one)));
  });
  server.on("connection", (socket) => socket.unref());
  server.unref();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}
