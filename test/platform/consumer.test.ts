import { expect, test } from "@jest/globals";
import * as z from "zod";
import { consumer, perMessage } from "../../platform/lambda/consumer.ts";
import { received, useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();
const queue = useQueue("COMBOS_QUEUE_URL");

/** The third reception of a message, for example. */
const message = (text: string, times: number) => received(text, JSON.stringify(text), times);

const declaration = {
  summary: "Fail on some messages",
  on: { queue: "combos", batchSize: 10 },
  grants: {},
} as const;
const { handler } = consumer(
  declaration,
  perMessage(z.string(), async (body) => {
    if (body.startsWith("bad")) throw new Error("This message is bad");
  }),
);

test("a failed message of a queue is retried after 2, 10 and 30 s, then as its queue says", async () => {
  for (const [times, seconds] of [
    [1, 2],
    [2, 10],
    [3, 30],
    [4, undefined],
  ] as const) {
    const answer = await handler({ Records: [message("good", times), message("bad", times)] });
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "bad" }] });
    expect(queue.takeVisibilities()).toEqual(
      seconds === undefined
        ? []
        : [{ Id: "0", ReceiptHandle: "receipt of bad", VisibilityTimeout: seconds }],
    );
  }
});

test("a batch whose function fails is retried soon as a whole", async () => {
  const failing = consumer(declaration, async () => {
    throw new Error("No message can be handled");
  });
  const Records = [message("one", 1), message("two", 2)];
  await expect(failing.handler({ Records })).rejects.toThrow("No message can be handled");
  expect(queue.takeVisibilities()).toMatchObject([
    { ReceiptHandle: "receipt of one", VisibilityTimeout: 2 },
    { ReceiptHandle: "receipt of two", VisibilityTimeout: 10 },
  ]);
});

test("messages that were handled stay handled if no earlier retry can be requested", async () => {
  queue.refuse(true);
  const answer = await handler({ Records: [message("good", 1), message("bad", 1)] });
  queue.refuse(false);
  expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "bad" }] });
  expect(queue.takeVisibilities()).toEqual([]);
});
