import { WebSocket } from "ws";
import { playUndisturbed } from "../standstills.ts";
import { type System, startSystem } from "../system.ts";
import { callsOf, hears, type Person, until, type Watcher, watch } from "./audience.ts";

/*
 * Lost posts on a running system: environments freeze between events, as Lambda does, and a gateway
 * drops idle sockets meanwhile or does not respond.
 */

let system: System;
let calls: ReturnType<typeof callsOf>;

beforeAll(async () => {
  system = await startSystem({ env: { DEMO: "off", LOG: "json" } });
  calls = callsOf(system.url);
});
afterAll(() => system.stop());
afterEach(() => calls.clearFaults());

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
const lossesTold = () => system.output().split('"PostsLost":').length - 1;

/** A user's socket, with the notifications received on it. */
async function openSocket({ token }: Person) {
  const socket = new WebSocket(`${system.url.replace("http", "ws")}/ws?token=${token}`);
  const told: string[] = [];
  socket.on("message", (data) => {
    const message = JSON.parse(data.toString());
    if (message.type === "notification") told.push(message.data.id);
  });
  await new Promise((done) => socket.once("open", done));
  return { socket, told };
}

const notify = async ({ id, token }: Person): Promise<string> => {
  const body = {
    userId: id,
    type: "system",
    category: "announcement",
    title: "News",
    message: "for you",
    metadata: {},
  };
  return (await calls.send("POST", "/api/v1/notifications", body, token)).data.id;
};

/** Forty viewers of a host who speaks after pauses: the posts that were lost, and subscriptions. */
async function speakAfterPauses() {
  const before = lossesTold();
  const host = await calls.person("host");
  const streamId = await calls.liveStream(host);
  const watchers: Watcher[] = [];
  for (let n = 0; n < 40; n++)
    watchers.push(watch(system.url, (await calls.person(`v${n}`)).token, streamId));
  await until("all are subscribed", () => watchers.every((one) => one.begin() !== undefined));
  await calls.say(host, streamId, "before");
  await until("all hear it", () => watchers.every((one) => hears(one, "before")));
  const asked = watchers.map((one) => one.subscribes());
  const { resets } = await calls.send("GET", "/local/functions");
  // Shorter and longer than the poster's idle limit.
  for (const milliseconds of [3_400, 6_000]) {
    await pause(milliseconds);
    const text = `after ${milliseconds}`;
    // After a freeze the table's response may come too late: 503, and the caller retries.
    const say = () => calls.say(host, streamId, text);
    await say().catch((error: Error) => {
      if (!/: 503 /.test(error.message)) throw error;
      return say();
    });
    await until("all hear it", () => watchers.every((one) => hears(one, text)));
  }
  for (const { client } of watchers) client.close();
  expect((await calls.send("GET", "/local/functions")).resets).toBeGreaterThan(resets);
  return { losses: lossesTold() - before, asked, now: watchers.map((one) => one.subscribes()) };
}

test("after a pause in frozen environments every viewer gets the next frame, and no post is lost", async () => {
  await calls.send("POST", "/local/functions", { frozen: true, idleMilliseconds: 3_000 });
  const { losses, asked, now } = await playUndisturbed(speakAfterPauses);
  expect(losses).toBe(0);
  expect(now).toEqual(asked);
  await calls.send("POST", "/local/functions", { frozen: false });
});

test("a notification whose post was lost is posted again, and the loss is counted", async () => {
  const ann = await calls.person("ann");
  const { socket, told } = await openSocket(ann);
  const first = await notify(ann);
  await until("the first one comes", () => told.includes(first));
  const before = lossesTold();
  // A post is retried when its socket fails, so one lost post needs two faults.
  const post = { service: "execute-api", operation: "PostToConnection" };
  await calls.fault({ ...post, kind: "timeout", count: 4 });
  const second = await notify(ann);
  await until("the second one comes", () => told.includes(second));
  expect(told).toEqual([first, second]);
  expect(lossesTold()).toBeGreaterThan(before);
  socket.close();
});

test("a rate-limited notification arrives later, while others still arrive", async () => {
  const [ben, cem] = [await calls.person("ben"), await calls.person("cem")];
  const hanging = await openSocket(ben);
  await calls.fault({ service: "execute-api", kind: "throttle", count: 1_000 });
  const lost = await notify(ben);
  const strikes = async () => (await calls.send("GET", "/local/faults")).faults[0].struck;
  do await pause(500);
  while ((await strikes()) === 0);
  await calls.clearFaults();
  const { socket, told } = await openSocket(cem);
  const id = await notify(cem);
  await until("the other notification arrives", () => told.includes(id));
  await until("it comes as soon as it can", () => hanging.told.includes(lost));
  for (const one of [hanging.socket, socket]) one.close();
});
