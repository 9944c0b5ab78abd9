import { setTimeout } from "node:timers/promises";
import type { Audience } from "../../../platform/push/audience.ts";
import { pushBatch } from "../../../platform/push/batch.ts";
import { postRoom } from "../../../platform/push/large-room.ts";
import { postSlice, removeDead } from "../../../platform/push/post.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { resumeAll } from "../../../platform/push/resume.ts";
import { dropConnection, findConnection } from "../../../platform/store/log/connections.ts";
import { listFrames } from "../../../platform/store/log/frames.ts";
import { findLog } from "../../../platform/store/log/logs.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { chatRecord } from "../../domain/frame-samples.ts";
import { intercept } from "../intercept.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable({ POST_RATE: "8000" });

/** A room whose viewers have all lost their connections without a word, after its first frame. */
async function loseAll(count: number) {
  const scene = await setScene();
  const cache = createPushCache();
  const names = Array.from({ length: count }, (_, n) => `${scene.streamId}-${n}`);
  for (const name of names) await scene.confirm(scene.audience(cache), await scene.ask(name));
  const posted: string[] = [];
  scene.setFate((connection) => {
    posted.push(connection);
    return "gone";
  });
  let n = 0;
  return {
    scene,
    cache,
    /** Pushes one more frame `later` seconds later; returns the number of posts tried. */
    async push(later: number): Promise<number> {
      posted.length = 0;
      const at = new Date(scene.now.getTime() + later * 1000);
      await scene.push(scene.audience(cache, at), chatRecord(++n, "word", seconds(at)));
      return posted.length;
    },
    async left(): Promise<number> {
      const found = await Promise.all(names.map((name) => findSubscriber(scene.streamId, name)));
      return found.filter((one) => one !== undefined).length;
    },
    comeBack: () => scene.ask(names[0]!, { requestId: "again" }),
  };
}

test("a few connections that were lost without a close are removed at once", async () => {
  const room = await loseAll(3);
  expect(await room.push(0)).toBe(3);
  expect(await room.left()).toBe(0);
  expect(room.cache.dead.size).toBe(0);
});

test.each([
  ["a batch of the fan-out", (audience: Audience) => pushBatch(audience, [])],
  ["the posting of a large room", postRoom],
])("%s removes connections that were lost without a close", async (_, call) => {
  const { scene, cache, left } = await loseAll(2);
  const audience = scene.audience(cache);
  await scene.deliver(audience, (await scene.append(audience, chatRecord(1, "word", 1))).head);
  expect(await left()).toBe(2);
  await call(audience);
  expect(await left()).toBe(0);
});

test("viewers who leave together delay no frame and are removed in steps", async () => {
  const room = await loseAll(30);
  expect(await room.push(0)).toBe(30);
  expect(await room.left()).toBe(30);
  expect(await room.push(2)).toBe(0);
  expect(await room.left()).toBe(30);
  // On one busy machine the last `$disconnect` of a thousand comes this late.
  expect(await room.push(14)).toBe(0);
  expect(await room.left()).toBe(30);
  await room.push(16);
  expect(await room.left()).toBe(10);
  await room.push(17);
  expect(await room.left()).toBe(0);
  await room.push(18);
  expect(room.cache.dead.size).toBe(0);
});

test("a connection that was considered dead gets posts after its next subscribe", async () => {
  const room = await loseAll(10);
  await room.push(0);
  await setTimeout(2);
  const back = await room.comeBack();
  room.scene.setFate(() => "sent");
  await room.scene.confirm(room.scene.audience(room.cache), back);
  await room.push(1);
  expect(room.scene.frames(back.connectionId)).toEqual([2]);
});

test("one environment that posts a room in slices remembers the lost connections of the other slice", async () => {
  const room = await loseAll(40);
  const { scene, cache } = room;
  const at = (later: number) => scene.audience(cache, new Date(scene.now.getTime() + later * 1000));
  await scene.append(at(0), chatRecord(1, "word", seconds(scene.now)));
  const frames = await listFrames(scene.streamId, 1, 1);
  const post = (later: number, slice: number) =>
    postSlice(at(later), frames, { index: slice, count: 2, estimate: 40 });
  await post(0, 0);
  await post(1, 1);
  expect(cache.dead.size).toBe(40);
  await removeDead(at(16));
  expect(await room.left()).toBe(20);
});

type Scene = Awaited<ReturnType<typeof setScene>>;
type Wish = Parameters<Scene["ask"]>[1];

/**
 * A client subscribes and disconnects at once, and both are handled at the same time: the end reads
 * the connection before it has the stream, and removes it before the subscription is written.
 */
