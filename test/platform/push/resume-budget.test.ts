import { takeResumeFrames } from "../../../platform/store/log/resume-budget.ts";
import { getRawItem } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { useOwnTable } from "../table.ts";

useOwnTable({ RESUME_FRAMES_PER_SECOND: "320" });

const second = 1_700_000_000;
const take = (userId: string, wanted: number, later = 0) =>
  takeResumeFrames(userId, wanted, new Date((second + later) * 1000));
const countOf = async (userId: string, later = 0) =>
  (await getRawItem(key.resumeRate(userId, second + later), { consistent: true }))?.taken;

test("a few frames of a second cost no call, and are counted once more are asked for", async () => {
  expect([await take("erin", 4), await take("erin", 6)]).toEqual([4, 6]);
  expect(await countOf("erin")).toBeUndefined();
  expect(await take("erin", 1)).toBe(1);
  expect(await countOf("erin")).toBe(11);
  expect(await take("erin", 1)).toBe(1);
  expect(await countOf("erin")).toBe(12);
  // Everything of the second is counted by now, and no more than the budget is granted.
  expect([await take("erin", 400), await take("erin", 1)]).toEqual([308, 0]);
  expect(await take("erin", 10, 1)).toBe(10);
  expect(await countOf("erin", 1)).toBeUndefined();
});

test("many who ask at once are counted each once", async () => {
  const granted = await Promise.all(Array.from({ length: 50 }, () => take("carla", 8)));
  expect(granted.reduce((sum, count) => sum + count, 0)).toBe(320);
  expect(await countOf("carla")).toBe(400);
  expect(await take("dave", 8)).toBe(8);
  expect(await countOf("dave")).toBeUndefined();
});
