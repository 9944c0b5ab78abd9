import { randomBytes } from "node:crypto";
import type { Connections, Invoke, Stage } from "../model.ts";
import { createQueueStore } from "../sources/queue-store.ts";
import { createQueueSource } from "../sources/queues.ts";
import { createSchedules } from "../sources/schedules.ts";
import { createStreams } from "../sources/streams.ts";
import { openState } from "../state.ts";
import { createConnectionCalls } from "./connections.ts";
import { createDynamoDb } from "./dynamodb.ts";
import { startEndpoint } from "./endpoint.ts";
import { removeEndpointNote, writeEndpointNote } from "./endpoint-note.ts";
import { startEngine } from "./engine.ts";
import { createFaults } from "./faults.ts";
import { createIam, runnerCaller } from "./iam.ts";
import { withInvocationFaults } from "./invocation-faults.ts";
import { createInvocationCalls } from "./invocations.ts";
import { type LocalRoute, listLocalRoutes } from "./local-routes.ts";
import { createMeter, type Meter } from "./meter.ts";
import { createObjectCalls, openObjects } from "./objects.ts";
import { createSecretCalls, createSecrets } from "./secrets.ts";
import { checkSourceGrants } from "./source-grants.ts";
import { createSqs } from "./sqs.ts";

export { FormatMismatch } from "../engine/index.ts";
export { DataDirectoryBusy } from "../state.ts";
export { findEndpoint } from "./endpoint-note.ts";
export { openEngine, openSnapshot } from "./engine.ts";

/** Credentials as the SDK takes them. */
type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

/** The AWS side of the runner at work. */
export type Aws = {
  endpointUrl: string;
  /** A function's own; with the name `ovation-runner` the ones that may do all. */
  credentialsFor(functionName: string): Credentials;
  /** A secret's value, so that the start block can show the one of the demo. */
  getSecret(name: string): string;
  meter: Meter;
  /** Calls a function as a gateway does: struck by faults that name the service `lambda`. */
  invoke: Invoke;
  routes: LocalRoute[];
  /** Whether a socket that nobody used for so long is forgotten; undefined: none is. */
  forgetIdleSockets(milliseconds: number | undefined): void;
  /** Requests that came on a forgotten socket and were reset. */
  resets(): number;
  /** Streams, queues and schedules begin only now: when the functions can be called. */
  start(): Promise<void>;
  /** Ends everything that was started; the sources first, so that no batch is cut. */
  stop(): Promise<void>;
};

/** What the AWS side is given. */
type AwsOptions = {
  stage: Stage;
  invoke: Invoke;
  connections: Connections;
  /** `:memory:` keeps nothing. */
  dataDir: string;
  /** Values of secrets by name; others are made once and kept. */
  secrets: Record<string, string>;
  /** Another DynamoDB engine than the embedded one. */
  dynamodbEndpoint?: string | undefined;
  /** Gets one line for each thing that a person should know; standard error by default. */
  log?: (line: string) => void;
};

/** How long a batch at work may delay the end. */
const stopMilliseconds = 2000;

/**
 * Starts the local AWS: engine, endpoint, and what the template's mappings need.
 *
 * @throws DataDirectoryBusy when another runner has the data directory; FormatMismatch when another
 * engine wrote its data; Error with one sentence
 * for a person when the engine cannot run here or a mapping's function lacks a grant.
 */
export async function startAws(options: AwsOptions): Promise<Aws> {
  const { stage, connections } = options;
  const log = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const state = openState(options.dataDir);
  const runnerSecret = randomBytes(16).toString("hex");
  const iam = createIam(stage, log);
  const faults = createFaults();
  const invoke = withInvocationFaults(options.invoke, faults);
  const meter = createMeter();
  const cleanups: (() => unknown)[] = [() => state.close()];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    checkSourceGrants(stage, iam);
    const engine = await startEngine({
      state,
      tables: stage.tables,
      endpoint: options.dynamodbEndpoint,
      log,
    });
    cleanups.push(() => engine.stop());
    const store = createQueueStore(state, (arn) => stage.queues.find((one) => one.arn === arn));
    const queueSources = stage.eventSources.flatMap((source) => {
      const queue = stage.queues.find((one) => one.arn === source.sourceArn);
      if (!queue) return [];
      const made = { source, queue, region: stage.region, store, invoke, meter, log };
      return [{ queue, source: createQueueSource(made) }];
    });
    const wakeQueue = (name: string) => {
      for (const one of queueSources) if (one.queue.name === name) one.source.wake();
    };
    const objects = openObjects(state.directory);
    const streams = createStreams({
      stage,
      call: engine.call,
      state,
      invoke,
      putObject: objects.put,
      log,
      sendToQueue(queueArn, body) {
        const queue = stage.queues.find((one) => one.arn === queueArn);
        if (!queue) return log(`There is no destination ${queueArn} for what was given up`);
        store.send(queue, { body, sender: runnerCaller });
        wakeQueue(queue.name);
      },
    });
    const schedules = createSchedules(stage, invoke, log);
    const secrets = createSecrets(stage, state, options.secrets);
    const endpoint = await startEndpoint({
      iam,
      faults,
      runnerSecret,
      log,
      services: {
        dynamodb: createDynamoDb({ engine, tables: stage.tables, meter, onWrite: streams.wake }),
        sqs: createSqs({ stage, store, meter, onSend: (queue) => wakeQueue(queue.name) }),
        "execute-api": createConnectionCalls(stage, connections, meter),
        lambda: createInvocationCalls(stage, options.invoke, log),
        secretsmanager: createSecretCalls(stage, secrets),
        s3: createObjectCalls(stage, objects),
      },
    });
    cleanups.push(() => endpoint.stop());
    writeEndpointNote(state.directory, {
      url: endpoint.url,
      accessKeyId: runnerCaller,
      secretAccessKey: runnerSecret,
      sessionToken: runnerSecret,
      buckets: stage.buckets.map(({ name }) => name),
    });
    cleanups.push(() => removeEndpointNote(state.directory));
    const stopSources = async () => {
      schedules.stop();
      const sources = [streams.stop(), ...queueSources.map(({ source }) => source.stop())];
      const late = new Promise((resolve) => setTimeout(resolve, stopMilliseconds).unref());
      await Promise.race([Promise.allSettled(sources), late]);
    };
    return {
      endpointUrl: endpoint.url,
      forgetIdleSockets: endpoint.forgetIdle,
      resets: endpoint.resets,
      credentialsFor: (functionName) => ({
        accessKeyId: functionName,
        secretAccessKey: runnerSecret,
        ...(functionName === runnerCaller && { sessionToken: runnerSecret }),
      }),
      getSecret: secrets.get,
      meter,
      invoke: withInvocationFaults(options.invoke, faults, { onlyNamed: true }),
      routes: listLocalRoutes({ meter, faults, streams, queues: stage.queues, store }),
      async start() {
        store.release();
        await streams.start();
        for (const { source } of queueSources) source.start();
        schedules.start();
        cleanups.push(stopSources);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
