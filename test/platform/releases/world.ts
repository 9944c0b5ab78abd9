/** Two versions of the product at work on one table, each with its own clients of AWS. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { runInThisContext } from "node:vm";
import { startEngine } from "../../../local/aws/engine.ts";
import { createStreamCalls, type EngineRecord } from "../../../local/sources/stream-calls.ts";
import { openState } from "../../../local/state.ts";
import { tryMilliseconds } from "../../../platform/aws/aws-client.ts";
import type { ConsumerContract } from "../../../platform/lambda/consumer.ts";
import { type QueueName, queueNames } from "../../../platform/lambda/grants.ts";
import { type Key, readKey } from "../../../platform/table/keys.ts";
import type { TableHandle } from "../../../platform/table/layout.ts";
import { createTable, settings } from "../table.ts";
import { secretKey } from "../tencent/stage.ts";

const tableName = "ovation-test";
const table = {
  name: tableName,
  arn: "",
  streamArn: "",
  createTable: {
    ...createTable,
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  },
};

/** Settings as a stage gives them, for calls that go to this address. */
const settingsAt = (url: string) => ({
  ...settings,
  ...Object.fromEntries(
    queueNames.map((name) => [`${name.toUpperCase()}_QUEUE_URL`, `${url}/000000000000/${name}`]),
  ),
  AWS_ENDPOINT_URL: url,
  LOCAL: "on",
  WS_ENDPOINT: `${url}/sockets`,
  RESUME_FRAMES_PER_SECOND: "100",
  RELAY_URL: "wss://relay.example.com",
  PICTURES_BUCKET: "pictures",
  PICTURES_URL: "https://x.example.com/pictures",
  PURCHASES: "on",
  NAME_CHANGES_PER_DAY: "5",
  LIVE_STREAMS_PER_USER: "1000",
  SOCKETS_PER_USER: "10",
  POST_RATE: "1000",
  LARGE_ROOM_VIEWERS: "200",
  PART_VIEWERS: "200",
  POST_PART_FUNCTION: "post-part",
  TENCENT_SDK_APP_ID: "1400000001",
  TENCENT_ADMINISTRATORS: "administrator",
  TENCENT_SECRET_ARN: "arn:tencent",
  CALLBACK_SECRET_ARN: "arn:callback",
  POWERTOOLS_LOG_LEVEL: process.env.PLOG ?? "SILENT",
});

/** Modules and exports that have another name in the latest release. */
const formerModules: Record<string, string> = {
  "store/money/leaderboards": "store/money/leaders",
  "store/tencent/gift-callbacks": "store/tencent/charged-gifts",
};
const formerExports = {
  recordCursors: "recordPlaces",
  findCursors: "findPlaces",
  recordNewUser: "recordFirstSight",
};

type Modules = Record<string, Record<string, unknown> | undefined>;

/** A module by its present name; its renamed exports have their present names, too. */
function findModule(modules: Modules, name: string) {
  const module = modules[name] ?? modules[formerModules[name] ?? ""];
  const renamed = Object.entries(formerExports).filter(([, was]) => module && was in module);
  if (renamed.length === 0) return module;
  return { ...module, ...Object.fromEntries(renamed.map(([is, was]) => [is, module?.[was]])) };
}

/** One version's modules, by their names in its bundle: `store/money/gifts`. */
export type Version = {
  name: string;
  /** Where its calls go, webhooks too. */
  url: string;
  of<Module>(name: string): Module;
  /** Loads its modules again, as a new process does: nothing is cached. */
  restart(): void;
  /** The handler of a function, by its name in the route table. */
  handler(name: string): (event: object, context?: object) => Promise<never>;
  /** Its consumers, with what calls them. */
  consumers: { name: string; on: ConsumerContract["on"] }[];
  /** Whether all credits add up, as this version reads them. */
  audit(): Promise<{ misfits: readonly unknown[] }>;
  /** Keys of items that another version wrote last, and that this one has read or changed. */
  met: Key[];
  /** Keys of items that it has written. */
  wrote: Key[];
};

type Attributes = Record<string, { S?: string }>;
type Call = { Item?: Attributes; Key?: Attributes; Items?: Attributes[] };
const keyOf = ({ PK, SK }: Attributes): Key => ({ PK: PK?.S ?? "", SK: SK?.S ?? "" });

type Batch = Record<string, (Attributes & { PutRequest?: Call; DeleteRequest?: Call })[]>;

