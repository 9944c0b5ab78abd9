import { call, eventually, liveStream, type Person, person } from "../api/people.ts";
import { print, quantile, round, wait } from "./figures.ts";

const voters = 400;
const rates = { votes: 200, messages: 5 };
const seconds = 20;
const options = ["Blue", "Red", "Green"];

/** Makes calls at a steady rate for some seconds, however long the responses take. */
async function atRate(perSecond: number, act: (n: number) => Promise<void>): Promise<void> {
  const began = performance.now();
  const calls: Promise<void>[] = [];
  for (let n = 0; n < perSecond * seconds; n++) {
    await wait(Math.max(0, began + (n * 1000) / perSecond - performance.now()));
    calls.push(act(n));
  }
  await Promise.all(calls);
}

/** Latency of chat messages in milliseconds, each by another user. */
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
    if (status !== 201) throw new Error(`A message returned ${status}`);
    delays.push(performance.now() - began);
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
      ...{ as: people[voter]!, body: { options: [option] } },
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

/**
 * Latency of chat alone and next to 200 votes per second, and whether the poll's result is right.
 */
export async function benchVotes(): Promise<void> {
  const { id, host } = await liveStream();
  const people = await Promise.all(Array.from({ length: voters }, () => person()));
  // Warm up, so that no first call is measured.
  for (const as of people) await call(`GET /api/v1/live-stream/${id}/moments`, { as });
  await talk(id, people);
  const alone = await talk(id, people);
  const [crowded, poll] = await Promise.all([talk(id, people), vote(id, host, people)]);
  const row = (what: string, delays: readonly number[]) => ({
    ...{ what, calls: delays.length },
    ...{ "p50 ms": round(quantile(delays, 0.5)), "p99 ms": round(quantile(delays, 0.99)) },
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
  const isRight = JSON.stringify(result.votes) === JSON.stringify(wanted);
  if (!isRight || resultSeconds > 20) throw new Error("The result is wrong or late");
}
