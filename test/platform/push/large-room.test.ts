import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { EventQueue } from "../../../platform/push/audience.ts";
import { postRooms } from "../../../platform/push/large-room.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { countViewers } from "../../../platform/push/viewer-count.ts";
import { useLimits } from "../../../platform/runtime/limits.ts";
import { dropConnection } from "../../../platform/store/log/connections.ts";
import { findLog, getLog, putBacklog } from "../../../platform/store/log/logs.ts";
import { key } from "../../../platform/table/keys.ts";
import { table, tableName } from "../../../platform/table/table.ts";
import { chatRecord } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable({ POST_RATE: "80000", PART_VIEWERS: "2" });

afterEach(() => useLimits(undefined));

const message = (messageId: string, job: unknown) => ({ messageId, body: JSON.stringify(job) });

type Scene = Awaited<ReturnType<typeof setScene>>;

/** A room with some viewers in which a record has gathered. */
async function gather(viewers: number) {
  const scene = await setScene();
  const names = Array.from({ length: viewers }, (_, n) => `${scene.streamId}-${n}`);
  for (const name of names) await scene.confirm(scene.audience(), await scene.ask(name));
  const records = [chatRecord(1, "one", seconds(scene.now))];
  const gathered = await putBacklog(scene.streamId, records, scene.now);
  return { scene, names, job: { streamId: scene.streamId, gathered } };
}

test("a room that fails is retried with all its messages and delays no other", async () => {
  const large = await gather(5);
  // Each scene has a separate poster; the last one records all posts.
  const small = await gather(1);
  const messages = [
    message("a", large.job),
    message("b", small.job),
    message("c", { ...large.job, gathered: "later" }),
    message("d", "no job"),
    { messageId: "e", body: "{" },
  ];
  const { now, outlet } = small.scene;
  const invokeSlice = () => Promise.reject(new Error("throttled"));
  const push = { now, cache: createPushCache(), outlet: { ...outlet, invokeSlice } };
  const failed = await postRooms(push, messages);
  expect(failed.sort()).toEqual(["a", "c", "d", "e"]);
  expect(small.scene.frames(small.names[0]!)).toEqual([1]);
  expect(await findLog(large.scene.streamId)).toMatchObject({ posted: 0 });
  expect(await findLog(small.scene.streamId)).toMatchObject({ posted: 1, viewers: 1 });
});

test("viewers of a large room see its messages at once while their events cannot be queued for webhooks", async () => {
  const { scene, names, job } = await gather(1);
  const queued: string[] = [];
  let queueRecords: EventQueue["queueRecords"] = () => Promise.reject(new Error("planted"));
  scene.outlet.events = {
    queueRecords: (...given) => queueRecords(...given),
    queueUserEvents: async () => {},
  };
  const post = () => postRooms({ ...scene.audience(), now: new Date() }, [message("a", job)]);
  expect(await post()).toEqual(["a"]);
  expect(scene.frames(names[0]!)).toEqual([1]);
  queueRecords = async (_, records) => void queued.push(...records.map(({ id }) => id));
  expect(await post()).toEqual([]);
  expect(queued).toHaveLength(1);
  expect(scene.frames(names[0]!)).toEqual([1]);
});

test("a posting that dies is repeated from its last mark, which is a bounded number of posts old", async () => {
  const scene = await setScene();
  const room = scene.audience();
  for (const name of ["a", "b"]) await scene.confirm(room, await scene.ask(name));
  const say = (n: number) => chatRecord(n, `${n}`, seconds(scene.now));
  await scene.push(room, say(1));
  useLimits({ postsPerMark: 4 });
  for (const n of [2, 3, 4, 5]) await scene.append(room, say(n));
  scene.setFate((_, message) => {
    if (message.type === "events" && message.frame === 5) throw new Error("the environment dies");
    return "sent";
  });
  await expect(scene.deliver(room, 5)).rejects.toThrow("the environment dies");
  expect(await findLog(scene.streamId)).toMatchObject({ posted: 3 });
  scene.setFate(() => "sent");
  await scene.deliver(room, 5);
  expect(scene.frames("a")).toEqual([1, 2, 3, 4, 4, 5]);
});

test("the peak of a stream's viewers stays when some of them leave", async () => {
  const scene = await setScene();
  const room = scene.audience();
  for (const name of ["stays", "leaves"]) await scene.confirm(room, await scene.ask(name));
  const say = (n: number) => scene.push(room, chatRecord(n, `${n}`, seconds(scene.now)));
  await say(1);
  await dropConnection("leaves");
  await say(2);
  expect(await findLog(scene.streamId)).toMatchObject({ viewers: 1, peakViewers: 2 });
});

test("viewers who watch a quiet stream and leave before its first message count for the peak", async () => {
  const scene = await setScene();
  const room = scene.audience();
  for (const name of ["stays", "leaves"]) await scene.confirm(room, await scene.ask(name));
  await dropConnection("leaves");
  const later = scene.audience(room.cache, new Date(scene.now.getTime() + 10_000));
  await scene.push(later, chatRecord(1, "one", seconds(scene.now)));
  expect(await findLog(scene.streamId)).toMatchObject({ viewers: 1, peakViewers: 2 });
});

/** What a posting noted in the log some time ago. */
async function note({ streamId, now }: Scene, viewers: number, ageMilliseconds: number) {
  await getLog(streamId);
  await table().send(
    new UpdateCommand({
      TableName: tableName(),
      Key: key.log(streamId),
      UpdateExpression: "SET viewers = :viewers, countedAt = :at",
      ExpressionAttributeValues: { ":viewers": viewers, ":at": now.getTime() - ageMilliseconds },
    }),
  );
}

test.each([
  ["a large room is counted by its posting", 50_000, 2_000, 48_000],
  ["what was counted too long ago is not believed", 50_000, 6_000, 1],
  ["a small room is counted again", 90, 2_000, 1],
])("%s", async (_what, known, ageMilliseconds, wanted) => {
  const scene = await setScene();
  const room = scene.audience();
  await scene.confirm(room, await scene.ask(`${scene.streamId}-0`));
  room.cache.viewers.set(scene.streamId, {
    count: known,
    posted: known,
    at: scene.now.getTime() - 10_000,
  });
  await note(scene, 48_000, ageMilliseconds);
  expect((await countViewers(room)).count).toBe(wanted);
  // What it said is as old as it was, so that it is not believed for longer than 5 s in all.
  const later = { ...room, now: new Date(scene.now.getTime() + 4_000) };
  expect((await countViewers(later)).count).toBe(1);
});

test("a large room that has shrunk has its new number of viewers in every environment", async () => {
  const scene = await setScene();
  await scene.confirm(scene.audience(), await scene.ask(`${scene.streamId}-0`));
  await note(scene, 150, 6_000);
  const counts = [];
  for (let environment = 1; environment <= 2; environment++)
    counts.push((await countViewers(scene.audience())).count);
  expect(counts).toEqual([1, 1]);
});

test("two calls that stop in the same millisecond each queue the rest of their room", async () => {
  const scene = await setScene();
  const { jobs } = scene.outlet;
  for (let call = 1; call <= 2; call++) await jobs.queueRemainder(scene.streamId, scene.now);
  const ids = scene.queued.map((message) => message.queue === "posts" && message.id);
  expect(new Set(ids).size).toBe(2);
});
