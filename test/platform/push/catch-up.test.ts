import { setTimeout } from "node:timers/promises";
import { confirmSubscribers } from "../../../platform/push/confirm.ts";
import { resume } from "../../../platform/push/resume.ts";
import { limits, useLimits } from "../../../platform/runtime/limits.ts";
import { goLive, markBehind, setFirstLive } from "../../../platform/store/log/catch-up.ts";
import { findLog } from "../../../platform/store/log/logs.ts";
import { takeResumeFrames } from "../../../platform/store/log/resume-budget.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { table, useTable } from "../../../platform/table/table.ts";
import { chatRecord } from "../../domain/frame-samples.ts";
import { meterTable } from "../call-meter.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable({ POST_RATE: "10000", RESUME_FRAMES_PER_SECOND: "30" });
afterEach(() => useLimits(undefined));

/** A stream with `count` frames, and a position before them. */
async function frames(count: number) {
  const scene = await setScene();
  const at = seconds(scene.now);
  for (let n = 1; n <= count; n++) await scene.push(scene.audience(), chatRecord(n, `${n}`, at));
  const since = { epoch: (await findLog(scene.streamId))!.epoch, frame: 0 };
  // The budget of a second is a user's: those of other tests are others.
  const ask = (name: string, wish: Parameters<typeof scene.ask>[1] = {}) =>
    scene.ask(name, { userId: `${scene.streamId}-${name}`, ...wish });
  return {
    scene,
    since,
    ask,
    say: (n: number) => scene.push(scene.audience(), chatRecord(n, `${n}`, at)),
  };
}
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

test("an environment that frames all rooms never sends an old frame", async () => {
  const { scene, since, ask } = await frames(12);
  const back = [];
  for (const frame of [0, 5, 11, 12])
    back.push(await ask(`since-${frame}`, { since: { ...since, frame } }));
  await confirmSubscribers(scene.audience(), [...back, await ask("new")]);
  // A slow machine posts after the moment that the batch waits.
  while (["since-12", "new"].some((name) => scene.messagesTo(name).length === 0))
    await new Promise((done) => setImmediate(done));
  for (const frame of [0, 5, 11]) expect(scene.messagesTo(`since-${frame}`)).toEqual([]);
  for (const name of ["since-12", "new"])
    expect(scene.messagesTo(name)).toMatchObject([{ type: "subscribed", head: 12 }]);
  expect(scene.queued.map(({ job }) => job)).toMatchObject(
    [0, 5, 11].map((frame) => ({ connectionId: `since-${frame}` })),
  );
  await scene.catchUp(scene.audience());
  for (const frame of [0, 5, 11]) {
    expect(scene.messagesTo(`since-${frame}`)[0]).toMatchObject({
      type: "subscribed",
      recovered: true,
    });
    expect(scene.frames(`since-${frame}`)).toEqual(upTo(12).slice(frame));
  }
});

test.each([4, 5, 6])(
  "%i frames that nobody has posted yet are sent once, whatever the mark says",
  async (count) => {
    const { scene, since, ask } = await frames(1);
    const at = seconds(scene.now);
    for (let n = 2; n <= count; n++)
      await scene.append(scene.audience(), chatRecord(n, `${n}`, at));
    await confirmSubscribers(scene.audience(), [await ask("c", { since })]);
    for (let turn = 0; turn < 3; turn++) {
      const job = scene.takeResume();
      if (job !== undefined) await resume(scene.audience(), job);
    }
    expect(scene.frames("c")).toEqual(upTo(count));
    expect(scene.queued).toEqual([]);
  },
);

test("live frames wait until the viewer has caught up, so there is no gap", async () => {
  const { scene, since, ask, say } = await frames(6);
  useLimits({ pageFrames: 2, jobPages: 1 });
  await confirmSubscribers(scene.audience(), [await ask("c", { since })]);
  for (let n = 7; n <= 10; n++) {
    await say(n);
    const job = scene.takeResume();
    if (job !== undefined) await resume(scene.audience(), job);
  }
  await scene.catchUp(scene.audience());
  await say(11);
  expect(scene.frames("c")).toEqual(upTo(11));
});

test("in a large room each turn sends one page, even a full one", async () => {
  const { scene, since, ask } = await frames(6);
  useLimits({ exactViewers: 0, pageFrames: 2, jobPages: 1 });
  await confirmSubscribers(scene.audience(), [await ask("c", { since })]);
  const behind = async () => (await findSubscriber(scene.streamId, "c"))!.behind;
  for (const sent of [2, 4, 6]) {
    await resume(scene.audience(), scene.takeResume()!);
    expect([scene.frames("c"), await behind()]).toEqual([upTo(sent), true]);
  }
  await resume(scene.audience(), scene.takeResume()!);
  expect([scene.frames("c"), await behind()]).toEqual([upTo(6), undefined]);
  expect(scene.queued).toEqual([]);
});

