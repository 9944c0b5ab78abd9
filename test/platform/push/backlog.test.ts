import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import { frameKeptSeconds } from "../../../domain/log/frame.ts";
import { pushStream } from "../../../platform/push/batch.ts";
import { postRoom } from "../../../platform/push/large-room.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { postSums } from "../../../platform/push/sums.ts";
import { useLimits } from "../../../platform/runtime/limits.ts";
import {
  findLog,
  listBacklog,
  putBacklog,
  removeBacklog,
} from "../../../platform/store/log/logs.ts";
import { key } from "../../../platform/table/keys.ts";
import { table, tableName } from "../../../platform/table/table.ts";
import { chatRecord, message } from "../../domain/frame-samples.ts";
import { intercept } from "../intercept.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable({ POST_RATE: "10000", PART_VIEWERS: "5000", LARGE_ROOM_VIEWERS: "1000" });

afterEach(() => useLimits(undefined));

/** Handles the messages of the queue `posts`, one after the other, until it is empty. */
async function postQueued(scene: Awaited<ReturnType<typeof setScene>>): Promise<void> {
  for (let calls = 1; scene.queued.length > 0; calls++) {
    scene.queued.length = 0;
    await postRoom(scene.audience(undefined, new Date(scene.now.getTime() + calls)));
  }
}

test("a backlog in several items is read in order", async () => {
  const scene = await setScene();
  useLimits({ backlogBytes: 1 });
  const at = seconds(scene.now);
  const [first, second] = [
    [chatRecord(1, "one", at), chatRecord(2, "two", at), chatRecord(3, "three", at)],
    [chatRecord(4, "four", at + 1), chatRecord(5, "five", at + 1)],
  ];
  await putBacklog(scene.streamId, first, scene.now);
  // The next batch of the shard is taken by an environment whose clock is behind.
  await putBacklog(scene.streamId, second, new Date(scene.now.getTime() - 500));
  const { records, more } = await listBacklog(scene.streamId, 100, scene.now);
  expect(records.map(({ id }) => id)).toEqual([...first, ...second].map(({ id }) => id));
  expect(more).toBe(false);
});

test("a room with a backlog larger than one call takes is queued again until everything is shown", async () => {
  const scene = await setScene();
  await scene.confirm(scene.audience(), await scene.ask("c"));
  useLimits({ backlogBytes: 1, backlogRecords: 2 });
  const records = [1, 2, 3, 4, 5].map((n) => chatRecord(n, `${n}`, seconds(scene.now)));
  await putBacklog(scene.streamId, records, scene.now);
  // One message of the queue covers the whole backlog.
  await postRoom(scene.audience());
  await postQueued(scene);
  expect(scene.frames("c")).toEqual([1, 2, 3]);
  expect((await listBacklog(scene.streamId, 100, scene.now)).ids).toEqual([]);
});

test("a deletion in a room that is small again removes its text from the whole backlog", async () => {
  const scene = await setScene();
  await scene.confirm(scene.audience(), await scene.ask("c"));
  useLimits({ backlogBytes: 1, backlogRecords: 2 });
  const at = seconds(scene.now);
  const gathered = [1, 2, 3, 4, 5].map((n) => chatRecord(n, `text ${n}`, at));
  await putBacklog(scene.streamId, gathered, scene.now);
  const { content: _, ...rest } = message(5);
  const deleted = { ...rest, deletedAt: scene.now.toISOString(), revision: 2 };
  const change = {
    kind: "message",
    createdAt: at,
    old: message(5, "text 5"),
    new: deleted,
  } as const;
  const later = new Date(scene.now.getTime() + 1);
  await pushStream(scene.audience(undefined, later), [scene.record(change)]);
  await postQueued(scene);
  const shown = JSON.stringify(scene.messagesTo("c"));
  expect([1, 2, 3, 4, 5].filter((n) => shown.includes(`text ${n}`))).toEqual([1, 2, 3, 4]);
  expect(shown).toContain('"chat.deleted"');
  expect((await listBacklog(scene.streamId, 100, scene.now)).ids).toEqual([]);
});

test("messages sent while a room was large come before those sent once it is small again", async () => {
  const scene = await setScene();
  await scene.confirm(scene.audience(), await scene.ask("c"));
  useLimits({ backlogBytes: 1, backlogRecords: 2 });
  const say = (n: number) => chatRecord(n, `text ${n}`, seconds(scene.now));
  await putBacklog(scene.streamId, [1, 2, 3, 4, 5].map(say), scene.now);
  const later = new Date(scene.now.getTime() + 1);
  await pushStream(scene.audience(undefined, later), [say(6)]);
  await postQueued(scene);
  const shown = JSON.stringify(scene.messagesTo("c"));
  expect(shown.match(/text \d/g)?.map((text) => Number(text.at(-1)))).toEqual([1, 2, 3, 4, 5, 6]);
  expect((await listBacklog(scene.streamId, 100, scene.now)).ids).toEqual([]);
});

