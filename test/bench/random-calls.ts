import { rm } from "node:fs/promises";
import { admin, call, freshId, giftType, service } from "../api/people.ts";
import { auditOf } from "../platform/money/running.ts";
import { startSystem } from "../system.ts";
import { wait } from "./figures.ts";
import { actions, addRoom, addUser, type Room, type Send, type World } from "./random-actions.ts";
import { createChance } from "./scale/chance.ts";

const minutesDefault = 5;
const people = 14;
/** Callers at the same time; two processors are busy with twelve. */
const callers = 12;
/** Seconds between two kills, about. */
const killSeconds = 40;
/** After a restart, functions may still fail. */
const restingMilliseconds = 6_000;
/** Polls of up to 40 s end, and are counted 12 to 20 s later. */
const settledMilliseconds = 75_000;

/**
 * Random calls of many users at once to a system of their own, for some minutes; with `kills`, it
 * is killed and restarted meanwhile. Then everything that was acknowledged must be in the logs
 * once, all sums and results must agree, and the audit must find nothing. Prints the seed, which
 * repeats the choices but not their timing. Throws if anything is wrong.
 * @param run `kills`; undefined for none.
 */
export async function benchRandom(minutes = minutesDefault, run?: string): Promise<void> {
  if (run !== undefined && run !== "kills") throw new Error(`--run= expects kills, got ${run}`);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  console.log(`SEED=${seed}`);
  let system = await startSystem({ env: { DEMO: "off" } });
  const { url, dataDir } = system;
  process.env.API_URL = url;
  const problems: string[] = [];
  let downUntil = 0;
  const send: Send = async (route, as, body) => {
    const key = route.startsWith("POST") ? freshId() : undefined;
    for (;;) {
      const answer = await call(route, { as, ...(body && { body }), ...(key && { key }) }).catch(
        () => undefined,
      );
      const status = answer?.status ?? 599;
      const mayWait = status === 429 || (status === 409 && answer?.headers.has("retry-after"));
      if (status >= 500 && Date.now() > downUntil)
        problems.push(`${status} ${route} ${answer?.text}`);
      if (answer !== undefined && status < 500 && !mayWait) return answer;
      await wait(500);
    }
  };
  const world = await createWorld(seed, send);
  let isOver = false;
  const caller = async () => {
    while (!isOver) {
      await act(world).catch((error) => problems.push(String(error)));
      await wait(world.chance.below(120));
    }
  };
  const calling = Array.from({ length: callers }, caller);
  const endsAt = Date.now() + minutes * 60_000;
  while (Date.now() < endsAt) {
    const left = endsAt - Date.now();
    await wait(Math.min(left, killSeconds * 1_000 * (0.5 + world.chance.next())));
    if (run !== "kills" || Date.now() >= endsAt) continue;
    downUntil = Number.POSITIVE_INFINITY;
    await system.kill();
    system = await startSystem({ dataDir, port: Number(new URL(url).port), env: { DEMO: "off" } });
    downUntil = Date.now() + restingMilliseconds;
  }
  isOver = true;
  await Promise.all(calling);
  await wait(settledMilliseconds);
  for (const room of world.rooms) problems.push(...(await listDifferences(room, world)));
  const { code, says } = auditOf(dataDir);
  if (code !== 0) problems.push(says);
  await system.stop();
  // Only the first start removes data at its end.
  await rm(dataDir, { recursive: true, force: true });
  console.log(`${world.rooms.length} streams, ${says.split("\n")[0]}`);
  if (problems.length > 0) throw new Error(problems.slice(0, 30).join("\n"));
}

async function createWorld(seed: number, send: Send): Promise<World> {
  const world: World = {
    chance: createChance(seed),
    send,
    users: [],
    rooms: [],
    taps: new Map(),
    admin: await admin(),
    service: await service(),
    giftTypes: await Promise.all([1, 10, 50, 500].map(giftType)),
  };
  for (let n = 0; n < people; n++) await addUser(world);
  for (const host of world.users.slice(0, 4)) await addRoom(world, host);
  return world;
}

/** Each action as often as its weight says. */
const bag = actions.flatMap(([weight, action]) =>
  Array.from({ length: weight * 10 }, () => action),
);

/** Takes one random action of a random user in a random live stream. */
async function act(world: World): Promise<void> {
  const { chance, users, rooms } = world;
  const live = rooms.filter(({ isLive }) => isLive);
  const room = live[chance.below(live.length)];
  const [user, other] = [users[chance.below(users.length)], users[chance.below(users.length)]];
  if (room === undefined || user === undefined || other === undefined) return;
  await bag[chance.below(bag.length)]?.(world, { room, user, other });
}

type Frame = { frame: number; sums?: Record<string, unknown>; events: Event[] };
type Event = { type: string; data: { id?: string; _id?: string; kind?: string } };

/** A stream's whole log. */
async function readLog({ id }: Room, { admin: as }: World): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (;;) {
    const route = `GET /api/v1/live-stream/${id}/events?after=${frames.length}`;
    const { frames: page } = (await call(route, { as })).body.data;
    if (page.length === 0) return frames;
    frames.push(...page);
  }
}

/** What of the acknowledged calls of a stream its log, sums and results do not have, or twice. */
async function listDifferences(room: Room, world: World): Promise<string[]> {
  const { admin: as } = world;
  const frames = await readLog(room, world);
  const found: string[] = [];
  const differ = (what: string, is: unknown, wanted: unknown) => {
    const [one, other] = [JSON.stringify(is), JSON.stringify(wanted)];
    if (one !== other) found.push(`${room.id}: ${what}: ${one} instead of ${other}`);
  };
  const read = async (path: string) =>
    (await call(`GET /api/v1/live-stream/${room.id}/${path}`, { as })).body.data;
  const events = frames.flatMap((frame) => frame.events);
  const idsOf = (wanted: string) =>
    events
      // Trains start by themselves.
      .filter(({ type, data }) => type === wanted && data.kind !== "train")
      .map(({ data }) => data.id ?? data._id ?? "")
      .sort();
  const counted = [...frames.keys()].map((n) => n + 1);
  differ(
    "frames",
    frames.map(({ frame }) => frame),
    counted,
  );
  differ("messages", idsOf("chat.message"), room.messages.toSorted());
  differ("gifts", idsOf("gift.sent"), [...room.gifts.keys()].sort());
  differ("refunds", idsOf("gift.refunded"), [...room.refunded].sort());
  differ("superlikes", idsOf("superlike.sent").length, room.superlikes);
  differ("moments", idsOf("moment.started"), room.moments.toSorted());
  const kept = [...room.gifts].filter(([id]) => !room.refunded.has(id));
  const quantity = kept.reduce((sum, [, count]) => sum + count, 0);
  differ("statistics", (await read("gift-statistics")).totalCount, quantity);
  const sums = Object.assign({}, ...frames.map((frame) => frame.sums));
  differ("likes", sums.likes ?? 0, (await read("likes")).total);
  for (const id of room.moments) {
    const { status, result } = await read(`moments/${id}`);
    const ends = idsOf("moment.ended").filter((one) => one === id);
    differ(`ends of ${id}`, ends.length, status === "open" ? 0 : 1);
    if (status === "ended" && room.polls.includes(id))
      differ(`sum of ${id}`, sums[id], result.votes);
  }
  return found;
}