/** The keys that a call writes or that its answer has. */
function keysOf(operation: string, input: never, answer: never): { read: Key[]; written: Key[] } {
  const given = input as Call & {
    TransactItems?: Record<string, Call>[];
    RequestItems?: Batch;
  };
  const told = answer as Call & { Responses?: Record<string, Attributes[]> };
  const own = (call: Call | undefined) => [call?.Item ?? call?.Key ?? []].flat().map(keyOf);
  if (/^(Put|Update|Delete)Item$/.test(operation)) return { read: [], written: own(given) };
  if (operation === "TransactWriteItems") {
    const actions = (given.TransactItems ?? []).flatMap((action) => Object.entries(action));
    const [checks, writes] = [true, false].map((isCheck) =>
      actions
        .filter(([name]) => (name === "ConditionCheck") === isCheck)
        .flatMap(([, c]) => own(c)),
    );
    return { read: checks!, written: writes! };
  }
  if (operation === "BatchWriteItem") {
    const writes = Object.values(given.RequestItems ?? {}).flat();
    const written = writes.flatMap((one) => own(one.PutRequest ?? one.DeleteRequest));
    return { read: [], written };
  }
  const found = [told.Item ?? [], told.Items ?? [], Object.values(told.Responses ?? {}).flat()];
  return { read: found.flat().map(keyOf), written: [] };
}

/** A message of a queue. */
type Sent = { queue: string; body: string; delaySeconds: number };

const received = () => ({ SentTimestamp: `${Date.now()}`, ApproximateReceiveCount: "1" });

const digestOf = (text: string) => createHash("md5").update(text).digest("hex");

