import { setImmediate as nextTurn } from "node:timers/promises";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { frameKeptSeconds } from "../../../domain/log/frame.ts";
import type { Position } from "../../../domain/log/recovery.ts";
import { endSubscription } from "../../../platform/push/post.ts";
import { resume } from "../../../platform/push/resume.ts";
import { readRange } from "../../../platform/realtime/frame-range.ts";
import { useLimits } from "../../../platform/runtime/limits.ts";
import { findLog } from "../../../platform/store/log/logs.ts";
import { findSubscriber, removeSubscriber } from "../../../platform/store/log/subscribers.ts";
import { key } from "../../../platform/table/keys.ts";
import { table, tableName } from "../../../platform/table/table.ts";
import { chatRecord } from "../../domain/frame-samples.ts";
import { intercept } from "../intercept.ts";
import { useOwnTable } from "../table.ts";
import { posterWith } from "./posters.ts";
import { seconds, setScene } from "./scene.ts";

/** A log of ten frames, whose first four were made more than a day ago. */
const head = 10;
const answeredFrom = 5;

const caller = { userId: "reader", issuedAt: 0, tokenId: "", expiresAt: 2e9 };

let scene: Awaited<ReturnType<typeof setScene>>;
let epoch: string;
useOwnTable();
beforeAll(async () => {
  scene = await setScene();
  for (let n = 1; n <= head; n++)
    await scene.push(scene.audience(), chatRecord(n, `${n}`, seconds(scene.now)));
  for (let n = 1; n < answeredFrom; n++)
    await table().send(
      new UpdateCommand({
        TableName: tableName(),
        Key: key.frame(scene.streamId, n),
        UpdateExpression: "SET expiresAt = :at",
        // Made 24 h and a minute ago: still kept, no longer answered.
        ExpressionAttributeValues: { ":at": seconds(scene.now) + frameKeptSeconds - 86_460 },
      }),
    );
  epoch = (await findLog(scene.streamId))!.epoch;
});
afterEach(() => useLimits(undefined));

const cases: [string, (own: string) => Position, number[] | false][] = [
  ["the head", (own) => ({ epoch: own, frame: 10 }), []],
  ["one behind", (own) => ({ epoch: own, frame: 9 }), [10]],
  ["some behind", (own) => ({ epoch: own, frame: 6 }), [7, 8, 9, 10]],
  ["the oldest that is answered", (own) => ({ epoch: own, frame: 4 }), [5, 6, 7, 8, 9, 10]],
  ["one frame too old", (own) => ({ epoch: own, frame: 3 }), false],
  ["the beginning, too old", (own) => ({ epoch: own, frame: 0 }), false],
  ["one in the future", (own) => ({ epoch: own, frame: 11 }), false],
  ["far in the future", (own) => ({ epoch: own, frame: 108 }), false],
  ["another epoch", () => ({ epoch: "other", frame: 9 }), false],
  ["another epoch at the head", () => ({ epoch: "other", frame: 10 }), false],
];

test.each(cases)("resume at %s, over the socket and over HTTP", async (name, at, wanted) => {
  const since = at(epoch);
  const connection = name.replaceAll(/\W/g, "-");
  await scene.confirm(scene.audience(), await scene.ask(connection, { since, requestId: name }));
  const recovered = wanted !== false;
  expect(scene.messagesTo(connection)[0]).toMatchObject({
    type: "subscribed",
    epoch,
    head,
    recovered,
    requestId: name,
  });
  expect(scene.frames(connection)).toEqual(wanted || []);
  const wish = { epoch: since.epoch, after: since.frame, waitSeconds: 0, caller };
  const range = await readRange(scene.streamId, wish, scene.now);
  expect(range).toMatchObject({ epoch, head, recovered });
  expect(range.frames.map(({ frame }) => frame)).toEqual(wanted || []);
  expect(range.frames).toEqual(scene.answers(connection, "events"));
});

test("two tabs of one user resume each from their own position; without one it begins at the head", async () => {
  const ask = (connection: string, frame: number) =>
    scene.ask(connection, { userId: "ann", since: { epoch, frame } });
  await scene.confirm(scene.audience(), await ask("tab-1", 8), await ask("tab-2", 9));
  await scene.confirm(scene.audience(), await scene.ask("new"));
  expect([scene.frames("tab-1"), scene.frames("tab-2")]).toEqual([[9, 10], [10]]);
  expect(scene.messagesTo("new")).toMatchObject([{ type: "subscribed", head }]);
  expect(scene.messagesTo("new")[0]).not.toHaveProperty("recovered");
});

test("resuming checks for a ban again", async () => {
  const sub = await scene.ask("blocked", { userId: "bob", since: { epoch, frame: 8 } });
  await scene.ban("bob", "ban-of-bob");
  await scene.confirm(scene.audience(), sub);
  expect(scene.messagesTo("blocked")).toEqual([
    { type: "unsubscribed", streamId: scene.streamId, reason: "blocked" },
  ]);
});

test("a long poll ends with the first frame that arrives", async () => {
  const own = await setScene();
  const began = Date.now();
  const reading = readRange(own.streamId, { waitSeconds: 20, caller }, new Date());
  setTimeout(() => void own.append(own.audience(), chatRecord(1, "soon", seconds(own.now))), 300);
  expect(await reading).toMatchObject({ head: 1, recovered: true, frames: [{ frame: 1 }] });
  expect(Date.now() - began).toBeLessThan(10_000);
});

