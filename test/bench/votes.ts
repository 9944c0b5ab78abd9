import {
  type Answer,
  call,
  eventually,
  freshId,
  giftType,
  liveStream,
  type Person,
  person,
  topUp,
} from "../api/people.ts";
import { watch } from "../api/viewer.ts";
import type { System } from "../system.ts";
import { print, quantile, round, wait } from "./figures.ts";
import { meterCpu } from "./peers/processes.ts";
import { measure } from "./unit-meter.ts";

const voters = 400;
const rates = { votes: 200, messages: 5, taps: 40 };
const seconds = 20;
/** Calls of each kind whose cost is measured: a second's rate, and for how long. */
const priced = { perSecond: 20, seconds: 8 };
const idleSeconds = 5;
const options = ["Blue", "Red", "Green"];

type Room = Awaited<ReturnType<typeof liveStream>>;

/** Makes calls at a steady rate for some seconds, however long the responses take. */
async function atRate(
  perSecond: number,
  act: (n: number) => Promise<unknown>,
  duration = seconds,
): Promise<void> {
  const began = performance.now();
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < perSecond * duration; n++) {
    await wait(Math.max(0, began + (n * 1000) / perSecond - performance.now()));
    calls.push(act(n));
  }
  await Promise.all(calls);
}

/** Latency of accepted chat messages in milliseconds, each by another user. */
async function talk(streamId: string, people: readonly Person[]): Promise<number[]> {
  const delays: number[] = [];
  await atRate(rates.messages, async (n) => {
    const began = performance.now();
    const body = { content: `message ${n}` };
    const as = people[n % people.length]!;
    const { status } = await call(`POST /api/v1/live-stream/${streamId}/chat/messages`, {
      as,
      body,
    });
    // On a machine that is too busy some are refused: the table shows how many were not.
    if (status === 201) delays.push(performance.now() - began);
  });
  return delays;
}

/**
 * Votes at a rate in a poll that ends before the last votes: each voter votes repeatedly and
 * sometimes changes the vote. Returns the poll's result and the expected one.
 */
async function vote(streamId: string, host: Person, people: readonly Person[]) {
  const poll = { kind: "poll", title: "Which song next?", options, seconds: seconds - 1 };
  const moments = `/api/v1/live-stream/${streamId}/moments`;
  const made = await call(`POST ${moments}`, { as: host, body: poll });
  const { id, endsAt } = made.body.data as { id: string; endsAt: string };
  const last = new Map<number, number>();
  const statuses = new Map<number, number>();
  const delays: number[] = [];
  await atRate(rates.votes, async (n) => {
    const [voter, turn] = [n % people.length, Math.floor(n / people.length)];
    const option = (voter + Math.floor(turn / 2)) % options.length;
    const began = performance.now();
    const { status } = await call(`PUT ${moments}/${id}/vote`, {
      as: people[voter]!,
      body: { options: [option] },
    });
    delays.push(performance.now() - began);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 200) last.set(voter, option);
  });
  const { result } = await eventually(
    async () => (await call(`GET ${moments}/${id}`)).body.data,
    (moment) => moment.result !== null,
  );
  const resultSeconds = (Date.now() - Date.parse(endsAt)) / 1000;
  const wanted = options.map((_, at) => [...last.values()].filter((one) => one === at).length);
  return { result, wanted, statuses, delays, resultSeconds };
}

/** A call with a key where there are keys. */
const send = (route: string, as: Person, body: object) =>
  call(route, { as, body, ...(route.startsWith("POST") && { key: freshId() }) });

/** A call of the room's preparation, which must succeed. */
async function done(...given: Parameters<typeof send>): Promise<Answer> {
  const answer = await send(...given);
  if (answer.status >= 300) throw new Error(`${given[0]}: ${answer.status} ${answer.text}`);
  return answer;
}

/**
 * CPU of the whole system and request units of one call with everything that it causes. What the
 * system takes without any call is subtracted.
 */
