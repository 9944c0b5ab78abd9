import { createFollower } from "../../../client/follower.ts";
import type { Message } from "../../../client/message.ts";
import { cpuUnits } from "../../../lib/stages/relay.ts";
import { pushBatch } from "../../../platform/push/batch.ts";
import { createJobs } from "../../../platform/push/jobs.ts";
import { postRooms } from "../../../platform/push/large-room.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { aliveMilliseconds } from "../../../platform/store/log/relays.ts";
import { keyText } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { useTable } from "../../../platform/table/table.ts";
import { quantile, round } from "../figures.ts";
import { dollarsElsewhere } from "./alternatives.ts";
import { busiestOf } from "./busiest.ts";
import { createChance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { separateGovernors } from "./environments.ts";
import { createGateway } from "./gateway.ts";
import { createLambda } from "./lambda.ts";
import { createPeople, streamId } from "./people.ts";
import { createTask, type Task } from "./relay-task.ts";
import { type Figures, judgeLog, pushed } from "./room.ts";
import { createTable, type Item } from "./table.ts";
import { costOf, noUse } from "./usage-costs.ts";

/** One room that the tasks of a relay serve. */
export type RelayCase = { relayed: number; tasks: number; postRate: number; seed: number };

/** In seconds: when a task dies, when another one is replaced and how long that takes, the end. */
const times = { kill: 15, drain: 25, drained: 30, end: 65, healed: 20 };
/** Viewers whose delays are kept, event by event. */
const sampledMax = 1_000;
/** Before the first event, for the viewers to take their places. */
const seatingMilliseconds = 2_000;
/**
 * A client's first two waits are up to half a second, then twice as long each time. After three
 * attempts it asks the API where to go (client/reconnecting-socket.ts).
 */
const firstWaitMilliseconds = 500;
const triesMax = 3;
/** TCP and TLS 1.3 before the handshake: two ways there and back, of 60 ms each. */
const openMilliseconds = 120;
/** A dead task is asked for so long, until ECS takes it out of the balancer: our assumption. */
const deadMilliseconds = 5_000;
/**
 * By the API: its handshake and `subscribe`, answered with `moved`; and an account's new sockets.
 */
const api = { milliseconds: [250, 800], perSecond: 500 } as const;

type Viewer = ReturnType<typeof createViewer>;

/** A viewer who follows by the client's own rules, whatever socket it has. */
function createViewer(clock: Clock, n: number, delays: number[] | undefined) {
  const follower = createFollower(streamId);
  const viewer = {
    userId: n.toString(16).padStart(24, "0"),
    follower,
    shown: 0,
    /** While it has lost its socket and not everything since. */
    outage: undefined as { from: number; head?: number; ends: number[] } | undefined,
    hear(message: Message) {
      const { outage } = viewer;
      if (outage && message.type === "subscribed") outage.head = message.head;
      for (const step of follower.take(message, clock.now())) {
        if (step.do !== "show") continue;
        viewer.shown += 1;
        if (delays && outage === undefined)
          for (const { type, at } of step.frame.events)
            if (!type.startsWith("member.")) delays.push(clock.now() - Date.parse(at));
      }
      const at = follower.position()?.frame ?? 0;
      if (outage?.head === undefined || at < outage.head) return;
      outage.ends.push(clock.now() - outage.from);
      viewer.outage = undefined;
    },
  };
  return viewer;
}

/** The messages in whole text frames of a server, or in a text by itself. */
const read = new WeakMap<Buffer, Message[]>();
function messagesIn(bytes: Buffer): Message[] {
  const known = read.get(bytes);
  if (known !== undefined) return known;
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length; ) {
    const short = bytes[0] === 0x81 ? bytes[at + 1]! : undefined;
    const head = short === undefined ? 0 : short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      short === undefined
        ? bytes.length
        : head === 2
          ? short
          : head === 4
            ? bytes.readUInt16BE(at + 2)
            : Number(bytes.readBigUInt64BE(at + 2));
    messages.push(JSON.parse(bytes.toString("utf8", at + head, at + head + length)));
    at += head + length;
  }
  read.set(bytes, messages);
  return messages;
}

