import { openTable } from "../../bin/aws/table.ts";
import { listSockets } from "../../platform/store/log/connections.ts";
import { sharedSystem } from "../shared.ts";
import { callsOf, textOf, until, watch } from "./audience.ts";

/* A connection that does not read, on a running system: it may only delay itself. */

let system: Awaited<ReturnType<typeof sharedSystem>>;
let calls: ReturnType<typeof callsOf>;
let closeTable: () => Promise<void>;
beforeAll(async () => {
  system = await sharedSystem();
  calls = callsOf(system.url);
  process.env.DATA_DIR = system.dataDir;
  closeTable = await openTable();
});
afterAll(() => closeTable());

/** A live room with a viewer who receives everything. */
async function openRoom(name: string) {
  const host = await calls.person(`${name}-host`);
  const streamId = await calls.liveStream(host);
  const watcher = watch(system.url, (await calls.person(`${name}-viewer`)).token, streamId);
  await until("they are subscribed", () => watcher.begin() !== undefined);
  const hears = (text: string) =>
    watcher.frames.some(({ events }) => events.some((event) => textOf(event) === text));
  return {
    streamId,
    watcher,
    /** Sends a message and waits until the viewer receives it. */
    async say(text: string): Promise<void> {
      await calls.say(host, streamId, text);
      await until(`"${text}" is heard`, () => hears(text));
    },
  };
}

const messages = 10;

/** The time from sending each message until its viewer receives it, in milliseconds. */
async function sayAll(
  { say }: Awaited<ReturnType<typeof openRoom>>,
  text: string,
  before = () => {},
) {
  const began = performance.now();
  for (let n = 0; n < messages; n++) {
    before();
    await say(`${text} ${n}`);
  }
  return performance.now() - began;
}

test("a viewer who resumes and hangs does not delay messages in another room", async () => {
  const [room, other] = [await openRoom("room"), await openRoom("other")];
  const missed = Array.from({ length: 9 }, (_, n) => `missed ${n}`);
  for (const text of missed) await room.say(text);
  const usual = await sayAll(other, "warm");
  const [first] = room.watcher.frames;
  const since = { epoch: first!.epoch, frame: first!.frame - 1 };
  const back = watch(system.url, (await calls.person("back")).token, room.streamId);
  await until("they are subscribed", () => back.begin() !== undefined);
  const [socket] = await listSockets("back", new Date());
  const keyPrefix = socket!.connectionId;
  const posts = { service: "execute-api", operation: "PostToConnection", keyPrefix };
  await calls.fault({ ...posts, kind: "delay", delayMilliseconds: 3_000, count: 1_000 });
  const subscribe = JSON.stringify({ action: "subscribe", streamId: room.streamId, since });
  const meanwhile = await sayAll(other, "now", () => back.sockets.at(-1)!.send(subscribe));
  const [fault] = (await calls.send("GET", "/local/faults")).faults;
  expect(fault.struck).toBeGreaterThan(0);
  await calls.clearFaults();
  // Each time one post hangs for 2 s, and no one else waits for it. The rest of a message's time
  // depends on the machine.
  expect(meanwhile - usual).toBeLessThan((messages * 2_000) / 2);
  for (const { client } of [room.watcher, other.watcher, back]) client.close();
});
