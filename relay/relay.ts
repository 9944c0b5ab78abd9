import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { relayConnectionId } from "../domain/log/subscriber.ts";
import { Refusal } from "../domain/refusal.ts";
import { faultCode, sentenceOf, statusOf } from "../platform/http/envelope.ts";
import { readQuery } from "../platform/realtime/handshake.ts";
import { listingOf } from "../platform/realtime/socket-limit.ts";
import { assertStreamGranted } from "../platform/realtime/subscription.ts";
import { logFault } from "../platform/runtime/log.ts";
import { markRelay, removeRelay } from "../platform/store/log/relays.ts";
import { batchCallsLonger } from "../platform/table/table.ts";
import { createAddresses } from "./addresses.ts";
import { closeInWaves } from "./closing.ts";
import { socketLimits, takeConnection } from "./connection.ts";
import { answerHandshake, readHandshake } from "./handshake.ts";
import type { Connection } from "./model.ts";
import { hasNoHeartbeat, startPeriodicWork } from "./periodic-work.ts";
import { removeSubscriptions } from "./room.ts";
import { grantedStreamOf } from "./routes.ts";
import { type Admitted, createState, type State } from "./state.ts";
import { subscribe } from "./subscribe.ts";

/** A running relay. */
export type Relay = {
  port: number;
  /** Stops accepting connections, and closes all sockets in waves over a number of milliseconds. */
  drain(milliseconds: number): Promise<void>;
};

/** Maximum sockets of one task, and handshakes that wait; further ones are refused. */
const connectionsMax = 25_000;
const pendingMax = 5_000;
/** Timeout of a request, and the interval at which late ones are looked for. */
const httpLimits = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16_384,
};
/** The path for WebSockets, as in the API. */
const path = "/ws";
/** Maximum size of request line and header values, as in API Gateway. */
const headerBytesMax = 10_240;

/**
 * Starts a relay: it reads the logs of the streams that its connections watch, and writes each
 * frame to all of them. It makes no decisions and has no state that must survive: if it dies,
 * clients reconnect and resume. Rejects with the system's error if the port is in use.
 */
export async function startRelay({ port, host }: { port: number; host: string }): Promise<Relay> {
  batchCallsLonger();
  const state = createState();
  await markRelay(state.node, new Date());
  const addresses = createAddresses();
  const http = createServer(httpLimits, (_request, response) => {
    // The load balancer's health check, the only other response.
    response.writeHead(200, { "content-type": "text/plain" }).end("ok");
  });
  http.maxConnections = connectionsMax + pendingMax;
  http.on("connection", (socket: Socket) => {
    const { remoteAddress = "" } = socket;
    if (!addresses.open(remoteAddress)) return void socket.destroy();
    socket.once("close", () => addresses.close(remoteAddress));
  });
  const server = openServer(state);
  http.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const { remoteAddress = "" } = request.socket;
    const refused = addresses.admit(remoteAddress, Date.now()) ? refusalOf(state, request) : 429;
    if (refused !== undefined) return refuseUpgrade(socket, refused);
    server.handleUpgrade(request, socket, head, (webSocket) => {
      void begin(state, webSocket, request);
    });
  });
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, resolve);
  });
  const work = startPeriodicWork(state);
  return {
    port: (http.address() as AddressInfo).port,
    async drain(milliseconds) {
      http.close();
      state.isDraining = true;
      await closeInWaves([...state.connections.values()], milliseconds);
      await state.handshakes.settled();
      work.stop();
      // Clients that have vanished do not answer a close.
      for (const connection of state.connections.values()) forget(state, connection);
      await Promise.allSettled([state.ended.settled(), state.rooms.end(), removeRelay(state.node)]);
    },
  };
}

/** The status of a request that is refused before its handshake is checked. */
function refusalOf(state: State, request: IncomingMessage): 404 | 431 | 503 | undefined {
  if (sizeOf(request) > headerBytesMax) return 431;
  if (request.url?.split("?")[0] !== path) return 404;
  const { connections, handshakes } = state;
  const isFull = connections.size >= connectionsMax || handshakes.size() >= pendingMax;
  return isFull || hasNoHeartbeat(state) ? 503 : undefined;
}

/** Accepts handshakes that conform to RFC 6455 (4.2.1) and are admitted. */
const openServer = (state: State) =>
  new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: socketLimits.messageBytes,
    verifyClient: ({ req }, answer) =>
      state.handshakes.add(async () => {
        state.count += 1;
        const connectionId = relayConnectionId(state.node, state.count);
        state.opening.add(connectionId);
        const status = await state
          .asRelay(() => admit(state, req, connectionId))
          .catch((error) => {
            logFault("A handshake failed", error);
            return 500;
          });
        if (status === 200) req.socket.cork();
        // `answer` opens the connection before it returns.
        answer(status === 200, status);
        state.opening.delete(connectionId);
      }),
    handleProtocols: (_offered, request) => state.admitted.get(request)?.protocol ?? false,
  });