test("a queue message that is repeated, late or after a later one, changes nothing", async () => {
  const { scene, since, ask, say } = await frames(6);
  useLimits({ pageFrames: 2, jobPages: 1 });
  await confirmSubscribers(scene.audience(), [await ask("c", { since })]);
  const first = scene.takeResume()!;
  await resume(scene.audience(), first);
  const second = scene.takeResume()!;
  await resume(scene.audience(), second);
  await Promise.all([first, second, second].map((job) => resume(scene.audience(), job)));
  await scene.catchUp(scene.audience());
  await resume(scene.audience(), second);
  await say(7);
  const seen = scene.frames("c");
  expect(seen.filter((n, at) => seen.indexOf(n) === at)).toEqual(upTo(7));
  expect((await findSubscriber(scene.streamId, "c"))!.behind).toBeUndefined();
});

test("a queue message that is delivered twice at the same time continues once", async () => {
  const { scene, since, ask } = await frames(30);
  useLimits({ pageFrames: 2, jobPages: 1 });
  await confirmSubscribers(scene.audience(), [await ask("c", { since })]);
  // Within their budget: who has to wait for it waits as often as they were asked.
  for (let turn = 0; turn < 4; turn++) {
    const job = scene.takeResume()!;
    await Promise.all([1, 2, 3].map(() => resume(scene.audience(), job)));
    expect(scene.queued).toHaveLength(1);
  }
  const later = new Date(scene.now.getTime() + 1000);
  await scene.catchUp(scene.audience(undefined, later));
  expect(new Set(scene.frames("c"))).toEqual(new Set(upTo(30)));
});

test.each([
  ["small", 100],
  ["large", 0],
])(
  "a viewer of a %s room gets a frame that was posted to others just before they went live",
  async (_size, exactViewers) => {
    const { scene, since, ask, say } = await frames(3);
    useLimits({ exactViewers });
    await confirmSubscribers(scene.audience(), [await ask("c", { since })]);
    const real = table();
    const send = async (command: { input: object }) => {
      if (JSON.stringify(command.input).includes("REMOVE behind")) {
        useTable(real);
        await say(4);
      }
      return real.send(command as never);
    };
    useTable({ send } as never);
    await scene.catchUp(scene.audience());
    expect(scene.frames("c")).toEqual(upTo(4));
    await say(5);
    expect(scene.frames("c")).toEqual(upTo(5));
  },
);

test("a turn that dies as its connection goes live is repeated, with the frame that was stored meanwhile", async () => {
  const { scene, since, ask, say } = await frames(3);
  useLimits({ exactViewers: 0 });
  await confirmSubscribers(scene.audience(), [await ask("c", { since })]);
  const job = scene.takeResume()!;
  const real = table();
  const send = async (command: { input: object }) => {
    if (!JSON.stringify(command.input).includes("REMOVE behind"))
      return real.send(command as never);
    useTable(real);
    await say(4);
    await real.send(command as never);
    throw new Error("the turn dies");
  };
  useTable({ send } as never);
  await expect(resume(scene.audience(), job)).rejects.toThrow("the turn dies");
  expect(scene.frames("c")).toEqual(upTo(3));
  await resume(scene.audience(), job);
  expect(scene.frames("c")).toEqual(upTo(4));
});

test("a viewer who resumes with missed frames has one written subscription, although it is confirmed twice", async () => {
  const { scene, since, ask, say } = await frames(3);
  useLimits({ exactViewers: 0, pageFrames: 2 });
  const back = await ask("c", { since });
  const metered = meterTable();
  const spent = await metered(async () => {
    await confirmSubscribers(scene.audience(), [back]);
    await resume(scene.audience(), scene.takeResume()!);
  });
  expect(spent.write).toBe(1);
  expect(scene.queued).toEqual([]);
  await confirmSubscribers(scene.audience(), [back]);
  await scene.catchUp(scene.audience());
  await say(4);
  const seen = scene.frames("c");
  expect(seen.filter((n, at) => seen.indexOf(n) === at)).toEqual(upTo(4));
  expect(scene.messagesTo("c")[0]).toMatchObject({ type: "subscribed", head: 3 });
});

test("a late confirmation does not mark a live connection as behind", async () => {
  const { scene, ask, say } = await frames(3);
  const late = (await setFirstLive(await ask("c"), 2))!.current;
  await goLive((await markBehind(late))!, 4);
  expect(await markBehind(late)).toMatchObject({ from: 2, next: 4 });
  expect((await findSubscriber(scene.streamId, "c"))!.behind).toBeUndefined();
  await say(4);
  expect(scene.frames("c")).toEqual([4]);
});