/** Viewers of a small room who have missed the third frame, and what sends it to them together. */
async function comeBackTogether() {
  const own = await setScene();
  const say = (n: number) => own.push(own.audience(), chatRecord(n, `${n}`, seconds(own.now)));
  for (let n = 1; n <= 3; n++) await say(n);
  const since = { epoch: (await findLog(own.streamId))!.epoch, frame: 2 };
  const names = ["a", "b", "c", "d", "e", "f"];
  const asked = await Promise.all(names.map((name) => own.ask(name, { since })));
  await own.confirmOnly(own.audience(), ...asked);
  const jobs = names.map(() => own.takeResume()!);
  // One message comes twice.
  jobs.push(jobs[1]!);
  const areServed = async () => {
    while (names.some((name) => own.frames(name).length === 0)) await nextTurn();
  };
  const send = () => Promise.all(jobs.map((job) => resume(own.audience(), job)));
  const framesOf = (name: string) => [...new Set(own.frames(name))];
  return { own, say, names, framesOf, areServed, send };
}

test("viewers of a small room who go live together share transactions, and one who leaves stops nobody", async () => {
  const { own, say, names, framesOf, areServed, send } = await comeBackTogether();
  let transactions = 0;
  const undo = intercept(async ({ name }, next) => {
    if (name !== "TransactWriteCommand") return next();
    transactions += 1;
    // By now all others wait for the next one.
    if (transactions === 1) await areServed();
    if (transactions === 1) await removeSubscriber(own.streamId, "c");
    return next();
  });
  await send();
  undo();
  // The first one, all others, these without the one who left, and the message that came twice.
  expect(transactions).toBeLessThanOrEqual(4);
  expect(await findSubscriber(own.streamId, "c")).toBeUndefined();
  await say(4);
  for (const name of names)
    expect([name, framesOf(name)]).toEqual([name, name === "c" ? [3] : [3, 4]]);
});

test("viewers who go live together get a frame that is stored meanwhile, except for the user whom it blocks", async () => {
  const { own, say, names, framesOf, areServed, send } = await comeBackTogether();
  const undo = intercept(async ({ name }, next) => {
    if (name !== "TransactWriteCommand") return next();
    undo();
    await areServed();
    await own.push(own.audience(), await own.ban("user-of-c", "ban-of-c"));
    return next();
  });
  await send();
  await say(5);
  for (const name of names)
    expect([name, framesOf(name)]).toEqual([name, name === "c" ? [3] : [3, 4, 5]]);
});

/** One viewer who has missed all six frames of a stream, and their job. */
async function missSix() {
  const own = await setScene();
  const say = (n: number) => chatRecord(n, `${n}`, seconds(own.now));
  for (let n = 1; n <= 6; n++) await own.push(own.audience(), say(n));
  const since = { epoch: (await findLog(own.streamId))!.epoch, frame: 0 };
  const viewer = await own.ask("late", { since });
  await own.confirmOnly(own.audience(), viewer);
  const { poster } = own.outlet;
  return {
    own,
    say,
    viewer,
    send: async () => resume(own.audience(), own.takeResume()!),
    /** Lets something happen as soon as a frame has arrived. */
    afterFrame(frame: number, act: () => Promise<unknown>): void {
      own.outlet.poster = posterWith({
        async post(connectionId, payload) {
          const result = await poster.post(connectionId, payload);
          if (JSON.parse(payload.bytes.toString()).frame === frame) await act();
          return result;
        },
      });
    },
    seen: () => own.messagesTo("late").map((one) => (one.type === "events" ? one.frame : one.type)),
  };
}

test("a viewer who loses their pass while catching up is sent no further page", async () => {
  const { own, say, viewer, send, afterFrame, seen } = await missSix();
  useLimits({ pageFrames: 2 });
  afterFrame(2, async () => {
    await endSubscription(own.outlet, viewer, "pass");
    await own.push(own.audience(), say(7));
  });
  await send();
  expect(seen()).toEqual(["subscribed", 1, 2, "unsubscribed"]);
  expect(own.queued).toEqual([]);
});

test("a viewer who subscribes again while they catch up is sent the rest by the new subscription only", async () => {
  const { own, viewer, send, afterFrame, seen } = await missSix();
  useLimits({ pageFrames: 2 });
  const since = { ...viewer.since!, frame: 4 };
  afterFrame(2, async () => own.confirmOnly(own.audience(), await own.ask("late", { since })));
  await send();
  expect(seen()).toEqual(["subscribed", 1, 2]);
  await send();
  expect(seen()).toEqual(["subscribed", 1, 2, "subscribed", 5, 6]);
});

test("a viewer who loses their pass while going live in a large room gets no frame written meanwhile", async () => {
  const { own, say, viewer, send, seen } = await missSix();
  useLimits({ exactViewers: 0 });
  const undo = intercept(async ({ input }, next) => {
    if (!String(input.UpdateExpression).includes("#next")) return next();
    undo();
    const answer = await next();
    await own.append(own.audience(), say(7));
    await endSubscription(own.outlet, viewer, "pass");
    return answer;
  });
  await send();
  expect(seen()).toEqual(["subscribed", 1, 2, 3, 4, 5, 6, "unsubscribed"]);
});

test("a user who is blocked while they catch up gets `unsubscribed` once", async () => {
  const { own, viewer, send, afterFrame, seen } = await missSix();
  await own.append(own.audience(), await own.ban(viewer.userId, "ban-of-late"));
  afterFrame(6, () => own.deliver(own.audience(), 7));
  await send();
  expect(seen()).toEqual(["subscribed", 1, 2, 3, 4, 5, 6, "unsubscribed"]);
});
