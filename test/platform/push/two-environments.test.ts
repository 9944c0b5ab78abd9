import type { LogRecord } from "../../../domain/log/event.ts";
import { frameAll } from "../../../platform/push/append.ts";
import type { Audience } from "../../../platform/push/audience.ts";
import { deliverFrames } from "../../../platform/push/deliver.ts";
import { createJobs } from "../../../platform/push/jobs.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { useLimits } from "../../../platform/runtime/limits.ts";
import { subscriberItem } from "../../../platform/store/log/subscribers.ts";
import { key } from "../../../platform/table/keys.ts";
import { useTable } from "../../../platform/table/table.ts";
import { chatRecord, stream, streamId } from "../../domain/frame-samples.ts";
import { createMarkWatch } from "./mark-watch.ts";
import { freeGovernor, posterWith } from "./posters.ts";
import { createRandom } from "./random.ts";
import { createTable } from "./table-double.ts";

process.env.TABLE_NAME ??= "ovation-test";
process.env.POST_RATE ??= "1000000";
process.env.PART_VIEWERS ??= "10000";

afterEach(() => useLimits(undefined));

const now = new Date("2026-01-15T10:30:00Z");
/** So small that each record of 500 characters fills one frame. */
const frameBytes = 1_500;
const frameCount = 11;

/** `SEED=17 PLAYS=1 npm test -- two-environments` replays the play of one seed. */
const plays = Number(process.env.PLAYS ?? (process.env.CI === "true" ? 1_000 : 200));
const firstSeed = Number(process.env.SEED ?? 1);

/**
 * Two environments bring eleven records into one log, some of them in both, in batches of up to
 * six, in an order that the seed decides. Nothing fails. Answers what is wrong.
 */
async function play(seed: number): Promise<string[]> {
  const random = createRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  const waiting: (() => void)[] = [];
  const step = () => new Promise<void>((done) => waiting.push(done));
  const watch = createMarkWatch(() => now);
  const table = createTable(step, watch.see);
  useTable(table.client);
  table.put({ ...key.stream(streamId), ...stream, id: streamId });
  const viewer = { streamId, connectionId: "c", userId: "u", revision: 1, from: 1 };
  const times = { connectedAt: now.getTime() - 60_000, expiresAt: now.getTime() / 1000 + 7_140 };
  table.put(subscriberItem({ ...viewer, ...times }));

  const got = new Set<number>();
  const outlet = {
    poster: posterWith({
      post: (connectionId, payload) =>
        watch.post(connectionId, payload, async () => {
          await step();
          got.add(JSON.parse(payload.bytes.toString()).frame);
          return "sent";
        }),
    }),
    governor: freeGovernor,
    jobs: createJobs(async () => undefined),
  };
  async function run(records: LogRecord[]): Promise<void> {
    const cache = watch.observe(createPushCache());
    const audience: Audience = { streamId, now, cache, outlet };
    for (let at = 0; at < records.length; ) {
      const batch = records.slice(at, at + 1 + below(6));
      at += batch.length;
      const { queued, ...framed } = await frameAll(audience, batch);
      await deliverFrames(audience, framed);
      await queued;
    }
  }

  const records = Array.from({ length: frameCount }, (_, n) =>
    chatRecord(n, "x".repeat(500), now.getTime() / 1000),
  );
  const side = records.map(() => below(5));
  let isOver = false;
  const both = Promise.all([
    run(records.filter((_, n) => side[n]! <= 2)),
    run(records.filter((_, n) => side[n]! >= 2)),
  ]).finally(() => {
    isOver = true;
  });
  both.catch(() => undefined);
  while (!isOver) {
    waiting.splice(below(waiting.length), 1)[0]?.();
    await new Promise<void>((done) => setImmediate(done));
  }
  await both;
  const wrong = [...watch.findings];
  for (let n = 1; n <= frameCount; n++) if (!got.has(n)) wrong.push(`frame ${n} was never posted`);
  return wrong;
}

test(`${plays} schedules from seed ${firstSeed}: every frame is posted before it is marked`, async () => {
  useLimits({ frameBytes });
  const wrong: string[] = [];
  for (let seed = firstSeed; seed < firstSeed + plays; seed++)
    wrong.push(...(await play(seed)).map((what) => `seed ${seed}: ${what}`));
  expect(wrong).toEqual([]);
});
