import type { FrameBody } from "../../../domain/log/frame.ts";
import { pushBatch } from "../../../platform/push/batch.ts";
import { createJobs } from "../../../platform/push/jobs.ts";
import { postRooms } from "../../../platform/push/large-room.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { resumeAll } from "../../../platform/push/resume.ts";
import { postSliceJob } from "../../../platform/push/slice-job.ts";
import { keyText } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { useTable } from "../../../platform/table/table.ts";
import { quantile, round } from "../figures.ts";
import { createAudience } from "./audience.ts";
import { busiestOf } from "./busiest.ts";
import { createChance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { separateGovernors } from "./environments.ts";
import { createGateway, type Quota } from "./gateway.ts";
import { createLambda } from "./lambda.ts";
import { createPeople, streamId } from "./people.ts";
import { createTable, type Item } from "./table.ts";
import { costOf, noUse, type Use } from "./usage-costs.ts";

/** One room to simulate. */
export type Case = {
  viewers: number;
  quota: Quota;
  /** The stage's share of it. */
  postRate: number;
  seed: number;
  /** Viewers above which the room is posted by a function of its own, 1,000 as in `prod`. */
  largeRoomViewers?: number;
  /** Viewers of one slice, 5,000 as in `prod`. */
  partViewers?: number;
  /**
   * Chat and gifts at one rate for so long, in place of the chat of real streams: what that costs,
   * without waiting until all is whole.
   */
  steady?: { messagesPerSecond: number; giftsPerSecond: number; seconds: number };
};

export type Figures = Record<string, number | string>;

/** Times of a run, in seconds: the burst, the end of writing, and how long it may take to heal. */
const times = { burstFrom: 60, burstTo: 80, end: 180, healedMost: 1200 };
const epoch = "simulated";
/** What of the table's changes a mapping hands to the function that pushes. */
export const pushed = /^STREAM#\S+ (META|MEMBER#|MSG#|GIFT#)|^SUB#/;

/** Simulates a room on a clock that is installed, and judges what its viewers have seen. */
export async function simulate(clock: Clock, given: Case): Promise<Figures> {
  const chance = createChance(given.seed);
  const use = noUse();
  const began = clock.now();
  const second = (n: number) => began + n * 1000;
  let lambda: ReturnType<typeof createLambda> | undefined;
  const onChange = (old: Item | undefined, now: Item) => {
    if (pushed.test(keyText(now))) lambda?.write(old, now);
  };
  const table = createTable(clock, chance, use, onChange);
  useTable(table.client);
  const people = createPeople(clock, chance, given.viewers, (item) =>
    lambda!.write(undefined, item),
  );
  table.put({ ...key.stream(streamId), ...people.stream });
  const totals = { count: 0, credits: 0 };
  table.put({ ...key.log(streamId), epoch, posted: 0, newest: 0, totals });
  const audience = createAudience(clock, chance, table, use, given.viewers, epoch);
  const gateway = createGateway(clock, chance, use, given.quota, audience.find);
  const { others, large } = separateGovernors(given.postRate);
  const ways = { poster: gateway.poster, governor: others, jobs: createJobs() };
  const caches = { fanOut: createPushCache(), post: createPushCache() };
  lambda = createLambda(clock, chance, use, {
    async fanOut({ Records }) {
      await pushBatch({ now: new Date(), cache: caches.fanOut, outlet: ways }, Records);
      return { batchItemFailures: [] };
    },
    post: (invokeSlice) => async (event) => {
      const outlet = { ...ways, governor: large, invokeSlice };
      const push = { now: new Date(), cache: caches.post, outlet };
      return { batchItemFailures: await postRooms(push, event.Records) };
    },
    postSlice(job, cache) {
      const outlet = { poster: gateway.poster, governor: large };
      return postSliceJob({ now: new Date(), cache, outlet }, job);
    },
    resume: (records, cache) => resumeAll({ now: new Date(), cache, outlet: ways }, records),
  });
  lambda.start();
  audience.start(gateway);
  const { seconds = times.end } = given.steady ?? {};
  void people.live(
    second(seconds),
    given.steady ?? { from: second(times.burstFrom), to: second(times.burstTo) },
  );
  await clock.run(second(seconds));
  // What a room costs is counted while it lives, and then it comes to rest.
  const cost: Use = { ...use, gigabytes_out: gateway.report().bytesOut / 1e9 };
  cost.websocket_connection_minutes = (given.viewers * seconds) / 60;
  const shownEvents = audience.counts.shownEvents;
  const framesWhileLive = Math.max(...audience.viewers.map(({ shown }) => shown));
  audience.quieten();
  const listFrames = () =>
    table.list(key.frame(streamId, 1).PK) as unknown as { n: number; body: string }[];
  const gathered = () => table.list(key.gathered(streamId, "").PK).length > 0;
  const isWhole = ({ follower, shown }: (typeof audience.viewers)[number]) =>
    follower.position()?.frame === listed.length && shown === listed.length;
  let listed = listFrames();
  let healed = seconds;
  do {
    healed += 10;
    await clock.run(second(healed));
    listed = listFrames();
  } while (
    !given.steady &&
    healed < seconds + times.healedMost &&
    (gathered() || !audience.viewers.every(isWhole))
  );
  const frames = listed;
  const { results, postsPerSecondMost } = gateway.report();
  const burst = audience.delays.filter(
    ({ at }) => at >= second(times.burstFrom) && at < second(times.burstTo),
  );
  const delays = audience.delays.map(({ delay }) => delay);
  const dollars = costOf(cost);
  return {
    viewers: given.viewers,
    "quota/s": given.quota.perSecond,
    "rate/s": given.postRate,
    messages: people.written.messages,
    gifts: people.written.gifts,
    ...judgeLog(frames, people),
    frames: frames.length,
    "frames/s": round(framesWhileLive / seconds),
    "p50 ms": round(quantile(delays, 0.5)),
    "p99 ms": round(quantile(delays, 0.99)),
    "burst p99 ms": round(
      quantile(
        burst.map(({ delay }) => delay),
        0.99,
      ),
    ),
    posts: Object.values(results).reduce((sum, count) => sum + count, 0),
    "posts/s most": postsPerSecondMost,
    "429": results.too_fast,
    "410": results.gone,
    lost: results.lost,
    subscribes: audience.counts.subscribes,
    pings: audience.counts.pings,
    "whole after s": healed - seconds,
    "not whole": audience.viewers.filter((viewer) => !isWhole(viewer)).length,
    "$/hour": round((dollars * 3600) / seconds),
    "$/million events": round((dollars * 1e6) / Math.max(1, shownEvents)),
    "longest call s": round(lambda.report().longestMilliseconds / 1000),
    parts: lambda.report().parts.calls,
    "part environments": lambda.report().parts.environments,
    resumes: lambda.report().resumes.calls,
    "failed calls": lambda.report().failures,
    ...perHour(cost, seconds),
    "table throttled": table.throttled(),
    ...busiestOf(table),
  };
}

/** What an hour like this would use of each thing that has a price. */
const perHour = (use: Use, seconds: number): Figures =>
  Object.fromEntries(
    Object.entries(use)
      .filter(([, amount]) => amount > 0)
      .map(([name, amount]) => [`${name} an hour`, (amount * 3600) / seconds]),
  );

/** Whether the log has each event once: all money and moderation, and chat but what it skipped. */
export function judgeLog(
  frames: readonly { n: number; body: string }[],
  { written, giftIds }: ReturnType<typeof createPeople>,
): Figures {
  const seen = new Map<string, number>();
  let [skipped, chat] = [0, 0];
  for (const { body } of frames) {
    const frame: FrameBody = JSON.parse(body);
    skipped += frame.skipped;
    for (const { id, type } of frame.events) {
      seen.set(id, (seen.get(id) ?? 0) + 1);
      if (type === "chat.message") chat += 1;
    }
  }
  const bans = [...seen.keys()].filter((id) => id.startsWith("ban:")).length;
  const giftsMissing = giftIds.filter((id) => seen.get(`gift:${id}`) !== 1).length;
  return {
    skipped,
    "money and bans missing": giftsMissing + written.bans - bans,
    "chat unaccounted": written.messages - chat - skipped,
    doubled: [...seen.values()].filter((count) => count > 1).length,
    "holes in numbers": frames.filter(({ n }, at) => n !== at + 1).length,
  };
}
