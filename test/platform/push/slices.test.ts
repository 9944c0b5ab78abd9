import { countSlices, deliverFrames } from "../../../platform/push/deliver.ts";
import { createGovernor } from "../../../platform/push/governor.ts";
import type { InvokeSlice, SliceJob } from "../../../platform/push/jobs.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { postSliceJob, withRetries } from "../../../platform/push/slice-job.ts";
import { getLog } from "../../../platform/store/log/logs.ts";
import { table, useTable } from "../../../platform/table/table.ts";
import { chatRecord } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { freeGovernor } from "./posters.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable({ POST_RATE: "80000", PART_VIEWERS: "8" });

const viewers = 24;
const slices = 4;
const names = Array.from({ length: viewers }, (_, n) => `c${n}`);

type Scene = Awaited<ReturnType<typeof setScene>>;

/** Runs each slice in a separate environment, as Lambda does. */
const alone = ({ outlet }: Scene, job: SliceJob) =>
  postSliceJob({ now: new Date(), cache: createPushCache(), outlet }, job);

/** A large room with two sockets of each user, posted by the function `invoke` returns. */
async function openRoom(invoke: (scene: Scene, job: SliceJob) => ReturnType<InvokeSlice>) {
  const scene = await setScene();
  const room = scene.audience();
  for (const [n, name] of names.entries())
    await scene.confirm(room, await scene.ask(name, { userId: userOf(n) }));
  room.cache.viewers.set(scene.streamId, {
    count: viewers,
    posted: viewers,
    at: scene.now.getTime(),
  });
  scene.outlet.invokeSlice = (job) => invoke(scene, job);
  return { scene, room };
}
const userOf = (n: number) => `user${n % (viewers / 2)}`;

async function post(scene: Scene, room: ReturnType<Scene["audience"]>, ...texts: number[]) {
  const records = texts.map((n) => chatRecord(n, `${n}`, seconds(scene.now)));
  return deliverFrames(room, await scene.append(room, ...records));
}
const posted = async ({ streamId }: Scene) => (await getLog(streamId)).posted;
const got = (scene: Scene) => names.map((name) => scene.frames(name));
const all = (...frames: number[]) => names.map(() => frames);

test("a room has as many slices as its size needs and the rate allows, a power of two", () => {
  expect([0, 1, 8].map(countSlices)).toEqual([1, 1, 1]);
  expect([9, 16, 17, 32, 33, 64, 65, 100_000].map(countSlices)).toEqual([2, 2, 4, 4, 8, 8, 8, 8]);
});

test("every slice is posted once, by an environment of its own, and viewers are counted exactly", async () => {
  const jobs: SliceJob[] = [];
  const { scene, room } = await openRoom((scene, job) => {
    jobs.push(job);
    return alone(scene, job);
  });
  await post(scene, room, 1);
  expect(got(scene)).toEqual(all(1));
  const wanted = { streamId: scene.streamId, from: 1, to: 1, about: viewers, of: slices };
  expect(jobs).toEqual([0, 1, 2, 3].map((at) => ({ ...wanted, at })));
  // A user's two sockets lie in different slices as often as not.
  expect(await getLog(scene.streamId)).toMatchObject({ posted: 1, viewers: viewers / 2 });
});

test("a smaller room is posted without another environment", async () => {
  const { scene, room } = await openRoom(() => Promise.reject(new Error("asked")));
  room.cache.viewers.set(scene.streamId, { count: 8, posted: 8, at: scene.now.getTime() });
  await post(scene, room, 1);
  expect(got(scene)).toEqual(all(1));
});

test("the log is not marked before the last slice has responded; viewers who arrive meanwhile miss nothing", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { scene, room } = await openRoom(async (scene, job) => {
    if (job.at === 2) await held;
    return alone(scene, job);
  });
  const posting = post(scene, room, 1);
  while (names.filter((name) => scene.frames(name).length > 0).length === 0)
    await new Promise((done) => setTimeout(done, 5));
  expect(await posted(scene)).toBe(0);
  const elsewhere = scene.audience();
  const late = Array.from({ length: 8 }, (_, n) => `late${n}`);
  for (const name of late) await scene.confirm(elsewhere, await scene.ask(name));
  release();
  await posting;
  expect(await posted(scene)).toBe(1);
  await post(scene, room, 2);
  expect(got(scene)).toEqual(all(1, 2));
  // Their first live frame is the one after the head in their answer.
  for (const name of late) {
    expect(scene.answers(name, "subscribed")).toMatchObject([{ head: 1 }]);
    expect(scene.frames(name)).toEqual([2]);
  }
});

