import type { Frame } from "../../../domain/log/frame.ts";
import { useLimits } from "../../../platform/limits.ts";
import { useGovernor } from "../../../platform/push/governor.ts";
import { cacheOf } from "../../../platform/push/log-cache.ts";
import { queryFrames } from "../../../platform/store/log/frames.ts";
import { resetLog } from "../../../platform/store/log/log-reset.ts";
import { findLog, markPosted } from "../../../platform/store/log/logs.ts";
import {
  findHeads,
  findSubscriber,
  putSubscriber,
  removeSubscriber,
} from "../../../platform/store/log/subscribers.ts";
import { given, message, said } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setStage } from "./scene.ts";

/*
 * Each test is a counterexample of docs/frames.md, which a model found against a first version of
 * the rules, played step by step on the real engine. The schedules of schedules.test.ts look for
 * more of them.
 */

useOwnTable({ POST_RATE: "10000" });

async function readLog(streamId: string): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of queryFrames(streamId)) frames.push(frame);
  return frames;
}
const coversOf = async (streamId: string) =>
  (await readLog(streamId)).flatMap(({ covers }) => covers.split(" "));

test("F1: an environment that knows less than the log greets from the log", async () => {
  const stage = await setStage();
  const at = seconds(stage.now);
  const [old, other] = [stage.room(), stage.room()];
  await stage.push(old, said(1, "one", at));
  await stage.push(other, said(2, "two", at));
  const epoch = (await findLog(stage.streamId))!.epoch;
  const sub = await stage.ask("c", { since: { epoch, frame: 1 }, requestId: "again" });
  await stage.greet(old, sub);
  expect(stage.got("c")).toMatchObject([
    { type: "subscribed", head: 2, recovered: true, requestId: "again" },
    { type: "events", frame: 2 },
  ]);
});

test("F1: who has a frame that was posted and not marked is not behind the log", async () => {
  const stage = await setStage();
  const at = seconds(stage.now);
  await stage.push(stage.room(), said(1, "one", at));
  // Its poster died before it could mark the log.
  await stage.append(stage.room(), said(2, "two", at));
  const epoch = (await findLog(stage.streamId))!.epoch;
  await stage.greet(stage.room(), await stage.ask("c", { since: { epoch, frame: 2 } }));
  expect(stage.got("c")).toMatchObject([{ type: "subscribed", head: 2, recovered: true }]);
});

test("F2: after a quiet day, with all frames expired, numbers and totals go on", async () => {
  const stage = await setStage();
  const at = seconds(stage.now);
  for (const n of [1, 2, 3]) await stage.push(stage.room(), said(n, `${n}`, at));
  const { table, tableName } = await import("../../../platform/table/table.ts");
  const { DeleteCommand } = await import("@aws-sdk/lib-dynamodb");
  const { key } = await import("../../../platform/table/keys.ts");
  for (const n of [1, 2, 3])
    await table().send(
      new DeleteCommand({ TableName: tableName(), Key: key.frame(stage.streamId, n) }),
    );
  const epoch = (await findLog(stage.streamId))!.epoch;
  const back = await stage.ask("back", { since: { epoch, frame: 3 } });
  const late = await stage.ask("late", { since: { epoch, frame: 2 } });
  await stage.greet(stage.room(), back, late);
  expect(stage.got("back")).toMatchObject([{ type: "subscribed", head: 3, recovered: true }]);
  expect(stage.got("late")).toMatchObject([{ type: "subscribed", head: 3, recovered: false }]);
  await stage.push(stage.room(), said(4, "4", at + 90_000));
  expect(stage.frames("back")).toEqual([4]);
  expect((await readLog(stage.streamId)).map(({ n }) => n)).toEqual([4]);
});

test("F4: a greeting that comes again has the same head, whatever happened between", async () => {
  const stage = await setStage();
  const room = stage.room();
  const sub = await stage.ask("c");
  await stage.greet(room, sub);
  await stage.push(room, said(1, "one", seconds(stage.now)));
  await stage.greet(room, sub);
  expect(stage.answers("c", "subscribed")).toMatchObject([{ head: 0 }, { head: 0 }]);
  expect(stage.frames("c")).toEqual([1, 1]);
});

test("F5: a pong names exactly the streams that the connection is subscribed to", async () => {
  const stage = await setStage();
  const sub = await stage.ask("c", { userId: "ann" });
  await stage.greet(stage.room(), sub);
  const heads = () => findHeads("c", [stage.streamId], stage.now);
  expect(await heads()).toEqual({ [stage.streamId]: 0 });
  stage.setFate((_, { type }) => (type === "unsubscribed" ? "too_fast" : "sent"));
  await stage.push(stage.room(), await stage.ban("ann", "ban1"));
  expect(await heads()).toEqual({});
});

