import type { Figures } from "../../bench/scale/room.ts";
import { arrivalFaults, crowdFaults, isWhole, run } from "../../bench/scale/run.ts";

/** A small room for which the limits of large ones are set low: it takes every way of the push. */
const room = { viewers: 300, largeRoomViewers: 100, partViewers: 100, seed: 1 };
const account = { quota: { perSecond: 100_000, burst: 50_000 }, postRate: 80_000 };

test("a simulated room gets every frame through fan-out, slices and resumes, and no call fails", async () => {
  const figures = await run({ ...account, ...room });
  expect(figures).toMatchObject({ "failed calls": 0, "not whole": 0 });
  expect(isWhole(figures)).toBe(true);
  for (const name of ["messages", "frames", "parts", "resumes"])
    expect([name, Number(figures[name]) > 0]).toEqual([name, true]);
});

test("a simulated crowd's taps and votes are counted as the responses say, and no call fails", async () => {
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

test("viewers who arrive at once share the account's executions, and all are admitted", async () => {
  const few = { arriving: 600, seconds: 2, seed: 1 };
  const [small, large] = [await run({ ...few, account: 667 }), await run({ ...few, account: 950 })];
  expect([arrivalFaults(small), arrivalFaults(large)]).toEqual([[], []]);
  // All but the 565 that prod reserves.
  expect([small, large].map((of) => of["executions for calls"])).toEqual([102, 385]);
  for (const figures of [small, large])
    expect(Number(figures["of them at once, most"])).toBeLessThanOrEqual(
      Number(figures["executions for calls"]),
    );
  expect(small["of them at once, most"]).toBe(102);
  const throttled = (of: Figures) => Number(of["throttled by the pool"]);
  expect(throttled(small)).toBeGreaterThan(100);
  expect(throttled(large)).toBeLessThan(throttled(small) * 0.75);
});