/** Checks a handshake and stores what its connection needs. Returns its status. */
async function admit(
  state: State,
  request: IncomingMessage,
  connectionId: string,
): Promise<number> {
  const { admitted, ended, routes } = state;
  // While the handshake waited, its client has disconnected, or the relay has begun to stop.
  const isLate = () => state.isDraining || !isConnected(request);
  if (isLate()) return 503;
  const handshake = readHandshake(request);
  const connectedAt = Date.now();
  const verdict = await answerHandshake(handshake, { connectionId, connectedAt }, routes);
  if (verdict.statusCode !== 200) {
    // The socket may be listed, and would count for its user as long as this relay lives.
    const { statusCode, caller } = verdict;
    if (statusCode >= 500 && caller !== undefined) ended.add(listingOf(caller, connectionId));
    return statusCode;
  }
  const { caller, protocol } = verdict;
  // No socket will be opened.
  if (isLate()) {
    ended.add(listingOf(caller, connectionId));
    return 503;
  }
  const query = readQuery(handshake.queryStringParameters);
  admitted.set(request, { connectionId, connectedAt, caller, protocol, query });
  return 200;
}

/** How long a handshake's response waits for `subscribed`: clients have time-outs. */
const corkedMillisecondsMax = 500;

/**
 * Opens the connection of an admitted handshake, and subscribes it to the stream in its URL. The
 * handshake's response, `subscribed` and the missed frames are one write, unless they take long:
 * when thousands reconnect, each write takes a tenth as long as all other work for a socket.
 */
const begin = (state: State, webSocket: WebSocket, request: IncomingMessage): Promise<void> =>
  state.asRelay(async () => {
    const admitted = state.admitted.get(request);
    if (admitted === undefined) return webSocket.terminate();
    const { query, caller } = admitted;
    const uncork = () => request.socket.uncork();
    const late = setTimeout(uncork, corkedMillisecondsMax);
    const connection = open(state, admitted, webSocket, request.socket);
    if (query.refusal !== undefined) connection.send({ type: "error", ...query.refusal });
    else if (query.streamId !== undefined && caller.channelOf === undefined)
      await subscribeFirst(state, connection, { ...query, streamId: query.streamId });
    clearTimeout(late);
    // After all writes of this step of the event loop.
    process.nextTick(uncork);
  });

function open(
  state: State,
  { connectionId: id, connectedAt, caller, query }: Admitted,
  socket: WebSocket,
  raw: Duplex,
): Connection {
  const { connections, routes, asRelay } = state;
  const connection = takeConnection({
    id,
    connectedAt,
    caller,
    socket,
    raw,
    compact: query.compact ?? false,
    onMessage: (body) => asRelay(() => routes.handle(connection, body)),
    onClose: () => asRelay(() => forget(state, connection)),
  });
  connections.set(id, connection);
  return connection;
}

/** Ends a connection's visits, and removes its socket from the lists; once. */
function forget({ connections, ended }: State, connection: Connection): void {
  if (!connections.delete(connection.id)) return;
  removeSubscriptions(connection);
  ended.add(listingOf(connection.caller, connection.id));
}

/**
 * Subscribes to the stream in the URL. A refusal is sent as the first message and leaves the
 * connection open.
 */
async function subscribeFirst(
  { rooms }: State,
  connection: Connection,
  query: Admitted["query"] & { streamId: string },
): Promise<void> {
  connection.isGreeting = true;
  try {
    assertStreamGranted(grantedStreamOf(connection), query.streamId);
    await subscribe(rooms, connection, query, new Date());
  } catch (error) {
    const isRefusal = error instanceof Refusal;
    if (!isRefusal) logFault("A URL's subscription failed", error);
    const statusCode = isRefusal ? statusOf[error.kind] : 500;
    const details = isRefusal ? error.details : [];
    const code = isRefusal ? error.code : faultCode;
    const errors = [sentenceOf[statusCode], ...details];
    connection.send({ type: "error", statusCode, code, errors });
  } finally {
    connection.isGreeting = false;
  }
}

const isConnected = ({ socket }: IncomingMessage) => socket.readable && socket.writable;

function sizeOf(request: IncomingMessage): number {
  let bytes = (request.url ?? "").length + "GET  HTTP/1.1 ".length;
  const { rawHeaders } = request;
  for (let at = 1; at < rawHeaders.length; at += 2) bytes += rawHeaders[at]?.length ?? 0;
  return bytes;
}

function refuseUpgrade(socket: Duplex, statusCode: number): void {
  const lines = [`HTTP/1.1 ${statusCode} `, "Connection: close", "Content-Length: 0"];
  // Otherwise it stays half open: no timeout of HTTP applies after an upgrade.
  socket.once("finish", () => socket.destroy());
  socket.end(`${lines.join("\r\n")}\r\n\r\n`);
}
