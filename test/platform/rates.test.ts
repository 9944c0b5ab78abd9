import { jest } from "@jest/globals";
import type { LocalUsage } from "../../domain/rate.ts";
import { Refusal } from "../../domain/refusal.ts";
import { handler as readWallet } from "../../functions/money/wallets/get.ts";
import { handler as createTicket } from "../../functions/people/sessions/create-ticket.ts";
import { handler as readEvents } from "../../functions/streams/events.ts";
import { deleteItem, getRawItem, putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { countUse, rateHeaders, useLocalUsage } from "../../platform/table/rates.ts";
import { callEndpoint } from "./api-call.ts";
import { meterTable } from "./call-meter.ts";
import { setClock } from "./clock.ts";
import { everyRate, useOwnTable } from "./table.ts";
import { makeStream, makeUser, someone } from "./wallet-people.ts";

const perSecond = 20;
const burst = 64;
const waits = [1, 10];
useOwnTable({ RATES: JSON.stringify({ ...JSON.parse(everyRate(perSecond, burst)), waits }) });

afterEach(() => void jest.useRealTimers());

/** Environments, each with its own memory; each call runs in one of them. */
function environments(count: number) {
  const all = Array.from({ length: count }, () => new Map<string, LocalUsage>());
  return async <A>(at: number, act: () => Promise<A>): Promise<A> => {
    useLocalUsage(all[at % count]!);
    return act();
  };
}

const begin = new Date("2026-05-01T12:00:00Z").getTime();

/** The wait in seconds that a use gets; 0 if admitted. */
async function use(userId: string, at: number, cost?: number): Promise<number> {
  try {
    await countUse("reads", userId, new Date(begin + at), cost);
    return 0;
  } catch (error) {
    if (error instanceof Refusal && error.code === "too_many_requests")
      return error.retryAfterSeconds!;
    throw error;
  }
}

test.each([1, 2, 7])("in %i environments a user at full speed gets the rate", async (count) => {
  const inside = environments(count);
  const user = someone("flood");
  let passed = 0;
  const milliseconds = 10_000;
  for (let at = 0; at < milliseconds; at += 5)
    if ((await inside(at / 5, () => use(user, at))) === 0) passed++;
  const may = burst + (perSecond * milliseconds) / 1000;
  expect(passed).toBeGreaterThan(0.9 * may);
  expect(passed).toBeLessThan(1.1 * may);
});

test("a bucket that one environment has emptied is empty in another", async () => {
  const inside = environments(2);
  const user = someone("mover");
  for (let n = 0; n < 2 * burst; n++) await inside(0, () => use(user, 0));
  // Each environment admits a new user's first two without the table.
  expect(await inside(1, () => use(user, 10))).toBe(0);
  expect(await inside(1, () => use(user, 10))).toBe(0);
  expect(await inside(1, () => use(user, 10))).toBe(1);
  expect(await inside(1, () => use(someone("other"), 10))).toBe(0);
});

test("a refused call is admitted after its wait, in any environment", async () => {
  const inside = environments(3);
  const user = someone("patient");
  let wait = 0;
  for (let n = 0; wait === 0; n++) wait = await inside(0, () => use(user, n));
  for (const at of [0, 1, 2]) expect(await inside(at, () => use(user, 1_000 * wait + 200))).toBe(0);
});

test("concurrent calls in one environment are counted once each", async () => {
  const inside = environments(1);
  const user = someone("crowd");
  const waits = await inside(0, () =>
    Promise.all(Array.from({ length: 3 * burst }, () => use(user, 0))),
  );
  const passed = waits.filter((wait) => wait === 0).length;
  expect(passed).toBeLessThanOrEqual(burst + 2);
  expect(passed).toBeGreaterThan(burst / 2);
});

test("a time written by a wrong clock locks no user out", async () => {
  const user = someone("late");
  const Item = { ...key.bucket(user, "reads"), usedUntil: begin + 365 * 24 * 3600 * 1000 };
  await putItem(Item);
  const inside = environments(1);
  for (let n = 0; n < 5; n++) expect(await inside(0, () => use(user, n))).toBe(0);
});

test("a user who was refused before the clock was set back is admitted", async () => {
  const [inside, user] = [environments(1), someone("early")];
  const hour = 3_600_000;
  await inside(0, () => use(user, hour, 2 * burst));
  expect(await inside(0, () => use(user, hour))).toBeGreaterThan(0);
  expect(await inside(0, () => use(user, 0))).toBe(0);
  const rest = await inside(0, async () => rateHeaders("reads", user, new Date(begin)));
  expect(rest.ratelimit).not.toContain("r=0");
});

test("the bucket is one item that expires", async () => {
  const user = someone("short");
  const inside = environments(1);
  for (let n = 0; n < 5; n++) await inside(0, () => use(user, n));
  const item = await getRawItem(key.bucket(user, "reads"), { consistent: true });
  expect(Number(item?.expiresAt)).toBeGreaterThan(begin / 1000);
  expect(Number(item?.expiresAt)).toBeLessThan(begin / 1000 + 120);
  await deleteItem(key.bucket(user, "reads"));
});

test("a calm user costs no read of the table; a flood costs one per second", async () => {
  const measure = meterTable();
  const calm = someone("calm");
  const flood = someone("flood");
  const inside = environments(1);
  const quiet = await measure(async () => {
    for (let n = 0; n < 5; n++) await inside(0, () => use(calm, n * 11_000));
  });
  expect(quiet).toEqual({ steps: 0, calls: 0, read: 0, write: 0 });
  for (let n = 0; n < 3 * burst; n++) await inside(0, () => use(flood, n));
  const refused = await measure(async () => {
    for (let n = 0; n < 500; n++) await inside(0, () => use(flood, 200 + n));
  });
  expect(refused.calls).toBeLessThanOrEqual(1);
});

test("concurrent long polls are limited: further ones are refused after a moment", async () => {
  useLocalUsage(new Map());
  const stream = await makeStream(await makeUser(someone("host")));
  const poll = () =>
    callEndpoint(readEvents, {
      as: "poller",
      path: { streamId: stream.id },
      query: { wait: "3" },
    });
  const answers = await Promise.all(Array.from({ length: 12 }, poll));
  const waited = answers.filter(({ status }) => status === 200).length;
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
  // Five seconds of each are counted ahead.
  expect(waited).toBeGreaterThanOrEqual(2);
});

test("an endpoint refuses in the envelope, with the seconds to wait, before any other check", async () => {
  const user = someone("caller");
  useLocalUsage(new Map());
  // The clock is stopped, so nothing is refilled however long they take.
  setClock(Date.now());
  const calls = Array.from({ length: 4 * burst }, () => callEndpoint(readWallet, { as: user }));
  const answers = await Promise.all(calls);
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(burst / 2);
  expect(answers.find(({ status }) => status === 429)).toMatchObject({
    body: { isSuccess: false, statusCode: 429, data: null, errors: ["Too many requests"] },
  });
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
});

test("a refused call leaves its Idempotency-Key free, and has done nothing", async () => {
  useLocalUsage(new Map());
  const [user, now] = [someone("asker"), Date.now()];
  setClock(now);
  let answer: Awaited<ReturnType<typeof ask>>;
  let calls = 0;
  const ask = (key: string) => callEndpoint(createTicket, { as: user, key });
  do answer = await ask(`${user} ${++calls}`);
  while (answer.status === 201);
  expect([calls, answer.status]).toEqual([burst + 1, 429]);
  setClock(now + 1_000);
  const again = await ask(`${user} ${calls}`);
  expect(again.status).toBe(201);
  expect(again.headers).not.toHaveProperty("idempotency-replayed");
  expect((await ask(`${user} ${calls}`)).headers).toHaveProperty("idempotency-replayed");
});

test("the remaining calls of a rate fall to 0 with the first refusal, and every response has them", async () => {
  useLocalUsage(new Map());
  const user = someone("told");
  const left: number[] = [];
  const tell = () => rateHeaders("reads", user, new Date(begin)).ratelimit;
  let wait = 0;
  while (wait === 0) {
    wait = await use(user, 0);
    left.push(Number(/^"reads";r=(\d+);t=\d+$/.exec(`${tell()}`)?.[1]));
  }
  expect(left).toEqual([...left].sort((a, b) => b - a));
  expect([left[0], left.at(-2), left.at(-1)]).toEqual([burst - 1, 1, 0]);
  expect(tell()).toBe(`"reads";r=0;t=${wait}`);
  const later = rateHeaders("reads", user, new Date(begin + 3_600_000));
  expect(later.ratelimit).toBe(`"reads";r=${burst};t=0`);
  const { headers } = await callEndpoint(readWallet, { as: someone("caller") });
  expect(headers).toMatchObject({
    "ratelimit-policy": `"reads";q=${burst};w=${Math.ceil(burst / perSecond)}`,
    ratelimit: expect.stringMatching(/^"reads";r=[1-9]\d*;t=\d+$/),
  });
});