test.each(["before", "half way", "after"])(
  "after a slice that dies %s the call fails, the log is not marked, and the next call posts all",
  async (when) => {
    let isBroken = true;
    const { scene, room } = await openRoom(async (scene, job) => {
      if (!isBroken || job.at !== 1) return alone(scene, job);
      if (when === "before") throw new Error("died");
      if (when === "half way") scene.outlet.governor = { ...freeGovernor, take: dyingAfter(2) };
      await alone(scene, job);
      throw new Error("died");
    });
    await expect(post(scene, room, 1)).rejects.toThrow("died");
    expect(await posted(scene)).toBe(0);
    isBroken = false;
    scene.outlet.governor = freeGovernor;
    expect(await scene.deliver(scene.audience(room.cache), 1)).toBe(true);
    expect(await posted(scene)).toBe(1);
    // Some get it twice and drop the repeat; all get it.
    for (const frames of got(scene)) expect(new Set(frames)).toEqual(new Set([1]));
  },
);

function dyingAfter(posts: number) {
  let taken = 0;
  return () => (++taken > posts ? Promise.reject(new Error("died")) : undefined);
}

test("a blocked user's sockets are closed in every slice, before the log is marked", async () => {
  const { scene, room } = await openRoom(alone);
  const record = await scene.ban(userOf(3), "b".repeat(24));
  await deliverFrames(room, await scene.append(room, record));
  expect(await posted(scene)).toBe(1);
  for (const [n, name] of names.entries()) {
    const isBlocked = userOf(n) === userOf(3);
    expect([name, scene.frames(name)]).toEqual([name, isBlocked ? [] : [1]]);
    expect(scene.answers(name, "unsubscribed").length).toBe(isBlocked ? 1 : 0);
  }
  await post(scene, room, 2);
  expect(await getLog(scene.streamId)).toMatchObject({ posted: 2, viewers: viewers / 2 - 1 });
});

test("a user who is unbanned while the frame of their ban is posted stays subscribed", async () => {
  const { scene, room } = await openRoom(alone);
  const user = userOf(3);
  const record = await scene.ban(user, "b".repeat(24));
  const framed = await scene.append(room, record);
  beforeSubscribersAreRead(async () => {
    await scene.ban(user, null);
    await scene.confirm(scene.audience(), await scene.ask("c3", { userId: user }));
  });
  await deliverFrames(room, framed);
  expect(scene.answers("c3", "subscribed").length).toBe(2);
  expect(scene.answers("c3", "unsubscribed")).toEqual([]);
  await post(scene, room, 2);
  expect(scene.frames("c3")).toContain(2);
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

test("a slice whose posts waited for the rate makes its whole room count as limited", async () => {
  const at = Date.now() - 5;
  const { scene, room } = await openRoom(async (scene, job) => ({
    ...(await alone(scene, job)),
    limitedAt: job.at === 1 ? at : 0,
  }));
  const governor = createGovernor(80_000, async (_slot, wanted) => wanted);
  scene.outlet.governor = governor;
  expect(governor.limitedAt()).toBe(Number.NEGATIVE_INFINITY);
  await post(scene, room, 1);
  expect(governor.limitedAt()).toBe(at);
});

test("a slice without all its frames fails instead of leaving some out", async () => {
  const { scene, room } = await openRoom(alone);
  await post(scene, room, 1);
  const job = { streamId: scene.streamId, from: 1, to: 2, about: viewers, at: 0, of: slices };
  await expect(alone(scene, job)).rejects.toThrow(/frames 1 to 2 are not all there/);
});

test("a slice that fails early is tried again, one that fails late is not", async () => {
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
    withRetries(async () => {
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
