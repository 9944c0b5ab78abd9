import { greetSubscribers } from "../../../platform/push/greet.ts";
import { usePoster } from "../../../platform/push/post.ts";
import { createMemory } from "../../../platform/push/room.ts";
import { findLog } from "../../../platform/store/log/logs.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { said } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setStage } from "./stage.ts";

useOwnTable({ POST_RATE: "10000" });

/** As long as the gateway's client waits for an answer. */
const hangMilliseconds = 2_000;

/** A room of ten, some of whose connections take no message; how many posts each was sent. */
async function openRoom(hanging: readonly string[]) {
  const stage = await setStage();
  const memory = createMemory();
  const room = stage.room(memory);
  const names = Array.from({ length: 10 }, (_, n) => `c${n}`);
  for (const name of names) await stage.greet(room, await stage.ask(name));
  const posts = new Map<string, number>();
  usePoster({
    async post(connectionId) {
      posts.set(connectionId, (posts.get(connectionId) ?? 0) + 1);
      if (!hanging.includes(connectionId)) return "sent";
      await new Promise((done) => setTimeout(done, hangMilliseconds));
      return "lost";
    },
    close: async () => "sent",
    probe: async () => "sent",
  });
  return { stage, room, posts };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = Date.now();
  await work();
  return Date.now() - began;
}
const say = ({ stage, room }: Awaited<ReturnType<typeof openRoom>>, ...texts: number[]) =>
  stage.push(room, ...texts.map((n) => said(n, `${n}`, seconds(stage.now))));

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

test("who comes back and hangs delays neither the batch nor the next message", async () => {
  const room = await openRoom(["back", "new"]);
  await say(room, 1);
  const { stage } = room;
  const { epoch } = (await findLog(stage.streamId))!;
  const back = await stage.ask("back", { since: { epoch, frame: 0 } });
  const greet = async () => greetSubscribers(room.room, [back, await stage.ask("new")]);
  expect(await timed(greet)).toBeLessThan(hangMilliseconds / 2);
  expect(room.posts.has("back")).toBe(false);
});

test("a blocked user whose connections hang is out at once all the same", async () => {
  const room = await openRoom(["c1"]);
  const { stage } = room;
  const ban = await stage.ban("user-of-c1", "ban1");
  expect(await timed(() => stage.push(room.room, ban))).toBeLessThan(hangMilliseconds / 2);
  expect(await findSubscriber(stage.streamId, "c1")).toBeUndefined();
});
