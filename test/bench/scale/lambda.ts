import { SQSClient } from "@aws-sdk/client-sqs";
import { marshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord, SQSRecord } from "aws-lambda";
import type { InvokeSlice, SliceJob, SlicePosted } from "../../../platform/push/jobs.ts";
import { createPushCache, type PushCache } from "../../../platform/push/push-cache.ts";
import { withRetries } from "../../../platform/push/slice-job.ts";
import type { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { environment } from "./environments.ts";
import { type Executions, Throttled } from "./executions.ts";
import type { Item } from "./table.ts";
import type { Use } from "./usage-costs.ts";

type Handler<R> = (event: { Records: R[] }) => Promise<{ batchItemFailures: unknown[] }>;
/** Posts one slice of a room, in an environment with this memory. */
type PostSlice = (job: SliceJob, cache: PushCache) => Promise<SlicePosted>;

/** The functions that push; large rooms are posted in slices by other functions. */
type Functions = {
  fanOut: Handler<DynamoDBRecord>;
  post(invokeSlice: InvokeSlice): Handler<SQSRecord>;
  postSlice: PostSlice;
  /** Sends connections what they have missed, in an environment with this memory. */
  resume(records: SQSRecord[], cache: PushCache): Promise<string[]>;
  /** What frames sums where nothing else does, and what counts moments that have ended. */
  sums?(records: SQSRecord[]): Promise<string[]>;
  endings?(records: SQSRecord[]): Promise<string[]>;
};

/** Times of the services between a write and a handler, in milliseconds. */
const times = {
  /** From the write until a shard shows it; with the polling it makes 0.2 s at the median. */
  stream: [70, 250],
  /** Lambda looks at a shard four times a second. */
  poll: 250,
  invoke: [8, 40],
  /** From SendMessage until the function has the message. */
  queue: [18, 105],
  retry: 100,
  /**
   * After so long a message of the queue `resumes` that failed comes again (lib/data/queues.ts).
   */
  visibility: 120_000,
} as const;

const memoryGigabytes = 1769 / 1024;
const batchMax = 1000;
/** Milliseconds after which each function is ended. */
const timeouts = {
  "fan-out": 60_000,
  post: 60_000,
  part: 30_000,
  resume: 20_000,
  sums: 60_000,
  endings: 30_000,
};

/** Their names in the route table, by which an account reserves executions. */
const functionNames: Partial<Record<keyof typeof timeouts, string>> = {
  "fan-out": "realtime/fan-out",
  post: "realtime/post",
  part: "realtime/post-part",
  resume: "realtime/resume",
};

/** Runs a function as Lambda does and books it; throws what it threw, and when it took too long. */
function createInvoker(clock: Clock, chance: Chance, use: Use, executions?: Executions) {
  let [failures, longest] = [0, 0];
  return {
    async invoke<T>(name: keyof typeof timeouts, env: string, work: () => Promise<T>): Promise<T> {
      await clock.wait(chance.around(...times.invoke));
      const began = clock.now();
      let took = 0;
      const within = functionNames[name];
      try {
        const inEnvironment = () => environment.run(env, work);
        const done = executions && within ? executions.run(within, inEnvironment) : inEnvironment();
        return await done.finally(() => {
          took = clock.now() - began;
          if (took > timeouts[name]) throw new Error(`${name} took ${took} ms`);
        });
      } catch (error) {
        failures += 1;
        if (!(error instanceof Throttled)) console.error(error);
        throw error;
      } finally {
        longest = Math.max(longest, took);
        use.lambda_requests += 1;
        use.lambda_gigabyte_seconds += (Math.min(took, timeouts[name]) / 1000) * memoryGigabytes;
      }
    },
    report: () => ({ failures, longestMilliseconds: longest }),
  };
}

type Invoker = ReturnType<typeof createInvoker>;

/** Environments of one function: each call takes one that is free, or a new one. */
function createEnvironments<Asked, Answer>(
  { invoke }: Invoker,
  name: keyof typeof timeouts,
  work: (asked: Asked, cache: PushCache) => Promise<Answer>,
) {
  const free: { name: string; cache: PushCache }[] = [];
  let [calls, environments] = [0, 0];
  return {
    async call(asked: Asked): Promise<Answer> {
      const env = free.shift() ?? { name: `${name}-${++environments}`, cache: createPushCache() };
      calls += 1;
      try {
        return await invoke(name, env.name, () => work(asked, env.cache));
      } finally {
        free.push(env);
      }
    },
    report: () => ({ calls, environments }),
  };
}

/** What a mapping makes of a call: a batch that failed comes again. */
const isDone = (call: Promise<void>) =>
  call.then(
    () => true,
    () => false,
  );

/** Hands a batch to a handler; throws when it wants some of it again. */
async function handle<R>(handler: Handler<R>, Records: R[]): Promise<void> {
  const { batchItemFailures } = await handler({ Records });
  if (batchItemFailures.length > 0) throw new Error("Some records failed");
}

/** One shard of the table's stream: one batch in flight, all that waits comes with the next. */
function createShard(
  clock: Clock,
  chance: Chance,
  onBatch: (records: DynamoDBRecord[]) => Promise<boolean>,
) {
  let waiting: { readyAt: number; record: DynamoDBRecord }[] = [];
  let [sequence, lastReadyAt] = [0, 0];

  async function poll(): Promise<void> {
    for (;;) {
      const looked = clock.now();
      const ready = waiting.findIndex(({ readyAt }) => readyAt > looked);
      const batch = waiting.slice(0, Math.min(batchMax, ready < 0 ? waiting.length : ready));
      if (batch.length > 0) {
        while (!(await onBatch(batch.map(({ record }) => record)))) await clock.wait(times.retry);
        waiting = waiting.slice(batch.length);
      }
      await clock.wait(Math.max(0, looked + times.poll - clock.now()));
    }
  }

  return {
    write(old: Item | undefined, now: Item): void {
      // A shard keeps the order of the writes.
      lastReadyAt = Math.max(lastReadyAt, clock.now() + chance.around(...times.stream));
      const record = {
        eventName: old === undefined ? "INSERT" : "MODIFY",
        dynamodb: {
          ApproximateCreationDateTime: Math.floor(clock.now() / 1000),
          SequenceNumber: String(++sequence),
          NewImage: image(now),
          ...(old && { OldImage: image(old) }),
        },
      } as DynamoDBRecord;
      waiting.push({ readyAt: lastReadyAt, record });
    },
    start: () => void poll(),
  };
}

const image = (item: Item) => marshall(item, { removeUndefinedValues: true });

/** The FIFO queue to `realtime/post`: one room, so one group, of which one batch is in flight. */
function createQueue(
  clock: Clock,
  chance: Chance,
  use: Use,
  onBatch: (records: SQSRecord[]) => Promise<boolean>,
) {
  const waiting: { id: string; body: string; readyAt: number }[] = [];
  let isBusy = false;

  async function drain(): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    while (waiting.length > 0) {
      await clock.wait(Math.max(0, waiting[0]!.readyAt - clock.now()));
      const batch = waiting.filter(({ readyAt }) => readyAt <= clock.now()).slice(0, 10);
      use.sqs_fifo_requests += 2;
      const records = batch.map(({ id, body }) => ({ messageId: id, body }) as SQSRecord);
      if (await onBatch(records)) waiting.splice(0, batch.length);
    }
    isBusy = false;
  }

  const known = new Set<string>();
  return {
    async send(input: { MessageBody: string; MessageDeduplicationId: string }) {
      await clock.wait(chance.around(6, 30));
      use.sqs_fifo_requests += 1;
      const { MessageBody: body, MessageDeduplicationId: id } = input;
      if (known.has(id)) return;
      known.add(id);
      waiting.push({ id, body, readyAt: clock.now() + chance.around(...times.queue) });
      void drain();
    },
  };
}

