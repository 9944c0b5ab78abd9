import { AsyncLocalStorage } from "node:async_hooks";
import { isChangeKind } from "../../../domain/log/change.ts";
import { changeOnlySums } from "../../../platform/push/append.ts";
import type { Audience } from "../../../platform/push/audience.ts";
import { pushStream, type StreamWork } from "../../../platform/push/batch.ts";
import { confirmSubscribers } from "../../../platform/push/confirm.ts";
import type { Payload, PostResult } from "../../../platform/push/gateway.ts";
import { removeDead } from "../../../platform/push/post.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { countViewers } from "../../../platform/push/viewer-count.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { useLimits } from "../../../platform/runtime/limits.ts";
import { resetLog } from "../../../platform/store/log/log-reset.ts";
import { readSubscriber } from "../../../platform/store/log/subscribers.ts";
import { readKey } from "../../../platform/table/keys.ts";
import { useTable } from "../../../platform/table/table.ts";
import { createAudience } from "./audience.ts";
import { createMarkWatch } from "./mark-watch.ts";
import { freeGovernor, posterWith } from "./posters.ts";
import { createPosting, type Env, LostAnswer } from "./posting.ts";
import { createRandom } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import { chooseSmall } from "./small-limits.ts";
import { createTable } from "./table-double.ts";
import { createWriter, type Delivered, start, streamId, streamItem, workOf } from "./writer.ts";

const dayMilliseconds = 24 * 3600 * 1000;

class Crash extends Error {}
type Invocation = { crashed: boolean };
/**
 * Runs the real consumer, confirmation, poster, handlers and clients against each other on a table
 * in memory, in an order that the seed determines, with the scenario's failures; then ends all
 * failures and waits until everything is idle. Returns what the tests check.
 */
