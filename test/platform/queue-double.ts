import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { SQSRecord } from "aws-lambda";

/** A queue that stores its messages, for functions that a test calls directly. */
type QueueDouble = {
  url: string;
  /** Removes and returns the messages with their delays, as the records of a function. */
  take(): (SQSRecord & { delaySeconds: number })[];
  /** Removes and returns the changes of messages' visibility. */
  takeVisibilities(): Visibility[];
  stop(): Promise<void>;
};

type Visibility = { ReceiptHandle: string; VisibilityTimeout: number };

type Entry = { Id?: string; MessageBody: string; DelaySeconds?: number };

const messageOf = ({ MessageBody: body, DelaySeconds: delaySeconds = 0 }: Entry) => ({
  body,
  delaySeconds,
});

/**
 * Gives the tests of a file a queue, whose URL these settings have, such as `PLANS_QUEUE_URL`.
 * `take` removes and returns its messages.
 */
export function useQueue(...settings: string[]): Omit<QueueDouble, "url" | "stop"> {
  let queue: QueueDouble;
  beforeAll(async () => {
    queue = await startQueue();
    process.env.AWS_ENDPOINT_URL_SQS = new URL(queue.url).origin;
    for (const setting of settings) process.env[setting] = queue.url;
  });
  afterAll(() => queue.stop());
  return { take: () => queue.take(), takeVisibilities: () => queue.takeVisibilities() };
}

/** A message as a function receives it, for the first time or a later one. */
export const received = (messageId: string, body: string, times = 1) =>
  ({
    messageId,
    receiptHandle: `receipt of ${messageId}`,
    body,
    attributes: { ApproximateReceiveCount: `${times}` },
  }) as SQSRecord;

/** Implements SQS's operations, other than receiving, at the URL of the queue. */
async function startQueue(): Promise<QueueDouble> {
  let sent: { body: string; delaySeconds: number }[] = [];
  let visibilities: Visibility[] = [];
  let count = 0;
  // On a busy machine the SDK may retry a late response: that is the same message.
  const calls = new Set<unknown>();
  const server = createServer(async (request, answer) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    answer.setHeader("content-type", "application/x-amz-json-1.0");
    if (`${request.headers["x-amz-target"]}`.endsWith("ChangeMessageVisibilityBatch")) {
      visibilities.push(...JSON.parse(text).Entries);
      return answer.end("{}");
    }
    const { Entries, ...one }: { Entries?: Entry[] } & Entry = JSON.parse(text);
    const id = request.headers["amz-sdk-invocation-id"] ?? count;
    if (!calls.has(id)) sent.push(...(Entries ?? [one]).map(messageOf));
    calls.add(id);
    const taken = ({ Id, MessageBody }: Entry) => ({
      ...{ Id, MessageId: `sent-${++count}` },
      MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
    });
    return answer.end(JSON.stringify(Entries ? { Successful: Entries.map(taken) } : taken(one)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/000000000000/queue`,
    take() {
      const taken = sent;
      sent = [];
      return taken.map((one, at) => ({ ...received(`m${at}`, one.body), ...one }));
    },
    takeVisibilities() {
      const taken = visibilities;
      visibilities = [];
      return taken;
    },
    async stop() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}
