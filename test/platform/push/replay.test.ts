import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inlineFramesMax, replay } from "../../../platform/push/replay.ts";
import { findLog } from "../../../platform/store/logs.ts";
import { said } from "../../domain/frame-samples.ts";
import { startTable } from "../table.ts";
import { seconds, setStage } from "./stage.ts";

/** A queue that keeps what it is sent. */
async function startQueue() {
  const sent: { body: string; group: string }[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { MessageBody, MessageGroupId } = JSON.parse(text);
    sent.push({ body: MessageBody, group: MessageGroupId });
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" });
    const MD5OfMessageBody = createHash("md5").update(MessageBody).digest("hex");
    response.end(JSON.stringify({ MessageId: "1", MD5OfMessageBody, SequenceNumber: "1" }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  process.env.AWS_ENDPOINT_URL_SQS = `http://127.0.0.1:${port}`;
  process.env.POSTS_QUEUE_URL = `http://127.0.0.1:${port}/1/posts.fifo`;
  return { sent, stop: () => new Promise((done) => server.close(done)) };
}

let queue: Awaited<ReturnType<typeof startQueue>>;
let stop: () => Promise<void>;
beforeAll(async () => {
  queue = await startQueue();
  ({ stop } = await startTable());
});
afterAll(async () => {
  await stop();
  await queue.stop();
});

test("a long replay goes through the queue, and a later subscription ends it", async () => {
  const stage = await setStage();
  const room = stage.room();
  const at = seconds(stage.now);
  const count = inlineFramesMax + 10;
  for (let n = 1; n <= count; n++) await stage.append(room, said(n, `${n}`, at));
  const { epoch } = (await findLog(stage.streamId))!;
  const sub = await stage.ask("c", { since: { epoch, frame: 0 } });
  await stage.greet(room, sub);
  expect(stage.got("c")).toMatchObject([{ type: "subscribed", recovered: true, head: count }]);
  const job = JSON.parse(queue.sent.at(-1)!.body);
  expect(job).toMatchObject({ streamId: stage.streamId, connectionId: "c", from: 1, to: count });
  await replay(job, stage.now);
  expect(stage.frames("c")).toEqual(Array.from({ length: count }, (_, n) => n + 1));
  await stage.ask("c");
  await replay(job, stage.now);
  expect(stage.frames("c")).toHaveLength(count);
});