test("F6: a record that is older than what memory knows is looked up in the log", async () => {
  const stage = await setStage();
  const at = seconds(stage.now);
  const [early, late] = [said(1, "early", at - 200), said(2, "late", at)];
  await stage.push(stage.room(), early);
  // This environment is up to date at the top, but its memory begins after the old record.
  const warm = stage.room();
  const frames = await readLog(stage.streamId);
  const log = { ...(await findLog(stage.streamId))!, posted: 1 };
  warm.memory.logs.set(stage.streamId, cacheOf(log, frames, at - 100, stage.now));
  warm.memory.logs.get(stage.streamId)!.covered.clear();
  await stage.push(warm, late);
  await stage.push(warm, early);
  expect(await coversOf(stage.streamId)).toEqual([early.id, late.id]);
});

test("F7: clocks that are minutes apart put no record into two frames", async () => {
  const stage = await setStage();
  const at = seconds(stage.now);
  const skewed = (milliseconds: number) =>
    stage.room(undefined, new Date(stage.now.getTime() + milliseconds));
  await stage.push(skewed(-180_000), said(1, "one", at + 180));
  await stage.push(skewed(180_000), said(2, "two", at - 180));
  for (const clock of [-180_000, 0, 180_000])
    await stage.push(skewed(clock), said(2, "two", at - 180), said(1, "one", at + 180));
  expect(await coversOf(stage.streamId)).toHaveLength(2);
});

test("F8: a ban between the handler's look and the greeting is seen by the greeting", async () => {
  const stage = await setStage();
  const sub = await stage.ask("c", { userId: "ann" });
  // The handler is slow: it writes the subscription when the frame of the ban was posted already.
  await removeSubscriber(stage.streamId, "c");
  await stage.push(stage.room(), await stage.ban("ann", "ban1"));
  await putSubscriber(sub);
  await stage.greet(stage.room(), sub);
  await stage.push(stage.room(), said(1, "one", seconds(stage.now)));
  expect(stage.frames("c")).toEqual([]);
  expect(stage.answers("c", "subscribed")).toEqual([]);
  expect(stage.answers("c", "unsubscribed")).toHaveLength(1);
  expect(await findSubscriber(stage.streamId, "c")).toBeUndefined();
});

test("F9: whoever posts the frame of a block ends it for all sockets, before it is marked", async () => {
  const stage = await setStage();
  const subs = [];
  for (const connection of ["a1", "a2"]) subs.push(await stage.ask(connection, { userId: "ann" }));
  subs.push(await stage.ask("b", { userId: "ben" }));
  await stage.greet(stage.room(), ...subs);
  // One shard puts the ban's frame and dies; the other puts and posts the next one.
  await stage.append(stage.room(), await stage.ban("ann", "ban1"));
  await stage.push(stage.room(), said(1, "after", seconds(stage.now)));
  for (const connection of ["a1", "a2"]) {
    expect(stage.frames(connection)).toEqual([]);
    expect(stage.got(connection).at(-1)).toMatchObject({ type: "unsubscribed", reason: "blocked" });
    expect(await findSubscriber(stage.streamId, connection)).toBeUndefined();
  }
  expect(stage.frames("b")).toEqual([1, 2]);
});

test("F10: after the ban is lifted its frame is replayed like any other", async () => {
  const stage = await setStage();
  await stage.push(stage.room(), await stage.ban("ann", "ban1"));
  await stage.push(stage.room(), await stage.ban("ann", null));
  const epoch = (await findLog(stage.streamId))!.epoch;
  const sub = await stage.ask("c", { userId: "ann", since: { epoch, frame: 0 } });
  await stage.greet(stage.room(), sub);
  expect(stage.frames("c")).toEqual([1, 2]);
});

test("F11: frames are posted from the one after the last posted, whoever put them", async () => {
  const stage = await setStage();
  const at = seconds(stage.now);
  await stage.greet(stage.room(), await stage.ask("c"));
  await stage.append(stage.room(), said(1, "one", at));
  await stage.append(stage.room(), said(2, "two", at));
  await stage.push(stage.room(), said(3, "three", at));
  await stage.deliver(stage.room(), 2);
  expect(stage.frames("c")).toEqual([1, 2, 3]);
});

