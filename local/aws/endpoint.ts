import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type AwsAnswer, AwsFailure, type AwsRequest, type Prepare } from "./failure.ts";
import { type Faults, makeFaultFailure, tellAsConflict } from "./faults.ts";
import { type Iam, runnerCaller } from "./iam.ts";
import { watchIdleSockets } from "./idle-sockets.ts";

/** The longest body that any call has: a transaction of 4 MB or an invocation of 6 MB. */
const bodyBytesMax = 17 * 1024 * 1024;

/** What the endpoint is put together from; `services` by their signing names. */
type EndpointOptions = {
  iam: Iam;
  faults: Faults;
  services: Record<string, Prepare>;
  /** The secret of the runner's own credentials. */
  runnerSecret: string;
  log: (line: string) => void;
};

/** The endpoint at work. */
type Endpoint = {
  url: string;
  /** Forgets the sockets that nobody used for so long; undefined: it keeps them. */
  forgetIdle(milliseconds: number | undefined): void;
  /** Requests that came on a forgotten socket and were reset. */
  resets(): number;
  stop(): Promise<void>;
};

/** One address for all AWS calls of the functions, on 127.0.0.1 and a free port. */
export async function startEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const idle = watchIdleSockets();
  const server = createServer((incoming, outgoing) => {
    const { socket } = incoming;
    if (idle.isForgotten(socket)) return void socket.resetAndDestroy();
    idle.touch(socket);
    outgoing.once("finish", () => idle.touch(socket));
    serve(options, incoming, outgoing).catch((error) => {
      options.log(`The local AWS endpoint failed: ${error?.stack ?? error}`);
      outgoing.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    forgetIdle: idle.forgetAfter,
    resets: idle.resets,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  options: EndpointOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  let answer: AwsAnswer | "lost" | "silence";
  try {
    answer = await handle(options, await readRequest(options, incoming));
  } catch (error) {
    // Whoever asked is gone, as all are when the runner stops: nobody has to hear of it.
    if (incoming.socket.destroyed) return;
    if (!(error instanceof AwsFailure)) {
      options.log(`The local AWS endpoint failed: ${(error as Error)?.stack ?? error}`);
    }
    answer = answerFailure(
      error instanceof AwsFailure
        ? error
        : new AwsFailure(500, "InternalFailure", "The local AWS endpoint failed"),
    );
  }
  // A lost answer is a connection that ends without one.
  if (answer === "lost") return void incoming.socket.destroy();
  // Silence is one that stays open: only whoever asked, or the end of the runner, ends it.
  if (answer === "silence") return;
  if (outgoing.destroyed) return;
  outgoing.writeHead(answer.status, {
    ...answer.headers,
    "content-length": Buffer.byteLength(answer.body),
  });
  outgoing.end(answer.body);
}

async function handle(
  options: EndpointOptions,
  request: AwsRequest,
): Promise<AwsAnswer | "lost" | "silence"> {
  const prepare = Object.hasOwn(options.services, request.service)
    ? options.services[request.service]
    : undefined;
  if (!prepare) {
    throw new AwsFailure(
      400,
      "UnknownOperationException",
      `The local endpoint does not have ${request.service}:${request.operation}`,
    );
  }
  const prepared = prepare(request);
  options.iam.check(request.caller, prepared.access);
  const target = { ...request, keys: prepared.keys };
  const fault = options.faults.find(target);
  if (!fault) return prepared.run();
  switch (fault.kind) {
    case "delay":
      await sleep(fault.delayMilliseconds);
      return prepared.run();
    case "condition_as_conflict": {
      const answer = await prepared.run();
      const told = tellAsConflict(fault, prepared.keys(), answer);
      if (told === undefined) options.faults.spare(fault);
      return told ?? answer;
    }
    case "error_after_commit":
    case "timeout_after_commit":
    case "silence_after_commit":
      await prepared.run();
  }
  if (fault.kind.startsWith("silence")) return "silence";
  const failure = makeFaultFailure(fault.kind, target, prepared.itemCount);
  if (failure) throw failure;
  return "lost";
}

async function readRequest(
  options: EndpointOptions,
  incoming: IncomingMessage,
): Promise<AwsRequest> {
  const { caller, signedService } = readCaller(options, incoming);
  const body = await readBody(incoming);
  const target = String(incoming.headers["x-amz-target"] ?? "");
  const path = splitPath(incoming.url ?? "/");
  const service = findService(target, path) ?? signedService;
  const method = incoming.method ?? "GET";
  return {
    caller,
    service,
    operation: target.split(".")[1] ?? nameOperation(service, method),
    method,
    path,
    query: new URLSearchParams(incoming.url?.split("?")[1]),
    headers: incoming.headers,
    body,
  };
}

/** Listeners and not an async iterator: this runs for every call, and costs half as much. */
function readBody(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= bodyBytesMax) return void chunks.push(chunk);
      const message = "The request is too large";
      reject(new AwsFailure(413, "RequestEntityTooLargeException", message));
    });
    incoming.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    incoming.on("error", reject);
  });
}

const targets: Record<string, string> = {
  DynamoDB_20120810: "dynamodb",
  DynamoDBStreams_20120810: "dynamodb",
  AmazonSQS: "sqs",
  secretsmanager: "secretsmanager",
  AmazonSSM: "ssm",
};

function findService(target: string, path: string[]): string | undefined {
  const prefix = target.split(".")[0] ?? "";
  if (Object.hasOwn(targets, prefix)) return targets[prefix];
  return path[2] === "@connections" ? "execute-api" : undefined;
}

/** Operations of the services that name them by verb and path. */
function nameOperation(service: string, method: string): string {
  const names: Record<string, string> = {
    "execute-api POST": "PostToConnection",
    "execute-api GET": "GetConnection",
    "execute-api DELETE": "DeleteConnection",
    "lambda POST": "Invoke",
    "s3 PUT": "PutObject",
    "s3 GET": "GetObject",
    "s3 DELETE": "DeleteObject",
  };
  return names[`${service} ${method}`] ?? method;
}

function splitPath(url: string): string[] {
  const path = url.split("?")[0] ?? "";
  try {
    return path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    throw new AwsFailure(400, "ValidationException", "The path is not percent-encoded");
  }
}

/**
 * The access key id names the function. The signature is not verified: everything here is one
 * machine's own, and the runner's id, which may do all, needs its secret's session token instead.
 */
function readCaller(
  options: EndpointOptions,
  incoming: IncomingMessage,
): { caller: string; signedService: string } {
  const authorization = String(incoming.headers.authorization ?? "");
  const [, caller = "", signedService = ""] =
    /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(
      authorization,
    ) ?? [];
  if (caller === "") {
    throw new AwsFailure(400, "MissingAuthenticationTokenException", "Request is not signed");
  }
  const token = incoming.headers["x-amz-security-token"];
  const trusted = caller !== runnerCaller || token === options.runnerSecret;
  if (!options.iam.knows(caller) || !trusted) {
    const message = "The security token included in the request is invalid.";
    throw new AwsFailure(400, "UnrecognizedClientException", message);
  }
  return { caller, signedService };
}

function answerFailure(failure: AwsFailure): AwsAnswer {
  return {
    status: failure.status,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amzn-errortype": failure.type,
    },
    body: JSON.stringify({ __type: failure.type, message: failure.message, ...failure.body }),
  };
}
