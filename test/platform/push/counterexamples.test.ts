import type { Frame } from "../../../domain/log/frame.ts";
import { deliverFrames } from "../../../platform/push/deliver.ts";
import { cacheOf } from "../../../platform/push/push-cache.ts";
import { useLimits } from "../../../platform/runtime/limits.ts";
import { queryFrames } from "../../../platform/store/log/frames.ts";
import { resetLog } from "../../../platform/store/log/log-reset.ts";
import { findLog, markPosted } from "../../../platform/store/log/logs.ts";
import {
  findHeads,
  findSubscriber,
  putSubscriber,
  removeSubscriber,
} from "../../../platform/store/log/subscribers.ts";
import { chatRecord, giftRecord, message } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { freeGovernor } from "./posters.ts";
import { seconds, setScene } from "./scene.ts";

/*
 * Each test is a counterexample of docs/frames.md, which a model found against a first version of
 * the rules, played step by step on the real engine. The schedules of schedules.test.ts look for
 * more of them.
 */

useOwnTable();

async function readLog(streamId: string): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of queryFrames(streamId)) frames.push(frame);
  return frames;
}
const coversOf = async (streamId: string) =>
  (await readLog(streamId)).flatMap(({ covers }) => covers.split(" "));

test("F1: an environment that knows less than the log confirms from the log", async () => {
  const scene = await setScene();
  const at = seconds(scene.now);
  const [old, other] = [scene.audience(), scene.audience()];
  await scene.push(old, chatRecord(1, "one", at));
  await scene.push(other, chatRecord(2, "two", at));
  const epoch = (await findLog(scene.streamId))!.epoch;
  const sub = await scene.ask("c", { since: { epoch, frame: 1 }, requestId: "again" });
  await scene.confirm(old, sub);
  expect(scene.messagesTo("c")).toMatchObject([
    { type: "subscribed", head: 2, recovered: true, requestId: "again" },
    { type: "events", frame: 2 },
  ]);
});

test("F1: a viewer with a frame that was posted and not yet marked is not behind the log", async () => {
  const scene = await setScene();
  const at = seconds(scene.now);
  await scene.push(scene.audience(), chatRecord(1, "one", at));
  // Its poster died before it could mark the log.
  await scene.append(scene.audience(), chatRecord(2, "two", at));
  const epoch = (await findLog(scene.streamId))!.epoch;
  await scene.confirm(scene.audience(), await scene.ask("c", { since: { epoch, frame: 2 } }));
  expect(scene.messagesTo("c")).toMatchObject([{ type: "subscribed", head: 2, recovered: true }]);
});

test("F2: after a quiet day, with all frames expired, numbers and totals continue", async () => {
  const scene = await setScene();
  const at = seconds(scene.now);
  for (const n of [1, 2, 3]) await scene.push(scene.audience(), chatRecord(n, `${n}`, at));
  const { table, tableName } = await import("../../../platform/table/table.ts");
  const { DeleteCommand } = await import("@aws-sdk/lib-dynamodb");
  const { key } = await import("../../../platform/table/keys.ts");
  for (const n of [1, 2, 3])
    await table().send(
      new DeleteCommand({ TableName: tableName(), Key: key.frame(scene.streamId, n) }),
    );
  const epoch = (await findLog(scene.streamId))!.epoch;
  const back = await scene.ask("back", { since: { epoch, frame: 3 } });
  const late = await scene.ask("late", { since: { epoch, frame: 2 } });
  await scene.confirm(scene.audience(), back, late);
  expect(scene.messagesTo("back")).toMatchObject([
    { type: "subscribed", head: 3, recovered: true },
  ]);
  expect(scene.messagesTo("late")).toMatchObject([
    { type: "subscribed", head: 3, recovered: false },
  ]);
  await scene.push(scene.audience(), chatRecord(4, "4", at + 90_000));
  expect(scene.frames("back")).toEqual([4]);
  expect((await readLog(scene.streamId)).map(({ n }) => n)).toEqual([4]);
});

