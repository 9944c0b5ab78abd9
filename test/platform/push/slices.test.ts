import { deliverFrames } from "../../../platform/push/deliver.ts";
import { limitedAt, useGovernor } from "../../../platform/push/governor.ts";
import {
  countSlices,
  type InvokeSlice,
  persistent,
  postLarge,
  useInvoke,
} from "../../../platform/push/large-room.ts";
import { createMemory } from "../../../platform/push/memory.ts";
import { postSliceJob, type SliceJob } from "../../../platform/push/slice.ts";
import { getLog } from "../../../platform/store/log/logs.ts";
import { table, useTable } from "../../../platform/table/table.ts";
import { said } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setStage } from "./scene.ts";

useOwnTable({ POST_RATE: "80000", PART_VIEWERS: "8" });
afterAll(() => useInvoke(undefined));

const viewers = 24;
const parts = 4;
const names = Array.from({ length: viewers }, (_, n) => `c${n}`);

/** Each part in an environment of its own, as Lambda does it. */
const alone: InvokeSlice = (job) => postSliceJob(job, createMemory(), new Date());

type Stage = Awaited<ReturnType<typeof setStage>>;

/** A room with two sockets of each user, known to be large, posted by whoever `invoke` gives. */
async function openRoom(invoke: InvokeSlice) {
  const stage = await setStage();
  const room = stage.room();
  for (const [n, name] of names.entries())
    await stage.greet(room, await stage.ask(name, { userId: userOf(n) }));
  room.memory.viewers.set(stage.streamId, { count: viewers, at: stage.now.getTime() });
  useInvoke(invoke);
  return { stage, room };
}
const userOf = (n: number) => `user${n % (viewers / 2)}`;

async function post(stage: Stage, room: ReturnType<Stage["room"]>, ...texts: number[]) {
  const records = texts.map((n) => said(n, `${n}`, seconds(stage.now)));
  const { head, made } = await stage.append(room, ...records);
  return deliverFrames(room, head, made, postLarge);
}
const posted = async ({ streamId }: Stage) => (await getLog(streamId)).posted;
const got = (stage: Stage) => names.map((name) => stage.frames(name));
const all = (...frames: number[]) => names.map(() => frames);

test("a room has as many parts as it needs and as the rate keeps busy, a power of two", () => {
  expect([0, 1, 8].map(countSlices)).toEqual([1, 1, 1]);
  expect([9, 16, 17, 32, 33, 64, 65, 100_000].map(countSlices)).toEqual([2, 2, 4, 4, 8, 8, 8, 8]);
});

test("every part is posted once, by an environment of its own, and viewers are counted exactly", async () => {
  const jobs: SliceJob[] = [];
  const { stage, room } = await openRoom((job) => {
    jobs.push(job);
    return alone(job);
  });
  await post(stage, room, 1);
  expect(got(stage)).toEqual(all(1));
  const wanted = { streamId: stage.streamId, from: 1, to: 1, about: viewers, of: parts };
  expect(jobs).toEqual([0, 1, 2, 3].map((at) => ({ ...wanted, at })));
  // A user's two sockets lie in different parts as often as not.
  expect(await getLog(stage.streamId)).toMatchObject({ posted: 1, viewers: viewers / 2 });
});

test("a room that is not so large asks no other environment", async () => {
  const { stage, room } = await openRoom(() => Promise.reject(new Error("asked")));
  room.memory.viewers.set(stage.streamId, { count: 8, at: stage.now.getTime() });
  await post(stage, room, 1);
  expect(got(stage)).toEqual(all(1));
});

test("the log is not marked before the last part has answered; who comes meanwhile misses nothing", async () => {
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  const { stage, room } = await openRoom(async (job) => {
    if (job.at === 2) await held;
    return alone(job);
  });
  const posting = post(stage, room, 1);
  while (names.filter((name) => stage.frames(name).length > 0).length === 0)
    await new Promise((done) => setTimeout(done, 5));
  expect(await posted(stage)).toBe(0);
  const elsewhere = stage.room();
  const late = Array.from({ length: 8 }, (_, n) => `late${n}`);
  for (const name of late) await stage.greet(elsewhere, await stage.ask(name));
  release();
  await posting;
  expect(await posted(stage)).toBe(1);
  await post(stage, room, 2);
  expect(got(stage)).toEqual(all(1, 2));
  // Their first live frame is the one after the head that they were told.
  for (const name of late) {
    expect(stage.answers(name, "subscribed")).toMatchObject([{ head: 1 }]);
    expect(stage.frames(name)).toEqual([2]);
  }
});

