import { crowdFaults, isWhole, run } from "../../bench/scale/run.ts";

/** A small room for which the limits of large ones are set low: it takes every way of the push. */
const room = { viewers: 300, largeRoomViewers: 100, partViewers: 100, seed: 1 };
const account = { quota: { perSecond: 100_000, burst: 50_000 }, postRate: 80_000 };

test("a simulated room comes whole through fan-out, slices and resumes, and no call fails", async () => {
  const figures = await run({ ...account, ...room });
  expect(figures).toMatchObject({ "failed calls": 0, "not whole": 0 });
  expect(isWhole(figures)).toBe(true);
  for (const name of ["messages", "frames", "parts", "resumes"])
    expect([name, Number(figures[name]) > 0]).toEqual([name, true]);
});

test("a simulated crowd's taps and votes are counted as they were answered, and no call fails", async () => {
  const [likes, votes] = [
    await run({ crowd: "likes", size: 100, seed: 1 }),
    await run({ crowd: "votes", size: 300, seed: 1 }),
  ];
  expect([crowdFaults(likes), crowdFaults(votes)]).toEqual([[], []]);
  expect(Number(likes.taps)).toBeGreaterThan(1_000);
  // Some come after its end.
  expect(Number(votes.accepted)).toBeGreaterThan(250);
  expect(Number(votes.refused)).toBeGreaterThan(0);
});