test("F4: a repeated confirmation has the same head, whatever happened between", async () => {
  const scene = await setScene();
  const room = scene.audience();
  const sub = await scene.ask("c");
  await scene.confirm(room, sub);
  await scene.push(room, chatRecord(1, "one", seconds(scene.now)));
  await scene.confirm(room, sub);
  expect(scene.answers("c", "subscribed")).toMatchObject([{ head: 0 }, { head: 0 }]);
  expect(scene.frames("c")).toEqual([1, 1]);
});

test("F5: a pong names exactly the streams that the connection is subscribed to", async () => {
  const scene = await setScene();
  const sub = await scene.ask("c", { userId: "ann" });
  await scene.confirm(scene.audience(), sub);
  const heads = () => findHeads("c", [scene.streamId], scene.now);
  expect(await heads()).toEqual({ [scene.streamId]: 0 });
  scene.setFate((_, { type }) => (type === "unsubscribed" ? "too_fast" : "sent"));
  await scene.push(scene.audience(), await scene.ban("ann", "ban1"));
  expect(await heads()).toEqual({});
});

test("F6: a record that is older than those in the cache is looked up in the log", async () => {
  const scene = await setScene();
  const at = seconds(scene.now);
  const [early, late] = [chatRecord(1, "early", at - 200), chatRecord(2, "late", at)];
  await scene.push(scene.audience(), early);
  // This environment is up to date at the top, but its cache begins after the old record.
  const warm = scene.audience();
  const frames = await readLog(scene.streamId);
  const log = { ...(await findLog(scene.streamId))!, posted: 1 };
  warm.cache.logs.set(scene.streamId, cacheOf(log, frames, at - 100, scene.now));
  warm.cache.logs.get(scene.streamId)!.covered.clear();
  await scene.push(warm, late);
  await scene.push(warm, early);
  expect(await coversOf(scene.streamId)).toEqual([early.id, late.id]);
});

test("F7: clocks that are minutes apart put no record into two frames", async () => {
  const scene = await setScene();
  const at = seconds(scene.now);
  const skewed = (milliseconds: number) =>
    scene.audience(undefined, new Date(scene.now.getTime() + milliseconds));
  await scene.push(skewed(-180_000), chatRecord(1, "one", at + 180));
  await scene.push(skewed(180_000), chatRecord(2, "two", at - 180));
  for (const clock of [-180_000, 0, 180_000])
    await scene.push(skewed(clock), chatRecord(2, "two", at - 180), chatRecord(1, "one", at + 180));
  expect(await coversOf(scene.streamId)).toHaveLength(2);
});

test("F8: a ban between the handler's check and the confirmation is seen by the confirmation", async () => {
  const scene = await setScene();
  const sub = await scene.ask("c", { userId: "ann" });
  // The handler is slow: it writes the subscription when the frame of the ban was posted already.
  await removeSubscriber(scene.streamId, "c");
  await scene.push(scene.audience(), await scene.ban("ann", "ban1"));
  await putSubscriber(sub);
  await scene.confirm(scene.audience(), sub);
  await scene.push(scene.audience(), chatRecord(1, "one", seconds(scene.now)));
  expect(scene.frames("c")).toEqual([]);
  expect(scene.answers("c", "subscribed")).toEqual([]);
  expect(scene.answers("c", "unsubscribed")).toHaveLength(1);
  expect(await findSubscriber(scene.streamId, "c")).toBeUndefined();
});

test("F9: posting the frame of a block closes all sockets of the user before it is marked", async () => {
  const scene = await setScene();
  const subs = [];
  for (const connection of ["a1", "a2"]) subs.push(await scene.ask(connection, { userId: "ann" }));
  subs.push(await scene.ask("b", { userId: "ben" }));
  await scene.confirm(scene.audience(), ...subs);
  // One shard puts the ban's frame and dies; the other puts and posts the next one.
  await scene.append(scene.audience(), await scene.ban("ann", "ban1"));
  await scene.push(scene.audience(), chatRecord(1, "after", seconds(scene.now)));
  for (const connection of ["a1", "a2"]) {
    expect(scene.frames(connection)).toEqual([]);
    expect(scene.messagesTo(connection).at(-1)).toMatchObject({
      type: "unsubscribed",
      reason: "blocked",
    });
    expect(await findSubscriber(scene.streamId, connection)).toBeUndefined();
  }
  expect(scene.frames("b")).toEqual([1, 2]);
});

