import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { Duplex } from "node:stream";
import { ownBufferOf, readBody } from "../body-bytes.ts";
import type { Log } from "../log.ts";
import { isAnyHost, listen } from "../reachable.ts";
import type { Pages } from "./pages.ts";
import type { AnswerRequest } from "./rest.ts";
import type { RestAnswer, RestRequest } from "./rest-request.ts";
import type { RunnerRoutes } from "./runner-routes.ts";
import { answerStarting } from "./starting.ts";
import { describeRequest, sizeOfHeaders, splitTarget } from "./wire.ts";

/** The limit of the request line and header values together. */
const headerBytesMax = 10_240;
const bodyBytesMax = 10 * 1024 * 1024;
const stopMillisecondsMax = 1000;

const withoutBody = new Set([204, 304]);

/** Where a REST API or a WebSocket API is served, once the system is up. */
export type Mounts = {
  /** By path prefix, such as `/v4`; the API at `` gets the rest. */
  rest: { prefix: string; answer: AnswerRequest }[];
  /** By path, such as `/ws`. */
  sockets: {
    path: string;
    upgrade(request: RestRequest, raw: IncomingMessage, socket: Duplex, head: Buffer): void;
  }[];
  /** Handle their own paths before the APIs. */
  pages?: Pages | undefined;
};

export type Gateway = {
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** Lets requests reach the APIs: before, all are answered with 503. */
  open(mounts: Mounts): void;
  /** Requests in progress have a second to end; everything new is refused or 503. */
  stop(): Promise<void>;
};

type GatewayOptions = {
  port: number;
  /** An address of this machine besides 127.0.0.1, or `0.0.0.0` or `::` for all of them. */
  host?: string;
  log: Log;
  runnerRoutes: RunnerRoutes;
};

/** A gateway and what it serves: nothing before it is opened. */
type Edge = GatewayOptions & { mounts: Mounts | undefined };