test("a connection that is still opening when confirmed is sent `subscribed` by its job", async () => {
  const { scene, ask } = await frames(2);
  const opening = await ask("c", { connectedAt: scene.now.getTime() });
  scene.setFate(() => "gone");
  await confirmSubscribers(scene.audience(), [opening]);
  expect(scene.messagesTo("c")).toEqual([]);
  // A confirmation waits only briefly for its retries: on a busy machine its job is queued later.
  while (scene.queued.length === 0) await setTimeout(5);
  scene.setFate(() => "sent");
  await scene.catchUp(scene.audience());
  expect(scene.messagesTo("c")).toMatchObject([{ type: "subscribed", head: 2 }]);
});

test("in a small room a viewer gets a frame that is stored just after they went live once", async () => {
  const { scene, since, ask, say } = await frames(3);
  await confirmSubscribers(scene.audience(), [await ask("c", { since })]);
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
  await scene.catchUp(scene.audience());
  expect(scene.frames("c")).toEqual(upTo(4));
});

test("a later subscription of the connection ends the catching up of the one before", async () => {
  const { scene, since, ask } = await frames(4);
  await confirmSubscribers(scene.audience(), [await ask("c", { since })]);
  const before = scene.takeResume()!;
  const later = await ask("c", { since: { ...since, frame: 3 } });
  await resume(scene.audience(), before);
  expect(scene.messagesTo("c")).toEqual([]);
  await scene.confirm(scene.audience(), later);
  expect(scene.frames("c")).toEqual([4]);
});

test("a later subscription that is behind is answered under its own requestId", async () => {
  const { scene, since, ask } = await frames(4);
  await confirmSubscribers(scene.audience(), [await ask("c", { since, requestId: "first" })]);
  const before = scene.takeResume()!;
  const later = { since: { ...since, frame: 2 }, requestId: "later" };
  await confirmSubscribers(scene.audience(), [await ask("c", later)]);
  await resume(scene.audience(), before);
  expect(scene.messagesTo("c")).toEqual([]);
  await scene.catchUp(scene.audience());
  expect(scene.messagesTo("c")[0]).toMatchObject({ type: "subscribed", requestId: "later" });
  expect(scene.frames("c")).toEqual([3, 4]);
});

test("a user who is blocked while they catch up gets nothing from the frame of their ban on", async () => {
  const { scene, since, ask } = await frames(3);
  await confirmSubscribers(scene.audience(), [
    await ask("c", { userId: `${scene.streamId}-ann`, since }),
  ]);
  // The frame of the ban is written, but its writer died before posting it: the subscription is
  // still there.
  await scene.append(scene.audience(), await scene.ban(`${scene.streamId}-ann`, "ban1"));
  await scene.append(scene.audience(), chatRecord(5, "after", seconds(scene.now)));
  await scene.catchUp(scene.audience());
  expect(scene.frames("c")).toEqual([1, 2, 3]);
  expect(scene.messagesTo("c").at(-1)).toMatchObject({ type: "unsubscribed", reason: "blocked" });
  expect(await findSubscriber(scene.streamId, "c")).toBeUndefined();
});

test("all connections of a user share what they are sent in a second; it delays and refuses nothing", async () => {
  const { scene, since, ask } = await frames(40);
  const subs = [];
  for (const name of ["one", "two"])
    subs.push(await ask(name, { userId: `${scene.streamId}-ann`, since }));
  const other = await ask("other", {
    userId: `${scene.streamId}-ben`,
    since: { ...since, frame: 20 },
  });
  await confirmSubscribers(scene.audience(), [...subs, other]);
  const sent = () => [...scene.frames("one"), ...scene.frames("two")].length;
  const counts: number[] = [];
  for (let second = 0; second < 4 && counts.at(-1) !== 80; second++) {
    const room = scene.audience(undefined, new Date(scene.now.getTime() + second * 1000));
    for (const { job, ...message } of scene.queued.splice(0)) {
      if (second > 0 && counts.length === second)
        expect(message).toMatchObject({ queue: "resumes", delaySeconds: 1 });
      await resume(room, job as never);
    }
    counts.push(sent());
  }
  // A turn may take a second's rest of time, never more than the budget of the seconds passed.
  for (const [second, count] of counts.entries())
    expect(count).toBeLessThanOrEqual(30 * (second + 2));
  expect(counts[0]).toBeLessThan(80);
  expect(scene.frames("one")).toEqual(upTo(40));
  expect(scene.frames("two")).toEqual(upTo(40));
  expect(scene.frames("other")).toEqual(upTo(40).slice(20));
});

