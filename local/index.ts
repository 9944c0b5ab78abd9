import { readAssembly } from "./assembly/index.ts";
import { type Aws, type PauseKey, startAws, withIssuerFaults } from "./aws/index.ts";
import { type Cleanups, startParts } from "./cleanups.ts";
import { type Gateway, startGateway } from "./gateway/index.ts";
import { type Pages, readPages } from "./gateway/pages.ts";
import { createRestApi } from "./gateway/rest.ts";
import { createRunnerRoutes, type RunnerRoute } from "./gateway/runner-routes.ts";
import { createSockets, type Sockets } from "./gateway/sockets.ts";
import { createIssuer, type Issuer, parametersOf, type TokenRequest } from "./issuer.ts";
import { environmentOf } from "./lambda/environment.ts";
import { listFunctionRoutes } from "./lambda/function-routes.ts";
import { type LocalRelay, startLocalRelay } from "./lambda/relay.ts";
import type { WorkerFunction } from "./lambda/worker.ts";
import { startWorkers, type Workers } from "./lambda/workers.ts";
import type { Log } from "./log.ts";
import {
  type Invoke,
  type LambdaFunction,
  type PerformCalls,
  prefixOf,
  type Stage,
} from "./model.ts";
import { createMonitoring } from "./monitoring/index.ts";
import { type Reloading, replaceInStage, withReload } from "./reload.ts";
import { openState } from "./state.ts";

export { FormatMismatch } from "./aws/index.ts";
export { createLog, holdOutput } from "./log.ts";
export { DataDirectoryBusy } from "./state.ts";
export type { Reloading };

export type SystemOptions = {
  /** Returns the folder of the stage's manifest.json; called once the port is taken. */
  assemblyDirectory(): string | Promise<string>;
  stageName: string;
  /** 0 chooses a free port. */
  port: number;
  /** An address to listen on in addition to 127.0.0.1. */
  host?: string;
  /** The data directory; `:memory:` stores nothing. */
  dataDir: string;
  log: Log;
  /** Values of secrets by name; all others are generated once and stored with the data. */
  secrets: Record<string, string>;
  /** Values of SSM parameters by name; they override those of the local issuer. */
  parameters?: Record<string, string>;
  /** The address of an external DynamoDB instead of the embedded engine. */
  dynamodbEndpoint?: string;
  /** The key of an item that pauses deliveries from streams and queues while it exists. */
  pauseKey?: PauseKey;
  /** Raises a wallet's balance to an amount; needed for token requests with `credits`. */
  topUp?(
    request: TokenRequest,
    credits: number,
    system: Pick<System, "url" | "issuer">,
  ): Promise<void>;
  /** Runs once the data is available and before the first event is read from a stream. */
  prepare?(system: PreparedSystem): Promise<unknown>;
  /** Further routes below `/local`, from the embedding program. */
  routes?(system: PreparedSystem): RunnerRoute[];
  /** Returns the folder of pages to serve with the APIs; without it no pages are served. */
  pagesDirectory?(): Promise<string>;
  /** The relay's port, if the stage has a relay; a free port by default. */
  relayPort?: number | undefined;
  /** Waits for new bundles of functions; without it they run the assembly's. */
  reloading?: Reloading;
};

/** What is available before the first event is read from a stream. */
export type PreparedSystem = Pick<System, "url" | "aws" | "stage">;

export type System = {
  url: string;
  /** The relay's WebSocket URL; undefined in a stage without a relay. */
  relayUrl?: string;
  /** The `x-local-key` that lets other machines use the routes below `/local`. */
  localKey: string;
  stage: Stage;
  issuer: Issuer;
  aws: Aws;
  /**
   * Applies another assembly of the same stage to the running system: functions, roles and REST
   * APIs. Sockets stay open. Returns the names of other differences, which need a restart. Throws
   * the same errors as a start if the assembly cannot run.
   */
  replaceStage(directory: string): string[];
  /** Serves the pages of another folder. */
  replacePages(directory: string): void;
  /** Stops everything within 5 seconds. Acknowledged data is kept. */
  stop(): Promise<void>;
};

const socketsStopMilliseconds = 500;
const workersStopMilliseconds = 500;

/**
 * Starts the one-machine AWS: everything in a stage's assembly, on one port. It depends only on the
 * assembly and its bundles, and on no other part of the product. Its port answers 503 until
 * everything has started. Rejects with the system's error if the port is taken, with
 * `DataDirectoryBusy`, or with a readable sentence if the assembly or the engine cannot run here.
 */
export const startSystem = (options: SystemOptions): Promise<System> =>
  startParts((cleanups) => compose(options, cleanups));

