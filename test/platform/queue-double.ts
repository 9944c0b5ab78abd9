import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { SQSRecord } from "aws-lambda";

/** A queue that keeps what it is sent, for functions that a test calls itself. */
type QueueDouble = {
  url: string;
  /** What was sent and not taken yet, in the form in which a function gets it. */
  take(): SQSRecord[];
  stop(): Promise<void>;
};

type Entry = { Id?: string; MessageBody: string };

/** Answers SQS's SendMessage and SendMessageBatch; functions find it by the URL of the queue, which is its own. */
export async function startQueue(): Promise<QueueDouble> {
  let bodies: string[] = [];
  let count = 0;
  // A busy machine answers late, and the SDK tries again: that is the same message.
  const calls = new Set<unknown>();
  const server = createServer(async (request, answer) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { Entries, ...one }: { Entries?: Entry[] } & Entry = JSON.parse(text);
    const id = request.headers["amz-sdk-invocation-id"] ?? count;
    if (!calls.has(id)) bodies.push(...(Entries ?? [one]).map(({ MessageBody }) => MessageBody));
    calls.add(id);
    const taken = ({ Id, MessageBody }: Entry) => ({
      ...{ Id, MessageId: `sent-${++count}` },
      MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
    });
    answer.setHeader("content-type", "application/x-amz-json-1.0");
    answer.end(JSON.stringify(Entries ? { Successful: Entries.map(taken) } : taken(one)));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/000000000000/queue`,
    take() {
      const taken = bodies;
      bodies = [];
      return taken.map((body, at) => ({ messageId: `m${at}`, body }) as SQSRecord);
    },
    async stop() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}
