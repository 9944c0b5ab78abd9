import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { readBody } from "../body-bytes.ts";
import { listen } from "../reachable.ts";
import { answerCall, type Services } from "./answer-call.ts";
import { AwsFailure, type AwsRequest } from "./failure.ts";
import { watchIdleSockets } from "./idle-sockets.ts";
import { readCall } from "./signed-call.ts";

/** The largest request body in bytes: DynamoDB accepts 16 MB, an invocation 6 MB. */
export const bodyBytesMax = 17 * 1024 * 1024;

/** The running endpoint. */
type Endpoint = {
  url: string;
  /** Drops sockets that were idle for this long; undefined keeps them. */
  forgetIdle(milliseconds: number | undefined): void;
  /** Requests that arrived on a dropped socket and were reset. */
  resets(): number;
  stop(): Promise<void>;
};

/** One address for all AWS calls of the functions, on 127.0.0.1 and a free port. */
export async function startEndpoint(services: Services): Promise<Endpoint> {
  const idle = watchIdleSockets();
  const server = createServer((incoming, outgoing) => {
    const { socket } = incoming;
    if (idle.isPastRetention(socket)) return void socket.resetAndDestroy();
    idle.touch(socket);
    outgoing.once("finish", () => idle.touch(socket));
    serve(services, incoming, outgoing).catch((error) => {
      services.log(`The local AWS endpoint failed: ${error?.stack ?? error}`);
      outgoing.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  const port = await listen(server);
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
  services: Services,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const answer = await answerCall(services, {
    read: () => readRequest(services, incoming),
    isGone: () => incoming.socket.destroyed,
  });
  if (answer === "lost") return void incoming.socket.destroy();
  // Only the caller, or stopping the runner, ends a silent connection.
  if (answer === "silence" || outgoing.destroyed) return;
  outgoing.writeHead(answer.status, {
    ...answer.headers,
    "content-length": Buffer.byteLength(answer.body),
  });
  outgoing.end(answer.body);
}

async function readRequest(services: Services, incoming: IncomingMessage): Promise<AwsRequest> {
  const { method = "GET", url = "/", headers } = incoming;
  const body = await readBody(incoming, bodyBytesMax);
  if (body === "gone") throw new Error("The caller has disconnected");
  if (body === "too_large") {
    const message = "The request is too large";
    throw new AwsFailure(413, "RequestEntityTooLargeException", message);
  }
  return readCall(services, { method, url, headers, body });
}