test("F10: after the ban is lifted its frame is replayed like any other", async () => {
  const scene = await setScene();
  await scene.push(scene.audience(), await scene.ban("ann", "ban1"));
  await scene.push(scene.audience(), await scene.ban("ann", null));
  const epoch = (await findLog(scene.streamId))!.epoch;
  const sub = await scene.ask("c", { userId: "ann", since: { epoch, frame: 0 } });
  await scene.confirm(scene.audience(), sub);
  expect(scene.frames("c")).toEqual([1, 2]);
});

test("F11: frames are posted from the first unposted one, whichever process wrote them", async () => {
  const scene = await setScene();
  const at = seconds(scene.now);
  await scene.confirm(scene.audience(), await scene.ask("c"));
  await scene.append(scene.audience(), chatRecord(1, "one", at));
  await scene.append(scene.audience(), chatRecord(2, "two", at));
  await scene.push(scene.audience(), chatRecord(3, "three", at));
  await scene.deliver(scene.audience(), 2);
  expect(scene.frames("c")).toEqual([1, 2, 3]);
});

test("F11: frames that another environment stored between a call's own are posted too", async () => {
  const scene = await setScene();
  const at = seconds(scene.now);
  await scene.push(scene.audience(), chatRecord(1, "one", at));
  await scene.confirm(scene.audience(), await scene.ask("c"));
  const [own, other] = [scene.audience(), scene.audience()];
  const { newFrames: first } = await scene.append(own, chatRecord(2, "two", at));
  const { head } = await scene.append(other, chatRecord(3, "three", at));
  const { newFrames: second } = await scene.append(own, chatRecord(4, "four", at));
  await deliverFrames(own, { head: 4, newFrames: [...first, ...second] });
  expect(scene.frames("c")).toEqual([2, 3, 4]);
  await scene.deliver(other, head);
  expect(scene.frames("c")).toEqual([2, 3, 4]);
});

test("F12: a pong has the newest posted frame, not the newest stored one", async () => {
  const scene = await setScene();
  await scene.confirm(scene.audience(), await scene.ask("c"));
  await scene.append(scene.audience(), chatRecord(1, "one", seconds(scene.now)));
  expect(await findHeads("c", [scene.streamId], scene.now)).toEqual({ [scene.streamId]: 0 });
  await scene.deliver(scene.audience(), 1);
  expect(await findHeads("c", [scene.streamId], scene.now)).toEqual({ [scene.streamId]: 1 });
});

// Of a text that was said long before, the reading that the deletion needs does not know the frame.
test.each([0, 100])(
  "F13: a text deleted %i s later is in no replay, also from a cached frame",
  async (age) => {
    const scene = await setScene();
    const at = seconds(scene.now);
    const before = message(1, "secret");
    const { content: _, ...rest } = before;
    const deleted = { ...rest, deletedAt: scene.now.toISOString(), revision: 2 };
    const witness = scene.audience();
    await scene.push(witness, chatRecord(1, "secret", at - age));
    await scene.push(witness, chatRecord(2, "kept", at));
    // The deletion comes to an environment that has never seen the message.
    const deletion = scene.record({ kind: "message", createdAt: at, old: before, new: deleted });
    const late = { ...deletion.deletes!, createdAt: scene.now.toISOString() };
    await scene.push(scene.audience(), { ...deletion, deletes: late });
    const epoch = (await findLog(scene.streamId))!.epoch;
    await scene.confirm(witness, await scene.ask("c", { since: { epoch, frame: 0 } }));
    expect(scene.frames("c")).toEqual([1, 2, 3]);
    expect(JSON.stringify(scene.messagesTo("c"))).not.toContain("secret");
    expect(JSON.stringify(scene.messagesTo("c"))).toContain("kept");
  },
);