async function subscribeWhileLeaving(scene: Scene, name: string, wish: Wish) {
  const hasStream = Promise.withResolvers<void>();
  let leaving: Promise<unknown> | undefined;
  const undo = intercept(async ({ name: command }, next) => {
    if (command === "UpdateCommand" && leaving === undefined) {
      const read = Promise.withResolvers<void>();
      const undoRead = intercept(async (_, readNext) => {
        undoRead();
        const answer = await readNext();
        read.resolve();
        return answer;
      });
      leaving = dropConnection(name);
      await read.promise;
      const answer = await next();
      hasStream.resolve();
      return answer;
    }
    if (command === "BatchWriteCommand" && leaving !== undefined) await hasStream.promise;
    if (command === "PutCommand") await leaving;
    return next();
  });
  const subscriber = await scene.ask(name, wish);
  undo();
  expect(await findConnection(name)).toBeUndefined();
  return subscriber;
}

/** Handles everything that the queue `resumes` has by then, `later` seconds after the beginning. */
async function resumeLater(scene: Scene, later: number): Promise<void> {
  const records = scene.queued.splice(0).map((message) => {
    const delay = "delaySeconds" in message ? message.delaySeconds : 0;
    expect(delay).toBeLessThanOrEqual(later);
    return { messageId: "m", body: JSON.stringify(message.job) };
  });
  const at = new Date(scene.now.getTime() + later * 1000);
  expect(await resumeAll(scene.audience(createPushCache(), at), records)).toEqual([]);
}

/** A room with a frame. Its new viewers connect, and no message reaches them any more. */
async function loseNew() {
  const scene = await setScene();
  await scene.push(scene.audience(), chatRecord(1, "word", seconds(scene.now)));
  const since = { epoch: (await findLog(scene.streamId))!.epoch, frame: 0 };
  scene.setFate(() => "gone");
  return { scene, missed: { connectedAt: scene.now.getTime(), since } };
}

test.each(["has missed a frame", "is new"])(
  "a viewer who %s and leaves while they subscribe is no viewer ten seconds later",
  async (what) => {
    const { scene, missed } = await loseNew();
    const { connectedAt } = missed;
    const wish = what === "is new" ? { connectedAt } : missed;
    const name = `${scene.streamId}-c`;
    const phantom = await subscribeWhileLeaving(scene, name, wish);
    await scene.confirmOnly(scene.audience(), phantom);
    // A confirmation waits only briefly for its retries: on a busy machine its job is queued later.
    while (scene.queued.length === 0) await setTimeout(5);
    await resumeLater(scene, 1);
    expect(scene.queued).toHaveLength(1);
    await resumeLater(scene, 10);
    expect(await findSubscriber(scene.streamId, name)).toBeUndefined();
    expect(scene.queued).toEqual([]);
  },
);

test.each(["subscribed", "events"])(
  "a viewer whose connection is lost before `%s` is no viewer ten seconds later",
  async (type) => {
    const { scene, missed } = await loseNew();
    scene.setFate((_, message) => (message.type === type ? "gone" : "sent"));
    const name = `${scene.streamId}-c`;
    await scene.confirmOnly(scene.audience(), await scene.ask(name, missed));
    await resumeLater(scene, 1);
    scene.setFate(() => "gone");
    await resumeLater(scene, 10);
    expect(await findSubscriber(scene.streamId, name)).toBeUndefined();
    expect(await findConnection(name)).toBeUndefined();
    expect(scene.queued).toEqual([]);
  },
);

test("ten viewers who are lost together are no viewers ten seconds later", async () => {
  const { scene, missed } = await loseNew();
  const names = Array.from({ length: 10 }, (_, at) => `${scene.streamId}-${at}`);
  for (const name of names)
    await scene.confirmOnly(scene.audience(), await scene.ask(name, missed));
  await resumeLater(scene, 1);
  await resumeLater(scene, 10);
  const left = await Promise.all(names.map((name) => findSubscriber(scene.streamId, name)));
  expect(left.filter(Boolean)).toEqual([]);
});

test("a viewer whose connection takes seconds to open is sent what they missed then", async () => {
  const { scene, missed } = await loseNew();
  const name = `${scene.streamId}-c`;
  await scene.confirmOnly(scene.audience(), await scene.ask(name, missed));
  await resumeLater(scene, 1);
  scene.setFate(() => "sent");
  await resumeLater(scene, 10);
  expect(scene.answers(name, "subscribed")).toMatchObject([{ head: 1, recovered: true }]);
  expect(scene.frames(name)).toEqual([1]);
});

test("a viewer who leaves while they catch up causes no more work", async () => {
  const { scene, missed } = await loseNew();
  const name = `${scene.streamId}-c`;
  await scene.confirmOnly(scene.audience(), await scene.ask(name, missed));
  const leaving = Promise.withResolvers<unknown>();
  scene.setFate(() => {
    leaving.resolve(dropConnection(name));
    return "gone";
  });
  await resumeLater(scene, 1);
  await leaving.promise;
  expect(await findSubscriber(scene.streamId, name)).toBeUndefined();
  expect(scene.queued).toEqual([]);
});
