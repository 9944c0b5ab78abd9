import { makeNotification, NewNotification } from "../../../domain/people/notification.ts";
import { confirmSubscribers } from "../../../platform/push/confirm.ts";
import { sendNotification } from "../../../platform/push/notify.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { findConnection, putSocket } from "../../../platform/store/log/connections.ts";
import { findLog } from "../../../platform/store/log/logs.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { chatRecord } from "../../domain/frame-samples.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";
import { posterWith } from "./posters.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable();
const queue = useQueue("NOTIFICATIONS_QUEUE_URL");

/** Posts that hang are given up after this: nothing may wait for that. */
const hangMilliseconds = 60_000;

/** The posts that hang now: each is called to give it up, as the gateway's client does. */
const hanging = new Set<() => void>();
const giveUp = () => [...hanging].map((end) => end());
afterEach(giveUp);

/** A room of ten, in which some connections accept no message, and the recipients of each post. */
async function openRoom(deaf: readonly string[]) {
  const scene = await setScene();
  const cache = createPushCache();
  const room = scene.audience(cache);
  const names = Array.from({ length: 10 }, (_, n) => `c${n}`);
  for (const name of names) await scene.confirm(room, await scene.ask(name));
  const posted = new Set<string>();
  scene.outlet.poster = posterWith({
    async post(connectionId) {
      posted.add(connectionId);
      if (!deaf.includes(connectionId)) return "sent";
      await new Promise<void>((done) => {
        const timer = setTimeout(() => end(), hangMilliseconds);
        const end = () => {
          clearTimeout(timer);
          hanging.delete(end);
          done();
        };
        hanging.add(end);
      });
      return "lost";
    },
  });
  return { scene, room, posted };
}

const say = ({ scene, room }: Awaited<ReturnType<typeof openRoom>>, ...texts: number[]) =>
  scene.push(room, ...texts.map((n) => chatRecord(n, `${n}`, seconds(scene.now))));

test("two hanging connections of ten delay their room for a moment, not until they time out", async () => {
  const room = await openRoom(["c3", "c7"]);
  await say(room, 1);
  expect(hanging.size).toBe(2);
});

test("a small room of which most connections hang is delayed once, and not again", async () => {
  const deaf = ["c1", "c2", "c3", "c4", "c5"];
  const room = await openRoom(deaf);
  const said = say(room, 1);
  while (hanging.size < deaf.length) await new Promise((done) => setImmediate(done));
  giveUp();
  await said;
  for (const n of [2, 3]) {
    await say(room, n);
    expect(hanging.size).toBe(deaf.length);
  }
});

test("a resuming viewer that hangs delays neither the batch nor the next message", async () => {
  const room = await openRoom(["back", "new"]);
  await say(room, 1);
  const { scene } = room;
  const { epoch } = (await findLog(scene.streamId))!;
  const back = await scene.ask("back", { since: { epoch, frame: 0 } });
  await confirmSubscribers(room.room, [back, await scene.ask("new")]);
  // A slow machine posts after the moment that the batch waits.
  while (!room.posted.has("new")) await new Promise((done) => setImmediate(done));
  expect([hanging.size, room.posted.has("new"), room.posted.has("back")]).toEqual([1, true, false]);
});

test("a blocked user is removed at once even if their connections hang", async () => {
  const room = await openRoom(["c1"]);
  const { scene } = room;
  await scene.push(room.room, await scene.ban("user-of-c1", "ban1"));
  expect(hanging.size).toBe(1);
  expect(await findSubscriber(scene.streamId, "c1")).toBeUndefined();
  // The stream counts no longer towards those of the connection.
  expect((await findConnection("c1"))?.streams?.has(scene.streamId)).toBe(false);
});

test("a notification to a connection that hangs is left to the queue at once", async () => {
  const { scene, room } = await openRoom(["hangs"]);
  for (const connectionId of ["hangs", "fine"])
    await putSocket("ann", { connectionId, connectedAt: 0, expiresAt: 2e9 });
  const address = { userId: "ann", type: "system", category: "announcement" } as const;
  const notification = { ...address, title: "News", message: "for you", metadata: {} };
  const stored = makeNotification(NewNotification.parse(notification), "a".repeat(24), scene.now);
  await sendNotification(room, stored);
  expect(hanging.size).toBe(1);
  expect(queue.take().map(({ body }) => JSON.parse(body))).toMatchObject([
    { connectionIds: ["hangs"], tries: 1 },
  ]);
});
