import { expect, test } from "@jest/globals";
import { pingMillisecondsDefault } from "../../client/session.ts";
import { requestsPerTokenMax } from "../../lib/edge/firewall-rules.ts";
import { socketsPerTask } from "../../lib/stages/relay.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { stageNamed } from "../../lib/stages/stages.ts";
import { type AlarmKind, alarmKinds } from "../../lib/watch/alarm-list.ts";
import type { Watched } from "../../lib/watch/alarm-subjects.ts";
import { defaults } from "../../platform/lambda/grants.ts";
import { sourcesOf } from "../conventions/sources.ts";
import { resourcesOf, synthesize } from "./templates.ts";

/*
 * Bounds of the thresholds, with the reason of each. An alarm below its bound rings although all is
 * well, one above it is silent while a promise is broken.
 */

const zone = { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" };
const stage = {
  ...stageNamed("prod"),
  account: "111122223333",
  region: "eu-central-1",
  domain: { name: "live.acme.com", zone },
  relay: { minTasks: 2, maxTasks: 8, fromViewers: 2_000 },
};
const { templates } = await synthesize(stage);

type Alarm = {
  AlarmName: string;
  Threshold: number;
  DatapointsToAlarm: number;
  Statistic?: string;
  ExtendedStatistic?: string;
};
/** The alarms of each entry of the runbook. */
const alarms = Map.groupBy(
  ["watch", "host-watch"]
    .flatMap((stack) => resourcesOf(templates, "AWS::CloudWatch::Alarm", stack))
    .map(({ Properties }) => Properties as Alarm & { AlarmDescription: string }),
  ({ AlarmDescription }) => /#([a-z0-9-]+)$/.exec(AlarmDescription)?.[1] ?? "none",
);

type Bounds = { from: number; to: number; because: string };

const throttled: Bounds = {
  from: 2,
  to: 60,
  because: "a throttled request is repeated; one a second is more than a burst",
};

/** Kinds that need more than one event, except two whose bounds come from the template. */
const bounds: Record<string, Bounds> = {
  "functions-fail": {
    from: 60,
    to: 1_000,
    because:
      "one page with a bad token that tries a second fails 60 times a minute; 1,000 is a " +
      "thirtieth of the sockets that AWS lets open",
  },
  "frames-late": {
    from: 2_000,
    to: pingMillisecondsDefault,
    because: "2 s is promised; after a ping each client asks for the frame itself and adds load",
  },
  "authorizer-faults": {
    from: 2,
    to: 30,
    because: "one call that got 503 is repeated; one in two seconds is an outage",
  },
  "posts-lost": {
    from: 31,
    to: 300,
    because: "one connection that hangs loses 30 posts a minute; ten at once are no coincidence",
  },
  "posts-limited": {
    from: 60,
    to: stage.postRate,
    because: "a burst has some posts refused; the posts of a whole second a minute are too many",
  },
  "host-5xx": {
    from: 2,
    to: 10,
    because: "in percent: a client repeats single failures; one call in ten breaks every page",
  },
  "host-blocked": {
    from: 60,
    to: requestsPerTokenMax.others,
    because: "scanners are blocked all day; a flood is twice what one token may send",
  },
  "credits-owed": {
    from: stage.owedMax,
    to: stage.owedMax,
    because: "the stage's own setting says what is tolerated",
  },
  "executions-run-out": {
    from: stage.accountConcurrency / 2,
    to: stage.accountConcurrency - 100,
    because: "the unreserved 100 executions serve all other functions, and a raise takes time",
  },
  "relay-late": {
    from: 1_500,
    to: 5_000,
    because: "a quiet room's first frame may be a second late; two are promised of any room",
  },
  "relay-full": {
    from: 1.5 * socketsPerTask.wanted,
    to: 25_000,
    because: "tasks are added above what one should have; at 25,000 it takes no more",
  },
  "relay-tasks-few": {
    // Each task reports six times a minute.
    from: 6 * (stage.relay.minTasks - 1) + 1,
    to: 6 * stage.relay.minTasks - 1,
    because: "one task less than wanted rings; one that is late with its numbers does not",
  },
  "relay-drops": {
    from: 100,
    to: 5_000,
    because: "some phones lose their network all the time; thousands a minute are an event of ours",
  },
  "relay-busy": {
    from: 80,
    to: 99,
    because: "in percent: tasks are added at 50, and an average above 99 is not measured",
  },
  "table-reads-throttled": throttled,
  "table-writes-throttled": throttled,
};

test.each([1, 2, 12, 60])("one missing relay task of %i triggers the alarm", (minTasks) => {
  const kind: AlarmKind = alarmKinds["relay-tasks-few"];
  const relay = { ...stage.relay, minTasks };
  const threshold = (kind.threshold as (watched: Watched) => number)({
    stage: { ...stage, relay },
  } as Watched);
  // Each task reports six times a minute, and the alarm rings below the threshold.
  const { reported, missed } = { reported: 6 * minTasks, missed: 6 * (minTasks - 1) };
  expect([missed < threshold, threshold < reported]).toEqual([true, true]);
});

/*
 * A sum of sockets or of percents would grow with the number of tasks, and an average would hide
 * the one task that is full.
 */
test.each([
  ["relay-late", "p90"],
  ["relay-full", "Maximum"],
  ["relay-tasks-few", "SampleCount"],
  ["relay-drops", "Sum"],
  ["relay-busy", "Maximum"],
])("%s is decided by the %s of a minute", (kind, statistic) => {
  const found = alarms.get(kind)!.map((one) => one.Statistic ?? one.ExtendedStatistic);
  expect(found).toEqual([statistic]);
});

const derived = ["messages-wait", "reader-lags"];

test("every kind of alarm rings at the first event or has a reason for its threshold", () => {
  const eager = [...alarms.keys()].filter((kind) => !(kind in bounds) && !derived.includes(kind));
  expect(eager.length).toBeGreaterThan(15);
  const first = { from: 1, to: 1, because: "each event is one too many" };
  for (const [kind, found] of alarms) {
    if (derived.includes(kind)) continue;
    const { from, to, because } = bounds[kind] ?? first;
    for (const { AlarmName, Threshold } of found) {
      const isWithin = from <= Threshold && Threshold <= to;
      expect([AlarmName, Threshold, isWithin, because]).toEqual([
        ...[AlarmName, Threshold, true, because],
      ]);
    }
  }
  expect([...alarms.keys()]).toEqual(expect.arrayContaining([...Object.keys(bounds), ...derived]));
});

/** How long a failing batch blocks its shard before it is abandoned (docs/runbook.md). */
const shardHeldSeconds = 5 * 60;

test("a lagging reader is reported once it is late and before its batch is given up", () => {
  const ages = resourcesOf(templates, "AWS::Lambda::EventSourceMapping").flatMap(
    ({ Properties }) => Properties.MaximumRecordAgeInSeconds ?? [],
  );
  const lags = alarms.get("reader-lags")!;
  expect(ages.length).toBe(lags.length);
  for (const { Threshold, DatapointsToAlarm } of lags) {
    const reportedAfter = Threshold / 1000 + DatapointsToAlarm * 60;
    expect(reportedAfter).toBeLessThanOrEqual(Math.min(shardHeldSeconds, ...ages));
    // The promise is that gifts are counted within 2 s.
    expect(Threshold).toBeGreaterThanOrEqual(2_000);
  }
});

test("a batch that fails is retried for minutes, often enough that an outage loses no record", () => {
  const readers = resourcesOf(templates, "AWS::Lambda::EventSourceMapping").filter(
    ({ Properties }) => Properties.StartingPosition !== undefined,
  );
  expect(readers.length).toBeGreaterThan(1);
  for (const { Properties } of readers) {
    expect(Properties.MaximumRecordAgeInSeconds).toBeGreaterThan(shardHeldSeconds);
    // An attempt that is throttled fails within seconds.
    expect(Properties.MaximumRetryAttempts).toBeGreaterThanOrEqual(shardHeldSeconds / 5);
  }
});

/** SQS's longest delay. */
const delaySecondsMax = 900;
/** Seconds by which a queue's messages may be sent before they are due. */
const sentAhead: Record<string, number> = {
  endings: delaySecondsMax,
  fetches: delaySecondsMax,
  moments: delaySecondsMax,
  plans: delaySecondsMax,
  retries: delaySecondsMax,
  notifications: 16,
  combos: 10,
  erasures: 10,
  reversals: 10,
};

/** `sendAt(setting("PLANS_QUEUE_URL"), message, { at, now })`, unless it is due immediately. */
const timer = /sendAt\(\s*setting\("(\w+)_QUEUE_URL"\),[^;]*?\{\s*at(?!: now\b)/g;

test("every queue with delayed messages has a declared longest delay", () => {
  const queues = sourcesOf("platform", "functions").flatMap(({ text }) =>
    [...text.matchAll(timer)].map(([, queue]) => queue!.toLowerCase()),
  );
  expect([...new Set(queues)].sort()).toEqual(Object.keys(sentAhead).sort());
});

/**
 * Queues whose delays users notice: a silent room, a viewer without missed frames, a sender without
 * the credits of a refused gift. One failed attempt must be noticed before the next one.
 */
const waitedFor = ["posts", "resumes", "reversals"];

/** Other queues may be late by less than the 15 minutes between repeated alarms. */
const lateSecondsMax = 15 * 60;

test("waiting messages are reported once users notice, not while one is handled", () => {
  const wait = alarms.get("messages-wait")!;
  const seconds = Object.fromEntries(
    wait.map(({ AlarmName, Threshold }) => [/: (\S+) wait$/.exec(AlarmName)?.[1], Threshold]),
  );
  const visibility = (queue: string): number => {
    const isQueue = new RegExp(`^ovation-prod-${queue}(\\.fifo)?$`);
    const queues = resourcesOf(templates, "AWS::SQS::Queue", "data");
    return queues.find(({ Properties }) => isQueue.test(Properties.QueueName))!.Properties
      .VisibilityTimeout;
  };
  const readers = rowsOf("consumer").flatMap(({ contract: { on, timeoutSeconds } }) =>
    "queue" in on ? [{ queue: on.queue, runs: timeoutSeconds ?? defaults.timeoutSeconds }] : [],
  );
  expect(Object.keys(seconds).sort()).toEqual(readers.map(({ queue }) => queue).sort());
  for (const { queue, runs } of readers) {
    const ahead = sentAhead[queue] ?? 0;
    const late = waitedFor.includes(queue) ? visibility(queue) : lateSecondsMax;
    const threshold = seconds[queue]!;
    // A message counts until it is deleted, so also while it is handled.
    expect([queue, threshold >= ahead + runs]).toEqual([queue, true]);
    expect([queue, threshold <= ahead + late]).toEqual([queue, true]);
  }
});
