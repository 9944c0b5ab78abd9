/**
 * The WebSocket APIs of a stage: handshakes become connections, and `@connections` finds them.
 * A connection can be posted to only once it is open, which is after $connect has answered.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Log } from "../log.ts";
import type { Connections, Invoke, Stage, WebSocketApi } from "../model.ts";
import type { Mounts } from "./index.ts";
import { refuseUpgrade } from "./index.ts";
import { assertMayInvoke } from "./rest-policy.ts";
import type { RestRequest } from "./rest-request.ts";
import type { Connection, SocketLimits } from "./sockets-connection.ts";
import { awsSocketLimits, disconnect, serveConnection, watchFrames } from "./sockets-connection.ts";
import { makeRequestId } from "./sockets-event.ts";
import { shakeHands } from "./sockets-handshake.ts";
import { makeThrottle } from "./throttle.ts";

export type Sockets = {
  connections: Connections;
  /** What answers upgrades for one API. Throws when one of its routes leads nowhere. */
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

/** Makes the WebSocket side of a stage; nothing happens before the first handshake. */
export function makeSockets({
  stage,
  invoke,
  log,
  limits = awsSocketLimits,
}: SocketsOptions): Sockets {
  const open = new Map<string, Connection>();
  const chosen = new WeakMap<IncomingMessage, string>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.messageBytesMax,
    handleProtocols: (_offered, request) => chosen.get(request) ?? false,
  });

  async function upgrade(
    api: WebSocketApi,
    throttle: ReturnType<typeof makeThrottle>,
    request: RestRequest,
    raw: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const started = performance.now();
    const refuse = (statusCode: number, by: string) => {
      say(statusCode, by);
      const message = { message: messages[statusCode] ?? "Forbidden" };
      refuseUpgrade(socket, statusCode, JSON.stringify(message), [
        ["Content-Type", "application/json"],
      ]);
    };
    const say = (statusCode: number, by: string) =>
      log.request({
        method: "WS",
        path: `/${api.stageName} $connect`,
        statusCode,
        milliseconds: performance.now() - started,
        by,
      });
    if (!isHandshake(raw)) return refuse(400, "edge");
    if (!throttle.admits()) return refuse(429, "THROTTLED");
    const connectionId = makeRequestId();
    const handshake = await shakeHands(api, stage, invoke, request, connectionId);
    if (!handshake.opens) return refuse(handshake.statusCode, handshake.by);
    if (handshake.subprotocol) chosen.set(raw, handshake.subprotocol);
    if (socket.destroyed) {
      // The client has left while $connect was running; its $disconnect follows all the same.
      say(499, "client");
      return await disconnect(api, invoke, handshake.head, 1006, "");
    }
    server.handleUpgrade(raw, socket, head, (webSocket) => {
      const { head: connectionHead } = handshake;
      const connection = serveConnection({
        api,
        head: connectionHead,
        socket: webSocket,
        invoke,
        log,
        limits,
        throttle,
      });
      watchFrames(connection, socket, limits.frameBytesMax);
      open.set(connectionId, connection);
      void connection.done.then(() => open.delete(connectionId));
      say(101, api.routes.$connect?.functionName ?? "gateway");
    });
  }

  return {
    connections: {
      async post(connectionId, data) {
        return open.get(connectionId)?.send(data) ?? "gone";
      },
      close(connectionId) {
        const connection = open.get(connectionId);
        connection?.close(1000);
        return connection ? "closed" : "gone";
      },
      find(connectionId) {
        const connection = open.get(connectionId);
        return (
          connection && {
            connectedAt: new Date(connection.head.connectedMilliseconds).toISOString(),
            lastActiveAt: new Date(connection.lastActiveMilliseconds).toISOString(),
          }
        );
      },
    },
    mount(api) {
      checkRoutes(api, stage);
      const throttle = makeThrottle(api);
      return {
        path: `/${api.stageName}`,
        upgrade(request, raw, socket, head) {
          upgrade(api, throttle, request, raw, socket, head).catch((error: unknown) => {
            log.problem(`A handshake failed: ${error instanceof Error ? error.stack : error}`);
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

/** Throws when a route leads to a function that is not there or may not be called. */
function checkRoutes(api: WebSocketApi, stage: Pick<Stage, "functions" | "roles">): void {
  for (const [routeKey, { authorizer, ...route }] of Object.entries(api.routes)) {
    for (const { functionName, credentials } of authorizer ? [route, authorizer] : [route]) {
      const lambda = stage.functions[functionName];
      if (lambda === undefined) {
        throw new Error(`${routeKey}: no template has the function ${functionName}.`);
      }
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

/** What RFC 6455 4.2.1 asks of a handshake, looked at before any function is called for it. */
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