async function compose(options: SystemOptions, cleanups: Cleanups): Promise<Omit<System, "stop">> {
  const { log, stageName } = options;
  const runnerRoutes = createRunnerRoutes();
  const gateway = await startGateway({
    port: options.port,
    ...(options.host && { host: options.host }),
    log,
    runnerRoutes,
  });
  cleanups.push(() => gateway.stop());
  const { state, issuer } = await openData(options, gateway.url, cleanups);
  const readStage = (directory: string) => {
    const parameters = { ...parametersOf(stageName, issuer), ...options.parameters };
    return readAssembly({ directory, stageName, parameters });
  };
  const stage = readStage(await options.assemblyDirectory());

  // Functions call AWS and AWS calls functions, so each side gets the other through a closure.
  let aws: Aws | undefined;
  const awsForFunctions = () => {
    if (aws === undefined) throw new Error("A function was called before AWS was up");
    return aws;
  };
  let isStopping = false;
  let relay: LocalRelay | undefined;
  const prepareFunction = (lambda: LambdaFunction): WorkerFunction => {
    const place = { stage, ...awsForFunctions(), gatewayUrl: gateway.url, relayUrl: relay?.url };
    return { lambda, environment: environmentOf(lambda, place) };
  };
  const doCalls: PerformCalls = (...calls) => awsForFunctions().doCalls(...calls);
  const monitoring = createMonitoring(() => stage);
  const line: Log["line"] = (name, text, stream) => {
    if (isStopping) return;
    monitoring.line(name, text, stream);
    log.line(name, text, stream);
  };
  const workers = startWorkers({
    functions: stage.functions,
    prepare: prepareFunction,
    doCalls,
    line,
    invoked: (name, milliseconds, memory) => aws?.meter.invocation(name, milliseconds, memory),
  });
  cleanups.push(() => workers.stop(workersStopMilliseconds));
  const { reloading } = options;
  const call = reloading ? withReload(workers.invoke, reloading) : workers.invoke;
  const invoke: Invoke = (...wanted) => (aws?.invoke ?? call)(...wanted);
  const sockets = createSockets({ stage, invoke, log });
  aws = await startAws({
    stage,
    invoke: call,
    connections: sockets.connections,
    state,
    secrets: options.secrets,
    dynamodbEndpoint: options.dynamodbEndpoint,
    pauseKey: options.pauseKey,
    // While stopping, a function that still runs fails, because its table is closed.
    log: (line) => isStopping || log.problem(line),
  });
  const started = aws;
  cleanups.push(() => started.stop());
  const prepared = { url: gateway.url, aws: started, stage };
  await options.prepare?.(prepared);
  const task = stage.functions[stage.relay ?? ""];
  if (task) await reloading?.refresh(task.name);
  if (task) relay = await startLocalRelay(options, prepareFunction(task), { doCalls, line });
  cleanups.push(async () => relay?.stop(socketsStopMilliseconds));
  runnerRoutes.add(...(relay?.routes ?? []));
  addOwnRoutes(runnerRoutes, issuer, started, workers, sockets);
  runnerRoutes.add(...monitoring.routes, ...(options.routes?.(prepared) ?? []));
  await started.start();
  const pages = options.pagesDirectory && readPages(await options.pagesDirectory(), stageName);
  const made = { gateway, stage, invoke, monitoring, sockets, pages, readStage };
  const replace = openGateway({ ...made, distributionMeter: started.distributionMeter });
  cleanups.push(async () => {
    isStopping = true;
    await Promise.all([gateway.stop(), sockets.stop(socketsStopMilliseconds)]);
  });
  const facts = { url: gateway.url, localKey: runnerRoutes.key, stage, issuer, aws: started };
  return { ...facts, ...(relay && { relayUrl: relay.url }), ...replace };
}

/** Locks the data directory before anything is built or written: another system may use it. */
async function openData({ topUp, dataDir }: SystemOptions, url: string, cleanups: Cleanups) {
  const state = openState(dataDir);
  cleanups.push(() => state.close());
  const issuer: Issuer = await createIssuer({
    url: `${url}/local/issuer`,
    ...(topUp && { topUp: (request, credits) => topUp(request, credits, { url, issuer }) }),
    ...(dataDir !== ":memory:" && { directory: dataDir }),
  });
  return { state, issuer };
}

function addOwnRoutes(
  runnerRoutes: ReturnType<typeof createRunnerRoutes>,
  issuer: Issuer,
  aws: Aws,
  workers: Workers,
  sockets: Sockets,
): void {
  runnerRoutes.add(
    ...withIssuerFaults(issuer.routes, aws.faults),
    ...aws.routes,
    ...listFunctionRoutes(workers, sockets, aws),
  );
}

function openGateway(made: {
  gateway: Gateway;
  stage: Stage;
  invoke: Invoke;
  monitoring: ReturnType<typeof createMonitoring>;
  distributionMeter: Aws["distributionMeter"];
  sockets: Sockets;
  pages: Pages | undefined;
  readStage(directory: string): Stage;
}): Pick<System, "replaceStage" | "replacePages"> {
  const { gateway, stage, invoke, monitoring, sockets, readStage } = made;
  let { pages } = made;
  const answered = (bytesIn: number, bytesOut: number) =>
    made.distributionMeter({ requests: 1, bytesIn, bytesOut });
  const mountRest = (of: Stage) =>
    of.restApis.map((api) => ({
      prefix: prefixOf(of, api),
      answer: createRestApi(api, of, invoke, { logAccess: monitoring.access, answered }),
    }));
  const mounted = stage.webSocketApis.map((api) => sockets.mount(api));
  let rest = mountRest(stage);
  const open = () => gateway.open({ rest, sockets: mounted, pages });
  open();
  return {
    replaceStage(directory) {
      const next = readStage(directory);
      // Throws before anything is replaced.
      rest = mountRest(next);
      const others = replaceInStage(stage, next);
      open();
      return others;
    },
    replacePages(directory) {
      pages = readPages(directory, stage.name);
      open();
    },
  };
}
