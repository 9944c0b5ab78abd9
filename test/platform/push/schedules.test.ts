import { judge } from "./judge.ts";
import type { Scenario } from "./scenario.ts";
import { play } from "./world.ts";

process.env.TABLE_NAME ??= "ovation-test";
process.env.POST_RATE ??= "1000000";
// So few that who was away for long comes to the end of it.
process.env.RESUME_FRAMES_PER_SECOND ??= "10";
// In a room posted in slices, each viewer has a separate slice.
process.env.PART_VIEWERS ??= "1";
// Frames with likes of a room with more viewers go through the queue to `post`.
process.env.LARGE_ROOM_VIEWERS ??= "2";
process.env.DEFAULT_PICTURE ??= "https://cdn.example.com/p.png";

/** Failures as they come, none of them rare. */
const failures = { crash: 0.005, lost: 0.02, tooFast: 0.02, mistakenGone: 0.005 };

const scenarios: Record<string, Omit<Scenario, "seed">> = {
  "one shard": { ...failures },
  "two shards": { ...failures, shards: 2 },
  "two shards, one late": { ...failures, shards: 2, lag: 250_000 },
  "two shards, clocks 3 minutes off": { ...failures, shards: 2, skew: 180_000, lag: 60_000 },
  bans: { ...failures, bans: true },
  "two shards, bans": { ...failures, shards: 2, bans: true },
  "a room that crosses to post and back": { ...failures, crossing: true },
  "crossing with two shards and bans": { ...failures, shards: 2, crossing: true, bans: true },
  "a room that crosses to slices and back": { ...failures, crossing: true, slices: true },
  "slices with two shards, bans and deletions": {
    ...failures,
    shards: 2,
    crossing: true,
    slices: true,
    bans: true,
    deletions: true,
    clients: 5,
  },
  "slices that die half way": {
    ...failures,
    crash: 0.03,
    crossing: true,
    slices: true,
    clients: 5,
  },
  deletions: { ...failures, shards: 2, deletions: true, writes: 60 },
  "crossing with deletions": { ...failures, crossing: true, deletions: true, writes: 60 },
  "crossing with two shards and deletions": {
    ...failures,
    shards: 2,
    crossing: true,
    deletions: true,
    writes: 60,
  },
  "thinned out": { ...failures, shards: 2, thinned: true, deletions: true },
  "crossing, thinned out": { ...failures, crossing: true, thinned: true, deletions: true },
  "quiet for more than a day": { ...failures, quiet: true },
  "trains, one shard late, bans and deletions": {
    ...failures,
    shards: 2,
    lag: 60_000,
    trains: true,
    writes: 60,
    bans: true,
    deletions: true,
  },
  likes: { ...failures, likes: true, clients: 2 },
  "likes, two shards, bans and a room that crosses to post": {
    ...failures,
    shards: 2,
    likes: true,
    bans: true,
    crossing: true,
  },
  "a reset log": { ...failures, shards: 2, reset: true },
};

/** Schedules of each scenario: `SCHEDULES=200 jest schedules` plays more. */
const runs = Number(process.env.SCHEDULES ?? 20);
const firstSeed = Number(process.env.SEED ?? 1);

test.each(Object.entries(scenarios))(
  "with %s no frame is lost or doubled",
  async (_name, scenario) => {
    const wrong: string[] = [];
    let slices = 0;
    for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
      const played = { ...scenario, seed };
      const run = await play(played);
      slices += run.slices;
      wrong.push(...judge(played, run).map((what) => `seed ${seed}: ${what}`));
    }
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(slices > 0).toBe(scenario.slices === true);
  },
);

test("without failures hardly any viewer subscribes again: less than once a run with eight viewers and two shards", async () => {
  let again = 0;
  const plays = 10;
  for (let seed = firstSeed; seed < firstSeed + plays; seed++) {
    const { viewers } = await play({ seed, shards: 2, clients: 8, drops: 0 });
    for (const { subscribes } of viewers) again += subscribes - 1;
  }
  expect(again / plays).toBeLessThan(1);
});

test("at most one in a hundred viewers who keep losing sockets must subscribe again to catch up", async () => {
  let [came, again] = [0, 0];
  for (let seed = 2; seed <= 20; seed += 2) {
    const scenario = { seed, shards: 2, clients: 6, drops: 0.1, unsaid: 0, writes: 60 } as const;
    const run = await play(scenario);
    expect(judge(scenario, run)).toEqual([]);
    for (const { subscribes, opened } of run.viewers) {
      came += opened;
      again += subscribes - opened;
    }
  }
  expect(came).toBeGreaterThan(200);
  expect(again / came).toBeLessThan(0.01);
});