/** A table on the real engine, and versions that work on it. */
export async function startWorld(bundles: Record<string, string>) {
  const state = openState(":memory:");
  const engine = await startEngine({ state, tables: [table], log: console.error });
  const writers = new Map<string, string>();
  const sent: Sent[] = [];
  const closers: (() => Promise<unknown>)[] = [];

  function note(version: Version, { read, written }: ReturnType<typeof keysOf>): void {
    for (const key of [...read, ...written]) {
      const writer = writers.get(`${key.PK} ${key.SK}`);
      if (writer !== undefined && writer !== version.name) version.met.push(key);
    }
    version.wrote.push(...written);
    for (const { PK, SK } of written) writers.set(`${PK} ${SK}`, version.name);
  }

  function takeMessages(input: Record<string, never>) {
    const { QueueUrl, Entries, ...single } = input as unknown as {
      QueueUrl: string;
      MessageBody?: string;
      DelaySeconds?: number;
      Entries?: { Id: string; MessageBody: string; DelaySeconds?: number }[];
    };
    const queue = QueueUrl.split("/").at(-1)!;
    const all = Entries ?? [{ Id: "1", MessageBody: single.MessageBody!, ...single }];
    for (const { MessageBody: body, DelaySeconds: delaySeconds = 0 } of all)
      sent.push({ queue, body, delaySeconds });
    const Successful = all.map(({ Id, MessageBody }) => ({
      Id,
      MessageId: Id,
      MD5OfMessageBody: digestOf(MessageBody),
    }));
    return Entries === undefined ? Successful[0]! : { Successful, Failed: [] };
  }

  async function open(name: string, text: string): Promise<Version> {
    const server = createServer(async (request, answer) => {
      const body = (await buffer(request)).toString();
      const target = String(request.headers["x-amz-target"] ?? "");
      answer.setHeader("content-type", request.headers["content-type"] ?? "text/plain");
      if (target.startsWith("DynamoDB")) {
        const input = JSON.parse(body);
        const { status, body: told } = await engine.call(target, input);
        const operation = target.split(".")[1]!;
        const keys = keysOf(operation, input as never, told as never);
        // A condition that fails has read its item.
        note(version, status === 200 ? keys : { read: Object.values(keys).flat(), written: [] });
        answer.statusCode = status;
        return answer.end(JSON.stringify(told));
      }
      if (target.startsWith("AmazonSQS"))
        return answer.end(JSON.stringify(takeMessages(JSON.parse(body))));
      if (target !== "") return answer.end(JSON.stringify({ SecretString: secretKey }));
      // Posts to connections, objects of the bucket, webhooks and callbacks.
      answer.end(JSON.stringify({ ActionStatus: "OK", ErrorInfo: "", ErrorCode: 0 }));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    closers.push(async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    let modules = load(text, settingsAt(url));
    const functions = Object.keys(modules).filter((each) => each.startsWith("functions/"));
    const contractOf = (each: string) => modules[each]!.contract as ConsumerContract;
    const version: Version = {
      name,
      url,
      met: [],
      wrote: [],
      of: (each) => findModule(modules, each) as never,
      restart: () => (modules = load(text, settingsAt(url))),
      audit: () => auditBy(version),
      handler: (each) => modules[`functions/${each}`]!.handler as never,
      consumers: functions
        .filter((each) => contractOf(each).kind === "consumer")
        .map((each) => ({ name: each.slice("functions/".length), on: contractOf(each).on })),
    };
    return version;
  }

  const versions = await Promise.all(
    Object.entries(bundles).map(([name, text]) => open(name, text)),
  );
  return {
    versions,
    sent,
    engine,
    pump: createPump(engine.call, sent),
    async stop() {
      for (const close of closers) await close();
      await engine.stop();
      state.close();
    },
  };
}

type AwsClient = typeof import("../../../platform/aws/aws-client.ts");
type DynamoDB = typeof import("@aws-sdk/client-dynamodb");
type Documents = typeof import("@aws-sdk/lib-dynamodb");
type Ownership = typeof import("../../../platform/table/ownership.ts");

/** The table by a version's own client, which does not check the table's label. */
export function placeOf(version: Version): TableHandle {
  const { openClient } = version.of<AwsClient>("aws/aws-client");
  const opened = openClient(version.of<DynamoDB>("aws/client-dynamodb").DynamoDBClient);
  const marshallOptions = { removeUndefinedValues: true };
  const { DynamoDBDocumentClient } = version.of<Documents>("aws/lib-dynamodb");
  const client = DynamoDBDocumentClient.from(opened, { marshallOptions });
  return { client, tableName };
}

/** Labels the table as the stage's, as the end of a deployment of this version does. */
export async function claim(version: Version): Promise<void> {
  const { endDeployment } = version.of<Ownership>("table/ownership");
  await endDeployment(placeOf(version), { stage: settings.STAGE, release: version.name });
}

type Audit = typeof import("../../../platform/audit/audit.ts");
type Query = typeof import("../../../platform/table/query.ts");

function auditBy(version: Version) {
  const read = () => version.of<Query>("table/query").scanTable();
  const patience = { patienceMilliseconds: 0, pause: async () => {} };
  return version.of<Audit>("audit/audit").audit({ read, now: new Date(), ...patience });
}

/**
 * `setTimeout` of a version. An attempt of a call to AWS gets a minute: on a busy machine a slow
 * attempt would be repeated, and might take effect twice.
 */
const patientTimeout = (run: () => void, milliseconds = 0, ...values: []) =>
  setTimeout(run, milliseconds === tryMilliseconds ? 60_000 : milliseconds, ...values);

const given = ["module", "exports", "require", "process", "__dirname", "setTimeout"];

/** Runs a bundle with its own environment variables and timers, otherwise as on Lambda. */
function load(text: string, env: Record<string, string>) {
  const module = { exports: {} as Record<string, Record<string, unknown>> };
  const own = Object.create(process, { env: { value: env } });
  const require = createRequire(import.meta.url);
  const run = runInThisContext(`(${given.join(", ")}) => {${text}\n}`);
  run(module, module.exports, require, own, import.meta.dirname, patientTimeout);
  return module.exports;
}

/**
 * Returns a function that gives consumers the table's changes and the queues' messages until there
 * are no more; with `isLate`, its first round includes messages whose delay is not over.
 */
function createPump(call: Parameters<typeof createStreamCalls>[0], sent: Sent[]) {
  const stream = createStreamCalls(call, table as never);
  let position: string | undefined;

  async function read(): Promise<EngineRecord[]> {
    const [shard] = (await stream.listShards()).slice(-1);
    const { Records } = await stream.readPage(await stream.findIterator(shard!, position));
    position = Records.at(-1)?.dynamodb.SequenceNumber ?? position;
    return Records;
  }

  const keyIn = ({ dynamodb }: EngineRecord) => keyOf(dynamodb.Keys as Attributes);
  const isWanted = (kinds: readonly string[] | undefined) => (record: EngineRecord) =>
    kinds === undefined || kinds.includes(readKey(keyIn(record)).kind);

  async function give(version: Version, name: string, Records: object[]): Promise<void> {
    const getRemainingTimeInMillis = () => 30_000;
    const { batchItemFailures } = (await version.handler(name)(
      { Records },
      { getRemainingTimeInMillis },
    )) as { batchItemFailures: unknown[] };
    expect([version.name, name, Records, batchItemFailures]).toEqual([
      ...[version.name, name, Records, []],
    ]);
  }

  return async (version: Version, isLate = false): Promise<void> => {
    for (let late = isLate; ; late = false) {
      const records = await read();
      const messages = sent.filter(({ delaySeconds }) => late || delaySeconds === 0);
      const kept = sent.filter((message) => !messages.includes(message));
      sent.splice(0, sent.length, ...kept);
      if (records.length + messages.length === 0) return;
      for (const { name, on } of version.consumers) {
        if ("stream" in on) {
          const wanted = records.filter(isWanted(on.kinds));
          if (wanted.length > 0) await give(version, name, wanted);
        } else if ("queue" in on) {
          const own = messages.filter(({ queue }) => queue === (on.queue satisfies QueueName));
          for (const [at, { body }] of own.entries())
            await give(version, name, [{ messageId: `${at}`, body, attributes: received() }]);
        }
      }
    }
  };
}
