import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { readBody } from "../body-bytes.ts";
import { writeAnswer } from "../engine/index.ts";
import { listen } from "../reachable.ts";
import { bodyBytesMax } from "./endpoint.ts";
import type { Credentials, EngineCall } from "./engine-call.ts";

/** The embedded engine's address, for other local programs. */
export type EngineServer = {
  endpoint: string;
  credentials: Credentials;
  close(): Promise<void>;
};

/**
 * Opens a port on 127.0.0.1. Callers need this run's secret as the session token of their
 * credentials. Web pages, detected by their Origin or Host header, are refused, and no response may
 * be read by another origin.
 */
export async function startEngineServer(
  call: EngineCall,
  log: (line: string) => void,
): Promise<EngineServer> {
  const secret = randomBytes(32).toString("hex");
  let host = "";
  const server = createServer((incoming, outgoing) => {
    const end = (status: number, body: Record<string, unknown>) => {
      outgoing.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
      outgoing.end(writeAnswer(body));
    };
    const refusal = findRefusal(incoming, host, secret);
    if (refusal) return end(403, { __type: "AccessDeniedException", message: refusal });
    serve(incoming, call).then(
      ({ status, body }) => end(status, body),
      (error) => {
        if (incoming.destroyed && !incoming.complete) return;
        log(`The database engine failed: ${error?.stack ?? error}`);
        end(500, { __type: "InternalServerError", message: "The database engine failed" });
      },
    );
  });
  host = `127.0.0.1:${await listen(server)}`;
  return {
    endpoint: `http://${host}`,
    credentials: { accessKeyId: "ovation", secretAccessKey: secret, sessionToken: secret },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function findRefusal(
  { method, headers }: IncomingMessage,
  host: string,
  secret: string,
): string | undefined {
  if (headers.origin !== undefined || headers["sec-fetch-site"] !== undefined)
    return "Web pages are not served";
  if (headers.host !== host) return `This is ${host} and nothing else`;
  if (method !== "POST") return "Operations are POST requests";
  const given = Buffer.from(String(headers["x-amz-security-token"] ?? ""));
  const wanted = Buffer.from(secret);
  const isRight = given.length === wanted.length && timingSafeEqual(given, wanted);
  return isRight ? undefined : "The session token is not the one of this engine";
}

async function serve(incoming: IncomingMessage, call: EngineCall) {
  const bytes = await readBody(incoming, bodyBytesMax);
  if (bytes === "gone") throw new Error("The caller has disconnected");
  if (bytes === "too_large")
    return { status: 413, body: { __type: "RequestEntityTooLargeException" } };
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(bytes.toString("utf8") || "{}");
  } catch {
    const message = "The request body is not JSON";
    return { status: 400, body: { __type: "SerializationException", message } };
  }
  return call(String(incoming.headers["x-amz-target"]), body);
}
