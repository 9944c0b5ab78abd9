import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Caller } from "../platform/auth/caller.ts";
import { contextOf } from "../platform/auth/caller.ts";
import { logFault } from "../platform/runtime/log.ts";
import { countMetric } from "../platform/runtime/metrics.ts";
import type { Connection } from "./model.ts";
import { pingFrame, textFrame, watchFrames } from "./websocket-frames.ts";

/**
 * Limits of one connection, the same as API Gateway's, so that clients meet the same limits on
 * both.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const socketLimits = {
  frameBytes: 32 * 1024,
  messageBytes: 128 * 1024,
  idleMilliseconds: 10 * 60_000,
  lifeMilliseconds: 2 * 3_600_000,
  /** Unread bytes above which the connection is closed; the client then resumes. */
  unreadBytes: 1024 * 1024,
};

/** A load balancer closes connections that are idle for 350 s. */
const pingMilliseconds = 120_000;
/** Queued messages of one connection above which reading pauses. */
const waitingMax = 64;
const closeMillisecondsMax = 2_000;

/** A new socket with its callbacks. */
type Opened = {
  id: string;
  caller: Caller;
  connectedAt: number;
  compact: boolean;
  socket: WebSocket;
  raw: Duplex;
  onMessage(body: string): Promise<void>;
  onClose(): void;
};

/**
 * Takes over an open socket: handles its messages in order, enforces the limits, and reports its
 * end.
 */
export function takeConnection(opened: Opened): Connection {
  const { id, caller, connectedAt, compact, socket, raw } = opened;
  let isClosing = false;
  let [receivedAt, pingedAt] = [connectedAt, connectedAt];
  const close = (code: number) => {
    if (isClosing) return;
    isClosing = true;
    socket.close(code);
    setTimeout(() => socket.terminate(), closeMillisecondsMax).unref();
  };
  const connection: Connection = {
    id,
    caller,
    context: contextOf(caller),
    connectedAt,
    compact,
    close,
    subscriptions: new Map(),
    isOpen: () => !isClosing && socket.readyState === socket.OPEN,
    unread: () => raw.writableLength,
    write(...frames) {
      if (!connection.isOpen()) return;
      if (raw.writableLength <= socketLimits.unreadBytes) {
        raw.cork();
        for (const bytes of frames) raw.write(bytes);
        return raw.uncork();
      }
      countMetric("SlowReadersDropped");
      isClosing = true;
      socket.terminate();
    },
    send: (message) => connection.write(textFrame(JSON.stringify(message))),
    keepAlive(now) {
      const isOld = now - connectedAt > socketLimits.lifeMilliseconds;
      if (isOld || now - receivedAt > socketLimits.idleMilliseconds) return close(1001);
      if (now - Math.max(receivedAt, pingedAt) < pingMilliseconds) return;
      pingedAt = now;
      connection.write(pingFrame);
    },
  };
  listen(opened, connection, () => {
    receivedAt = Date.now();
  });
  socket.on("close", () => {
    isClosing = true;
    opened.onClose();
  });
  return connection;
}

function listen({ socket, raw, onMessage }: Opened, connection: Connection, onAlive: () => void) {
  const isTooLong = watchFrames(socketLimits.frameBytes);
  const look = (chunk: Buffer) => {
    if (!isTooLong(chunk)) return;
    raw.off("data", look);
    connection.close(1009);
  };
  // Runs before the parser, so that an oversized frame's message is not handled.
  raw.prependListener("data", look);
  let waiting = 0;
  let last = Promise.resolve();
  socket.on("error", () => undefined);
  socket.on("pong", onAlive);
  socket.on("ping", onAlive);
  socket.on("message", (data: Buffer, isBinary) => {
    if (!connection.isOpen()) return;
    onAlive();
    if (isBinary) return connection.close(1003);
    waiting += 1;
    if (waiting >= waitingMax) socket.pause();
    last = last.then(async () => {
      // A rejection would hold up all later messages, and end the process with all its sockets.
      if (connection.isOpen())
        await onMessage(data.toString("utf8")).catch((error) =>
          logFault("A socket's message failed", error),
        );
      waiting -= 1;
      if (waiting < waitingMax && socket.isPaused) socket.resume();
    });
  });
}
