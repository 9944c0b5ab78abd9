import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Log } from "../log.ts";
import type { Connections, Invoke, Stage, WebSocketApi } from "../model.ts";
import type { Mounts } from "./index.ts";
import { refuseUpgrade } from "./index.ts";
import { assertMayInvoke } from "./rest-policy.ts";
import type { RestRequest } from "./rest-request.ts";
import type { Connection, SocketLimits } from "./sockets-connection.ts";
import { awsSocketLimits, disconnect, serveConnection, watchFrames } from "./sockets-connection.ts";
import { type ConnectionHead, newRequestId } from "./sockets-event.ts";
import { runHandshake } from "./sockets-handshake.ts";
import { createThrottle, type Throttle } from "./throttle.ts";

/**
 * The WebSocket APIs of a stage: handshakes become connections, and `@connections` finds them. A
 * connection accepts posts only once it is open, which is after $connect has returned.
 */
export type Sockets = {
  connections: Connections;
  /** Handles upgrades for one API. Throws if one of its routes has no target. */
  mount(api: WebSocketApi): Mounts["sockets"][number];
  /** How many connections are open. */
  count(): number;
  /** Closes all and waits for their $disconnect, at most `milliseconds`. */
  stop(milliseconds: number): Promise<void>;
};

type SocketsOptions = {
  stage: Pick<Stage, "account" | "region" | "functions" | "roles">;
  invoke: Invoke;
  log: Log;
  limits?: SocketLimits;
};

/** The connections of all APIs, and their handshake server. */
type ConnectionRegistry = {
  options: Required<SocketsOptions>;
  open: Map<string, Connection>;
  server: WebSocketServer;
  /** The selected subprotocol of each handshake. */
  chosen: WeakMap<IncomingMessage, string>;
};

/** An incoming handshake for one of the APIs. */
type Upgrade = {
  api: WebSocketApi;
  throttle: Throttle;
  request: RestRequest;
  raw: IncomingMessage;
  socket: Duplex;
  head: Buffer;
};

/** Makes the WebSocket side of a stage; nothing happens before the first handshake. */
export function createSockets(options: SocketsOptions): Sockets {
  const registry = createRegistry({ limits: awsSocketLimits, ...options });
  const { open } = registry;
  return {
    connections: createConnections(open),
    mount(api) {
      checkRoutes(api, options.stage);
      const throttle = createThrottle(api);
      return {
        path: `/${api.stageName}`,
        upgrade(request, raw, socket, head) {
          const wanted = { api, throttle, request, raw, socket, head };
          upgrade(registry, wanted).catch((error: unknown) => {
            const told = error instanceof Error ? error.stack : error;
            options.log.problem(`A handshake failed: ${told}`);
            socket.destroy();
          });
        },
      };
    },
    count: () => open.size,
    async stop(milliseconds) {
      const all = [...open.values()];
      for (const connection of all) connection.close(1001);
      const timeout = new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
      await Promise.race([Promise.all(all.map(({ done }) => done)), timeout]);
    },
  };
}

function createRegistry(options: Required<SocketsOptions>): ConnectionRegistry {
  const chosen: ConnectionRegistry["chosen"] = new WeakMap();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Messages are written as frames shared by all sockets (websocket-frame-writer.ts).
    perMessageDeflate: false,
    maxPayload: options.limits.messageBytesMax,
    handleProtocols: (_offered, request) => chosen.get(request) ?? false,
  });
  return { options, open: new Map(), server, chosen };
}

function createConnections(open: ReadonlyMap<string, Connection>): Connections {
  const findOpen = (connectionId: string) => {
    const connection = open.get(connectionId);
    return connection?.isOpen() ? connection : undefined;
  };
  return {
    post: (connectionId, data) => findOpen(connectionId)?.send(data) ?? "gone",
    close(connectionId) {
      const connection = findOpen(connectionId);
      connection?.close(1000);
      return connection ? "closed" : "gone";
    },
    isOpen: (connectionId) => findOpen(connectionId) !== undefined,
  };
}

async function upgrade(registry: ConnectionRegistry, wanted: Upgrade): Promise<void> {
  const { stage, invoke, log } = registry.options;
  const { api, throttle, request, raw, socket } = wanted;
  const started = performance.now();
  const say = (statusCode: number, by: string) => {
    const milliseconds = performance.now() - started;
    const path = `/${api.stageName} $connect`;
    log.request({ method: "WS", path, statusCode, milliseconds, by });
  };
  const refuse = (statusCode: number, by: string) => {
    say(statusCode, by);
    const message = { message: messages[statusCode] ?? "Forbidden" };
    const headers: [string, string][] = [["Content-Type", "application/json"]];
    refuseUpgrade(socket, statusCode, JSON.stringify(message), headers);
  };
  if (!isHandshake(raw)) return refuse(400, "edge");
  if (!throttle.admits()) return refuse(429, "THROTTLED");
  const connectionId = newRequestId();
  const handshake = await runHandshake(api, stage, invoke, request, connectionId);
  if (!handshake.opens) return refuse(handshake.statusCode, handshake.by);
  if (handshake.subprotocol) registry.chosen.set(raw, handshake.subprotocol);
  if (socket.destroyed) {
    // The client left while $connect was running; its $disconnect is called anyway.
    say(499, "client");
    return await disconnect(api, invoke, handshake.head, 1006, "");
  }
  registry.server.handleUpgrade(raw, socket, wanted.head, (webSocket) => {
    serve(registry, wanted, handshake.head, webSocket);
    say(101, api.routes.$connect?.functionName ?? "gateway");
  });
}

/** Serves an open connection, which accepts posts until it closes. */
function serve(
  registry: ConnectionRegistry,
  wanted: Upgrade,
  head: ConnectionHead,
  webSocket: WebSocket,
): void {
  const { invoke, log, limits } = registry.options;
  const { api, throttle, socket: raw } = wanted;
  const made = { api, head, socket: webSocket, raw, invoke, log, limits, throttle };
  const connection = serveConnection(made);
  watchFrames(connection, raw, limits.frameBytesMax);
  registry.open.set(head.connectionId, connection);
  void connection.done.then(() => registry.open.delete(head.connectionId));
}

/** Throws if a route's function does not exist or may not be called. */
function checkRoutes(api: WebSocketApi, stage: Pick<Stage, "functions" | "roles">): void {
  for (const [routeKey, { authorizer, ...route }] of Object.entries(api.routes)) {
    for (const { functionName, credentials } of authorizer ? [route, authorizer] : [route]) {
      const lambda = stage.functions[functionName];
      if (lambda === undefined)
        throw new Error(`${routeKey}: no template has the function ${functionName}.`);
      assertMayInvoke(stage, credentials, lambda.arn);
    }
  }
}

const messages: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  429: "Too Many Requests",
  500: "Internal server error",
  502: "Internal server error",
};

/** RFC 6455 4.2.1's requirements for a handshake, checked before any function is called. */
function isHandshake({ method, headers }: IncomingMessage): boolean {
  const key = headers["sec-websocket-key"] ?? "";
  const version = headers["sec-websocket-version"];
  const offered = headers["sec-websocket-protocol"];
  const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
  const protocols = new RegExp(`^${token}(?:[ \\t]*,[ \\t]*${token})*$`);
  const names = offered?.split(",").map((name) => name.trim()) ?? [];
  return (
    method === "GET" &&
    /^[+/0-9A-Za-z]{22}==$/.test(key) &&
    (version === "13" || version === "8") &&
    (offered === undefined || protocols.test(offered.trim())) &&
    new Set(names).size === names.length
  );
}