export async function play(scenario: Scenario) {
  const random = createRandom(scenario.seed);
  const chance = (share = 0) => random() < share;
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  const context = new AsyncLocalStorage<Invocation>();
  let now = start;
  let faults = true;
  const pending: (() => void)[] = [];
  const later: { at: number; run: () => void }[] = [];
  const shards: Delivered[][] = Array.from({ length: scenario.shards ?? 1 }, () => []);
  const skews = shards.map(() => (scenario.skew ? between(-scenario.skew, scenario.skew) : 0));
  const findings: string[] = [];
  let failures = 0;

  /** Waits until the schedule goes on here; a crashed invocation never does. */
  async function step(): Promise<void> {
    const invocation = context.getStore();
    if (invocation && !invocation.crashed && faults && chance(scenario.crash)) {
      invocation.crashed = true;
      failures += 1;
    }
    if (invocation?.crashed) throw new Crash();
    await new Promise<void>((done) => pending.push(done));
    if (invocation?.crashed) throw new Crash();
  }
  const inTime = (milliseconds: number) =>
    new Promise<void>((run) => later.push({ at: now + milliseconds, run }));

  const marks = createMarkWatch(() => new Date(now));
  const newPushCache = () => marks.observe(createPushCache());
  const table = createTable(step, (old, item) => {
    marks.see(old, item);
    if (item === undefined) return;
    const { kind } = readKey(item);
    const at = scenario.shards === 2 ? hash(item.SK) % 2 : 0;
    const createdAt = Math.floor((now + skews[at]!) / 1000);
    if (kind === "subscriber" && old?.revision !== item.revision)
      shards[at]!.push({ subscriber: readSubscriber(item), at: now });
    else if (isChangeKind(kind))
      shards[at]!.push({
        change: { kind, streamId, createdAt, old, new: item },
        at: now,
      });
  });
  useTable(table.client);

  const blockedAt = new Map<string, number>();
  const audience = createAudience(scenario, {
    table,
    now: () => now,
    hasFaults: () => faults,
    chance,
    between,
    inTime,
    blockedAt,
    findings,
    fail: () => void note("lost"),
  });
  const small = scenario.seed % 2 === 1 ? chooseSmall(between) : undefined;
  // A gift may reach several levels, and their events must fit into one frame.
  useLimits(small && scenario.trains ? { ...small, frameBytes: 4_000 } : small);
  const poster = posterWith({
    post: (connectionId, payload) =>
      marks.post(connectionId, payload, () => post(connectionId, payload)),
  });
  async function post(connectionId: string, payload: Payload): Promise<PostResult> {
    await step();
    const viewer = audience.find(connectionId);
    if (viewer === undefined || !viewer.open) return "gone";
    if (faults && chance(scenario.lost)) return note("lost");
    if (faults && chance(scenario.tooFast)) return note("too_fast");
    if (faults && chance(scenario.mistakenGone)) return note("gone");
    context.exit(() => audience.receive(viewer, JSON.parse(payload.bytes.toString())));
    return "sent";
  }
  function note(result: PostResult): PostResult {
    failures += 1;
    return result;
  }

  const outlet = {
    poster,
    governor: {
      ...freeGovernor,
      limitedAt: () => (scenario.thinned ? now : Number.NEGATIVE_INFINITY),
    },
  };
  const newEnv = (): Env => ({
    cache: newPushCache(),
    busy: false,
    skew: scenario.skew ? between(-scenario.skew, scenario.skew) : 0,
  });
  const envs = [newEnv(), newEnv(), newEnv()];
  let large = false;
  const audienceOf = (env: Env) => ({
    streamId,
    now: new Date(now + env.skew),
    cache: env.cache,
    outlet: { ...outlet, jobs: posting.jobs },
  });
  async function attempt(env: Env, work: () => Promise<void>): Promise<boolean> {
    try {
      await context.run({ crashed: false }, work);
      return true;
    } catch (error) {
      if (!(error instanceof Crash || error instanceof LostAnswer)) {
        findings.push(`FAULT ${(error as Error).stack}`);
        return true;
      }
      env.cache = newPushCache();
      return false;
    }
  }
  const posting = createPosting(scenario.slices === true, {
    newEnv,
    newPushCache,
    audienceOf,
    attempt,
    invoke: (work) => context.run({ crashed: false }, work),
    inTime,
    between,
    losesAnswer: () => faults && chance(scenario.crash),
    comesAgain: () => faults && chance(0.05),
    now: () => now,
  });
  /** Makes the room large or small for this environment, as the schedule wants. */
  async function setSize(audience: Audience): Promise<void> {
    const { viewers } = audience.cache;
    await countViewers(audience);
    const known = viewers.get(streamId)!;
    const most = setting("LARGE_ROOM_VIEWERS");
    const posted = large ? Math.max(known.posted, most + 1) : Math.min(known.posted, most);
    viewers.set(streamId, { ...known, posted });
  }
  async function push(env: Env, { records, subscribers }: StreamWork): Promise<void> {
    const audience = audienceOf(env);
    if (records.length > 0) {
      await setSize(audience);
      await pushStream(audience, records);
      if (changeOnlySums(records))
        for (const { id } of records) queuedAt.set(id, queuedAt.get(id) ?? now);
    }
    if (subscribers.length > 0) await confirmSubscribers(audience, subscribers);
    await removeDead(audience);
  }
  /** When the records of likes were queued. */
  const queuedAt = new Map<string, number>();
  let epochs = 0;
  /** How many records of each shard the last reset threw away. */
  const cuts = new Map<Delivered[], number>();
  async function consume(shard: Delivered[]): Promise<void> {
    for (let at = 0; ; ) {
      await inTime(
        between(50, 300) + (scenario.lag && faults && chance(0.1) ? between(0, scenario.lag) : 0),
      );
      const batch = shard.slice(at, at + between(1, 6));
      if (batch.length === 0) continue;
      const env = envs.filter(({ busy }) => !busy)[between(0, 1)] ?? envs[0]!;
      if (faults && chance(0.1)) env.cache = newPushCache();
      env.busy = true;
      const era = epochs;
      const done = await attempt(env, () => push(env, workOf(batch)));
      env.busy = false;
      // A reset of the log throws away what was waiting (a restored table has an empty stream).
      if (era !== epochs) at = Math.max(at, cuts.get(shard) ?? 0);
      else if (done && !(faults && chance(0.05))) at += batch.length;
    }
  }

  const written = createWriter(scenario, {
    table,
    random,
    between,
    chance,
    now: () => now,
    blockedAt,
  });
  async function write(): Promise<void> {
    for (let n = 0; n < (scenario.writes ?? 40); n++) {
      await inTime(pause());
      if (scenario.quiet && chance(0.05)) await beQuiet();
      written.writeSomething();
      if (scenario.crossing && chance(0.1)) large = !large;
      if (scenario.reset && n === Math.floor((scenario.writes ?? 40) / 2)) await reset();
    }
    faults = false;
    large = large && chance(0.5);
    written.unblockAll();
  }
  function pause(): number {
    // Bursts, with pauses so long that no later record brings earlier ones into a frame.
    if (scenario.likes) return chance(0.5) ? between(8_000, 9_000) : between(0, 300);
    return between(0, scenario.trains ? 8_000 : 1_200);
  }
  /** All viewers catch up, then the clock jumps by more than a day without any event. */
  async function beQuiet(): Promise<void> {
    faults = false;
    await inTime(40_000);
    now += dayMilliseconds * 1.1;
    expire();
    faults = true;
  }
  function expire(): void {
    for (const item of table.items.values())
      if (item.PK.startsWith("FRAMES#") && (item.expiresAt as number) * 1000 <= now && chance(0.9))
        table.items.delete(`${item.PK} ${item.SK}`);
  }
  async function reset(): Promise<void> {
    epochs += 1;
    for (const shard of shards) cuts.set(shard, shard.length);
    for (const env of envs) env.cache = newPushCache();
    posting.reset();
    written.forget();
    await resetLog(streamId, new Date(), async () => ({}));
  }

  table.put(streamItem(scenario));
  // Of the stream's own record only its trains matter.
  if (!scenario.trains) for (const shard of shards) shard.length = 0;
  for (const shard of shards) void consume(shard);
  void posting.live();
  for (let n = 0; n < (scenario.clients ?? 3); n++) audience.enter(`u${n}`);
  let writing = true;
  void write().then(() => {
    writing = false;
  });

  // The schedule: one waiting step at a time, in an order that the seed decides.
  let endAt = Number.POSITIVE_INFINITY;
  for (let turns = 0; now < endAt; turns++) {
    if (turns > 200_000) {
      findings.push("LIVELOCK");
      break;
    }
    if (!writing && endAt === Number.POSITIVE_INFINITY)
      endAt = now + 60_000 + (scenario.lag ?? 0) * 2;
    if (pending.length > 0 && (random() < 0.9 || later.length === 0)) {
      pending.splice(between(0, pending.length - 1), 1)[0]!();
      now += between(0, 10);
    } else if (later.length > 0) {
      const next = later.reduce((first, one) => (one.at < first.at ? one : first));
      later.splice(later.indexOf(next), 1);
      now = Math.max(now, next.at);
      next.run();
    }
    await new Promise<void>((done) => setImmediate(done));
  }
  useLimits(undefined);
  const slices = posting.slices();
  return {
    findings: [...findings, ...marks.findings],
    viewers: audience.viewers(),
    table,
    written,
    queuedAt,
    failures,
    slices,
    endedAt: now,
  };
}

function hash(text: string): number {
  let state = 7;
  for (const character of text) state = (state * 31 + character.charCodeAt(0)) >>> 0;
  return state >>> 3;
}
