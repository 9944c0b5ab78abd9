import { limits, useLimits } from "../../../platform/limits.ts";
import { greetSubscribers } from "../../../platform/push/greet.ts";
import { resume } from "../../../platform/push/resume.ts";
import { findLog } from "../../../platform/store/log/logs.ts";
import { takeResumeFrames } from "../../../platform/store/log/resume-budget.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { table, useTable } from "../../../platform/table/table.ts";
import { said } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setStage } from "./scene.ts";

useOwnTable({ POST_RATE: "10000", RESUME_FRAMES_PER_SECOND: "30" });
afterEach(() => useLimits(undefined));

/** A stream with so many frames, and a position at their beginning. */
async function frames(count: number) {
  const stage = await setStage();
  const at = seconds(stage.now);
  for (let n = 1; n <= count; n++) await stage.push(stage.room(), said(n, `${n}`, at));
  const since = { epoch: (await findLog(stage.streamId))!.epoch, frame: 0 };
  // The budget of a second is a user's: those of other tests are others.
  const ask = (name: string, wish: Parameters<typeof stage.ask>[1] = {}) =>
    stage.ask(name, { userId: `${stage.streamId}-${name}`, ...wish });
  return { stage, since, ask, say: (n: number) => stage.push(stage.room(), said(n, `${n}`, at)) };
}
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

test("whoever makes the new frames of all rooms sends no old one, to nobody", async () => {
  const { stage, since, ask } = await frames(12);
  const back = [];
  for (const frame of [0, 5, 11, 12])
    back.push(await ask(`since-${frame}`, { since: { ...since, frame } }));
  await greetSubscribers(stage.room(), [...back, await ask("new")]);
  for (const frame of [0, 5, 11]) expect(stage.got(`since-${frame}`)).toEqual([]);
  for (const name of ["since-12", "new"])
    expect(stage.got(name)).toMatchObject([{ type: "subscribed", head: 12 }]);
  expect(stage.queued.map(({ job }) => job)).toMatchObject(
    [0, 5, 11].map((frame) => ({ connectionId: `since-${frame}` })),
  );
  await stage.catchUp(stage.room());
  for (const frame of [0, 5, 11]) {
    expect(stage.got(`since-${frame}`)[0]).toMatchObject({ type: "subscribed", recovered: true });
    expect(stage.frames(`since-${frame}`)).toEqual(upTo(12).slice(frame));
  }
});

test("what is live waits until somebody has caught up, so that they see no hole", async () => {
  const { stage, since, ask, say } = await frames(6);
  useLimits({ pageFrames: 2, turnPages: 1 });
  await greetSubscribers(stage.room(), [await ask("c", { since })]);
  for (let n = 7; n <= 10; n++) {
    await say(n);
    const job = stage.takeResume();
    if (job !== undefined) await resume(job, stage.room());
  }
  await stage.catchUp(stage.room());
  await say(11);
  expect(stage.frames("c")).toEqual(upTo(11));
});

test("a message of the queue that comes again, late or after a later one, changes nothing", async () => {
  const { stage, since, ask, say } = await frames(6);
  useLimits({ pageFrames: 2, turnPages: 1 });
  await greetSubscribers(stage.room(), [await ask("c", { since })]);
  const first = stage.takeResume()!;
  await resume(first, stage.room());
  const second = stage.takeResume()!;
  await resume(second, stage.room());
  await Promise.all([first, second, second].map((job) => resume(job, stage.room())));
  await stage.catchUp(stage.room());
  await resume(second, stage.room());
  await say(7);
  const seen = stage.frames("c");
  expect(seen.filter((n, at) => seen.indexOf(n) === at)).toEqual(upTo(7));
  expect((await findSubscriber(stage.streamId, "c"))!.behind).toBeUndefined();
});

test("a message that comes twice at the same time makes no second line of turns", async () => {
  const { stage, since, ask } = await frames(30);
  useLimits({ pageFrames: 2, turnPages: 1 });
  await greetSubscribers(stage.room(), [await ask("c", { since })]);
  // Within their budget: who has to wait for it waits as often as they were asked.
  for (let turn = 0; turn < 4; turn++) {
    const job = stage.takeResume()!;
    await Promise.all([1, 2, 3].map(() => resume(job, stage.room())));
    expect(stage.queued).toHaveLength(1);
  }
  const later = new Date(stage.now.getTime() + 1000);
  await stage.catchUp(stage.room(undefined, later));
  expect(new Set(stage.frames("c"))).toEqual(new Set(upTo(30)));
});

test.each([
  ["small", 100],
  ["large", 0],
])(
  "a frame that is put and posted to the others just before somebody goes live comes to them: in a %s room",
  async (_size, exactViewers) => {
    const { stage, since, ask, say } = await frames(3);
    useLimits({ exactViewers });
    await greetSubscribers(stage.room(), [await ask("c", { since })]);
    const real = table();
    const send = async (command: { input: object }) => {
      if (JSON.stringify(command.input).includes("REMOVE behind")) {
        useTable(real);
        await say(4);
      }
      return real.send(command as never);
    };
    useTable({ send } as never);
    await stage.catchUp(stage.room());
    expect(stage.frames("c")).toEqual(upTo(4));
    await say(5);
    expect(stage.frames("c")).toEqual(upTo(5));
  },
);

test("in a small room a frame that is put just after somebody has gone live comes to them once", async () => {
  const { stage, since, ask, say } = await frames(3);
  await greetSubscribers(stage.room(), [await ask("c", { since })]);
  const real = table();
  const send = async (command: { input: object }) => {
    const answer = await real.send(command as never);
    if (JSON.stringify(command.input).includes("REMOVE behind")) {
      useTable(real);
      await say(4);
    }
    return answer;
  };
  useTable({ send } as never);
  await stage.catchUp(stage.room());
  expect(stage.frames("c")).toEqual(upTo(4));
});

