import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeNotification, NewNotification } from "../../../domain/people/notification.ts";
import { greetSubscribers } from "../../../platform/push/greet.ts";
import { createMemory } from "../../../platform/push/memory.ts";
import { sendNotification } from "../../../platform/push/notify.ts";
import { putSocket } from "../../../platform/store/log/connections.ts";
import { findLog } from "../../../platform/store/log/logs.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { chatRecord } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setScene } from "./scene.ts";
import { posterWith } from "./ways.ts";

useOwnTable({ POST_RATE: "10000" });

/** As long as the gateway's client waits for an answer. */
const hangMilliseconds = 2_000;

/** A room of ten, some of whose connections take no message; how many posts each was sent. */
async function openRoom(hanging: readonly string[]) {
  const scene = await setScene();
  const memory = createMemory();
  const room = scene.audience(memory);
  const names = Array.from({ length: 10 }, (_, n) => `c${n}`);
  for (const name of names) await scene.greet(room, await scene.ask(name));
  const posts = new Map<string, number>();
  scene.outlet.poster = posterWith({
    async post(connectionId) {
      posts.set(connectionId, (posts.get(connectionId) ?? 0) + 1);
      if (!hanging.includes(connectionId)) return "sent";
      await new Promise((done) => setTimeout(done, hangMilliseconds));
      return "lost";
    },
  });
  return { scene, room, posts };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = Date.now();
  await work();
  return Date.now() - began;
}
const say = ({ scene, room }: Awaited<ReturnType<typeof openRoom>>, ...texts: number[]) =>
  scene.push(room, ...texts.map((n) => chatRecord(n, `${n}`, seconds(scene.now))));

test("two of ten whose connections hang hold their room up for a moment, not for their time", async () => {
  const room = await openRoom(["c3", "c7"]);
  expect(await timed(() => say(room, 1))).toBeLessThan(hangMilliseconds / 2);
});

test("most of a small room hanging holds it up once, and not again", async () => {
  const hanging = ["c1", "c2", "c3", "c4", "c5"];
  const room = await openRoom(hanging);
  await say(room, 1);
  expect(await timed(() => say(room, 2))).toBeLessThan(hangMilliseconds / 2);
  expect(await timed(() => say(room, 3))).toBeLessThan(hangMilliseconds / 2);
});

test("a resuming viewer that hangs delays neither the batch nor the next message", async () => {
  const room = await openRoom(["back", "new"]);
  await say(room, 1);
  const { scene } = room;
  const { epoch } = (await findLog(scene.streamId))!;
  const back = await scene.ask("back", { since: { epoch, frame: 0 } });
  const greet = async () => greetSubscribers(room.room, [back, await scene.ask("new")]);
  expect(await timed(greet)).toBeLessThan(hangMilliseconds / 2);
  expect(room.posts.has("back")).toBe(false);
});

test("a blocked user whose connections hang is out at once all the same", async () => {
  const room = await openRoom(["c1"]);
  const { scene } = room;
  const ban = await scene.ban("user-of-c1", "ban1");
  expect(await timed(() => scene.push(room.room, ban))).toBeLessThan(hangMilliseconds / 2);
  expect(await findSubscriber(scene.streamId, "c1")).toBeUndefined();
});

test("a notification to a connection that hangs is left to its queue at once", async () => {
  const { scene, room } = await openRoom(["hangs"]);
  const queue = await startQueue();
  for (const connectionId of ["hangs", "fine"])
    await putSocket("ann", { connectionId, connectedAt: 0, expiresAt: 2e9 });
  const address = { userId: "ann", type: "system", category: "announcement" } as const;
  const notification = { ...address, title: "News", message: "for you", metadata: {} };
  const stored = makeNotification(NewNotification.parse(notification), "a".repeat(24), scene.now);
  expect(await timed(() => sendNotification(room, stored))).toBeLessThan(hangMilliseconds / 2);
  await queue.stop();
  expect(queue.sent).toMatchObject([{ connectionIds: ["hangs"], tries: 1 }]);
});

/** A queue that keeps what it is sent. */
async function startQueue() {
  const sent: unknown[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const { MessageBody } = JSON.parse(text);
    sent.push(JSON.parse(MessageBody));
    response.writeHead(200, { "content-type": "application/x-amz-json-1.0" });
    const MD5OfMessageBody = createHash("md5").update(MessageBody).digest("hex");
    response.end(JSON.stringify({ MessageId: "1", MD5OfMessageBody }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  process.env.AWS_ENDPOINT_URL_SQS = `http://127.0.0.1:${port}`;
  process.env.NOTIFICATIONS_QUEUE_URL = `http://127.0.0.1:${port}/1/notifications`;
  const stop = () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  return { sent, stop };
}