test("exactly one second's budget of frames is granted, however many ask at once", async () => {
  const now = new Date();
  const granted = await Promise.all(upTo(7).map(() => takeResumeFrames("carla", 8, now)));
  expect(granted.reduce((sum, count) => sum + count, 0)).toBe(30);
  expect(await takeResumeFrames("carla", 8, new Date(now.getTime() + 1000))).toBe(8);
  expect(await takeResumeFrames("dave", 8, now)).toBe(8);
});

test("a turn of catching up is bounded, and ends if a connection does not accept a frame", async () => {
  const { scene, since, ask, say } = await frames(25);
  useLimits({ pageFrames: 3, jobPages: 2 });
  expect(limits().jobPages * limits().pageFrames).toBe(6);
  await confirmSubscribers(scene.audience(), [await ask("c", { since })]);
  await resume(scene.audience(), scene.takeResume()!);
  expect(scene.frames("c")).toEqual(upTo(6));
  const tried: number[] = [];
  scene.setFate((_, message) => {
    if (message.type === "events") tried.push(message.frame);
    return "lost";
  });
  await scene.catchUp(scene.audience());
  expect(tried).toEqual([7]);
  // It is not behind any more: the next live frame shows its client the hole.
  scene.setFate(() => "sent");
  await say(26);
  expect(scene.frames("c")).toEqual([...upTo(6), 26]);
});

test("after a lost or refused post a connection gets none of the following frames", async () => {
  for (const result of ["lost", "too_fast", "refused"] as const) {
    const scene = await setScene();
    await scene.confirm(scene.audience(), await scene.ask("deaf"), await scene.ask("fine"));
    const tried: string[] = [];
    scene.setFate((connectionId) => {
      tried.push(connectionId);
      return connectionId === "deaf" ? result : "sent";
    });
    for (const n of [1, 2, 3])
      await scene.append(scene.audience(), chatRecord(n, `${n}`, seconds(scene.now)));
    await scene.deliver(scene.audience(), 3);
    expect(tried.filter((name) => name === "deaf")).toHaveLength(1);
    expect(scene.frames("fine")).toEqual([1, 2, 3]);
  }
});

/** Lets `act` happen once, right after a confirmation has set a viewer's first live frame. */
function afterFirstLive(act: () => Promise<unknown>): void {
  const real = table();
  const send = async (command: { input: object }) => {
    const answer = await real.send(command as never);
    if (!JSON.stringify(command.input).includes("SET #from")) return answer;
    useTable(real);
    await act();
    return answer;
  };
  useTable({ send } as never);
}

test("a viewer without a position is not sent a frame that was stored while they were confirmed", async () => {
  const { scene, ask, say } = await frames(3);
  const viewer = await ask("c");
  afterFirstLive(() => say(4));
  await confirmSubscribers(scene.audience(), [viewer]);
  expect(scene.queued).toEqual([]);
  expect(scene.answers("c", "subscribed")).toMatchObject([{ head: 4 }]);
  await say(5);
  expect(scene.frames("c").filter((frame) => frame > 4)).toEqual([5]);
});

test("a viewer with a position is sent the frame that was stored while they were confirmed", async () => {
  const { scene, ask, say } = await frames(3);
  const { epoch } = (await findLog(scene.streamId))!;
  const viewer = await ask("c", { since: { epoch, frame: 3 } });
  afterFirstLive(() => say(4));
  await scene.confirm(scene.audience(), viewer);
  expect(scene.answers("c", "subscribed")).toMatchObject([{ head: 3, recovered: true }]);
  expect(scene.frames("c")).toContain(4);
});

test("a repeated confirmation has the head of the first, also without a position", async () => {
  const { scene, ask, say } = await frames(3);
  const viewer = await ask("c");
  afterFirstLive(async () => {
    throw new Error("the turn dies");
  });
  await expect(confirmSubscribers(scene.audience(), [viewer])).rejects.toThrow("the turn dies");
  await say(4);
  await scene.confirm(scene.audience(), viewer);
  expect(scene.answers("c", "subscribed")).toMatchObject([{ head: 3 }]);
  expect(scene.frames("c")).toContain(4);
});

test("a batch of new viewers fails only when all of its work has ended, so no rejection is left to end the process", async () => {
  const { scene, since, ask } = await frames(2);
  let hasEnded = false;
  scene.outlet.jobs.queueResume = async () => {
    await setTimeout(20);
    hasEnded = true;
    throw new Error("the queue fails");
  };
  const viewers = [await ask("late", { since }), await ask("new")];
  afterFirstLive(async () => {
    throw new Error("the turn dies");
  });
  await expect(confirmSubscribers(scene.audience(), viewers)).rejects.toThrow("the turn dies");
  expect(hasEnded).toBe(true);
});
