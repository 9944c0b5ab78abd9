import { apiUrl, call, liveStream, person } from "../api/people.ts";
import { createWebhooks, type Received, startReceiver } from "../api/receiver.ts";
import { print, quantile, round, wait } from "./figures.ts";

const seconds = 15;

type Units = { writeUnits: number; readUnits: number };
type Cost = { byFunction: Record<string, Units>; items: Record<string, number> };

type Hook = Awaited<ReturnType<ReturnType<typeof createWebhooks>["make"]>>;

type Run = { receivers: number; slow: number; streams: number; eventsPerSecond: number };

/** The runs, by the value of `--run=`. */
const runs: Record<string, Run> = {
  one: { receivers: 1, slow: 0, streams: 1, eventsPerSecond: 20 },
  twenty: { receivers: 20, slow: 0, streams: 1, eventsPerSecond: 20 },
  "one-hangs": { receivers: 2, slow: 1, streams: 6, eventsPerSecond: 2 },
  "three-hang": { receivers: 4, slow: 3, streams: 6, eventsPerSecond: 2 },
  "eight-hang": { receivers: 9, slow: 8, streams: 6, eventsPerSecond: 2 },
  "nineteen-hang": { receivers: 20, slow: 19, streams: 6, eventsPerSecond: 2 },
};

/**
 * Delay from a message's 201 to its receivers, and the units of the table and requests of the
 * queues per delivery; `only` selects one run.
 */
export async function benchWebhooks(only?: string): Promise<void> {
  if (only !== undefined && !Object.hasOwn(runs, only))
    throw new Error(`--run= expects one of ${Object.keys(runs).join(", ")}, got ${only}`);
  const rows = [];
  for (const [name, run] of Object.entries(runs))
    if (only === undefined || name === only) rows.push(await measure(run));
  print(`webhooks, ${seconds} s of chat`, rows);
}

/** Totals so far: units of the delivery function, and requests to the FIFO queues. */
async function unitsOf() {
  const answer = await fetch(`${apiUrl()}/local/cost`);
  const cost = (await answer.json()) as Cost;
  const own = cost.byFunction["ovation-dev-webhooks-deliver"] ?? { writeUnits: 0, readUnits: 0 };
  const queue = cost.items.sqs_fifo_requests ?? 0;
  return { write: own.writeUnits, read: own.readUnits, queue };
}

/** How many of a receiver's newest hundred deliveries took more than one attempt. */
async function countRepeated({ path, as }: Hook): Promise<number> {
  const { body } = await call(`GET ${path}/deliveries?limit=100`, { as });
  const listed: { attempts: number }[] = body.data.list;
  return listed.filter(({ attempts }) => attempts > 1).length;
}

async function measure({ receivers, slow, streams, eventsPerSecond }: Run) {
  const rooms: Awaited<ReturnType<typeof liveStream>>[] = [];
  for (let n = 0; n < streams; n++) rooms.push(await liveStream());
  const committedAt = new Map<string, number>();
  const come = new Map<string, number>();
  const hooks = createWebhooks();
  const inboxes = [];
  const made: Hook[] = [];
  for (let n = 0; n < receivers; n++) {
    const isSlow = n < slow;
    const inbox = await startReceiver(({ body }: Received) => {
      const name = `${n} ${body.data._id}`;
      if (!isSlow && !come.has(name)) come.set(name, performance.now());
      return isSlow ? "never" : 200;
    });
    inboxes.push(inbox);
    made.push(await hooks.make(inbox.url, ["chat.message"]));
  }
  const say = async (n: number) => {
    const body = { content: "hello" };
    const { host, id } = rooms[n % streams]!;
    const as = Math.floor(n / streams) % 2 === 0 ? fan : host;
    const answer = await call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body });
    committedAt.set(answer.body._id, performance.now());
  };
  const fan = await person();
  for (let n = 0; n < 6; n++) await say(n);
  await wait(5_000);
  committedAt.clear();
  const before = await unitsOf();
  const calls = [];
  for (let n = 0; n < eventsPerSecond * seconds; n++) {
    calls.push(say(n));
    await wait(1000 / eventsPerSecond);
  }
  await Promise.all(calls);
  const expected = committedAt.size * (receivers - slow);
  const delays = () =>
    [...come].flatMap(([name, at]) => {
      const committed = committedAt.get(name.split(" ")[1]!);
      return committed === undefined ? [] : [Math.max(0, at - committed)];
    });
  for (let tries = 0; delays().length < expected && tries < 600; tries++) await wait(100);
  await wait(1_000);
  const after = await unitsOf();
  const found = delays();
  const repeated = await Promise.all(made.slice(slow).map(countRepeated));
  const deliveries = found.length + slow * committedAt.size;
  await hooks.removeAll();
  for (const inbox of inboxes) await inbox.stop();
  return {
    receivers: slow > 0 ? `${receivers}, ${slow} hanging` : String(receivers),
    "events/s": eventsPerSecond,
    expected,
    delivered: found.length,
    "p50 ms": round(quantile(found, 0.5)),
    "p99 ms": round(quantile(found, 0.99)),
    "max ms": round(Math.max(...found)),
    repeated: repeated.reduce((all, one) => all + one, 0),
    "write units/delivery": round((after.write - before.write) / deliveries),
    "read units/delivery": round((after.read - before.read) / deliveries),
    "queue requests/delivery": round((after.queue - before.queue) / deliveries),
  };
}