test("a waiting message that is delivered again with the next one is shown once, in its place", async () => {
  const scene = await setScene();
  await scene.confirm(scene.audience(), await scene.ask("c"));
  const say = (n: number) => chatRecord(n, `text ${n}`, seconds(scene.now));
  await putBacklog(scene.streamId, [1, 2].map(say), scene.now);
  await pushStream(scene.audience(), [2, 3].map(say));
  expect(scene.queued).toEqual([]);
  const shown = JSON.stringify(scene.messagesTo("c"));
  expect(shown.match(/text \d/g)?.map((text) => Number(text.at(-1)))).toEqual([1, 2, 3]);
  expect((await listBacklog(scene.streamId, 100, scene.now)).ids).toEqual([]);
});

test("all postings of one room are in one queue group, and those of two rooms are in two", async () => {
  const scenes = [await setScene(), await setScene()];
  useLimits({ backlogBytes: 1, backlogRecords: 1 });
  for (const scene of scenes)
    for (const text of ["one", "two"]) {
      const records = [
        chatRecord(1, text, seconds(scene.now)),
        chatRecord(2, text, seconds(scene.now)),
      ];
      await putBacklog(scene.streamId, records, scene.now);
      await postRoom(scene.audience());
    }
  const messages = scenes.flatMap(({ queued }) => queued);
  expect(messages).toHaveLength(4);
  const lines = messages.map((message) => message.queue === "posts" && message.group);
  expect(lines).toEqual(scenes.flatMap(({ streamId }) => [streamId, streamId]));
});

type Scene = Awaited<ReturnType<typeof setScene>>;

/** Likes of one user, which only change a sum. */
const likes = (id: string, at: Date, count: number) => ({
  id,
  createdAt: seconds(at),
  lane: "always" as const,
  events: [],
  adds: { likes: count },
});

test("two environments that frame likes at the same time make one frame a second", async () => {
  const scene = await setScene();
  const { streamId } = scene;
  await scene.confirm(scene.audience(), await scene.ask("c"));
  const [one, other] = [createPushCache(), createPushCache()];
  const at = (milliseconds: number) => new Date(scene.now.getTime() + milliseconds);
  const putLikes = (id: string, time: Date) => putBacklog(streamId, [likes(id, time, 1)], time);
  // Both know the log.
  await scene.push(scene.audience(one), likes("a", scene.now, 1));
  await scene.append(scene.audience(other), likes("a", scene.now, 1));
  // One has framed and not yet posted when the other reads what has gathered.
  await scene.append(scene.audience(one, at(1_100)), likes("b", at(1_100), 1));
  const gathered = await putLikes("c", at(1_150));
  await postSums(scene.audience(other, at(1_200)), { streamId, gathered });
  expect(scene.queued).toEqual([{ queue: "sums", job: { streamId, gathered }, delaySeconds: 1 }]);
  expect(scene.frames("c")).toEqual([1]);
  await scene.deliver(scene.audience(one, at(1_200)), 2);
  // A message that has waited waits again if another frame came first.
  await postSums(scene.audience(other, at(2_050)), { streamId, gathered });
  expect(scene.frames("c")).toEqual([1, 2]);
  await postSums(scene.audience(other, at(2_200)), { streamId, gathered });
  expect(scene.frames("c")).toEqual([1, 2, 3]);
  expect(scene.queued).toHaveLength(2);
  expect((await listBacklog(streamId, 100, scene.now)).ids).toEqual([]);
});

test("an environment that has framed likes and not yet posted them waits with the next ones", async () => {
  const scene = await setScene();
  const { streamId } = scene;
  await scene.confirm(scene.audience(), await scene.ask("c"));
  const cache = createPushCache();
  const at = (milliseconds: number) => new Date(scene.now.getTime() + milliseconds);
  await scene.push(scene.audience(cache), likes("a", scene.now, 1));
  await scene.append(scene.audience(cache, at(1_100)), likes("b", at(1_100), 1));
  const gathered = await putBacklog(streamId, [likes("c", at(1_150), 1)], at(1_150));
  await postSums(scene.audience(cache, at(1_200)), { streamId, gathered });
  expect(scene.queued).toEqual([{ queue: "sums", job: { streamId, gathered }, delaySeconds: 1 }]);
});