test("F12: a pong says what was posted, not what was put", async () => {
  const stage = await setStage();
  await stage.greet(stage.room(), await stage.ask("c"));
  await stage.append(stage.room(), said(1, "one", seconds(stage.now)));
  expect(await findHeads("c", [stage.streamId], stage.now)).toEqual({ [stage.streamId]: 0 });
  await stage.deliver(stage.room(), 1);
  expect(await findHeads("c", [stage.streamId], stage.now)).toEqual({ [stage.streamId]: 1 });
});

// Of a text that was said long before, the reading that the deletion needs does not know the frame.
test.each([0, 100])(
  "F13: a text deleted %i s later is in no replay, whoever remembers the frame",
  async (age) => {
    const stage = await setStage();
    const at = seconds(stage.now);
    const before = message(1, "secret");
    const { content: _, ...rest } = before;
    const deleted = { ...rest, deletedAt: stage.now.toISOString(), revision: 2 };
    const witness = stage.room();
    await stage.push(witness, said(1, "secret", at - age));
    await stage.push(witness, said(2, "kept", at));
    // The deletion comes to an environment that has never seen the message.
    const deletion = stage.record({ kind: "message", createdAt: at, old: before, new: deleted });
    const late = { ...deletion.deletes!, createdAt: stage.now.toISOString() };
    await stage.push(stage.room(), { ...deletion, deletes: late });
    const epoch = (await findLog(stage.streamId))!.epoch;
    await stage.greet(witness, await stage.ask("c", { since: { epoch, frame: 0 } }));
    expect(stage.frames("c")).toEqual([1, 2, 3]);
    expect(JSON.stringify(stage.got("c"))).not.toContain("secret");
    expect(JSON.stringify(stage.got("c"))).toContain("kept");
  },
);

test("F14: a reset log has another epoch and no subscriptions, and reuses no number", async () => {
  const stage = await setStage();
  const at = seconds(stage.now);
  await stage.greet(stage.room(), await stage.ask("c"));
  await stage.push(stage.room(), said(1, "one", at));
  const before = (await findLog(stage.streamId))!.epoch;
  await resetLog(stage.streamId);
  expect(await findHeads("c", [stage.streamId], stage.now)).toEqual({});
  await stage.push(stage.room(), said(2, "two", at));
  expect(stage.frames("c")).toEqual([1]);
  const sub = await stage.ask("c", { since: { epoch: before, frame: 1 } });
  await stage.greet(stage.room(), sub);
  const [answer] = stage.answers("c", "subscribed").slice(-1);
  expect(answer).toMatchObject({ recovered: false, head: 2 });
  expect(answer).not.toMatchObject({ epoch: before });
});

test("F15: a second ban has an id of its own and gets its own frame", async () => {
  const stage = await setStage();
  await stage.push(stage.room(), await stage.ban("ann", "ban1"));
  await stage.push(stage.room(), await stage.ban("ann", null));
  await stage.push(stage.room(), await stage.ban("ann", "ban2"));
  expect(await coversOf(stage.streamId)).toEqual(["ban:ban1", "ban:ban1:lifted", "ban:ban2"]);
});

test("F16: the largest batch in one frame stays within what an item may hold", async () => {
  const stage = await setStage();
  const records = Array.from({ length: 1_000 }, (_, n) => ({
    ...said(n, "x", seconds(stage.now)),
    events: [],
  }));
  await stage.append(stage.room(), ...records);
  const frames = await readLog(stage.streamId);
  expect(frames).toHaveLength(1);
  expect(JSON.stringify(frames[0]).length).toBeLessThan(64_000);
});

test("a batch that comes again, re-grouped and by another environment, changes nothing", async () => {
  const stage = await setStage();
  const records = [1, 2, 3, 4].map((n) => said(n, `${n}`, seconds(stage.now)));
  await stage.greet(stage.room(), await stage.ask("c"));
  await stage.push(stage.room(), ...records.slice(0, 3));
  await stage.push(stage.room(), ...records.slice(1));
  await Promise.all(records.map((record) => stage.push(stage.room(), record)));
  expect(stage.frames("c")).toEqual([1, 2]);
  expect(await coversOf(stage.streamId)).toEqual(records.map(({ id }) => id));
});

