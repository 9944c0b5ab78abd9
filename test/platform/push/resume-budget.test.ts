import { takeResumeFrames } from "../../../platform/store/log/resume-budget.ts";
import { getRawItem } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { useOwnTable } from "../table.ts";

/** As in prod. */
useOwnTable({ RESUME_FRAMES_PER_SECOND: "50" });

/** At the beginning of ten seconds. */
const second = 1_700_000_000;
const take = (userId: string, wanted: number, later = 0) =>
  takeResumeFrames(userId, wanted, new Date((second + later) * 1000));
const countOf = async (userId: string, later = 0) =>
  (await getRawItem(key.resumeRate(userId, second + later), { consistent: true }))?.taken;

test("a few missed frames in ten seconds cost no call, and are counted once more are requested", async () => {
  expect([await take("erin", 9), await take("erin", 6, 1)]).toEqual([9, 6]);
  for (const later of [0, 1]) expect(await countOf("erin", later)).toBeUndefined();
  expect(await take("erin", 1, 2)).toBe(1);
  expect(await countOf("erin", 2)).toBe(16);
  expect(await take("erin", 1, 2)).toBe(1);
  expect(await countOf("erin", 2)).toBe(17);
  // Everything is counted by now, and no more than the budget is granted.
  expect([await take("erin", 400, 2), await take("erin", 1, 2)]).toEqual([33, 0]);
  expect(await take("erin", 60, 9)).toBe(50);
  expect(await countOf("erin", 9)).toBe(60);
  expect(await take("erin", 15, 10)).toBe(15);
  expect(await countOf("erin", 10)).toBeUndefined();
});

test("many viewers who ask at once are each counted once", async () => {
  const granted = await Promise.all(Array.from({ length: 50 }, () => take("carla", 8)));
  expect(granted.reduce((sum, count) => sum + count, 0)).toBe(50);
  expect(await countOf("carla")).toBe(400);
  expect(await take("dave", 8)).toBe(8);
  expect(await countOf("dave")).toBeUndefined();
});
