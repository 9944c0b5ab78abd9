import { randomBytes } from "node:crypto";
import { type Cleanups, startParts } from "../cleanups.ts";
import type { Connections, Invoke, PerformCalls, Stage } from "../model.ts";
import type { State } from "../state.ts";
import type { Services } from "./answer-call.ts";
import { createConnectionCalls, createPostsTogether } from "./connections.ts";
import { endpointFile } from "./discovery-files.ts";
import { createDistributionMeter, type DistributionMeter } from "./distribution-meter.ts";
import { createDynamoDb } from "./dynamodb.ts";
import { startEndpoint } from "./endpoint.ts";
import { startEngine } from "./engine.ts";
import type { Credentials } from "./engine-call.ts";
import { createFaults, type Faults } from "./faults.ts";
import { createIam, runnerCaller } from "./iam.ts";
import { withInvocationFaults } from "./invocation-faults.ts";
import { createInvocationCalls } from "./invocations.ts";
import { type LocalRoute, listLocalRoutes } from "./local-routes.ts";
import { createMeter, type Meter } from "./meter.ts";
import { createObjectCalls, createObjects } from "./objects.ts";
import { createSecretCalls, createSecrets } from "./secrets.ts";
import { checkSourceGrants } from "./source-grants.ts";
import { createSources, type PauseKey } from "./sources.ts";
import { createSqs } from "./sqs.ts";
import { createThreadCalls } from "./thread-calls.ts";

export { FormatMismatch } from "../engine/index.ts";
export { findEndpoint } from "./discovery-files.ts";
export { withIssuerFaults } from "./issuer-faults.ts";
export { openEngine, openSnapshot } from "./open-engine.ts";
export type { PauseKey } from "./sources.ts";

/** The running AWS side of the runner. */
export type Aws = {
  endpointUrl: string;
  /** A function's credentials; the name `ovation-runner` gets credentials with all permissions. */
  credentialsFor(functionName: string): Credentials;
  /** A secret's value, so that the start can print those of the demo. */
  getSecret(name: string): string;
  meter: Meter;
  /** Counts traffic under the stage's domain. */
  distributionMeter: DistributionMeter;
  /** Calls a function as a gateway does, including faults for the service `lambda`. */
  invoke: Invoke;
  /** Handles calls that functions send as thread messages, like calls to the endpoint. */
  doCalls: PerformCalls;
  routes: LocalRoute[];
  /** Faults, also for services other than AWS. */
  faults: Faults;
  /** How long idle sockets are kept; undefined keeps them indefinitely. */
  forgetIdleSockets(milliseconds: number | undefined): void;
  /** Requests that arrived on a dropped socket and were reset. */
  resets(): number;
  /** Starts streams, queues and schedules, once the functions can be called. */
  start(): Promise<void>;
  /** Stops everything; the sources first, so that no batch is interrupted. */
  stop(): Promise<void>;
};

/** The dependencies of the AWS side. */
type AwsOptions = {
  stage: Stage;
  invoke: Invoke;
  connections: Connections;
  /** The opened data directory. A stop, or a failed start, closes it. */
  state: State;
  /** Values of secrets by name; others are generated once and stored. */
  secrets: Record<string, string>;
  /** The address of an external DynamoDB engine. */
  dynamodbEndpoint?: string | undefined;
  /** The key of an item that pauses deliveries from streams and queues while it exists. */
  pauseKey?: PauseKey | undefined;
  /** Receives messages for people, a line each; standard error by default. */
  log?: (line: string) => void;
};

/**
 * Starts the local AWS: engine, endpoint, and the sources of the template's mappings. Rejects with
 * FormatMismatch if another engine wrote the data, and with a readable sentence if the engine
 * cannot run here or a mapping's function lacks a grant.
 */
export const startAws = (options: AwsOptions): Promise<Aws> =>
  startParts((cleanups) => compose(options, cleanups));

async function compose(options: AwsOptions, cleanups: Cleanups): Promise<Omit<Aws, "stop">> {
  const { stage, connections, state } = options;
  const log = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`));
  cleanups.push(() => state.close());
  const runnerSecret = randomBytes(16).toString("hex");
  const iam = createIam(stage, log);
  const faults = createFaults();
  const meter = createMeter();
  checkSourceGrants(stage, iam);
  const { tables } = stage;
  const engine = await startEngine({ state, tables, endpoint: options.dynamodbEndpoint, log });
  cleanups.push(() => engine.stop());
  const objects = createObjects(state.directory);
  const invoke = withInvocationFaults(options.invoke, faults);
  const { pauseKey } = options;
  const given = { stage, state, call: engine.call, objects, invoke, meter, log, pauseKey };
  const sources = createSources(given);
  const { store, streams, wakeQueue } = sources;
  const secrets = createSecrets(stage, state, options.secrets);
  const distributionMeter = createDistributionMeter(stage, meter);
  const posting = { stage, connections, meter, distributionMeter };
  const services: Services = {
    iam,
    faults,
    runnerSecret,
    log,
    services: {
      dynamodb: createDynamoDb({ engine, tables, meter, onWrite: streams.wake }),
      sqs: createSqs({ stage, store, meter, onSend: ({ name }) => wakeQueue(name) }),
      "execute-api": createConnectionCalls(posting),
      lambda: createInvocationCalls(stage, options.invoke),
      secretsmanager: createSecretCalls(stage, secrets),
      s3: createObjectCalls(stage, objects, iam),
    },
  };
  const endpoint = await startEndpoint(services);
  cleanups.push(() => endpoint.stop());
  const credentialsFor = (name: string) => credentialsOf(name, runnerSecret);
  const buckets = stage.buckets.map(({ name }) => name);
  const own = { ...credentialsFor(runnerCaller), sessionToken: runnerSecret };
  endpointFile.write(state.directory, { url: endpoint.url, ...own, buckets });
  cleanups.push(() => endpointFile.remove(state.directory));
  return {
    endpointUrl: endpoint.url,
    forgetIdleSockets: endpoint.forgetIdle,
    resets: endpoint.resets,
    credentialsFor,
    getSecret: secrets.get,
    meter,
    distributionMeter,
    faults,
    invoke: withInvocationFaults(options.invoke, faults, { onlyNamed: true }),
    doCalls: createThreadCalls(services, createPostsTogether(posting, iam)),
    routes: listLocalRoutes({ meter, faults, streams, queues: stage.queues, store, engine }),
    async start() {
      await sources.start();
      cleanups.push(sources.stop);
    },
  };
}

/** Only the runner's own credentials are secret, since they have all permissions. */
function credentialsOf(functionName: string, secret: string): Credentials {
  const sessionToken = functionName === runnerCaller ? { sessionToken: secret } : {};
  return { accessKeyId: functionName, secretAccessKey: secret, ...sessionToken };
}
