import type { Connections, Stage } from "../model.ts";
import { type AwsAnswer, AwsFailure, type Prepare } from "./failure.ts";
import type { Meter } from "./meter.ts";

/** API Gateway's limit for a post. */
const postBytesMax = 128 * 1024;
/** A message is billed in parts of this size. */
const billedBytes = 32 * 1024;

const operations: Record<string, string> = {
  POST: "PostToConnection",
  GET: "GetConnection",
  DELETE: "DeleteConnection",
};

/**
 * `/<apiId>/<stage>/@connections/<connectionId>`, the callback side of a WebSocket API.
 * The AWS page is "Use @connections commands in your backend service" of the developer guide.
 */
export function createConnectionCalls(
  stage: Stage,
  connections: Connections,
  meter: Meter,
): Prepare {
  return (request) => {
    const [apiId = "", stageName = "", , id = ""] = request.path;
    const api = stage.webSocketApis.find((one) => one.id === apiId && one.stageName === stageName);
    if (!api) throw new AwsFailure(403, "ForbiddenException", "Forbidden");
    const operation = operations[request.method];
    if (!operation || !id) throw new AwsFailure(403, "ForbiddenException", "Forbidden");
    const resource =
      `arn:aws:execute-api:${stage.region}:${stage.account}:` +
      `${apiId}/${stageName}/${request.method}/@connections/${id}`;
    return {
      access: [{ action: "execute-api:ManageConnections", resource }],
      keys: () => [id],
      itemCount: 1,
      async run() {
        const messages = Math.max(1, Math.ceil(request.body.byteLength / billedBytes));
        meter.record({
          caller: request.caller,
          operation: `execute-api:${operation}`,
          items: { websocket_messages: request.method === "POST" ? messages : 0 },
        });
        if (request.method === "POST") return post(connections, id, request.body);
        if (request.method === "DELETE") return answerEnd(connections.close(id));
        const found = connections.find(id);
        if (!found) throw makeGone();
        const identity = { sourceIp: "127.0.0.1", userAgent: "local" };
        return answer(200, JSON.stringify({ ...found, identity }));
      },
    };
  };
}

async function post(connections: Connections, id: string, data: Buffer): Promise<AwsAnswer> {
  if (data.byteLength > postBytesMax) {
    throw new AwsFailure(413, "PayloadTooLargeException", "Message too large");
  }
  const sent = await connections.post(id, data);
  if (sent === "gone") throw makeGone();
  if (sent === "too_fast") throw new AwsFailure(429, "LimitExceededException", "Rate exceeded");
  return answer(200, "");
}

function answerEnd(closed: "closed" | "gone"): AwsAnswer {
  if (closed === "gone") throw makeGone();
  return answer(204, "");
}

/** API Gateway says no more than the status of a connection that is gone. */
function makeGone(): AwsFailure {
  return new AwsFailure(410, "GoneException", "");
}

function answer(status: number, body: string): AwsAnswer {
  return { status, headers: { "content-type": "application/json" }, body };
}