test("F14: a reset log has another epoch and no subscriptions, and reuses no number", async () => {
  const scene = await setScene();
  const at = seconds(scene.now);
  await scene.confirm(scene.audience(), await scene.ask("c"));
  await scene.push(scene.audience(), chatRecord(1, "one", at));
  const before = (await findLog(scene.streamId))!.epoch;
  await resetLog(scene.streamId, new Date(), async () => ({}));
  expect(await findHeads("c", [scene.streamId], scene.now)).toEqual({});
  await scene.push(scene.audience(), chatRecord(2, "two", at));
  expect(scene.frames("c")).toEqual([1]);
  const sub = await scene.ask("c", { since: { epoch: before, frame: 1 } });
  await scene.confirm(scene.audience(), sub);
  const [answer] = scene.answers("c", "subscribed").slice(-1);
  expect(answer).toMatchObject({ recovered: false, head: 2 });
  expect(answer).not.toMatchObject({ epoch: before });
});

test("F15: a second ban has an id of its own and gets its own frame", async () => {
  const scene = await setScene();
  await scene.push(scene.audience(), await scene.ban("ann", "ban1"));
  await scene.push(scene.audience(), await scene.ban("ann", null));
  await scene.push(scene.audience(), await scene.ban("ann", "ban2"));
  expect(await coversOf(scene.streamId)).toEqual(["ban:ban1", "ban:ban1:lifted", "ban:ban2"]);
});

test("F16: the largest batch in one frame stays within what an item may hold", async () => {
  const scene = await setScene();
  const records = Array.from({ length: 1_000 }, (_, n) => ({
    ...chatRecord(n, "x", seconds(scene.now)),
    events: [],
  }));
  await scene.append(scene.audience(), ...records);
  const frames = await readLog(scene.streamId);
  expect(frames).toHaveLength(1);
  expect(JSON.stringify(frames[0]).length).toBeLessThan(64_000);
});

test("a batch that is redelivered, regrouped and to another environment, changes nothing", async () => {
  const scene = await setScene();
  const records = [1, 2, 3, 4].map((n) => chatRecord(n, `${n}`, seconds(scene.now)));
  await scene.confirm(scene.audience(), await scene.ask("c"));
  await scene.push(scene.audience(), ...records.slice(0, 3));
  await scene.push(scene.audience(), ...records.slice(1));
  await Promise.all(records.map((record) => scene.push(scene.audience(), record)));
  expect(scene.frames("c")).toEqual([1, 2]);
  expect(await coversOf(scene.streamId)).toEqual(records.map(({ id }) => id));
});

test("a redelivered batch is framed once, even while its new frames evict its old ones from the cache", async () => {
  const scene = await setScene();
  useLimits({ coveredRecords: 3, frameBytes: 1_500 });
  const room = scene.audience();
  const records = Array.from({ length: 12 }, (_, n) => giftRecord(n, {}, seconds(scene.now)));
  await scene.push(room, ...records.slice(0, 4));
  await scene.push(room, ...records);
  useLimits(undefined);
  expect(await coversOf(scene.streamId)).toEqual(records.map(({ id }) => id));
  const frames = await readLog(scene.streamId);
  expect(frames.length).toBeGreaterThan(4);
  expect(frames.at(-1)!.totals.count).toBe(12);
});

test("many environments at once: dense numbers, each record in one frame", async () => {
  const scene = await setScene();
  const rooms = [1, 2, 3, 4].map(() => scene.audience());
  const at = seconds(scene.now);
  await Promise.all(
    Array.from({ length: 12 }, (_, n) => scene.append(rooms[n % 4]!, chatRecord(n, `${n}`, at))),
  );
  const frames = await readLog(scene.streamId);
  expect(frames.map(({ n }) => n)).toEqual(frames.map((_, n) => n + 1));
  expect(new Set(await coversOf(scene.streamId)).size).toBe(12);
  expect((await coversOf(scene.streamId)).length).toBe(12);
});

