import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Log } from "../log.ts";
import type { Invoke, WebSocketApi } from "../model.ts";
import type { ConnectionHead } from "./sockets-event.ts";
import { handshakeHeadOf, newSocketContext } from "./sockets-event.ts";
import type { Throttle } from "./throttle.ts";
import { createFrameWatch } from "./websocket-frame-limit.ts";
import { findTextFrame } from "./websocket-frame-writer.ts";

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html */
export type SocketLimits = {
  frameBytesMax: number;
  messageBytesMax: number;
  idleMilliseconds: number;
  lifeMilliseconds: number;
  /** How much a slow client may leave unread before posts to it are refused. */
  bufferedBytesMax: number;
};

export const awsSocketLimits: SocketLimits = {
  frameBytesMax: 32 * 1024,
  messageBytesMax: 128 * 1024,
  idleMilliseconds: 10 * 60 * 1000,
  lifeMilliseconds: 2 * 60 * 60 * 1000,
  bufferedBytesMax: 1024 * 1024,
};

export type Connection = {
  head: ConnectionHead;
  /**
   * Whether it is neither closed nor closing: a connection whose $disconnect is in progress is
   * gone.
   */
  isOpen(): boolean;
  send(data: Uint8Array): "sent" | "gone" | "too_fast";
  close(code: number): void;
  /** Settles when the connection is closed and its $disconnect has been answered. */
  done: Promise<void>;
};

type ConnectionOptions = {
  api: WebSocketApi;
  head: ConnectionHead;
  socket: WebSocket;
  /** The underlying stream, to which whole messages are also written directly. */
  raw: Duplex;
  invoke: Invoke;
  log: Log;
  limits: SocketLimits;
  throttle: Throttle;
};

/** While this many messages of one connection wait, no more are read from it. */
const waitingMax = 64;
const closeMillisecondsMax = 2000;

/**
 * Serves an open socket until it closes: its messages to the routes in order, its limits, and its
 * end.
 */
export function serveConnection(options: ConnectionOptions): Connection {
  const { api, head, invoke, socket, raw, limits } = options;
  let waiting = 0;
  let isClosing = false;
  let queue = Promise.resolve();

  const close = (code: number) => {
    if (isClosing) return;
    isClosing = true;
    socket.close(code);
    setTimeout(() => socket.terminate(), closeMillisecondsMax).unref();
  };
  const touch = () => idle.refresh();
  const idle = setTimeout(() => close(1001), limits.idleMilliseconds);
  const life = setTimeout(() => close(1001), limits.lifeMilliseconds);
  idle.unref();
  life.unref();

  const closed = new Promise<void>((resolve) => {
    socket.on("close", (code, reason) => {
      clearTimeout(idle);
      clearTimeout(life);
      isClosing = true;
      queue = queue.then(() => disconnect(api, invoke, head, code, reason.toString()));
      void queue.then(resolve);
    });
  });
  socket.on("error", () => undefined);
  socket.on("ping", touch);
  socket.on("message", (data: Buffer, isBinary) => {
    if (isClosing) return;
    touch();
    if (isBinary) return close(1003);
    waiting++;
    if (waiting >= waitingMax) socket.pause();
    queue = queue.then(async () => {
      const trouble = await deliver(options, data.toString("utf8"));
      if (trouble !== undefined) connection.send(Buffer.from(trouble));
      waiting--;
      if (waiting < waitingMax && socket.isPaused) socket.resume();
    });
  });

  const connection: Connection = {
    head,
    close,
    done: closed,
    isOpen: () => !isClosing && socket.readyState === socket.OPEN,
    send(data) {
      if (!connection.isOpen()) return "gone";
      if (raw.writableLength > limits.bufferedBytesMax) return "too_fast";
      touch();
      raw.write(findTextFrame(data));
      return "sent";
    },
  };
  return connection;
}

/** Closes the connection with 1009 if a frame is longer than the gateway allows. */
export function watchFrames(
  connection: Connection,
  stream: NodeJS.EventEmitter,
  frameBytesMax: number,
): void {
  const watch = createFrameWatch(frameBytesMax);
  const look = (chunk: Buffer) => {
    if (watch(chunk) === "ok") return;
    stream.off("data", look);
    connection.close(1009);
  };
  // First listener, so that the message of an oversized frame is never delivered.
  stream.prependListener("data", look);
}

/** Passes a message to its route. Resolves with the gateway's error for the client, if any. */
async function deliver(options: ConnectionOptions, body: string): Promise<string | undefined> {
  const { api, head, invoke, log, throttle } = options;
  const routeKey = selectRoute(api, body);
  const requestContext = newSocketContext(api, head, "MESSAGE", routeKey);
  const { connectionId, requestId } = requestContext;
  const started = performance.now();
  const say = (statusCode: number, by: string) => {
    const milliseconds = performance.now() - started;
    log.request({
      method: "WS",
      path: `/${api.stageName} ${routeKey}`,
      statusCode,
      milliseconds,
      by,
    });
  };
  const fail = (statusCode: number, message: string, by: string) => {
    say(statusCode, by);
    return JSON.stringify({ message, connectionId, requestId });
  };
  const route = api.routes[routeKey];
  if (!throttle.admits()) return fail(429, "Too Many Requests", "THROTTLED");
  if (route === undefined) return fail(403, "Forbidden", "gateway");
  const result = await invoke(route.functionName, {
    requestContext,
    body,
    isBase64Encoded: false,
  });
  if (!result.ok) return fail(500, "Internal server error", route.functionName);
  // A route without a route response sends nothing back, whatever the function returns.
  say(readStatus(result.payload), route.functionName);
  return undefined;
}

function readStatus(payload: unknown): number {
  const status = (payload as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" ? status : 200;
}

/** `$request.body.action` of a JSON object, if there is a route with that key; else $default. */
function selectRoute(api: WebSocketApi, body: string): string {
  const field = /^\$request\.body\.(\w+)$/.exec(api.routeSelectionExpression)?.[1] ?? "action";
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null && Object.hasOwn(parsed, field)) {
      const key = (parsed as Record<string, unknown>)[field];
      if (typeof key === "string" && Object.hasOwn(api.routes, key)) return key;
    }
  } catch {
    // Text that is not JSON goes to $default.
  }
  return "$default";
}

/**
 * When many sockets close at once, reconnects are handled before the old ones are cleaned up, for
 * at most this time. It is below 5 s, after which posters would clean up too.
 */
const clearingMilliseconds = 3_000;

/** Calls the $disconnect route, if there is one. Its failure has no effect, as on AWS. */
export async function disconnect(
  api: WebSocketApi,
  invoke: Invoke,
  head: ConnectionHead,
  code: number,
  reason: string,
): Promise<void> {
  const route = api.routes.$disconnect;
  if (route === undefined) return;
  const event = {
    ...handshakeHeadOf(head.request),
    requestContext: {
      ...newSocketContext(api, head, "DISCONNECT", "$disconnect"),
      disconnectStatusCode: code,
      disconnectReason: reason,
    },
    isBase64Encoded: false,
  };
  await invoke(route.functionName, event, clearingMilliseconds);
}
