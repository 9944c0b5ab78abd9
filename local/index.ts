/**
 * The one-machine AWS: everything that a stage's assembly describes, on one port. It knows the
 * assembly and the bundles in it, and nothing else of the product.
 */
import { readAssembly } from "./assembly/index.ts";
import type { Aws } from "./aws/index.ts";
import { startAws } from "./aws/index.ts";
import type { Gateway } from "./gateway/index.ts";
import { startGateway } from "./gateway/index.ts";
import { makeOwnRoutes } from "./gateway/own-routes.ts";
import { makeRestApi } from "./gateway/rest.ts";
import type { Sockets } from "./gateway/sockets.ts";
import { makeSockets } from "./gateway/sockets.ts";
import type { Issuer, TokenRequest } from "./issuer.ts";
import { makeIssuer } from "./issuer.ts";
import { makeEnvironment } from "./lambda/environment.ts";
import { listFunctionRoutes } from "./lambda/function-routes.ts";
import type { Workers } from "./lambda/workers.ts";
import { startWorkers } from "./lambda/workers.ts";
import type { Log } from "./log.ts";
import type { Invoke, Stage } from "./model.ts";

export { DataDirectoryBusy, FormatMismatch } from "./aws/index.ts";
export { makeLog } from "./log.ts";

export type SystemOptions = {
  /** Gives the folder of the stage's manifest.json; asked for when the port is ours. */
  assemblyDirectory(): string | Promise<string>;
  stageName: string;
  /** 0 takes a free one. */
  port: number;
  /** Another address than 127.0.0.1 to listen on, too. */
  host?: string;
  /** Where the data lies; `:memory:` keeps nothing. */
  dataDir: string;
  log: Log;
  /** Values of secrets by name; others are made once and kept with the data. */
  secrets: Record<string, string>;
  /** Values of further SSM parameters by name, besides those of the local issuer. */
  parameters?: Record<string, string>;
  /** Another DynamoDB than the embedded engine. */
  dynamodbEndpoint?: string;
  /** Where V8 keeps compiled bundles. */
  cacheDirectory?: string;
  /** Brings a wallet up to so many credits, for a token that is asked for with them. */
  topUp?(
    request: TokenRequest,
    credits: number,
    system: Pick<System, "url" | "issuer">,
  ): Promise<void>;
  /** Runs when the data can be reached and before the first event is taken from a stream. */
  prepare?(system: Pick<System, "aws" | "stage">): Promise<void>;
};

export type System = {
  url: string;
  /** The `x-local-key` that lets other machines use the routes below `/local`. */
  localKey: string;
  stage: Stage;
  issuer: Issuer;
  aws: Aws;
  /** Ends everything within 5 seconds. What was acknowledged is kept. */
  stop(): Promise<void>;
};

const socketsStopMilliseconds = 500;
const workersStopMilliseconds = 500;

/**
 * Starts a stage. Until it is up its port answers 503 to everything.
 *
 * @throws the system's error when the port is taken; DataDirectoryBusy; Error with a sentence for
 * a person when the assembly or the engine cannot be run here.
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    return { ...(await compose(options, cleanups)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function compose(
  options: SystemOptions,
  cleanups: (() => Promise<unknown>)[],
): Promise<Omit<System, "stop">> {
  const { log, stageName, dataDir } = options;
  const ownRoutes = makeOwnRoutes();
  const gateway = await startGateway({
    port: options.port,
    ...(options.host && { host: options.host }),
    log,
    ownRoutes,
  });
  cleanups.push(() => gateway.stop());
  const { topUp } = options;
  const issuer: Issuer = await makeIssuer({
    baseUrl: gateway.url,
    ...(topUp && {
      topUp: (request, credits) => topUp(request, credits, { url: gateway.url, issuer }),
    }),
    ...(dataDir !== ":memory:" && { directory: dataDir }),
  });
  const stage = readAssembly({
    directory: await options.assemblyDirectory(),
    stageName,
    parameters: {
      ...options.parameters,
      [`/ovation/${stageName}/issuer`]: issuer.url,
      [`/ovation/${stageName}/audience`]: issuer.audience,
      [`/ovation/${stageName}/jwks`]: issuer.jwksUrl,
    },
  });

  // Functions call AWS and AWS calls functions, so each side gets the other by a closure.
  let aws: Aws | undefined;
  let isStopping = false;
  const workers = startWorkers({
    functions: stage.functions,
    ...(options.cacheDirectory && { cacheDirectory: options.cacheDirectory }),
    environmentOf(lambda) {
      if (aws === undefined) throw new Error(`${lambda.name} was called before AWS was up.`);
      const { endpointUrl, credentialsFor } = aws;
      return makeEnvironment(lambda, { stage, endpointUrl, credentialsFor });
    },
    line: (name, text, stream) => {
      if (!isStopping) log.line(name, text, stream);
    },
    invoked: (name, milliseconds, memory) => aws?.meter.invocation(name, milliseconds, memory),
  });
  cleanups.push(() => workers.stop(workersStopMilliseconds));
  const invoke: Invoke = (name, event) => (aws ?? workers).invoke(name, event);
  const sockets = makeSockets({ stage, invoke, log });
  aws = await startAws({
    stage,
    invoke: workers.invoke,
    connections: sockets.connections,
    dataDir,
    secrets: options.secrets,
    dynamodbEndpoint: options.dynamodbEndpoint,
    log: (line) => log.problem(line),
  });
  const started = aws;
  cleanups.push(() => started.stop());
  await options.prepare?.({ aws: started, stage });
  addOwnRoutes(ownRoutes, issuer, started, workers, sockets);
  await started.start();
  openGateway(gateway, stage, invoke, sockets);
  cleanups.push(async () => {
    isStopping = true;
    await sockets.stop(socketsStopMilliseconds);
  });
  return { url: gateway.url, localKey: ownRoutes.key, stage, issuer, aws: started };
}

function addOwnRoutes(
  ownRoutes: ReturnType<typeof makeOwnRoutes>,
  issuer: Issuer,
  aws: Aws,
  workers: Workers,
  sockets: Sockets,
): void {
  ownRoutes.add(
    ...issuer.routes,
    ...aws.routes.map(({ method, path, handler }) => ({
      method,
      path,
      handler: ({ body }: { body: unknown }) => handler(body),
    })),
    ...listFunctionRoutes(workers, sockets, aws),
  );
}

/** A REST API whose stage is named like a version of it is served there, any other at the root. */
function openGateway(gateway: Gateway, stage: Stage, invoke: Invoke, sockets: Sockets): void {
  const prefixOf = (stageName: string) => (/^v\d+$/.test(stageName) ? `/${stageName}` : "");
  gateway.open({
    rest: stage.restApis.map((api) => ({
      prefix: prefixOf(api.stageName),
      answer: makeRestApi(api, stage, invoke),
    })),
    sockets: stage.webSocketApis.map((api) => sockets.mount(api)),
  });
}