test("a frame whose environment dies between storing and posting it is posted by the next attempt", async () => {
  const scene = await setScene();
  await scene.confirm(scene.audience(), await scene.ask("c"));
  const record = chatRecord(1, "one", seconds(scene.now));
  await scene.append(scene.audience(), record);
  expect(scene.frames("c")).toEqual([]);
  await scene.push(scene.audience(), record);
  expect(scene.frames("c")).toEqual([1]);
});

test("an environment that marks posted frames late undoes nothing and posts nothing twice", async () => {
  const scene = await setScene();
  await scene.confirm(scene.audience(), await scene.ask("c"));
  for (const n of [1, 2])
    await scene.push(scene.audience(), chatRecord(n, `${n}`, seconds(scene.now)));
  const [first] = await readLog(scene.streamId);
  await markPosted(scene.streamId, first!, {
    viewers: 1,
    postedViewers: 1,
    peakViewers: 1,
    countedAt: 0,
  });
  expect(await findLog(scene.streamId)).toMatchObject({ posted: 2 });
  await scene.push(scene.audience(), chatRecord(3, "3", seconds(scene.now)));
  expect(scene.frames("c")).toEqual([1, 2, 3]);
});

test("a connection that answers 410 is removed, but not while it may still be opening", async () => {
  const scene = await setScene();
  const young = await scene.ask("young", { connectedAt: scene.now.getTime() - 1_000 });
  await scene.confirm(scene.audience(), await scene.ask("dead"), await scene.ask("alive"), young);
  scene.setFate((connection) => (connection === "alive" ? "sent" : "gone"));
  await scene.push(scene.audience(), chatRecord(1, "one", seconds(scene.now)));
  const left = [];
  for (const connection of ["dead", "alive", "young"])
    if (await findSubscriber(scene.streamId, connection)) left.push(connection);
  expect(left).toEqual(["alive", "young"]);
});

test("at the post rate chat is thinned out to one frame, counted exactly, and gifts stay", async () => {
  const scene = await setScene();
  const at = seconds(scene.now);
  await scene.confirm(scene.audience(), await scene.ask("c"));
  scene.outlet.governor = { ...freeGovernor, limitedAt: () => Date.now() };
  const chat = Array.from({ length: 300 }, (_, n) => chatRecord(n, "hello", at, `u${n % 30}`));
  const gifts = Array.from({ length: 5 }, (_, n) => giftRecord(n, {}, at));
  await scene.push(scene.audience(), ...chat, ...gifts);
  expect(scene.frames("c")).toEqual([1]);
  const [frame] = scene.answers("c", "events") as unknown as {
    skipped: number;
    events: { type: string }[];
  }[];
  const shown = (type: string) => frame!.events.filter((event) => event.type === type).length;
  expect(shown("gift.sent")).toBe(5);
  expect(shown("chat.message")).toBeGreaterThan(20);
  expect(shown("chat.message") + frame!.skipped).toBe(300);
  expect(await coversOf(scene.streamId)).toHaveLength(305);
});

test.each([
  ["is not reached", Number.NEGATIVE_INFINITY],
  ["was reached before the clock was set back", Date.now() + 3_600_000],
])("while the rate %s a batch of several frames leaves nothing out", async (_, limited) => {
  const scene = await setScene();
  scene.outlet.governor = { ...freeGovernor, limitedAt: () => limited };
  await scene.confirm(scene.audience(), await scene.ask("c"));
  const chat = Array.from({ length: 300 }, (_, n) =>
    chatRecord(n, "hello", seconds(scene.now), "u"),
  );
  await scene.push(scene.audience(), ...chat);
  const frames = scene.answers("c", "events") as unknown as { skipped: number; events: object[] }[];
  expect(frames.length).toBeGreaterThan(1);
  expect(frames.flatMap(({ events }) => events)).toHaveLength(300);
  expect(frames.map(({ skipped }) => skipped)).toEqual(frames.map(() => 0));
});