test("a later subscription of the connection ends the turns of the one before", async () => {
  const { stage, since, ask } = await frames(4);
  await greetSubscribers(stage.room(), [await ask("c", { since })]);
  const before = stage.takeResume()!;
  const later = await ask("c", { since: { ...since, frame: 3 } });
  await resume(before, stage.room());
  expect(stage.got("c")).toEqual([]);
  await stage.greet(stage.room(), later);
  expect(stage.frames("c")).toEqual([4]);
});

test("a later subscription that is behind too is answered under its own name, not the earlier one's", async () => {
  const { stage, since, ask } = await frames(4);
  await greetSubscribers(stage.room(), [await ask("c", { since, requestId: "first" })]);
  const before = stage.takeResume()!;
  const later = { since: { ...since, frame: 2 }, requestId: "later" };
  await greetSubscribers(stage.room(), [await ask("c", later)]);
  await resume(before, stage.room());
  expect(stage.got("c")).toEqual([]);
  await stage.catchUp(stage.room());
  expect(stage.got("c")[0]).toMatchObject({ type: "subscribed", requestId: "later" });
  expect(stage.frames("c")).toEqual([3, 4]);
});

test("who is blocked while they catch up gets nothing from the frame of their ban on", async () => {
  const { stage, since, ask } = await frames(3);
  await greetSubscribers(stage.room(), [
    await ask("c", { userId: `${stage.streamId}-ann`, since }),
  ]);
  // The frame of the ban is put; whoever put it has died before posting it, so the subscription is
  // still there.
  await stage.append(stage.room(), await stage.ban(`${stage.streamId}-ann`, "ban1"));
  await stage.append(stage.room(), said(5, "after", seconds(stage.now)));
  await stage.catchUp(stage.room());
  expect(stage.frames("c")).toEqual([1, 2, 3]);
  expect(stage.got("c").at(-1)).toMatchObject({ type: "unsubscribed", reason: "blocked" });
  expect(await findSubscriber(stage.streamId, "c")).toBeUndefined();
});

test("all connections of a user share what they are sent in a second; it delays and refuses nothing", async () => {
  const { stage, since, ask } = await frames(40);
  const subs = [];
  for (const name of ["one", "two"])
    subs.push(await ask(name, { userId: `${stage.streamId}-ann`, since }));
  const other = await ask("other", {
    userId: `${stage.streamId}-ben`,
    since: { ...since, frame: 20 },
  });
  await greetSubscribers(stage.room(), [...subs, other]);
  const sent = () => [...stage.frames("one"), ...stage.frames("two")].length;
  const counts: number[] = [];
  for (let second = 0; second < 4 && counts.at(-1) !== 80; second++) {
    const room = stage.room(undefined, new Date(stage.now.getTime() + second * 1000));
    for (const { job, ...message } of stage.queued.splice(0)) {
      if (second > 0 && counts.length === second)
        expect(message).toMatchObject({ queue: "resumes", delaySeconds: 1 });
      await resume(job as never, room);
    }
    counts.push(sent());
  }
  // A turn may take a second's rest of time, never more than the budget of the seconds passed.
  for (const [second, count] of counts.entries())
    expect(count).toBeLessThanOrEqual(30 * (second + 2));
  expect(counts[0]).toBeLessThan(80);
  expect(stage.frames("one")).toEqual(upTo(40));
  expect(stage.frames("two")).toEqual(upTo(40));
  expect(stage.frames("other")).toEqual(upTo(40).slice(20));
});

test("of one second exactly the budget is granted, however many ask at once", async () => {
  const now = new Date();
  const granted = await Promise.all(upTo(7).map(() => takeResumeFrames("carla", 8, now)));
  expect(granted.reduce((sum, count) => sum + count, 0)).toBe(30);
  expect(await takeResumeFrames("carla", 8, new Date(now.getTime() + 1000))).toBe(8);
  expect(await takeResumeFrames("dave", 8, now)).toBe(8);
});

test("a turn is bounded, and a connection that does not take a frame ends it", async () => {
  const { stage, since, ask, say } = await frames(25);
  useLimits({ pageFrames: 3, turnPages: 2 });
  expect(limits().turnPages * limits().pageFrames).toBe(6);
  await greetSubscribers(stage.room(), [await ask("c", { since })]);
  await resume(stage.takeResume()!, stage.room());
  expect(stage.frames("c")).toEqual(upTo(6));
  const tried: number[] = [];
  stage.setFate((_, message) => {
    if (message.type === "events") tried.push(message.frame);
    return "lost";
  });
  await stage.catchUp(stage.room());
  expect(tried).toEqual([7]);
  // It is not behind any more: the next live frame shows its client the hole.
  stage.setFate(() => "sent");
  await say(26);
  expect(stage.frames("c")).toEqual([...upTo(6), 26]);
});

test("after a post that was lost or refused a connection gets no more of what was to follow", async () => {
  for (const result of ["lost", "too_fast", "refused"] as const) {
    const stage = await setStage();
    await stage.greet(stage.room(), await stage.ask("deaf"), await stage.ask("fine"));
    const tried: string[] = [];
    stage.setFate((connectionId) => {
      tried.push(connectionId);
      return connectionId === "deaf" ? result : "sent";
    });
    for (const n of [1, 2, 3])
      await stage.append(stage.room(), said(n, `${n}`, seconds(stage.now)));
    await stage.deliver(stage.room(), 3);
    expect(tried.filter((name) => name === "deaf")).toHaveLength(1);
    expect(stage.frames("fine")).toEqual([1, 2, 3]);
  }
});