type ResumeMessages = { Entries: { MessageBody: string; DelaySeconds?: number }[] };

/** The queue to `realtime/resume`: as many batches in flight as there are. */
function createResumes(
  clock: Clock,
  chance: Chance,
  use: Use,
  onBatch: (records: SQSRecord[]) => Promise<string[]>,
) {
  let ready: SQSRecord[] = [];
  let sent = 0;

  function arrive(record: SQSRecord, milliseconds: number): void {
    clock.at(clock.now() + milliseconds, () => {
      ready.push(record);
      // What arrives at the same time is one batch.
      if (ready.length === 1) clock.at(clock.now(), () => void drain());
    });
  }
  async function drain(): Promise<void> {
    const batch = ready.slice(0, 10);
    ready = ready.slice(10);
    if (ready.length > 0) void drain();
    use.sqs_standard_requests += 2;
    const ids = batch.map(({ messageId }) => messageId);
    const failed = await onBatch(batch).catch(() => ids);
    for (const record of batch)
      if (failed.includes(record.messageId)) arrive(record, times.visibility);
  }

  return {
    async send({ Entries }: ResumeMessages) {
      await clock.wait(chance.around(6, 30));
      use.sqs_standard_requests += 1;
      for (const { MessageBody: body, DelaySeconds = 0 } of Entries) {
        const record = { messageId: `resume-${++sent}`, body } as SQSRecord;
        arrive(record, chance.around(...times.queue) + DelaySeconds * 1000);
      }
      return {};
    },
  };
}

/**
 * The functions that push, behind what calls them: the table's stream, the queues, another. With an
 * account's `executions` they run only while it has one for them.
 */
export function createLambda(
  clock: Clock,
  chance: Chance,
  use: Use,
  functions: Functions,
  executions?: Executions,
) {
  const invoker = createInvoker(clock, chance, use, executions);
  const shard = createShard(clock, chance, (records) =>
    isDone(invoker.invoke("fan-out", "fan-out", () => handle(functions.fanOut, records))),
  );
  const parts = createEnvironments(invoker, "part", functions.postSlice);
  const post = functions.post(withRetries(parts.call));
  const queue = createQueue(clock, chance, use, (records) =>
    isDone(invoker.invoke("post", "post", () => handle(post, records))),
  );
  const turns = createEnvironments(invoker, "resume", functions.resume);
  const resumes = createResumes(clock, chance, use, turns.call);
  const delayed = (name: "sums" | "endings") =>
    createResumes(clock, chance, use, (records) =>
      invoker.invoke(name, name, () => functions[name]!(records)),
    );
  const byName = { sums: delayed("sums"), endings: delayed("endings") };
  // The code under measurement makes its own client: its requests end here.
  const send = ({ input }: { input: { QueueUrl: string } }) => {
    const name = input.QueueUrl.slice(input.QueueUrl.lastIndexOf("/") + 1);
    if (name === "resumes") return resumes.send(input as never);
    if (name === "sums" || name === "endings")
      return byName[name].send({ Entries: [input as never] });
    // A timer of a token that ends later.
    if (name === "moments") return clock.wait(chance.around(6, 30)).then(() => ({}));
    return queue.send(input as never);
  };
  SQSClient.prototype.send = send as never;
  return {
    write: shard.write,
    start: shard.start,
    report: () => ({ ...invoker.report(), parts: parts.report(), resumes: turns.report() }),
  };
}