test("a batch that comes again is framed once, also while its new frames make memory forget its old ones", async () => {
  const stage = await setStage();
  useLimits({ coveredRecords: 3, frameBytes: 1_500 });
  const room = stage.room();
  const records = Array.from({ length: 12 }, (_, n) => given(n, {}, seconds(stage.now)));
  await stage.push(room, ...records.slice(0, 4));
  await stage.push(room, ...records);
  useLimits(undefined);
  expect(await coversOf(stage.streamId)).toEqual(records.map(({ id }) => id));
  const frames = await readLog(stage.streamId);
  expect(frames.length).toBeGreaterThan(4);
  expect(frames.at(-1)!.totals.count).toBe(12);
});

test("many environments at once: dense numbers, each record in one frame", async () => {
  const stage = await setStage();
  const rooms = [1, 2, 3, 4].map(() => stage.room());
  const at = seconds(stage.now);
  await Promise.all(
    Array.from({ length: 12 }, (_, n) => stage.append(rooms[n % 4]!, said(n, `${n}`, at))),
  );
  const frames = await readLog(stage.streamId);
  expect(frames.map(({ n }) => n)).toEqual(frames.map((_, n) => n + 1));
  expect(new Set(await coversOf(stage.streamId)).size).toBe(12);
  expect((await coversOf(stage.streamId)).length).toBe(12);
});

test("what dies between putting and posting is posted by the next try", async () => {
  const stage = await setStage();
  await stage.greet(stage.room(), await stage.ask("c"));
  const record = said(1, "one", seconds(stage.now));
  await stage.append(stage.room(), record);
  expect(stage.frames("c")).toEqual([]);
  await stage.push(stage.room(), record);
  expect(stage.frames("c")).toEqual([1]);
});

test("whoever is late to say what was posted takes nothing back, and nothing is posted twice", async () => {
  const stage = await setStage();
  await stage.greet(stage.room(), await stage.ask("c"));
  for (const n of [1, 2]) await stage.push(stage.room(), said(n, `${n}`, seconds(stage.now)));
  const [first] = await readLog(stage.streamId);
  await markPosted(stage.streamId, first!, { viewers: 1, peakViewers: 1, countedAt: 0 });
  expect(await findLog(stage.streamId)).toMatchObject({ posted: 2 });
  await stage.push(stage.room(), said(3, "3", seconds(stage.now)));
  expect(stage.frames("c")).toEqual([1, 2, 3]);
});

test("a connection that answers 410 is removed, but not while it may still be opening", async () => {
  const stage = await setStage();
  const young = await stage.ask("young", { connectedAt: stage.now.getTime() - 1_000 });
  await stage.greet(stage.room(), await stage.ask("dead"), await stage.ask("alive"), young);
  stage.setFate((connection) => (connection === "alive" ? "sent" : "gone"));
  await stage.push(stage.room(), said(1, "one", seconds(stage.now)));
  const left = [];
  for (const connection of ["dead", "alive", "young"])
    if (await findSubscriber(stage.streamId, connection)) left.push(connection);
  expect(left).toEqual(["alive", "young"]);
});

test("at the post rate chat is thinned out to one frame, counted exactly, and gifts stay", async () => {
  const stage = await setStage();
  const at = seconds(stage.now);
  await stage.greet(stage.room(), await stage.ask("c"));
  useGovernor({ take: () => undefined, limitedAt: () => Date.now() });
  const chat = Array.from({ length: 300 }, (_, n) => said(n, "hello", at, `u${n % 30}`));
  const gifts = Array.from({ length: 5 }, (_, n) => given(n, {}, at));
  await stage.push(stage.room(), ...chat, ...gifts);
  expect(stage.frames("c")).toEqual([1]);
  const [frame] = stage.answers("c", "events") as unknown as {
    skipped: number;
    events: { type: string }[];
  }[];
  const shown = (type: string) => frame!.events.filter((event) => event.type === type).length;
  expect(shown("gift.sent")).toBe(5);
  expect(shown("chat.message")).toBeGreaterThan(20);
  expect(shown("chat.message") + frame!.skipped).toBe(300);
  expect(await coversOf(stage.streamId)).toHaveLength(305);
});

test("while the rate is not reached a batch of several frames leaves nothing out", async () => {
  const stage = await setStage();
  await stage.greet(stage.room(), await stage.ask("c"));
  const chat = Array.from({ length: 300 }, (_, n) => said(n, "hello", seconds(stage.now), "u"));
  await stage.push(stage.room(), ...chat);
  const frames = stage.answers("c", "events") as unknown as { skipped: number; events: object[] }[];
  expect(frames.length).toBeGreaterThan(1);
  expect(frames.flatMap(({ events }) => events)).toHaveLength(300);
  expect(frames.map(({ skipped }) => skipped)).toEqual(frames.map(() => 0));
});