/** Simulates such a room, in which a task dies and another one is replaced. */
export async function simulateRelay(clock: Clock, given: RelayCase): Promise<Figures> {
  const chance = createChance(given.seed);
  const use = noUse();
  const began = clock.now() + seatingMilliseconds;
  const second = (n: number) => began + n * 1000;
  let lambda: ReturnType<typeof createLambda> | undefined;
  const table = createTable(clock, chance, use, (old: Item | undefined, now: Item) => {
    if (pushed.test(keyText(now))) lambda?.write(old, now);
  });
  useTable(table.client);
  const people = createPeople(clock, chance, given.relayed, (item) =>
    lambda!.write(undefined, item),
  );
  table.put({ ...key.stream(streamId), ...people.stream });
  const log = { epoch: "simulated", posted: 0, newest: 0, totals: { count: 0, credits: 0 } };
  table.put({ ...key.log(streamId), ...log });
  const quota = { perSecond: 10_000, burst: 5_000 };
  const { poster } = createGateway(clock, chance, use, quota, () => undefined);
  const { others, large } = separateGovernors(given.postRate);
  const ways = { poster, governor: others, jobs: createJobs() };
  const caches = { fanOut: createPushCache(), post: createPushCache() };
  lambda = createLambda(clock, chance, use, {
    async fanOut({ Records }) {
      await pushBatch({ now: new Date(), cache: caches.fanOut, outlet: ways }, Records);
      return { batchItemFailures: [] };
    },
    post: (invokeSlice) => async (event) => {
      const push = { cache: caches.post, outlet: { ...ways, governor: large, invokeSlice } };
      return { batchItemFailures: await postRooms({ now: new Date(), ...push }, event.Records) };
    },
    postSlice: () => Promise.reject(new Error("Nobody is posted to")),
    resume: () => Promise.reject(new Error("Nobody is posted to")),
  });

  let made = 0;
  const newTask = () => createTask(clock, chance, use, `relay-${++made}`);
  const tasks = Array.from({ length: given.tasks }, newTask);
  const delays: number[] = [];
  const outages = { killed: [] as number[], drained: [] as number[] };
  let [tries, dead] = [0, undefined as Task | undefined];

  /** Connects at whichever task the balancer chooses, again and again until one takes it. */
  async function comeBack(viewer: Viewer, isMoved: boolean): Promise<void> {
    viewer.follower.close();
    for (let failures = 0; ; failures++) {
      const isDirected = failures === 0 ? isMoved : failures % triesMax === 0;
      const wait = firstWaitMilliseconds * 2 ** Math.max(0, failures - 1);
      if (failures > 0 || !isMoved) await clock.wait(chance.next() * wait);
      if (isDirected) await throughApi();
      await clock.wait(openMilliseconds);
      tries += 1;
      const isNew = (task: Task) =>
        task.isTaking() || (task === dead && clock.now() < second(times.kill) + deadMilliseconds);
      const candidates = tasks.filter(isNew);
      const task = candidates[chance.below(candidates.length)]!;
      if (task !== dead && (await join(task, viewer))) return;
    }
  }
  async function join(task: Task, viewer: Viewer): Promise<boolean> {
    const since = viewer.follower.position()!;
    viewer.follower.open(clock.now(), viewer.follower.wanted());
    return (await task.open(clientOf(viewer, task), since)) !== undefined;
  }
  const clientOf = (viewer: Viewer, task: Task) => ({
    userId: viewer.userId,
    take: (bytes: Buffer) => messagesIn(bytes).forEach(viewer.hear),
    lost() {
      const ends = task === dead ? outages.killed : outages.drained;
      viewer.outage = { from: clock.now(), ends };
      void comeBack(viewer, task !== dead);
    },
  });
  let apiFreeAt = began;
  async function throughApi(): Promise<void> {
    apiFreeAt = Math.max(apiFreeAt, clock.now()) + 1000 / api.perSecond;
    await clock.wait(apiFreeAt - clock.now() + chance.around(...api.milliseconds));
    use.websocket_messages += 1;
    use.lambda_requests += 3;
    use.lambda_gigabyte_seconds += 3 * 0.0075;
  }

  const viewers: Viewer[] = [];
  async function seat(n: number): Promise<void> {
    const viewer = createViewer(
      clock,
      n,
      n % (given.relayed / sampledMax) < 1 ? delays : undefined,
    );
    const task = tasks[n % tasks.length]!;
    viewers.push(viewer);
    await task.seat(clientOf(viewer, task), given.relayed, new Date());
    const [asked] = viewer.follower.open(clock.now());
    const { requestId } = (asked as unknown as { message: { requestId: string } }).message;
    const { relayed: count } = given;
    viewer.hear({
      type: "subscribed",
      streamId,
      epoch: log.epoch,
      head: 0,
      viewers: count,
      requestId,
    } as Message);
  }
  for (let n = 0; n < given.relayed; n++) void seat(n);
  await clock.run(began);
  const beat = (task: Task) => {
    void task.tick();
    clock.at(clock.now() + 1000, () => beat(task));
  };
  // Tasks have started one after the other, so they do not all store their viewers together.
  for (const [n, task] of tasks.entries())
    clock.at(began + (n / tasks.length) * aliveMilliseconds.every, () => beat(task));
  const addTask = () => {
    const task = newTask();
    tasks.push(task);
    beat(task);
  };
  lambda.start();
  void people.live(second(times.end), { from: second(35), to: second(45) });
  clock.at(second(times.kill), () => {
    dead = tasks[0];
    void dead!.kill();
    // ECS starts another one, which takes sockets once it is healthy.
    clock.at(second(times.kill + 40), addTask);
  });
  clock.at(second(times.drain), () => {
    addTask();
    void tasks[1]!.drain(times.drained * 1000);
  });
  await clock.run(second(times.end));
  const cost = { ...use };
  const framesAtEnd = table.list(key.frame(streamId, 1).PK).length;
  const base = costOf(cost);
  const reports = tasks.map((task) => task.report());
  const gigabytes = reports.reduce((sum, { bytesOut }) => sum + bytesOut, 0) / 1e9;
  const hours = times.end / 3600;
  Object.assign(cost, {
    gigabytes_out: gigabytes,
    gigabytes_between_zones: gigabytes / 2,
    fargate_cpu_hours: (given.tasks * cpuUnits * hours) / 1_024,
    fargate_gigabyte_hours: given.tasks * 2 * hours,
    public_address_hours: (given.tasks + 2) * hours,
    balancer_hours: hours,
    balancer_unit_hours: Math.max((given.relayed / 3_000) * hours, gigabytes),
  });
  await clock.run(second(times.end + times.healed));
  const frames = table.list(key.frame(streamId, 1).PK) as unknown as { n: number; body: string }[];
  const isWhole = ({ follower, shown }: Viewer) =>
    follower.position()?.frame === frames.length && shown === frames.length;
  const seconds = (values: number[], share: number) => round(quantile(values, share) / 1000);
  const all = [...outages.killed, ...outages.drained];
  return {
    viewers: given.relayed,
    tasks: given.tasks,
    messages: people.written.messages,
    gifts: people.written.gifts,
    ...judgeLog(frames, people),
    frames: frames.length,
    "p50 s": seconds(delays, 0.5),
    "p99 s": seconds(delays, 0.99),
    "lost sockets, killed": outages.killed.length,
    "whole p50 s, killed": seconds(outages.killed, 0.5),
    "whole p99 s, killed": seconds(outages.killed, 0.99),
    "lost sockets, drained": outages.drained.length,
    "whole p50 s, drained": seconds(outages.drained, 0.5),
    "whole p99 s, drained": seconds(outages.drained, 0.99),
    "whole p99 s, all viewers": seconds(
      [...all, ...Array<number>(Math.max(0, given.relayed - all.length)).fill(0)],
      0.99,
    ),
    tries,
    "not whole": viewers.filter((viewer) => !isWhole(viewer)).length,
    "task CPU %, most": round(Math.max(...reports.map(({ busy }) => busy)) / (times.end * 10)),
    "sockets of a task, most": Math.max(...reports.map(({ sockets }) => sockets)),
    "KB/s and viewer": round((gigabytes * 1e6) / given.relayed / times.end),
    "$/hour, relay": round((costOf(cost) * 3600) / times.end),
    "$/hour, relay, but bytes out": round(
      (costOf({ ...cost, gigabytes_out: 0 }) * 3600) / times.end,
    ),
    ...dollarsElsewhere({
      viewers: given.relayed,
      seconds: times.end,
      base,
      frames: frames.slice(0, framesAtEnd).map(({ body }) => body),
      events: people.written.messages + people.written.gifts,
    }),
    "table throttled": table.throttled(),
    ...busiestOf(table),
  };
}
