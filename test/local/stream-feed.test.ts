import type { EngineCall } from "../../local/aws/engine-call.ts";
import { createStreamFeed } from "../../local/sources/stream-feed.ts";
import { makeStage } from "./sample-stage.ts";

const [table] = makeStage().tables;
if (table === undefined) throw new Error("The sample has no table.");

/** An engine whose stream gives these numbers of records, look by look, and then none. */
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

/** Milliseconds of so many readings, one after the other; a timer may be a little early. */
async function measure(feed: ReturnType<typeof createStreamFeed>, times: number): Promise<number> {
  const began = performance.now();
  let position: string | undefined;
  for (let n = 0; n < times; n++)
    position = (await feed.read(position)).at(-1)?.dynamodb.SequenceNumber ?? position;
  return performance.now() - began + 10;
}

test("a reader that is woken again and again looks twenty times a second", async () => {
  const engine = makeEngine([]);
  expect(await measure(createStreamFeed(engine.call, table), 15)).toBeGreaterThan(450);
  expect(engine.looks()).toBe(15);
});

test("what has gathered in full pages is read without a pause, whatever a batch took", async () => {
  const full = createStreamFeed(makeEngine(Array.from({ length: 20 }, () => 1000)).call, table);
  await full.read(undefined);
  full.restAfter(60_000);
  const paced = await measure(createStreamFeed(makeEngine([]).call, table), 19);
  expect(await measure(full, 19)).toBeLessThan(paced);
});

test("after a long batch a reader rests as long as Lambda does between two looks", async () => {
  const feed = createStreamFeed(makeEngine([1]).call, table);
  await feed.read(undefined);
  feed.restAfter(60_000);
  expect(await measure(feed, 1)).toBeGreaterThan(250);
});
