import { setImmediate } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { rateKinds } from "../../domain/rate.ts";
import { type Engine, startEngine } from "../../local/aws/engine.ts";
import { writeAnswer } from "../../local/engine/index.ts";
import { openState } from "../../local/state.ts";
import { useRevocationAges } from "../../platform/auth/session.ts";
import { installedTransport, openClient, type Transport } from "../../platform/aws/aws-client.ts";
import { openSockets } from "../../platform/aws/transport.ts";
import { dueIndex } from "../../platform/table/keys.ts";
import { useTable } from "../../platform/table/table.ts";
import { answerFor } from "./aws-double.ts";

const name = "ovation-test";

const text = (AttributeName: string) => ({ AttributeName, AttributeType: "S" });
const hash = (AttributeName: string) => ({ AttributeName, KeyType: "HASH" });
const range = (AttributeName: string) => ({ AttributeName, KeyType: "RANGE" });

/** The table as a stage makes it, without its stream. */
export const createTable = {
  AttributeDefinitions: [text("PK"), text("SK"), text(dueIndex.PK)],
  KeySchema: [hash("PK"), range("SK")],
  GlobalSecondaryIndexes: [
    {
      IndexName: dueIndex.name,
      KeySchema: [hash(dueIndex.PK), range(dueIndex.SK)],
      Projection: { ProjectionType: "ALL" },
    },
  ],
};

/** The setting of the rates, one for all kinds. */
export const everyRate = (perSecond: number, burst: number) =>
  JSON.stringify(Object.fromEntries(rateKinds.map((kind) => [kind, [perSecond, burst]])));

/** Settings that functions are given by a stage, for functions that a test calls itself. */
export const settings = {
  STAGE: "dev",
  TABLE_NAME: name,
  ORIGINS: "*",
  SUPERLIKE_PRICE: "10",
  RESERVED_USERNAMES: "admin,support",
  DEFAULT_PICTURE: "https://cdn.example.com/person.png",
  DEFAULT_THUMBNAIL: "https://cdn.example.com/stream.png",
  GIFTS_PER_SECOND: "100",
  REQUESTS_PER_SECOND: "100",
  RATES: everyRate(1_000_000, 1_000_000),
  SPEND_LIMIT: "0",
  POST_RATE: "10000",
  RESUME_FRAMES_PER_SECOND: "1000000",
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
};

/** A table for the tests of one file, and a stage's settings with these; it ends with the file. */
export function useOwnTable(more: Record<string, string> = {}): void {
  let stop: () => Promise<void>;
  beforeAll(async () => {
    for (const [setting, value] of Object.entries(more)) process.env[setting] ??= value;
    ({ stop } = await startTable());
  });
  afterAll(() => stop());
}

/** An empty table on the real engine, which platform/store then uses, and a stage's settings. */
export async function startTable(): Promise<{
  client: DynamoDBDocumentClient;
  stop(): Promise<void>;
}> {
  for (const [setting, value] of Object.entries(settings)) process.env[setting] ??= value;
  const state = openState(":memory:");
  const tables = [{ name, arn: "", streamArn: "", createTable }];
  const engine = await startEngine({ state, tables, log: console.error });
  const removeTransport = placeTransport(engine);
  const client = DynamoDBDocumentClient.from(
    openClient(DynamoDBClient, {
      endpoint: engine.endpoint,
      credentials: engine.credentials,
      // On a busy machine an answer may be late: a second try would count twice, or be refused.
      tryMilliseconds: 60_000,
    }),
    { marshallOptions: { removeUndefinedValues: true } },
  );
  useTable(client);
  // Tests that count calls or make them fail exclude reads of this list; it has its own tests.
  useRevocationAges({ fresh: Number.POSITIVE_INFINITY, usable: Number.POSITIVE_INFINITY });
  return {
    client,
    async stop() {
      removeTransport();
      await engine.stop();
      state.close();
    },
  };
}

/** Where AWS clients look for a transport (platform/aws/aws-client.ts). */
const placed = Symbol.for("ovation.aws.transport");

/**
 * Passes this process's calls to the engine, or to what answers a service in these tests, without
 * a socket, which would take a third of their CPU; other calls use sockets. The engine's response
 * arrives in a later turn of the event loop, as from a socket.
 */
function placeTransport({ endpoint, call }: Engine): () => void {
  const { host } = new URL(endpoint);
  const before = installedTransport();
  const others = new Map<string, Transport>();
  const transport: Transport = async (request, options) => {
    const answer = answerFor(request);
    if (answer !== undefined) return answer;
    if (request.host !== host) {
      const other =
        before ??
        others.get(request.host) ??
        openSockets(new URL(`http://${request.host}`)).transport;
      others.set(request.host, other);
      return other(request, options);
    }
    const target = request.headers["x-amz-target"] ?? "";
    const { status, body } = await call(target, JSON.parse(String(request.body)));
    await setImmediate();
    return { status, headers: {}, body: writeAnswer(body) };
  };
  Object.assign(globalThis, { [placed]: transport });
  return () => Object.assign(globalThis, { [placed]: before });
}