/**
 * Listens on the runner's only port: HTTP for the REST APIs, upgrades for the WebSocket APIs, and
 * the runner's own routes under /local/. It also emulates API Gateway's edge: malformed requests,
 * oversized headers and oversized bodies never reach an API. Its addresses are 127.0.0.1 and
 * `host`. Rejects with the system's error if the port or the address is not available.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { host = "127.0.0.1" } = options;
  const edge: Edge = { ...options, mounts: undefined };
  const server = createEdgeServer(edge);
  const connections = new Set<Duplex>();
  server.on("connection", (connection) => {
    connections.add(connection);
    connection.once("close", () => connections.delete(connection));
  });
  const port = await listen(server, options.port, isAnyHost(host) ? host : "127.0.0.1");
  // The stage's own issuer and its functions always use 127.0.0.1.
  const further = isAnyHost(host) || host === "127.0.0.1" ? undefined : createTcpServer();
  further?.on("connection", (socket) => server.emit("connection", socket));
  if (further)
    await listen(further, port, host).catch(async (error) => {
      server.close();
      throw error;
    });
  return {
    url: `http://127.0.0.1:${port}`,
    open(opened) {
      // Longest prefix first, so that the API at the root gets only the rest.
      const rest = opened.rest.toSorted((a, b) => b.prefix.length - a.prefix.length);
      edge.mounts = { ...opened, rest };
    },
    async stop() {
      edge.mounts = undefined;
      const servers = further ? [server, further] : [server];
      const closed = Promise.all(servers.map((one) => new Promise((end) => one.close(end))));
      server.closeIdleConnections();
      // Node's own closeAllConnections leaves sockets open.
      const timer = setTimeout(() => {
        for (const connection of connections) connection.destroy();
      }, stopMillisecondsMax);
      await closed;
      clearTimeout(timer);
    },
  };
}

function createEdgeServer(edge: Edge): HttpServer {
  const limits = {
    maxHeaderSize: 2 * headerBytesMax,
    requestTimeout: 30_000,
    headersTimeout: 10_000,
    keepAliveTimeout: 65_000,
  };
  const shouldUpgradeCallback = (request: IncomingMessage) =>
    findSocket(edge.mounts, request) !== undefined || edge.mounts === undefined;
  const server = createServer({ ...limits, shouldUpgradeCallback }, (request, response) => {
    serve(edge, request, response).catch((error: unknown) => {
      edge.log.problem(`The gateway failed: ${error instanceof Error ? error.stack : error}`);
      response.destroy();
    });
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    if (sizeOfHeaders(request) > headerBytesMax) return refuseUpgrade(socket, 431);
    const found = findSocket(edge.mounts, request);
    if (found === undefined) return refuseUpgrade(socket, 503);
    found.upgrade(describeRequest(request, Buffer.alloc(0)), request, socket, head);
  });
  return server;
}

async function serve(edge: Edge, request: IncomingMessage, response: ServerResponse) {
  const started = performance.now();
  const result = await answerAny(edge, request);
  if (result === undefined) return;
  const { statusCode, headers, body, isBodyOwn, by, route: path = "-" } = result;
  const length: [string, string] = ["Content-Length", String(body.length)];
  // RFC 9110, 8.6: a response that cannot have content must not have a content length.
  const all = withoutBody.has(statusCode) ? headers : [...headers, length];
  response.writeHead(statusCode, all.flat());
  response.end(body, () => {
    if (isBodyOwn) for (const buffer of ownBufferOf(body)) buffer.transfer(0);
  });
  const milliseconds = performance.now() - started;
  const [, requestId] = headers.find(([name]) => /^x-request-id$/i.test(name)) ?? [];
  const { method = "" } = request;
  edge.log.request({ method, path, statusCode, milliseconds, by, requestId });
}

/** The response to a request; undefined if the caller has disconnected. */
async function answerAny(
  { runnerRoutes, mounts }: Edge,
  request: IncomingMessage,
): Promise<RestAnswer | undefined> {
  if (sizeOfHeaders(request) > headerBytesMax) return answerAndClose(431);
  const { path } = splitTarget(request.url ?? "/");
  if (!path.startsWith("/") || request.httpVersionMajor < 1) return answerAndClose(400);
  const body = await readBody(request, bodyBytesMax);
  if (body === "gone") return undefined;
  const described = describeRequest(request, body === "too_large" ? Buffer.alloc(0) : body);
  if (body === "too_large") described.isTooLarge = true;
  const own = (await runnerRoutes.answer(described)) ?? mounts?.pages?.answer(described);
  if (own) return own;
  const mount = mounts?.rest.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
  if (mount === undefined) return answerStarting(described);
  described.prefix = mount.prefix;
  described.path = path.slice(mount.prefix.length) || "/";
  const answer = await mount.answer(described);
  return answer.route === undefined ? answer : { ...answer, route: mount.prefix + answer.route };
}

function answerAndClose(statusCode: number): RestAnswer {
  const headers: RestAnswer["headers"] = [["Connection", "close"]];
  return { statusCode, headers, body: Buffer.alloc(0), by: "edge" };
}

/** Ends a handshake with a plain HTTP response, as the edge does. */
export function refuseUpgrade(
  socket: Duplex,
  statusCode: number,
  body = "",
  headers: [string, string][] = [],
): void {
  const lines = [
    `HTTP/1.1 ${statusCode} `,
    "Connection: close",
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  // Otherwise the socket stays half open: no timeout of HTTP applies after an upgrade.
  socket.once("finish", () => socket.destroy());
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

function findSocket(mounts: Mounts | undefined, request: IncomingMessage) {
  if (request.headers.upgrade?.toLowerCase() !== "websocket") return undefined;
  const { path } = splitTarget(request.url ?? "/");
  return mounts?.sockets.find((mount) => path === mount.path);
}
