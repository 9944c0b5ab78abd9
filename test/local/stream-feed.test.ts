import type { EngineCall } from "../../local/aws/engine-call.ts";
import {
  fullPollBudget,
  pauseAfterBatch,
  relayPollMilliseconds,
  takePoll,
  watchLoad,
} from "../../local/sources/poll-limiter.ts";
import { createStreamFeed } from "../../local/sources/stream-feed.ts";
import { makeStage } from "./sample-stage.ts";

const table = makeStage().tables[0]!;

/** An engine whose stream returns these numbers of records, poll by poll, then none. */
function makeEngine(pages: number[]): { call: EngineCall; looks: () => number } {
  let [looks, sequence] = [0, 0];
  const answers: Record<string, () => unknown> = {
    ListStreams: () => ({ Streams: [{ StreamArn: "stream" }] }),
    DescribeStream: () => ({
      StreamDescription: {
        Shards: [{ ShardId: "shard", SequenceNumberRange: { StartingSequenceNumber: "0" } }],
      },
    }),
    GetShardIterator: () => ({ ShardIterator: "here" }),
    GetRecords: () => ({
      NextShardIterator: "there",
      Records: Array.from({ length: pages[looks++] ?? 0 }, () => ({
        dynamodb: { SequenceNumber: String(++sequence) },
      })),
    }),
  };
  return {
    call: async (target) => {
      const body = answers[target.split(".")[1] ?? ""]?.();
      return { status: 200, body: body as Record<string, unknown> };
    },
    looks: () => looks,
  };
}

/** A reader of an engine with these pages, on a machine this busy, and on its own clock. */
function makeReader({ pages = [] as number[], load = 0 }) {
  const engine = makeEngine(pages);
  let now = Date.now();
  let position: string | undefined;
  const clock = {
    now: () => now,
    wait: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
  const feed = createStreamFeed(engine.call, table, () => load, undefined, clock);
  /** How long this many polls in a row wait, in milliseconds. */
  const poll = async (times: number) => {
    const began = now;
    for (let n = 0; n < times; n++)
      position = (await feed.read(position)).at(-1)?.dynamodb.SequenceNumber ?? position;
    return Math.round(now - began);
  };
  return { poll, looks: engine.looks, restAfter: feed.restAfter };
}

// The first poll comes at once, and a burst of four after it.
test("a reader that is woken repeatedly polls a hundred times a second", async () => {
  const reader = makeReader({});
  expect(await reader.poll(1 + 4 + 24)).toBe(240);
  expect(reader.looks()).toBe(29);
});

test("on a busy machine it polls twenty times a second", async () => {
  expect(await makeReader({ load: 1 }).poll(1 + 4 + 10)).toBe(500);
});

test("a backlog of full pages is read without a pause, whatever a batch took", async () => {
  const reader = makeReader({ pages: Array.from({ length: 20 }, () => 1_000), load: 1 });
  await reader.poll(1);
  reader.restAfter(60_000);
  expect(await reader.poll(19)).toBe(0);
  expect(await reader.poll(1)).toBe(0);
  expect(await reader.poll(1)).toBe(250);
});

test("after a long batch a reader pauses as long as Lambda does between two polls", async () => {
  const reader = makeReader({ pages: [1], load: 1 });
  await reader.poll(1);
  reader.restAfter(60_000);
  expect(await reader.poll(1)).toBe(250);
});

test("readers pause only on a busy machine, and less the more idle it is", () => {
  const restOf = (load: number) => {
    const { wait } = takePoll(pauseAfterBatch(fullPollBudget, 1_000, 200, load), 1_000, load);
    return wait;
  };
  expect([0, 0.5, 1].map(restOf)).toEqual([0, 75, 150]);
});

test("the first polls after a pause run at once, and later ones at intervals", () => {
  const waitsOf = (poll?: typeof relayPollMilliseconds) => {
    let budget = fullPollBudget;
    return Array.from({ length: 6 }, () => {
      const look = takePoll(budget, 5_000, 0, poll);
      budget = look.budget;
      return look.wait;
    });
  };
  expect(waitsOf()).toEqual([0, 0, 0, 0, 10, 20]);
  expect(waitsOf(relayPollMilliseconds)).toEqual([0, 0, 0, 0, 100, 200]);
});

test("whether a machine is busy depends on its idle time, measured a few times a second", () => {
  let now = 0;
  let idle = 0.9;
  let questions = 0;
  const load = watchLoad(
    () => now,
    () => {
      questions++;
      return idle;
    },
  );
  const seen = [0.9, 0.3, 0.2, 0.1, 0].map((share) => {
    idle = share;
    now += 200;
    return Math.round(load() * 100);
  });
  expect(seen).toEqual([0, 0, 50, 100, 100]);
  now += 199;
  load();
  expect(questions).toBe(5);
});

test("a reader whose next records are no longer kept continues with the oldest", async () => {
  const engine = makeEngine([2]);
  const starts: unknown[] = [];
  const call: EngineCall = async (target, body) => {
    if (!target.endsWith(".GetShardIterator")) return engine.call(target, body);
    starts.push(body.ShardIteratorType);
    if (body.ShardIteratorType === "TRIM_HORIZON") return engine.call(target, body);
    return { status: 400, body: { __type: "TrimmedDataAccessException" } };
  };
  const feed = createStreamFeed(call, table, () => 0);
  expect(await feed.read("5")).toHaveLength(2);
  expect(starts).toEqual(["AFTER_SEQUENCE_NUMBER", "TRIM_HORIZON"]);
});

test("a reader whose iterator expired while the machine slept continues where it was", async () => {
  const engine = makeEngine([2, 1]);
  const starts: unknown[] = [];
  let isAsleep = false;
  const call: EngineCall = async (target, body) => {
    if (target.endsWith(".GetShardIterator")) starts.push(body.SequenceNumber);
    if (!target.endsWith(".GetRecords") || !isAsleep) return engine.call(target, body);
    isAsleep = false;
    return { status: 400, body: { __type: "ExpiredIteratorException" } };
  };
  const feed = createStreamFeed(call, table, () => 0);
  expect(await feed.read(undefined)).toHaveLength(2);
  isAsleep = true;
  expect(await feed.read("2")).toHaveLength(1);
  expect(starts).toEqual([undefined, "2"]);
});
