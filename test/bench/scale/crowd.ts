import { AsyncLocalStorage } from "node:async_hooks";
import { likesIn } from "../../../domain/log/sums.ts";
import { profileOf, summaryOf } from "../../../domain/people/user.ts";
import { makeStream, NewStream } from "../../../domain/streams/new-stream.ts";
import { handler as tap } from "../../../functions/audience/likes/tap.ts";
import { handler as startMoment } from "../../../functions/audience/moments/start.ts";
import { handler as castVote } from "../../../functions/audience/moments/vote.ts";
import { handler as sendMessage } from "../../../functions/streams/chat/send-message.ts";
import { pushBatch } from "../../../platform/push/batch.ts";
import { createJobs } from "../../../platform/push/jobs.ts";
import { postRooms } from "../../../platform/push/large-room.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { postSums } from "../../../platform/push/sums.ts";
import { endMoments, queueEndings } from "../../../platform/store/audience/endings.ts";
import { findMoment } from "../../../platform/store/audience/moments.ts";
import { readHead } from "../../../platform/store/log/frames.ts";
import { keyText } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { type RecentReads, useRecentReads } from "../../../platform/table/recent.ts";
import { useTable } from "../../../platform/table/table.ts";
import { callEndpoint } from "../../platform/api-call.ts";
import { freeGovernor, posterWith } from "../../platform/push/posters.ts";
import { quantile, round } from "../figures.ts";
import { busiestOf } from "./busiest.ts";
import { type Chance, createChance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { createLambda } from "./lambda.ts";
import { picture, streamId } from "./people.ts";
import type { Figures } from "./room.ts";
import { createTable, type Item } from "./table.ts";
import { createTalk } from "./talk.ts";
import { costOf, noUse, type Use } from "./usage-costs.ts";

/** What the viewers of one room tap, or vote in one poll, by the real functions. */
export type CrowdCase = {
  crowd: "likes" | "votes";
  size: number;
  seed: number;
  /** The share of the viewers who tap: one of twenty unless it says otherwise. */
  share?: number;
  /** How long a poll is open: a minute unless it says otherwise. */
  seconds?: number;
  /** Chat in the room of a poll. */
  messagesPerSecond?: number;
};

/**
 * The taps a second of those who tap; a client calls as often as its answers say. Costs are counted
 * from the time when all have called.
 */
const tapping = { perSecond: 3, from: 30, seconds: 120 };
/**
 * Votes come until so long after the end; shares of the voters who send a vote twice, and another
 * one later.
 */
const voting = { lateMilliseconds: 1_000, twice: 0.05, again: 0.1, options: 4 };
/** After the last call, for the result. */
const restSeconds = 30;
/** Estimated as for `npm run cost`: a call is billed for its own time and this, in 512 MB. */
const call = { milliseconds: 10, gigabytes: 0.5 };
const pushed = /^STREAM#\S+ (META|MOMENT#|MSG#)|^CROWD#\S+ (LIKE|VOTE)#/;
const userOf = (n: number) => n.toString(16).padStart(24, "0");

/** One room of the real functions and of what they cost, without its viewers' sockets. */
function openRoom(clock: Clock, chance: Chance, use: Use, size: number) {
  let lambda: ReturnType<typeof createLambda> | undefined;
  let resultAt = 0;
  const talk = createTalk(clock);
  const table = createTable(clock, chance, use, (old: Item | undefined, now: Item) => {
    // No sockets are simulated: a count of the viewers leaves their number as it was.
    if (now.SK === key.log("").SK && now.viewers !== size) table.put({ ...now, viewers: size });
    talk.see(now);
    if (!pushed.test(keyText(now))) return;
    lambda?.write(old, now);
    if (now.result !== undefined && resultAt === 0) resultAt = clock.now();
  });
  useTable(table.client);
  const host = summaryOf(profileOf("host", {}, new Date()), picture);
  const parts = { id: streamId, host, defaultThumbnail: picture, now: new Date() };
  const stream = makeStream(NewStream.parse({ title: "Live" }), parts);
  table.put({ ...key.profile("host"), ...profileOf("host", {}, new Date()) });
  table.put({ ...key.stream(streamId), ...stream, status: "active" });
  const log = { epoch: "simulated", posted: 0, newest: 0, totals: { count: 0, credits: 0 } };
  table.put({ ...key.log(streamId), ...log, viewers: size, countedAt: clock.now() });
  const caches = { fanOut: createPushCache(), post: createPushCache(), sums: createPushCache() };
  const poster = posterWith({ post: async () => "sent" as const });
  const outlet = { poster, governor: freeGovernor, jobs: createJobs() };
  const push = (cache: keyof typeof caches) => ({
    now: new Date(),
    cache: caches[cache],
    outlet,
  });
  const each = async (records: readonly { body: string }[], act: (job: never) => Promise<void>) => {
    for (const { body } of records) await act(JSON.parse(body) as never);
    return [];
  };
  lambda = createLambda(clock, chance, use, {
    async fanOut({ Records }) {
      await pushBatch(push("fanOut"), Records);
      return { batchItemFailures: [] };
    },
    post: (invokeSlice) => async (event) => ({
      batchItemFailures: await postRooms(
        { ...push("post"), outlet: { ...outlet, invokeSlice } },
        event.Records,
      ),
    }),
    postSlice: () => Promise.reject(new Error("Nobody is posted to")),
    resume: async () => [],
    sums: (records) => each(records, (job) => postSums({ ...push("sums"), streamId }, job)),
    endings: (records) => each(records, (ending) => endMoments(ending, new Date())),
  });
  lambda.start();
  const delays: number[] = [];
  const statuses = new Map<number, number>();
  const environments = createEnvironments();
  return {
    table,
    talk,
    delays,
    statuses,
    resultAt: () => resultAt,
    failures: () => lambda.report().failures,
    environments: environments.count,
    async ask(handler: unknown, given: Parameters<typeof callEndpoint>[1]) {
      const asked = clock.now();
      const answer = await environments.run(() => callEndpoint(handler, given));
      const took = clock.now() - asked;
      if (handler !== sendMessage) {
        delays.push(took);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      }
      use.rest_requests += 1;
      use.lambda_requests += 1;
      use.lambda_gigabyte_seconds += ((took + call.milliseconds) / 1000) * call.gigabytes;
      return answer;
    },
  };
}

/** Each call has an environment for itself, which remembers what it has read lately. */
function createEnvironments() {
  const free: RecentReads[] = [];
  const running = new AsyncLocalStorage<RecentReads>();
  const elsewhere: RecentReads = new Map();
  useRecentReads(() => running.getStore() ?? elsewhere);
  const all = new Set<RecentReads>();
  return {
    count: () => all.size,
    async run<T>(work: () => Promise<T>): Promise<T> {
      const reads = free.pop() ?? new Map();
      all.add(reads);
      return running.run(reads, work).finally(() => free.push(reads));
    },
  };
}

type Room = ReturnType<typeof openRoom>;

const framesOf = ({ table }: Room) => table.list(key.frame(streamId, 1).PK);

function figuresOf(room: Room, use: Use): Figures {
  const { delays, statuses, table } = room;
  return {
    calls: delays.length,
    refused: delays.length - (statuses.get(200) ?? 0),
    "5xx": [...statuses].reduce((sum, [status, n]) => sum + (status >= 500 ? n : 0), 0),
    "p50 ms": round(quantile(delays, 0.5)),
    "p99 ms": round(quantile(delays, 0.99)),
    "write units a call": round(use.dynamodb_write_units / delays.length),
    "read units a call": round(use.dynamodb_read_units / delays.length),
    environments: room.environments(),
    frames: framesOf(room).length,
    throttled: table.throttled(),
    "failed calls": room.failures(),
    ...busiestOf(table),
  };
}

/** Viewers tap for two minutes. What the log adds up has to be what the clients were answered. */
async function simulateLikes(
  clock: Clock,
  { size, seed, share = 0.05 }: CrowdCase,
): Promise<Figures> {
  const [chance, use] = [createChance(seed), noUse()];
  const room = openRoom(clock, chance, use, size);
  const began = clock.now();
  const tappers = Math.floor(size * share);
  const counted = new Map<number, number>();
  async function live(n: number): Promise<void> {
    let tapped = 0;
    let from = began;
    while (clock.now() < began + tapping.seconds * 1000) {
      tapped += Math.floor(((clock.now() - from) / 1000) * tapping.perSecond);
      from = clock.now();
      const body = { session: `page-of-${n}`, total: tapped };
      const { status, body: said } = await room.ask(tap, {
        as: userOf(n),
        path: { streamId },
        body,
      });
      const { total, next } = (said.data ?? {}) as { total?: number; next?: number };
      if (status === 200 && total !== undefined) counted.set(n, total);
      tapped = total ?? tapped;
      await clock.wait((next ?? 30) * 1000);
    }
  }
  for (let n = 0; n < tappers; n++)
    clock.at(began + chance.next() * tapping.from * 1000, () => void live(n));
  await clock.run(began + tapping.from * 1000);
  const [before, tapsBefore] = [{ ...use }, tapsOf(counted)];
  await clock.run(began + tapping.seconds * 1000);
  const cost = { ...use };
  for (const name of Object.keys(cost) as (keyof Use)[]) cost[name] -= before[name];
  const tapsMeanwhile = tapsOf(counted) - tapsBefore;
  await clock.run(began + (tapping.seconds + restSeconds) * 1000);
  const taps = tapsOf(counted);
  const figures = figuresOf(room, use);
  return {
    viewers: size,
    tapping: tappers,
    taps,
    ...figures,
    "write units a thousand taps": round((cost.dynamodb_write_units * 1000) / tapsMeanwhile),
    "$/hour": round((costOf(cost) * 3600) / (tapping.seconds - tapping.from)),
    "sum differs by": likesIn(await ended(clock, readHead(streamId))) - taps,
  };
}

const tapsOf = (counted: ReadonlyMap<number, number>) =>
  [...counted.values()].reduce((sum, n) => sum + n, 0);

/** All vote in one poll, some twice, some again, some too late. */
async function simulateVotes(
  clock: Clock,
  { size, seed, seconds = 60, messagesPerSecond = 0 }: CrowdCase,
): Promise<Figures> {
  const [chance, use] = [createChance(seed), noUse()];
  const room = openRoom(clock, chance, use, size);
  const options = Array.from({ length: voting.options }, (_, n) => `Option ${n + 1}`);
  const body = { kind: "poll", title: "Who plays next?", options, seconds };
  let momentId = "";
  void callEndpoint(startMoment, { as: "host", path: { streamId }, body }).then((made) => {
    momentId = (made.body.data as { id: string }).id;
  });
  await clock.run(clock.now() + 1_000);
  const moment = (await ended(clock, findMoment(streamId, momentId)))!;
  await ended(clock, queueEndings([moment], [], new Date()));
  const endsAt = Date.parse(moment.endsAt!);
  const last = new Map<number, number>();
  async function vote(n: number, option: number): Promise<void> {
    const given = { as: userOf(n), path: { streamId, momentId }, body: { options: [option] } };
    const { status } = await room.ask(castVote, given);
    if (status === 200) last.set(n, option);
  }
  async function live(n: number): Promise<void> {
    const option = chance.below(voting.options);
    const twice = chance.hits(voting.twice) ? [vote(n, option)] : [];
    await Promise.all([vote(n, option), ...twice]);
    if (!chance.hits(voting.again)) return;
    await clock.wait(1_000 + chance.next() * 4_000);
    await vote(n, chance.below(voting.options));
  }
  room.talk.start(seconds - 2, messagesPerSecond, room.table.put, room.ask);
  const from = clock.now();
  const spread = endsAt + voting.lateMilliseconds - from;
  for (let n = 0; n < size; n++) clock.at(from + chance.next() * spread, () => void live(n));
  await clock.run(endsAt + 10_000);
  const shown = (await ended(clock, readHead(streamId))).sums?.[momentId];
  await clock.run(endsAt + restSeconds * 1000);
  const wanted = options.map((_, at) => [...last.values()].filter((one) => one === at).length);
  const result = (await ended(clock, findMoment(streamId, momentId)))?.result;
  const votes = result !== undefined && "votes" in result ? result.votes : [];
  return {
    voters: size,
    accepted: last.size,
    ...figuresOf(room, use),
    ...room.talk.figures(),
    "live sum differs by": differenceOf([shown ?? []].flat(), wanted),
    "result differs by": differenceOf(votes, wanted),
    "result after s": round((room.resultAt() - endsAt) / 1000),
    $: round(costOf(use)),
  };
}

const differenceOf = (is: readonly (number | null)[], wanted: readonly number[]) =>
  wanted.reduce((sum, n, at) => sum + Math.abs(n - (is[at] ?? 0)), 0);

/** What something answers that needs the time to pass. */
async function ended<T>(clock: Clock, work: Promise<T>): Promise<T> {
  await clock.run(clock.now() + 500);
  return work;
}

export const simulateCrowd = (clock: Clock, given: CrowdCase): Promise<Figures> =>
  (given.crowd === "likes" ? simulateLikes : simulateVotes)(clock, given);