async function priceCalls(pid: () => number, { id, host }: Room, people: readonly Person[]) {
  const stream = `/api/v1/live-stream/${id}`;
  const [giftTypeId, givers] = [await giftType(10), people.slice(0, priced.perSecond)];
  for (const giver of givers) await topUp(giver, 100_000);
  const idle = meterCpu(pid);
  await wait(idleSeconds * 1000);
  const idleShare = idle.stop() / idleSeconds;
  const count = priced.perSecond * priced.seconds;
  const price = async (what: string, act: (as: Person, n: number) => Promise<Answer>) => {
    let [cpuSeconds, accepted] = [0, 0];
    const one = async (n: number) => {
      const { status } = await act(people[n % people.length]!, n);
      if (status < 300) accepted++;
    };
    const units = await measure(count, async () => {
      const [cpu, began] = [meterCpu(pid), performance.now()];
      await atRate(priced.perSecond, one, priced.seconds);
      // What it causes: settlement and frames.
      await wait(1500);
      cpuSeconds = cpu.stop() - (idleShare * (performance.now() - began)) / 1000;
    });
    return { what, accepted, "CPU ms": round((1000 * cpuSeconds) / accepted), ...units };
  };
  const open = (body: object) => done(`POST ${stream}/moments`, host, body);
  const give = (_: Person, n: number) =>
    send("POST /api/v1/gifts/create", givers[n % givers.length]!, { giftTypeId, liveStreamId: id });
  const rows = [
    await price("chat message", (as, n) =>
      send(`POST ${stream}/chat/messages`, as, { content: `message ${n}` }),
    ),
    await price("like", (as) => send(`PUT ${stream}/likes`, as, { session: "bench-01", total: 5 })),
    await price("gift", give),
  ];
  const poll = await open({ kind: "poll", title: "Which?", options, seconds: 600 });
  const vote = `PUT ${stream}/moments/${poll.body.data.id}/vote`;
  rows.push(await price("vote", (as) => send(vote, as, { options: [0] })));
  await done(`POST ${stream}/moments/${poll.body.data.id}/cancel`, host, {});
  await open({ kind: "goal", title: "New lights", of: "credits", target: 1_000_000 });
  rows.push(await price("gift that moves a goal", give));
  return rows;
}

/** Frames a second that a viewer gets of a room that talks at a steady rate. */
async function framesOf(streamId: string, people: readonly Person[], hasTaps: boolean) {
  const viewer = await watch(people[0]!, streamId);
  const before = viewer.messages.length;
  const taps = hasTaps
    ? atRate(rates.taps, (n) =>
        // Each person taps again and again: what counts grows with every call.
        send(`PUT /api/v1/live-stream/${streamId}/likes`, people[n % people.length]!, {
          session: "bench-02",
          total: 5 * (1 + Math.floor(n / people.length)),
        }),
      )
    : undefined;
  await Promise.all([talk(streamId, people), taps]);
  await wait(1000);
  const frames = viewer.messages.slice(before).filter(({ type }) => type === "events").length;
  viewer.close();
  return frames / seconds;
}

/**
 * Latency of chat alone and next to 200 votes per second, and whether the poll's result is right;
 * what a like, a vote and a gift that moves a goal cost; and frames of a talking room with taps.
 */
export async function benchVotes({ process: { pid } }: System): Promise<void> {
  const room = await liveStream();
  const { id, host } = room;
  const people = await Promise.all(Array.from({ length: voters }, () => person()));
  // Warm up, so that no first call is measured.
  for (const as of people) await call(`GET /api/v1/live-stream/${id}/moments`, { as });
  await talk(id, people);
  const alone = await talk(id, people);
  const [crowded, poll] = await Promise.all([talk(id, people), vote(id, host, people)]);
  const row = (what: string, delays: readonly number[]) => ({
    what,
    calls: delays.length,
    "p50 ms": round(quantile(delays, 0.5)),
    "p99 ms": round(quantile(delays, 0.99)),
  });
  print(`${rates.messages} messages/s for ${seconds} s, and ${rates.votes} votes/s`, [
    row("chat alone", alone),
    row("chat with votes", crowded),
    row("votes", poll.delays),
  ]);
  const { result, wanted, statuses, resultSeconds } = poll;
  console.log(`Votes by status: ${JSON.stringify([...statuses])}`);
  console.log(
    `Result ${JSON.stringify(result.votes)} after ${round(resultSeconds)} s; expected ${wanted}`,
  );
  print(
    `Cost of one call at ${priced.perSecond} a second, with all that it causes`,
    await priceCalls(() => pid!, room, people),
  );
  // Of another room: combos of the gifts above end during the next seconds.
  const other = await liveStream();
  const talking = await framesOf(other.id, people, false);
  const tapped = await framesOf(other.id, people, true);
  print(`Frames a second to a viewer, at ${rates.messages} messages/s for ${seconds} s`, [
    { room: "chat alone", frames: round(talking) },
    { room: `with ${rates.taps} calls of taps a second`, frames: round(tapped) },
    { room: "change", frames: `${round(100 * (tapped / talking - 1))} %` },
  ]);
  const isRight = JSON.stringify(result.votes) === JSON.stringify(wanted);
  if (!isRight || resultSeconds > 20) throw new Error("The result is wrong or late");
}