test("likes that wait while another environment frames earlier ones are framed a second later", async () => {
  const scene = await setScene();
  const { streamId } = scene;
  await scene.confirm(scene.audience(), await scene.ask("c"));
  const at = (milliseconds: number) => new Date(scene.now.getTime() + milliseconds);
  await scene.push(scene.audience(), likes("a", scene.now, 1));
  const earlier = await putBacklog(streamId, [likes("b", at(1_100), 1)], at(1_100));
  // It has framed them, and neither removed nor posted them when the next ones are looked at.
  await scene.append(scene.audience(createPushCache(), at(1_100)), likes("b", at(1_100), 1));
  const gathered = await putBacklog(streamId, [likes("c", at(1_150), 1)], at(1_150));
  await postSums(scene.audience(createPushCache(), at(1_200)), { streamId, gathered });
  await removeBacklog(streamId, [earlier]);
  const job = { streamId, gathered };
  expect(scene.queued).toEqual([{ queue: "sums", job, delaySeconds: 1 }]);
  await postSums(scene.audience(createPushCache(), at(2_200)), job);
  expect(scene.frames("c")).toEqual([1, 2, 3]);
});

test("a frame of likes whose first post fails is posted when its message is delivered again", async () => {
  const scene = await setScene();
  const { streamId } = scene;
  await scene.confirm(scene.audience(), await scene.ask("c"));
  const gathered = await putBacklog(streamId, [likes("a", scene.now, 1)], scene.now);
  scene.setFate(() => {
    throw new Error("planted");
  });
  await expect(postSums(scene.audience(), { streamId, gathered })).rejects.toThrow("planted");
  scene.setFate(() => "sent");
  await postSums(scene.audience(), { streamId, gathered });
  expect(scene.frames("c")).toEqual([1]);
  expect((await listBacklog(streamId, 100, scene.now)).ids).toEqual([]);
});

test.each<[what: string, read: (scene: Scene, gathered: string, at: Date) => Promise<void>]>([
  [
    "their message is redriven",
    ({ streamId, audience }, gathered, at) =>
      postSums(audience(createPushCache(), at), { streamId, gathered }),
  ],
  [
    "a user sends a message",
    ({ audience }, _, at) =>
      pushStream(audience(createPushCache(), at), [chatRecord(1, "again", seconds(at))]),
  ],
])(
  "likes that could not be removed from the backlog count once, even if a day later %s",
  async (_, read) => {
    const scene = await setScene();
    const { streamId, now } = scene;
    const gathered = await putBacklog(streamId, [likes("a", now, 3)], now);
    const undo = intercept(async ({ name }, next) => {
      if (name === "DeleteCommand") throw new Error("planted");
      return next();
    });
    await expect(postSums(scene.audience(), { streamId, gathered })).rejects.toThrow("planted");
    undo();
    const Key = key.frame(streamId, 1);
    await table().send(new DeleteCommand({ TableName: tableName(), Key }));
    const later = new Date(now.getTime() + (frameKeptSeconds + 60) * 1000);
    await read(scene, gathered, later);
    expect((await findLog(streamId))!.sums).toEqual({ likes: 3 });
    expect((await listBacklog(streamId, 100, scene.now)).ids).toEqual([]);
  },
);

test("a backlog of a day ago is removed in steps, and newer messages are shown", async () => {
  const scene = await setScene();
  useLimits({ backlogBytes: 1, backlogRecords: 2 });
  const dayAgo = new Date(scene.now.getTime() - 25 * 3_600_000);
  const say = (n: number, at: Date) => chatRecord(n, `${n}`, seconds(at));
  const lost = [1, 2, 3, 4, 5].map((n) => say(n, dayAgo));
  await putBacklog(scene.streamId, lost, dayAgo);
  await putBacklog(scene.streamId, [say(6, scene.now)], scene.now);
  await scene.confirm(scene.audience(), await scene.ask("c"));
  await postRoom(scene.audience());
  expect(scene.queued).toHaveLength(1);
  // More waits than one call reads, so what is said now waits behind it.
  const later = new Date(scene.now.getTime() + 1_000);
  await pushStream(scene.audience(createPushCache(), later), [say(7, later)]);
  for (let jobs = 0; jobs < scene.queued.length; jobs++) await postRoom(scene.audience());
  const shown = JSON.stringify(scene.messagesTo("c"));
  expect(shown.match(/"content":"\d"/g)).toEqual(['"content":"6"', '"content":"7"']);
  expect((await listBacklog(scene.streamId, 100, scene.now)).ids).toEqual([]);
});
