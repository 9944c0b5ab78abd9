import type { Connections, EventSource, Invoke, Queue, Stage } from "../../local/model.ts";

const account = "000000000000";
const region = "us-east-1";
const tableArn = `arn:aws:dynamodb:${region}:${account}:table/sample`;

/** A queue with short times; `part` overrides its fields. */
export function makeQueue(name: string, part: Partial<Queue> = {}): Queue {
  return {
    name,
    arn: `arn:aws:sqs:${region}:${account}:${name}`,
    url: `http://127.0.0.1/${account}/${name}`,
    fifo: name.endsWith(".fifo"),
    visibilitySeconds: 1,
    retentionSeconds: 3600,
    ...part,
  };
}

/** An event source mapping with Lambda's defaults; `part` overrides its fields. */
export function makeSource(
  functionName: string,
  sourceArn: string,
  part: Partial<EventSource> = {},
): EventSource {
  return {
    id: `mapping-${functionName}`,
    sourceArn,
    functionName,
    batchSize: 100,
    retryAttemptsMax: -1,
    recordAgeSecondsMax: -1,
    filters: [],
    ...part,
  };
}

/** A stage with one table, two stream consumers, a writer, and a test's additions. */
export function makeStage(part: Partial<Stage> = {}): Stage {
  const names = ["sample-writer", "sample-reader", "sample-second", "sample-worker"];
  const all = { Effect: "Allow" as const, Resource: ["*"] };
  return {
    name: "dev",
    region,
    account,
    functions: Object.fromEntries(
      names.map((name) => [
        name,
        {
          name,
          arn: `arn:aws:lambda:${region}:${account}:function:${name}`,
          directory: "",
          handler: "index.handler",
          environment: {},
          timeoutSeconds: 10,
          memoryMegabytes: 128,
          role: `${name}-role`,
        },
      ]),
    ),
    roles: {
      "sample-writer-role": [
        {
          Effect: "Allow",
          Action: ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:GetItem", "dynamodb:Query"],
          Resource: [tableArn],
          leadingKeys: ["STREAM#*"],
        },
        {
          Effect: "Allow",
          Action: ["dynamodb:ConditionCheckItem"],
          Resource: [tableArn],
        },
        { ...all, Action: ["sqs:SendMessage"] },
      ],
      "sample-reader-role": [{ ...all, Action: ["dynamodb:*", "s3:PutObject", "sqs:*"] }],
      "sample-second-role": [{ ...all, Action: ["dynamodb:*", "s3:PutObject", "sqs:*"] }],
      "sample-worker-role": [{ ...all, Action: ["sqs:*"] }],
    },
    restApis: [],
    webSocketApis: [{ id: "sockets", stageName: "ws", routeSelectionExpression: "", routes: {} }],
    tables: [
      {
        name: "sample",
        arn: tableArn,
        streamArn: `${tableArn}/stream/local`,
        createTable: {
          TableName: "sample",
          AttributeDefinitions: ["PK", "SK", "due"].map((AttributeName) => ({
            AttributeName,
            AttributeType: "S",
          })),
          KeySchema: [
            { AttributeName: "PK", KeyType: "HASH" },
            { AttributeName: "SK", KeyType: "RANGE" },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: "due",
              KeySchema: [{ AttributeName: "due", KeyType: "HASH" }],
              Projection: { ProjectionType: "ALL" },
            },
          ],
          StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
        },
      },
    ],
    queues: [],
    domains: [],
    buckets: [{ name: "failed", arn: "arn:aws:s3:::failed" }],
    eventSources: [],
    schedules: [],
    alarms: [],
    metricFilters: [],
    secrets: [],
    ...part,
  };
}

/** The stream of the sample table. */
export const streamArn = `${tableArn}/stream/local`;

/** No open connections. */
export const noConnections: Connections = {
  post: () => "gone",
  close: () => "gone",
  isOpen: () => false,
};

/** An `Invoke` that runs code in this process instead of a function; the code may throw. */
export function makeInvoke(code: Record<string, (event: never) => unknown>): Invoke {
  return async (functionName, event) => {
    try {
      return { ok: true, payload: await code[functionName]?.(event as never) };
    } catch (error) {
      const { name, message } = error as Error;
      return { ok: false, error: { errorType: name, errorMessage: message } };
    }
  };
}

/** Waits until something holds. @throws Error after a minute, naming what did not. */
export async function waitFor(what: string, holds: () => boolean | Promise<boolean>) {
  const until = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