test.each(["before", "half way", "after"])(
  "a part that dies %s: the call fails, the log is not marked, and the next call posts all",
  async (when) => {
    let isBroken = true;
    const { stage, room } = await openRoom(async (job) => {
      if (!isBroken || job.at !== 1) return alone(job);
      if (when === "before") throw new Error("died");
      if (when === "half way")
        useGovernor({ take: dyingAfter(2), limitedAt: () => Number.NEGATIVE_INFINITY });
      await alone(job);
      throw new Error("died");
    });
    await expect(post(stage, room, 1)).rejects.toThrow("died");
    expect(await posted(stage)).toBe(0);
    isBroken = false;
    useGovernor({ take: () => undefined, limitedAt: () => Number.NEGATIVE_INFINITY });
    expect(await deliverFrames(stage.room(room.memory), 1, [], postLarge)).toBe(true);
    expect(await posted(stage)).toBe(1);
    // Some have it twice, which their rules drop; nobody has nothing.
    for (const frames of got(stage)) expect(new Set(frames)).toEqual(new Set([1]));
  },
);

function dyingAfter(posts: number) {
  let taken = 0;
  return () => (++taken > posts ? Promise.reject(new Error("died")) : undefined);
}

test("a blocked user's sockets end in whatever part they lie, before the log is marked", async () => {
  const { stage, room } = await openRoom(alone);
  const record = await stage.ban(userOf(3), "b".repeat(24));
  const { head, made } = await stage.append(room, record);
  await deliverFrames(room, head, made, postLarge);
  expect(await posted(stage)).toBe(1);
  for (const [n, name] of names.entries()) {
    const isBlocked = userOf(n) === userOf(3);
    expect([name, stage.frames(name)]).toEqual([name, isBlocked ? [] : [1]]);
    expect(stage.answers(name, "unsubscribed").length).toBe(isBlocked ? 1 : 0);
  }
  await post(stage, room, 2);
  expect(await getLog(stage.streamId)).toMatchObject({ posted: 2, viewers: viewers / 2 - 1 });
});

test("who is let in again while the frame of their ban is posted is not sent away", async () => {
  const { stage, room } = await openRoom(alone);
  const user = userOf(3);
  const record = await stage.ban(user, "b".repeat(24));
  const { head, made } = await stage.append(room, record);
  beforeSubscribersAreRead(async () => {
    await stage.ban(user, null);
    await stage.greet(stage.room(), await stage.ask("c3", { userId: user }));
  });
  await deliverFrames(room, head, made, postLarge);
  expect(stage.answers("c3", "subscribed").length).toBe(2);
  expect(stage.answers("c3", "unsubscribed")).toEqual([]);
  await post(stage, room, 2);
  expect(stage.frames("c3")).toContain(2);
});

/** Lets something happen just before the next reading of subscribers. */
function beforeSubscribersAreRead(act: () => Promise<void>): void {
  const real = table();
  const isReading = (input: object) => JSON.stringify(input).includes('"SUB#');
  const send = async (command: { input: object }) => {
    if (command.constructor.name === "QueryCommand" && isReading(command.input)) {
      useTable(real);
      await act();
    }
    return real.send(command as never);
  };
  useTable({ send } as never);
}

test("a part whose posts waited for the rate makes its room one that is limited", async () => {
  const at = Date.now() - 5;
  const { stage, room } = await openRoom(async (job) => ({
    ...(await alone(job)),
    limitedAt: job.at === 1 ? at : 0,
  }));
  expect(limitedAt()).toBe(Number.NEGATIVE_INFINITY);
  await post(stage, room, 1);
  expect(limitedAt()).toBe(at);
});

test("a part without all its frames fails instead of leaving some out", async () => {
  const { stage, room } = await openRoom(alone);
  await post(stage, room, 1);
  const job = { streamId: stage.streamId, from: 1, to: 2, about: viewers, at: 0, of: parts };
  await expect(alone(job)).rejects.toThrow(/frames 1 to 2 are not all there/);
});

test("a part that fails early is tried again, one that fails late is not", async () => {
  const job = { streamId: "s", from: 1, to: 1, about: 9, at: 0, of: 2 };
  let now = 0;
  const clock = {
    now: () => now,
    wait: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const answer = { viewers: ["u"], limitedAt: 0 };
  let calls = 0;
  const failing = (times: number, milliseconds: number) =>
    persistent(async () => {
      calls += 1;
      now += milliseconds;
      if (calls <= times) throw new Error("throttled");
      return answer;
    }, clock);
  await expect(failing(3, 50)(job)).resolves.toEqual(answer);
  expect(calls).toBe(4);
  [now, calls] = [0, 0];
  await expect(failing(1, 6_000)(job)).rejects.toThrow("throttled");
  expect(calls).toBe(1);
  [now, calls] = [0, 0];
  await expect(failing(1_000, 10)(job)).rejects.toThrow("throttled");
  expect(now).toBeLessThanOrEqual(5_010);
  expect(calls).toBeLessThan(10);
});
