import { createPushCache } from "../../platform/push/push-cache.ts";
import { resume } from "../../platform/push/resume.ts";
import { useLimits } from "../../platform/runtime/limits.ts";
import { listFrames } from "../../platform/store/log/frames.ts";
import { findLog } from "../../platform/store/log/logs.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { createAudience } from "../bench/scale/audience.ts";
import { createChance } from "../bench/scale/chance.ts";
import type { Clock } from "../bench/scale/clock.ts";
import type { Item, SimulatedTable } from "../bench/scale/table.ts";
import { noUse } from "../bench/scale/usage-costs.ts";
import { chatRecord } from "../domain/frame-samples.ts";
import { intercept } from "./intercept.ts";
import { meterKeys } from "./key-meter.ts";
import { seconds, setScene } from "./push/scene.ts";
import { useOwnTable } from "./table.ts";

/*
 * A stream's frames lie under one key, which carries 3,000 read units a second, and a full frame is
 * 8 to 11 of them. After a burst some fifty viewers a second reconnect to a room of 30,000, so each
 * may be read what it is sent and hardly anything besides. `npm run bench:scale` shows the second.
 */

useOwnTable();
afterEach(() => useLimits(undefined));

/** Posted frames, and one that is put and being posted: as a busy room nearly always is. */
async function busyRoom() {
  const scene = await setScene();
  const full = "what a goal ".repeat(2_500);
  const frame = (n: number) => chatRecord(n, full, seconds(scene.now));
  for (let n = 1; n <= 4; n++) await scene.push(scene.audience(), frame(n));
  await scene.append(scene.audience(), frame(5));
  return { scene, epoch: (await findLog(scene.streamId))!.epoch };
}

test.each([
  ["three frames", 2, [3, 4, 5]],
  ["one frame", 4, [5]],
])("for viewers who have missed %s of a large room only these are read", async (_, frame, owed) => {
  const { scene, epoch } = await busyRoom();
  useLimits({ exactViewers: 0 });
  const names = ["a", "b", "c", "d", "e"];
  for (const name of names)
    await scene.confirmOnly(scene.audience(), await scene.ask(name, { since: { epoch, frame } }));
  const spent = meterKeys();
  const { PK } = key.frame(scene.streamId, 1);
  await listFrames(scene.streamId, owed[0]!, 5);
  const units = spent.get(PK)!;
  expect(units).toBeGreaterThanOrEqual(owed.length * 7);
  spent.clear();
  // Each in its own environment, as on Lambda when many viewers reconnect.
  for (let job = scene.takeResume(); job !== undefined; job = scene.takeResume())
    await resume(scene.audience(createPushCache()), job);
  for (const name of names) expect(scene.frames(name)).toEqual(owed);
  // Two checks for another frame, and the rounding of a range read in two parts.
  expect(spent.get(PK)).toBeLessThanOrEqual(names.length * (units + 3));
});

test("viewers of a large room who go live one after the other share the reads for it", async () => {
  const { scene, epoch } = await busyRoom();
  useLimits({ exactViewers: 0 });
  const names = ["a", "b", "c", "d", "e", "f"];
  for (const name of names)
    await scene.confirmOnly(
      scene.audience(),
      await scene.ask(name, { since: { epoch, frame: 4 } }),
    );
  let [live, reads] = [0, 0];
  const allAreLive = Promise.withResolvers<void>();
  const undo = intercept(async ({ name, input }, next) => {
    const isRead = name === "QueryCommand" && JSON.stringify(input).includes("FRAMES#");
    if (isRead && live > 0) {
      reads += 1;
      await allAreLive.promise;
    }
    const answer = await next();
    if (name === "UpdateCommand" && ++live === names.length) allAreLive.resolve();
    return answer;
  });
  const jobs = Iterator.from({
    next: () => {
      const value = scene.takeResume()!;
      return { value, done: value === undefined };
    },
  }).toArray();
  const audience = scene.audience(createPushCache());
  await Promise.all(jobs.map((job) => resume(audience, job)));
  undo();
  expect(live).toBe(names.length);
  for (const name of names) expect(scene.frames(name)).toEqual([5]);
  // The first one reads; all who went live meanwhile read together after that.
  expect(reads).toBe(2);
});

test("the simulator's subscribers are as large as those in a real room", async () => {
  const [userId, connectionId] = ["0".repeat(24), "Q00000000001AEQ="];
  const scene = await setScene();
  await scene.confirm(scene.audience(), await scene.ask(connectionId, { userId }));
  const real = await getRawItem(key.subscriber(scene.streamId, connectionId));
  const items: Item[] = [];
  const table = { put: (item: Item) => void items.push(item) } as unknown as SimulatedTable;
  const clock: Clock = {
    now: Date.now,
    at: () => {},
    wait: async () => {},
    run: async () => {},
    uninstall: () => {},
  };
  createAudience(clock, createChance(1), table, noUse(), 1, "epoch");
  const simulated = items.find(({ PK }) => PK.startsWith("SUB#"))!;
  expect(Object.keys(simulated).sort()).toEqual(Object.keys(real!).sort());
  expect(JSON.stringify(simulated)).toHaveLength(JSON.stringify(real).length);
});
