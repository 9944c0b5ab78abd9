import type { Audience } from "../../../platform/push/audience.ts";
import { pushBatch } from "../../../platform/push/batch.ts";
import { postRoom } from "../../../platform/push/large-room.ts";
import { createMemory } from "../../../platform/push/memory.ts";
import { postSlice, removeDead } from "../../../platform/push/post.ts";
import { listFrames } from "../../../platform/store/log/frames.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { chatRecord } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable({ POST_RATE: "8000" });

/** A room whose viewers have all lost their connections without a word, after its first frame. */
async function loseAll(count: number) {
  const scene = await setScene();
  const memory = createMemory();
  const names = Array.from({ length: count }, (_, n) => `${scene.streamId}-${n}`);
  for (const name of names) await scene.confirm(scene.audience(memory), await scene.ask(name));
  const posted: string[] = [];
  scene.setFate((connection) => {
    posted.push(connection);
    return "gone";
  });
  let n = 0;
  return {
    scene,
    memory,
    /** Pushes one more frame `later` seconds later; returns the number of posts tried. */
    async push(later: number): Promise<number> {
      posted.length = 0;
      const at = new Date(scene.now.getTime() + later * 1000);
      await scene.push(scene.audience(memory, at), chatRecord(++n, "word", seconds(at)));
      return posted.length;
    },
    async left(): Promise<number> {
      const found = await Promise.all(names.map((name) => findSubscriber(scene.streamId, name)));
      return found.filter((one) => one !== undefined).length;
    },
    comeBack: () => scene.ask(names[0]!, { requestId: "again" }),
  };
}

test("a few who have gone without a word are removed at once", async () => {
  const room = await loseAll(3);
  expect(await room.push(0)).toBe(3);
  expect(await room.left()).toBe(0);
  expect(room.memory.dead.size).toBe(0);
});

test.each([
  ["a batch of the fan-out", (audience: Audience) => pushBatch(audience, [])],
  ["the posting of a large room", postRoom],
])("%s removes whose connections have gone without a word", async (_, call) => {
  const { scene, memory, left } = await loseAll(2);
  const audience = scene.audience(memory);
  await scene.deliver(audience, (await scene.append(audience, chatRecord(1, "word", 1))).head);
  expect(await left()).toBe(2);
  await call(audience);
  expect(await left()).toBe(0);
});

test("a crowd that leaves holds no frame up: it is not posted to, and removed bit by bit", async () => {
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
  expect(room.memory.dead.size).toBe(0);
});

test("a connection that was taken for dead is posted to after its next subscribe", async () => {
  const room = await loseAll(10);
  await room.push(0);
  await new Promise((done) => setTimeout(done, 2));
  const back = await room.comeBack();
  room.scene.setFate(() => "sent");
  await room.scene.confirm(room.scene.audience(room.memory), back);
  await room.push(1);
  expect(room.scene.frames(back.connectionId)).toEqual([2]);
});

test("one environment that posts a room in slices remembers who has gone from the other slice", async () => {
  const room = await loseAll(40);
  const { scene, memory } = room;
  const at = (later: number) =>
    scene.audience(memory, new Date(scene.now.getTime() + later * 1000));
  await scene.append(at(0), chatRecord(1, "word", seconds(scene.now)));
  const frames = await listFrames(scene.streamId, 1, 1);
  const post = (later: number, slice: number) =>
    postSlice(at(later), frames, { index: slice, count: 2, estimate: 40 });
  await post(0, 0);
  await post(1, 1);
  expect(memory.dead.size).toBe(40);
  await removeDead(at(16));
  expect(await room.left()).toBe(20);
});
