/** Queues as they are deployed: what a message and its dead letter may rely on. */
import { describe, expect, test } from "@jest/globals";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { resourcesOf, templatesOf } from "./templates.ts";

const all = {
  dev: await templatesOf({ stage: "dev" }),
  prod: await templatesOf({ stage: "prod" }),
};

describe.each(["dev", "prod"] as const)("the queues of %s", (stage) => {
  const queues = resourcesOf(all[stage], "AWS::SQS::Queue", "data").map(
    ({ Properties }) => Properties,
  );

  test("keep a dead letter for days, although SQS counts from when it was first sent", () => {
    const live = queues.filter(({ RedrivePolicy }) => RedrivePolicy !== undefined);
    const deadDays = queues
      .filter(({ RedrivePolicy }) => RedrivePolicy === undefined)
      .map(({ MessageRetentionPeriod }) => MessageRetentionPeriod / 86_400);
    for (const { QueueName, MessageRetentionPeriod: seconds } of live) {
      const days = seconds / 86_400;
      // An outage over a weekend loses no message, and each of its dead letters is kept for days.
      expect([QueueName, days >= 3, days + 3 <= Math.min(...deadDays)]).toEqual([
        ...[QueueName, true, true],
      ]);
    }
  });

  test("deliver a message eight times, and every reader may request earlier retries", () => {
    const counts = queues.flatMap(({ RedrivePolicy }) => RedrivePolicy?.maxReceiveCount ?? []);
    expect(counts.length).toBeGreaterThan(10);
    expect([...new Set(counts)]).toEqual([8]);
    const readers = Object.values(all[stage])
      .flatMap(Object.values)
      .map((resource) => JSON.stringify(resource))
      .filter((text) => text.includes("sqs:ReceiveMessage"));
    expect(readers.length).toBeGreaterThan(10);
    const may = readers.filter((text) => text.includes("sqs:ChangeMessageVisibility"));
    expect(may).toHaveLength(readers.length);
  });

  test("that keep an order accept as many messages as their groups, not 300 a second", () => {
    const ordered = queues.filter(({ FifoQueue }) => FifoQueue);
    expect(ordered.map(({ QueueName }) => QueueName).sort()).toEqual(
      queues
        .map(({ QueueName }) => QueueName as string)
        .filter((name) => name.endsWith(".fifo"))
        .sort(),
    );
    expect(ordered.length).toBeGreaterThan(2);
    for (const queue of ordered)
      expect(queue).toMatchObject({
        DeduplicationScope: "messageGroup",
        FifoThroughputLimit: "perMessageGroupId",
      });
  });
});

test("the messages of a batch fit into one request for earlier retries, which takes ten", () => {
  const sizes = rowsOf("consumer").flatMap(({ contract: { on } }) =>
    "queue" in on ? [on.batchSize] : [],
  );
  expect(sizes.length).toBeGreaterThan(10);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
});
